//! `snooze` and `reschedule`: what, until when.

use super::LONGEST_SNOOZE_MS;
use super::lex::free_text;
use super::parse::{item_number, like_items};
use super::problem::Problem;
use super::when::When;
use crate::domain::command::{Command, ItemRef, Quiet};
use crate::domain::time::parse_span;

/// Where nothing else is said: half an hour, in milliseconds.
const USUAL_MS: i64 = 30 * 60_000;

/// A moment, with or without the `at:` that `start` takes.
pub(super) fn when(text: &str) -> Result<When, Problem> {
    When::parse(text.strip_prefix("at:").unwrap_or(text))
}

/// Reads what follows the word: `30m`, `3.2 2h`, `smoke tests stop`, `off`, or nothing.
pub(super) fn snooze(rest: &str) -> Result<Command, Problem> {
    let text = free_text("text", rest)?;
    let text = text.trim();
    // All of it may be a time; else the longest end of it that is one.
    let starts = std::iter::once(0).chain(text.match_indices(' ').map(|(i, _)| i + 1));
    let found = starts.into_iter().find_map(|i| Some((i, how(text.get(i..)?)?)));
    let (item, how) = match found {
        Some((i, how)) => (text.get(..i).unwrap_or_default(), how),
        None if ends_like_a_span(text) => return Err(Problem::BadSnooze),
        None => (text, Quiet::For(USUAL_MS)),
    };
    if matches!(how, Quiet::For(ms) if !(60_000..=LONGEST_SNOOZE_MS).contains(&ms)) {
        return Err(Problem::BadSnooze);
    }
    let item = item.trim().trim_end_matches([':', ',']).trim_matches(['"', '“', '”']);
    let item = match item {
        "" => None,
        word if like_items(word) => match item_number(word)? {
            ItemRef::Range(..) => return Err(Problem::BadNumber { word: word.to_owned() }),
            number => Some(number),
        },
        words => Some(ItemRef::Words(words.to_owned())),
    };
    Ok(Command::Snooze { item, how })
}

/// `2y`, alone or after an item's number: no unit there is, and no words of an item.
fn ends_like_a_span(text: &str) -> bool {
    let (before, last) = text.rsplit_once(' ').unwrap_or(("", text));
    let unit = last.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let span = unit.len() < last.len() && !unit.is_empty() && unit.chars().all(char::is_alphabetic);
    let before = before.trim().trim_end_matches([':', ',']);
    span && (before.is_empty() || before.eq_ignore_ascii_case("for") || like_items(before))
}

fn how(text: &str) -> Option<Quiet> {
    let lower = text.to_lowercase();
    let text = lower.strip_prefix("for ").unwrap_or(&lower).trim();
    match text {
        "stop" => Some(Quiet::Stop),
        "off" => Some(Quiet::Off),
        // `3.2` is an item; a time has its unit.
        span if span.contains(char::is_alphabetic) => parse_span(span, 0).map(Quiet::For),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::checklist::Number;

    #[test]
    fn what_and_how_long() {
        let number = |parts: &[u32]| Some(ItemRef::Number(Number::new(parts.to_vec())));
        const MINUTE: i64 = 60_000;
        for (said, item, how) in [
            ("", None, Quiet::For(30 * MINUTE)),
            ("2h", None, Quiet::For(120 * MINUTE)),
            ("for 1h 30m", None, Quiet::For(90 * MINUTE)),
            ("2 hours", None, Quiet::For(120 * MINUTE)),
            ("stop", None, Quiet::Stop),
            ("OFF", None, Quiet::Off),
            ("3.2", number(&[3, 2]), Quiet::For(30 * MINUTE)),
            ("3.2 2h", number(&[3, 2]), Quiet::For(120 * MINUTE)),
            ("3.2: 45 min", number(&[3, 2]), Quiet::For(45 * MINUTE)),
            ("3 stop", number(&[3]), Quiet::Stop),
            ("smoke tests for 1h", Some(ItemRef::Words("smoke tests".into())), Quiet::For(60 * MINUTE)),
            ("\"smoke tests\" off", Some(ItemRef::Words("smoke tests".into())), Quiet::Off),
        ] {
            assert_eq!(snooze(said), Ok(Command::Snooze { item, how }), "{said}");
        }
        for said in ["0m", "30s", "8d", "1 year", "2y", "3.2 2y", "for 3fortnights"] {
            assert_eq!(snooze(said), Err(Problem::BadSnooze), "{said}");
        }
        assert!(snooze("3.1-3.5 2h").is_err());
    }
}
