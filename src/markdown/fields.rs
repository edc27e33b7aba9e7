//! Lines with a blank to fill: `**Label**: ____`, `Label: ___% (target: <1%)`, `Status: [ ] A [ ] B`.

use super::words::{self, Pattern, pattern};
use crate::domain::checklist::Field;
use crate::domain::text::Rich;
use std::sync::LazyLock;

static BLANK: LazyLock<Pattern> = LazyLock::new(|| pattern(r"_{3,}|…{2,}|\.{5,}"));
/// A blank in brackets: "[Name, Contact]".
static BRACKET: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"\[(?i:[^\[\]]{{0,30}}\b(?:{})\b[^\[\]]{{0,30}})\]", words::BRACKET.join("|"))));
static UNIT: LazyLock<Pattern> = LazyLock::new(|| pattern(words::UNIT));
static TARGET: LazyLock<Pattern> =
    LazyLock::new(|| pattern(&format!(r"^\((?:(?i:{})\s*:?\s*)?(?P<target>[^()]+)\)", words::TARGET.join("|"))));
static TARGET_WORD: LazyLock<Pattern> = LazyLock::new(|| pattern(&format!(r"^\((?i:{})\b", words::TARGET.join("|"))));
static BOX: LazyLock<Pattern> = LazyLock::new(|| pattern(r"\[(?P<tick>[ xX]?)\]|[☐□☑☒]"));
static OPTION: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^[\p{L}\p{N}][\p{L}\p{N}+.'’ -]{0,23}$"));

/// More boxes on a line are no choice of one.
const MAX_CHOICES: usize = 12;

/// What a line is, seen alone.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Blanks to fill. `whole` is false where the line says more than the fields can hold.
    Fields { fields: Vec<Field>, whole: bool },
    /// `Label: something`: a field with a value if it stands among blanks.
    Labelled { label: String, rest: String, bold: bool },
    /// Only a line to write on: it continues the field before.
    Blank,
    /// Words.
    Words,
}

/// Judges one line.
pub(super) fn judge(line: &Rich, number: u32) -> Line {
    let plain = line.to_plain();
    let mut blanks: Vec<_> = BLANK.find_iter(&plain).map(|m| m.range()).collect();
    if plain.contains('[') {
        blanks.extend(BRACKET.find_iter(&plain).map(|m| m.range()).filter(|r| after_label(&plain, r.start)));
        blanks.sort_by_key(|b| b.start);
    }
    if !blanks.is_empty() {
        let drawn: usize = blanks.iter().map(|b| plain[b.clone()].trim().len()).sum();
        if drawn == plain.bytes().filter(|b| !b.is_ascii_whitespace()).count() {
            return Line::Blank;
        }
        return with_blanks(&plain, &blanks, number).unwrap_or_else(|| labelled(line, &plain));
    }
    let labelled = labelled(line, &plain);
    if let Line::Labelled { label, rest, .. } = &labelled
        && let Some((choices, value)) = boxes(rest)
    {
        let field = Field { label: label.clone(), choices, value, line: number, ..Field::default() };
        return Line::Fields { fields: vec![field], whole: true };
    }
    // "[ ] GO [ ] NO-GO" without a label is known by what it offers.
    if let Some((choices, value)) = boxes(plain.trim()).filter(|(c, _)| c.iter().all(|o| OPTION.is_match(o))) {
        let field = Field { label: choices.join(" / "), choices, value, line: number, ..Field::default() };
        return Line::Fields { fields: vec![field], whole: true };
    }
    labelled
}

/// True when a blank may stand there: right after a label's colon.
fn after_label(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.trim_end().ends_with([':', '\u{ff1a}']))
}

/// A blank to fill stands in the text.
pub(super) fn has_blank(text: &str) -> bool {
    BLANK.is_match(text)
}

/// What a task offers to choose from: `GO [ ] NO-GO` behind its own box, `Decision: [ ] GO [ ] NO-GO`.
pub(super) fn choices_of_item(text: &str) -> Option<Vec<String>> {
    if !BOX.is_match(text) {
        return None;
    }
    let behind = split_label(text).and_then(|(_, rest)| boxes(rest));
    // Without a label only few words are an option: "Fill the [ ] box of the form" is a sentence.
    let few = |c: &(Vec<String>, _)| c.0.iter().all(|o| o.split_whitespace().count() <= 2);
    // `- [ ] [ ] GO [ ] NO-GO`: the first box is the task's.
    let all = || {
        if BOX.find(text.trim()).is_some_and(|b| b.start() == 0) {
            text.trim().to_owned()
        } else {
            format!("[ ] {}", text.trim())
        }
    };
    let found = behind.or_else(|| boxes(&all()).filter(few));
    found.map(|(choices, _)| choices).filter(|c| c.iter().all(|o| OPTION.is_match(o)))
}

