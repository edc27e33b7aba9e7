//! How long one text of a page may be: every message, page and log line that carries it stays readable.

use crate::domain::checklist::{Checklist, CodeBlock, Diagnostic, Item, Severity};
use crate::domain::text::{Rich, Span};

/// Characters of an item, note or title.
pub const LONGEST_TEXT: usize = 2_000;
/// Characters of a command.
pub const LONGEST_CODE: usize = 10_000;

/// Cuts what is too long, and says so by line.
pub(super) fn bound(checklist: &mut Checklist, diagnostics: &mut Vec<Diagnostic>) {
    for phase in &mut checklist.phases {
        let mut cut = text(&mut phase.title);
        for section in &mut phase.sections {
            cut |= text(&mut section.title);
            cut |= any_cut(&mut section.notes, text);
            cut |= any_cut(&mut section.commands, code);
            say(cut, section.line, diagnostics);
            cut = false;
            section.items.iter_mut().for_each(|i| item(i, diagnostics));
        }
    }
}

fn item(i: &mut Item, diagnostics: &mut Vec<Diagnostic>) {
    let mut cut = text(&mut i.text);
    cut |= any_cut(&mut i.notes, text);
    cut |= any_cut(&mut i.commands, code);
    say(cut, i.line, diagnostics);
    i.children.iter_mut().for_each(|child| item(child, diagnostics));
}

/// All of them, so that the first one too long does not hide the next.
fn any_cut<T>(all: &mut [T], cut: fn(&mut T) -> bool) -> bool {
    all.iter_mut().map(cut).filter(|cut| *cut).count() > 0
}

fn say(cut: bool, line: u32, diagnostics: &mut Vec<Diagnostic>) {
    if cut {
        diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            line,
            message: format!(
                "A text here is too long and was cut: texts have at most {LONGEST_TEXT} characters, commands \
                 {LONGEST_CODE}."
            ),
        });
    }
}

fn text(rich: &mut Rich) -> bool {
    let mut left = LONGEST_TEXT;
    let mut cut = false;
    for span in &mut rich.0 {
        let length = span.text.chars().count();
        if length > left {
            span.text = span.text.chars().take(left).collect();
            cut = true;
        }
        left = left.saturating_sub(length);
    }
    if cut {
        rich.0.retain(|s| !s.text.is_empty());
        rich.push(Span { text: " …".into(), ..Span::default() });
    }
    cut
}

fn code(block: &mut CodeBlock) -> bool {
    let cut = block.code.chars().count() > LONGEST_CODE;
    if cut {
        block.code = block.code.chars().take(LONGEST_CODE).chain(" …".chars()).collect();
    }
    cut
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_too_long_is_cut_and_said() {
        let page = format!("# T\n\n- [ ] {}\n- [ ] short\n", "x".repeat(300_000));
        let reading = super::super::read("t", page.as_bytes());
        let checklist = reading.checklist.unwrap_or_default();
        let items: Vec<_> = checklist.sections().flat_map(|s| &s.items).collect();
        assert_eq!(items[0].text.to_plain().chars().count(), super::LONGEST_TEXT + 2);
        assert_eq!(items[1].text.to_plain(), "short");
        assert!(
            reading.diagnostics.iter().any(|d| d.line == 3 && d.message.contains("cut")),
            "{:?}",
            reading.diagnostics
        );
    }
}
