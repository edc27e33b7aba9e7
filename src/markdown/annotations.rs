//! Notes to Rollcall in the page's own comments: `<!-- rollcall: optional owner=dba id=backup -->`.

use super::inline::options;
use super::words::{Pattern, pattern};
use crate::domain::checklist::{Diagnostic, Severity};
use crate::domain::meaning::SectionKind;
use crate::domain::remind::{LATEST_MS, SOONEST_MS};
use crate::domain::time::parse_span;
use crate::near::nearest;
use pulldown_cmark::{Event, Parser};
use std::sync::LazyLock;

/// What may stand in an annotation.
pub const ANNOTATION_KEYS: &[&str] =
    &["optional", "required", "id", "owner", "kind", "environment", "critical", "remind"];

static COMMENT: LazyLock<Pattern> = LazyLock::new(|| pattern(r"(?s)<!--\s*rollcall:\s*(?P<words>.*?)\s*-->"));
static PAIR: LazyLock<Pattern> =
    LazyLock::new(|| pattern(r#"(?P<key>[^\s=:]+)(?:(?:=|:[ \t]*)(?:"(?P<quoted>[^"]*)"|(?P<value>\S*)))?"#));

/// One annotation, and where it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Annotation {
    pub(super) line: u32,
    /// `Some(false)` for `required`.
    pub(super) optional: Option<bool>,
    /// Its failure pages somebody.
    pub(super) critical: bool,
    pub(super) id: Option<String>,
    pub(super) owner: Option<String>,
    pub(super) kind: Option<SectionKind>,
    pub(super) environment: Option<String>,
    /// After how many milliseconds; 0: never.
    pub(super) remind_ms: Option<i64>,
}

/// The annotations of a text whose first line has that number in the file.
pub(super) fn annotations(text: &str, first_line: u32, diagnostics: &mut Vec<Diagnostic>) -> Vec<Annotation> {
    if !text.contains("rollcall:") {
        return Vec::new();
    }
    let mut out = Vec::new();
    let mut counted = (0, first_line);
    let mut upto = 0;
    let mut closed = true;
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) || range.start < upto {
            continue;
        }
        // A comment of several lines comes in pieces: it is read from its start.
        let rest = &text[range.start..];
        let mut end = range.len();
        if closed && rest.trim_start().starts_with("<!--") {
            let found = rest.find("-->");
            // Where none closes from here on, none does further down.
            closed = found.is_some();
            end = found.map_or(end, |e| e + 3);
        }
        let source = rest.get(..end.max(range.len())).unwrap_or(rest);
        upto = range.start + source.len();
        for found in COMMENT.captures_iter(source) {
            let at = range.start + found.get(0).map_or(0, |m| m.start());
            let breaks = text[counted.0..at].bytes().filter(|b| *b == b'\n').count();
            counted = (at, counted.1.saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX)));
            let words = found.name("words").map_or("", |m| m.as_str());
            out.push(annotation(words, counted.1, diagnostics));
        }
    }
    out
}

fn annotation(words: &str, line: u32, diagnostics: &mut Vec<Diagnostic>) -> Annotation {
    let mut out = Annotation { line, ..Annotation::default() };
    let mut wrong = |message: String| diagnostics.push(Diagnostic { severity: Severity::Error, line, message });
    for pair in PAIR.captures_iter(words) {
        let key = pair.name("key").map_or("", |m| m.as_str()).trim_end_matches(',');
        let value = pair.name("quoted").or_else(|| pair.name("value")).map(|m| m.as_str().trim_end_matches(','));
        let needed = |wrong: &mut dyn FnMut(String), what: &str| match value.filter(|v| !v.is_empty()) {
            Some(value) => Some(value.to_owned()),
            None => {
                wrong(format!("`{key}` in this annotation needs a value: {what}."));
                None
            }
        };
        match key {
            "optional" | "required" => match value {
                None | Some("true" | "yes") => out.optional = Some(key == "optional"),
                Some("false" | "no") => out.optional = Some(key != "optional"),
                Some(_) => wrong(format!("`{key}` in this annotation stands alone, or is `true` or `false`.")),
            },
            "critical" => match value {
                None | Some("true" | "yes") => out.critical = true,
                Some("false" | "no") => out.critical = false,
                Some(_) => wrong(format!("`{key}` in this annotation stands alone, or is `true` or `false`.")),
            },
            "id" => {
                out.id = needed(&mut wrong, "`id=backup`").filter(|id| {
                    let fits =
                        id.len() <= 40 && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
                    if !fits {
                        wrong(format!("The id `{id}` must be at most 40 letters, digits, dashes and underscores."));
                    }
                    fits
                });
            }
            "owner" => out.owner = needed(&mut wrong, "`owner=dba`"),
            "environment" => out.environment = needed(&mut wrong, "`environment=production`"),
            "remind" => {
                let said = needed(&mut wrong, "`remind=10m` or `remind=off`");
                out.remind_ms = said.and_then(|said| match remind_ms(&said) {
                    Ok(ms) => Some(ms),
                    Err(message) => {
                        wrong(message);
                        None
                    }
                });
            }
            "kind" => {
                if let Some(said) = needed(&mut wrong, "`kind=sign_off`") {
                    let word = said.replace('-', "_").to_lowercase();
                    out.kind = SectionKind::ALL.into_iter().find(|k| k.word() == word);
                    if out.kind.is_none() {
                        let known = SectionKind::ALL.map(SectionKind::word);
                        let hint = hint(&word, &known);
                        wrong(format!("There is no kind `{said}`: {hint}"));
                    }
                }
            }
            _ => wrong(format!("This annotation has an unknown key `{key}`: {}", hint(key, ANNOTATION_KEYS))),
        }
    }
    out
}