/// The blanks in brackets of lines that are items themselves: `- [ ] **Technical Lead**: [Name, Contact]`.
pub(super) fn of_item(text: &Rich, number: u32) -> Vec<Field> {
    if !BRACKET.is_match(&text.to_plain()) {
        return Vec::new();
    }
    match judge(text, number) {
        Line::Fields { fields, .. } => fields,
        _ => Vec::new(),
    }
}

/// The choice that `Success / Rollback` offers, where it stands as a field's value.
pub(super) fn alternatives(rest: &str) -> Option<Vec<String>> {
    let separator = if rest.contains(" / ") { " / " } else { " | " };
    let options: Vec<String> = rest.split(separator).map(|o| o.trim().to_owned()).collect();
    let fits = (2..=6).contains(&options.len()) && options.iter().all(|o| OPTION.is_match(o));
    fits.then_some(options)
}

fn labelled(line: &Rich, plain: &str) -> Line {
    let Some((label, rest)) = split_label(plain) else { return Line::Words };
    let bold = line.0.iter().find(|s| !s.text.trim().is_empty()).is_some_and(|s| s.bold);
    Line::Labelled { label, rest: rest.to_owned(), bold }
}

/// `Label: rest`.
fn split_label(text: &str) -> Option<(String, &str)> {
    let at = text.find([':', '\u{ff1a}'])?;
    let after = text[at..].chars().next().map_or(1, char::len_utf8);
    let rest = &text[at + after..];
    if rest.starts_with("//") {
        return None;
    }
    Some((clean_label(&text[..at])?, rest.trim()))
}

/// A label: short, and with a letter in it.
fn clean_label(text: &str) -> Option<String> {
    let label = text.trim().trim_matches(|c: char| matches!(c, ',' | ';' | '|' | '/' | '·' | '•')).trim();
    let fits = label.chars().count() <= 80 && label.chars().any(char::is_alphabetic);
    fits.then(|| label.to_owned())
}

/// `[ ] A [x] B` as choices and what is ticked.
fn boxes(rest: &str) -> Option<(Vec<String>, Option<String>)> {
    let marks: Vec<_> = BOX.captures_iter(rest).filter_map(|c| c.get(0).map(|m| (m, c.name("tick")))).collect();
    if marks.len() > MAX_CHOICES || marks.len() < 2 || marks.first().is_some_and(|(m, _)| m.start() != 0) {
        return None;
    }
    let mut choices = Vec::new();
    let mut value = None;
    for (i, (mark, tick)) in marks.iter().enumerate() {
        let end = marks.get(i + 1).map_or(rest.len(), |(next, _)| next.start());
        let choice = rest[mark.end()..end].trim().trim_end_matches(['/', '|', ',']).trim_end().to_owned();
        if choice.is_empty() || choice.chars().count() > 80 {
            return None;
        }
        let ticked = tick.map_or(matches!(mark.as_str(), "☑" | "☒"), |t| !t.as_str().trim().is_empty());
        if ticked && value.is_none() {
            value = Some(choice.clone());
        }
        choices.push(choice);
    }
    Some((choices, value))
}

fn with_blanks(plain: &str, blanks: &[std::ops::Range<usize>], number: u32) -> Option<Line> {
    let mut fields: Vec<Field> = Vec::new();
    let mut whole = true;
    let mut from = 0;
    for (i, blank) in blanks.iter().enumerate() {
        let gap = after_blank(&plain[from..blank.start], fields.last_mut());
        let label = gap.trim_end().strip_suffix([':', '\u{ff1a}']).and_then(clean_label);
        match label {
            Some(label) => {
                // "see https://x: ____" and prose before a colon are no labels.
                let label = label.rsplit(". ").next().unwrap_or(&label).trim().to_owned();
                let label = match fields.first() {
                    Some(first) if words::GENERAL_LABELS.contains(&label.to_lowercase().as_str()) => {
                        format!("{} {}", first.label, label.to_lowercase())
                    }
                    _ => label,
                };
                fields.push(Field { label, line: number, ..Field::default() });
            }
            // "____ / ____": the same field goes on; "from ____ to": words we do not understand.
            None if i == 0 => return None,
            None => whole &= gap.chars().all(|c| !c.is_alphanumeric()),
        }
        from = blank.end;
    }
    let tail = after_blank(&plain[from..], fields.last_mut());
    whole &= tail.chars().all(|c| !c.is_alphanumeric());
    Some(Line::Fields { fields, whole })
}

