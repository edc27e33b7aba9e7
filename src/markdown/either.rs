//! Items of which any one is enough: joined by "OR", or below "one of the following:".

use super::items::Draft;
use super::words::{Pattern, pattern};
use crate::domain::checklist::{Diagnostic, ItemKind, Severity};
use crate::domain::text::Rich;
use std::sync::LazyLock;

/// Words of a parent that ask for one of its children. "Any of these" does so only as a request: below
/// "Roll back if any of these happens" nothing is to be chosen.
static ONE_OF: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(concat!(
        r"(?i)^(?:.*[^\p{L}])?(?:(?:at least |any |exactly |only )?one of (?:the following|the below|these|them|those)\b",
        r"|(?:choose|pick|select) (?:any )?(?:one|either)\b|either of (?:the following|these)\b",
        r"|(?:at least |any |exactly )?one of\s*:|either\s*:|any of\s*:|any of (?:the following|these)\)?\s*:)"
    ))
});
static NOT_ONE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:all|none|not|no|every|each|if|when|unless|until)\b.{0,20}\b(?:one|any|either)\b")
});
static OR_AT_END: LazyLock<Pattern> = LazyLock::new(|| pattern(r"(?:^|[\s,;(—–-])(?:OR|\*?or\*?|Or)[\s.,:;…]*$"));
static OR_ALONE: LazyLock<Pattern> = LazyLock::new(|| pattern(r"(?i)^[\W_]*or[\W_]*$"));

/// True where a line over a list asks for one of its items.
pub(super) fn asks_for_one(text: &Rich) -> bool {
    let plain = text.to_plain();
    let plain = plain.trim();
    plain.len() < 300 && ONE_OF.is_match(plain) && !NOT_ONE.is_match(plain)
}

/// True where the line says nothing but "or".
pub(super) fn is_or(text: &Rich) -> bool {
    let plain = text.to_plain();
    plain.len() < 20 && OR_ALONE.is_match(&plain)
}

fn ends_with_or(draft: &Draft) -> bool {
    let plain = draft.text.to_plain();
    OR_AT_END.is_match(&plain) || draft.notes.last().is_some_and(is_or)
}

/// Marks the items that any one of their children completes.
pub(super) fn mark(drafts: &mut [Draft], diagnostics: &mut Vec<Diagnostic>) {
    // For each item: its children, those of them that end with "or", and whether the last one does.
    let mut seen = vec![(0_usize, 0_usize, false); drafts.len()];
    let mut top = None;
    for draft in drafts.iter() {
        let joins = ends_with_or(draft);
        match draft.parent.and_then(|p| seen.get_mut(p)) {
            Some((children, joined, last)) => {
                *children += 1;
                *joined += usize::from(joins);
                *last = joins;
            }
            None if joins && draft.kind != ItemKind::Group => top = top.or(Some(draft.line)),
            None => {}
        }
    }
    for (draft, (children, joined, last)) in drafts.iter_mut().zip(seen) {
        // "A OR", "B OR", "C": all but the last.
        let chained = joined > 0 && joined + usize::from(!last) == children;
        draft.any = children > 1 && (chained || asks_for_one(&draft.text));
        if joined > 0 && !draft.any {
            diagnostics.push(warning(
                draft.line,
                "Some items below this one are joined by \"or\" and some are not: each is asked for.",
            ));
        }
    }
    if let Some(line) = top {
        let message = "Items joined by \"or\" that stand below no other item are each asked for. Put them under one: \
                       \"- One of these:\".";
        diagnostics.push(warning(line, message));
    }
}

fn warning(line: u32, message: &str) -> Diagnostic {
    Diagnostic { severity: Severity::Warning, line, message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_one() {
        for text in [
            "One of the following:",
            "Backup: at least one of these is fresh",
            "Choose one:",
            "Any of:",
            "Approval by one of:",
            "Notified (any of these):",
        ] {
            assert!(asks_for_one(&text.into()), "{text}");
        }
        for text in [
            "ALL of these must be green",
            "None of the following",
            "Roll back if any of the following:",
            "If one of these happens, stop",
            "One of our servers",
            "Not one of these:",
        ] {
            assert!(!asks_for_one(&text.into()), "{text}");
        }
        assert!(is_or(&"— OR —".into()) && !is_or(&"orders".into()));
    }
}