/// `10m`, `2h`, `off`. The error is a sentence.
fn remind_ms(said: &str) -> Result<i64, String> {
    if said.eq_ignore_ascii_case("off") {
        return Ok(0);
    }
    let shown: String = said.chars().take(40).collect();
    let ms = parse_span(said, 0).filter(|_| said.contains(char::is_alphabetic));
    match ms {
        Some(ms) if (SOONEST_MS..=LATEST_MS).contains(&ms) => Ok(ms),
        Some(_) => Err(format!("`remind={shown}` must lie between 1 minute and 7 days, or be `off`.")),
        None => Err(format!("`remind={shown}` is no span; write for instance `remind=10m`, or `remind=off`.")),
    }
}

fn hint(said: &str, known: &[&str]) -> String {
    match nearest(said, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known are {}.", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Annotation>, Vec<Diagnostic>) {
        let mut d = Vec::new();
        (annotations(text, 1, &mut d), d)
    }

    #[test]
    fn found_where_comments_are() {
        let (found, d) = read(
            "- [ ] a <!-- rollcall: optional owner=dba id=backup -->\n\n## B <!-- rollcall: kind=sign-off -->\n\n<!--\nrollcall: required\n-->\n\n```\n<!-- rollcall: nonsense -->\n```\n`<!-- rollcall: x -->`\n",
        );
        assert_eq!(d, []);
        assert_eq!(found.iter().map(|a| a.line).collect::<Vec<_>>(), [1, 3, 5]);
        let first = Annotation {
            line: 1,
            optional: Some(true),
            id: Some("backup".into()),
            owner: Some("dba".into()),
            ..Annotation::default()
        };
        assert_eq!(found[0], first);
        assert_eq!((found[1].kind, found[2].optional), (Some(SectionKind::SignOff), Some(false)));
        assert_eq!(read("- [ ] a <!-- rollcall: owner=\"Ann Lee\" -->\n").0[0].owner.as_deref(), Some("Ann Lee"));
    }

    #[test]
    fn reminders_are_written_either_way() {
        for (words, ms) in [("remind=10m", 600_000), ("remind: 2h", 7_200_000), ("optional, remind: off", 0)] {
            let (found, d) = read(&format!("- [ ] a <!-- rollcall: {words} -->\n"));
            assert_eq!((d, found[0].remind_ms), (vec![], Some(ms)), "{words}");
        }
    }

    #[test]
    fn mistakes_name_line_and_nearest_key() {
        for (words, says) in [
            ("optinal", "did you mean `optional`"),
            ("ownr=x", "did you mean `owner`"),
            ("zzzzzzz", "known are"),
            ("id=", "needs a value"),
            ("id=a.b", "must be at most"),
            ("kind=signof", "did you mean `sign_off`"),
            ("optional=maybe", "stands alone"),
            ("remind=", "needs a value"),
            ("remind=0m", "between 1 minute and 7 days"),
            ("remind=1year", "between 1 minute and 7 days"),
            ("remind=10", "is no span"),
            ("remind=soon", "is no span"),
        ] {
            let (_, d) = read(&format!("# T\n- [ ] a <!-- rollcall: {words} -->\n"));
            assert_eq!((d.len(), d[0].line, d[0].severity), (1, 2, Severity::Error), "{words}");
            assert!(d[0].message.contains(says), "{words}: {}", d[0].message);
        }
    }
}