/// Takes unit and target from what follows a blank, and gives back the rest.
fn after_blank<'a>(text: &'a str, field: Option<&mut Field>) -> &'a str {
    let Some(field) = field else { return text };
    let mut rest = text.trim_start();
    if let Some(unit) = UNIT.find(rest) {
        // "Success: ____ s: ____" has no unit; a unit is followed by no colon.
        if !rest[unit.end()..].starts_with([':', '\u{ff1a}']) {
            field.unit = Some(unit.as_str().to_owned());
            rest = rest[unit.end()..].trim_start();
        }
    }
    if let Some(found) = TARGET.captures(rest)
        && let Some(target) = found.name("target")
        && (TARGET_WORD.is_match(rest) || target.as_str().trim_start().starts_with(['<', '>', '≤', '≥', '=']))
    {
        field.target = Some(target.as_str().trim().to_owned());
        let end = found.get(0).map_or(0, |m| m.end());
        rest = rest[end..].trim_start();
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::super::inline::inline;
    use super::*;

    fn fields(text: &str) -> Vec<Field> {
        match judge(&inline(text), 7) {
            Line::Fields { fields, .. } => fields,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn blanks_with_units_and_targets() {
        for (text, label, unit, target) in [
            ("**Date**: _______________", "Date", None, None),
            ("**Version/Tag:** ____", "Version/Tag", None, None),
            ("Total keys migrated: ___________", "Total keys migrated", None, None),
            ("Error rate: ___________% (target: <1%)", "Error rate", Some("%"), Some("<1%")),
            ("Application downtime: ___ (target: <2 hours)", "Application downtime", None, Some("<2 hours")),
            ("Latency: ____ ms (< 500ms)", "Latency", Some("ms"), Some("< 500ms")),
            ("Start: ____ / ____ / ____", "Start", None, None),
            ("When: ________", "When", None, None),
        ] {
            let f = fields(text);
            assert_eq!(f.len(), 1, "{text}");
            let got = (f[0].label.as_str(), f[0].unit.as_deref(), f[0].target.as_deref(), f[0].line);
            assert_eq!(got, (label, unit, target, 7), "{text}");
        }
    }

    #[test]
    fn several_on_a_line() {
        let labels = |text: &str| fields(text).into_iter().map(|f| f.label).collect::<Vec<_>>();
        assert_eq!(
            labels("**Lead Signature**: _________ **Date**: _________"),
            ["Lead Signature", "Lead Signature date"]
        );
        assert_eq!(labels("Errors: ___% (target: <5%), Latency: ___ms"), ["Errors", "Latency"]);
        assert_eq!(fields("Errors: ___% (target: <5%), Latency: ___ms")[0].target.as_deref(), Some("<5%"));
    }

    #[test]
    fn choices() {
        let f = fields("**Status**: [ ] Success [x] Partial [ ] Rolled Back");
        assert_eq!(f[0].choices, ["Success", "Partial", "Rolled Back"]);
        assert_eq!(f[0].value.as_deref(), Some("Partial"));
        assert_eq!(fields("Done: [ ] Yes [ ] No")[0].choices, ["Yes", "No"]);
        assert_eq!(fields("Status: ☐ Open / ☐ Done")[0].choices, ["Open", "Done"]);
        assert_eq!(alternatives("Success / Rollback").unwrap(), ["Success", "Rollback"]);
        assert_eq!(alternatives("see docs/a.md"), None);
        assert_eq!(alternatives("Production"), None);
    }

    #[test]
    fn words_are_no_fields() {
        for text in ["Fill ____ here", "Just words", "https://example.org/x", "12:30", "From ____ to ____"] {
            assert!(!matches!(judge(&inline(text), 1), Line::Fields { .. }), "{text}");
        }
        assert_eq!(judge(&Rich::plain("________"), 1), Line::Blank);
        assert!(matches!(judge(&inline("**Goal**: Zero"), 1), Line::Labelled { bold: true, .. }));
        assert!(matches!(judge(&inline("Owner: ____ writes the summary"), 1), Line::Fields { whole: false, .. }));
    }
}
