//! `timeline` of the front matter: what is announced, and when around the deployment.

use crate::domain::announce::{Announcement, FARTHEST_MS, MAX_ANNOUNCEMENTS, Occurrence, When};
use crate::domain::checklist::{Diagnostic, Severity};
use crate::domain::decide::WALKABLE_MS;
use crate::domain::time::parse_span;
use crate::near::nearest;
use serde_json::Value;

/// The keys of one announcement.
pub const TIMELINE_KEYS: &[&str] = &["at", "text", "channel"];

const EXAMPLE: &str = "for instance `- at: -7d`";

/// Reads the list. `inside` is the front matter's text, whose first line is the file's second.
pub(super) fn read(value: &Value, inside: &str, diagnostics: &mut Vec<Diagnostic>) -> Vec<Announcement> {
    let places = places(inside);
    let key = inside.lines().zip(2u32..).find(|(l, _)| is_key(l, "timeline")).map_or(1, |(_, n)| n);
    let mut wrong = |line: u32, message: String| {
        diagnostics.push(Diagnostic { severity: Severity::Error, line, message });
    };
    let Value::Array(entries) = value else {
        wrong(key, format!("`timeline` must be a list of announcements, {EXAMPLE}."));
        return Vec::new();
    };
    if entries.len() > MAX_ANNOUNCEMENTS {
        let count = entries.len();
        wrong(key, format!("The timeline has {count} announcements; at most {MAX_ANNOUNCEMENTS} are made."));
        return Vec::new();
    }
    let mut out = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let (first, last) = places.get(index).copied().unwrap_or((key, key));
        // A key's own line within the entry.
        let line_of = |name: &str| {
            let within = inside.lines().zip(2u32..).filter(|(_, n)| (first..=last).contains(n));
            within.into_iter().find(|(l, _)| is_key(l, name)).map_or(first, |(_, n)| n)
        };
        let Value::Object(map) = entry else {
            wrong(first, format!("An announcement has `at` and, if you like, `text` and `channel`, {EXAMPLE}."));
            continue;
        };
        for name in map.keys().filter(|k| !TIMELINE_KEYS.contains(&k.as_str())) {
            let hint = match nearest(name, TIMELINE_KEYS.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known are {}.", TIMELINE_KEYS.join(", ")),
            };
            let shown: String = name.chars().take(60).collect();
            wrong(line_of(name), format!("The timeline has an unknown key `{shown}`: {hint}"));
        }
        let when = match map.get("at") {
            Some(Value::String(said)) => when(said),
            Some(Value::Number(_)) => Err("A number alone is no time; write its unit, for instance `-7d`.".to_owned()),
            Some(_) => Err(format!("`at` must be a time, {EXAMPLE}.")),
            None => Err(format!("This announcement needs `at`, {EXAMPLE} or `- at: start`.")),
        };
        let text = match map.get("text") {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text.clone()),
            Some(_) => {
                wrong(line_of("text"), "`text` of an announcement must be a text.".to_owned());
                continue;
            }
        };
        let channel = match map.get("channel") {
            None | Some(Value::Null) => None,
            Some(Value::String(channel)) if is_channel(channel) => Some(channel.clone()),
            Some(_) => {
                let message = "`channel` is written with its chat, for instance \"slack:C0123ABCD\", \
                               \"discord:1234567890\" or \"console:deployments\".";
                wrong(line_of("channel"), message.to_owned());
                continue;
            }
        };
        match when {
            Ok(when) => out.push(Announcement { when, text, channel, line: first }),
            Err(message) => wrong(line_of("at"), message),
        }
    }
    out
}

/// `-7d`, `2 hours before start`, `start`, `+30m`, `+1d after success`. The error is a sentence.
fn when(said: &str) -> Result<When, String> {
    let lower = said.trim().to_lowercase();
    let shown: String = said.trim().chars().take(60).map(|c| if c == '`' { '\u{fffd}' } else { c }).collect();
    let bad = || {
        format!(
            "`{shown}` is no time of an announcement. Write `-7d` (before the scheduled start), `start`, `+30m` (after \
             the start), or `+1d after success` (or `rollback`, `outcome`)."
        )
    };
    if let Some(of) = occurrence(lower.strip_prefix("at ").unwrap_or(&lower)) {
        return Ok(When { offset_ms: 0, of });
    }
    let (sign, rest) = match lower.chars().next() {
        Some('-' | '−' | '–') => (Some(-1), lower.trim_start_matches(['-', '−', '–'])),
        Some('+') => (Some(1), lower.trim_start_matches('+')),
        _ => (None, lower.as_str()),
    };
    let (span, side, of) = match (rest.split_once(" before"), rest.split_once(" after")) {
        (Some((span, of)), None) => (span, Some(-1), of.trim()),
        (None, Some((span, of))) => (span, Some(1), of.trim()),
        (None, None) => (rest, None, ""),
        _ => return Err(bad()),
    };
    let side = match (sign, side) {
        (Some(a), Some(b)) if a != b => return Err(bad()),
        (a, b) => a.or(b).ok_or_else(bad)?,
    };
    let of = match of {
        "" => Occurrence::Start,
        of => occurrence(of).ok_or_else(bad)?,
    };
    if !span.contains(char::is_alphabetic) {
        return Err(format!("`{shown}` says no unit; write for instance `-7d`, `+30m` or `+2h after success`."));
    }
    let ms = parse_span(span, 0).ok_or_else(bad)?;
    if ms == 0 {
        return Err(format!("`{shown}` is the moment itself; write `start`, `success`, `rollback` or `outcome`."));
    }
    match (side, of) {
        (-1, Occurrence::Start) if ms > FARTHEST_MS => {
            Err(format!("`{shown}` is more than a year before; a start can be scheduled at most a year ahead."))
        }
        (-1, Occurrence::Start) => Ok(When { offset_ms: -ms, of: Occurrence::Scheduled }),
        (-1, _) => {
            Err(format!("`{shown}`: nobody knows beforehand when that is. Before is before the start, as `-7d`."))
        }
        (_, of) if ms >= WALKABLE_MS => {
            let days = WALKABLE_MS / 86_400_000;
            Err(format!("`{shown}` is too late: {days} days after {} a deployment is archived.", of.label()))
        }
        (_, of) => Ok(When { offset_ms: ms, of }),
    }
}

fn occurrence(word: &str) -> Option<Occurrence> {
    Some(match word.strip_prefix("the ").unwrap_or(word) {
        "start" | "scheduled start" => Occurrence::Start,
        "success" => Occurrence::Success,
        "rollback" => Occurrence::Rollback,
        "outcome" | "end" => Occurrence::Outcome,
        _ => return None,
    })
}

fn is_channel(channel: &str) -> bool {
    match channel.split_once(':') {
        Some(("console", name)) => !name.trim().is_empty() && name.len() <= 80,
        Some(("slack" | "discord", id)) => !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric()),
        _ => false,
    }
}

fn is_key(line: &str, key: &str) -> bool {
    let line = line.trim_start().trim_start_matches(['-', '[', '{', '"', '\'', ' ']);
    line.strip_prefix(key)
        .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with([':', '=', ']']))
}

/// The first and the last line of each entry, where each begins on a line of its own.
fn places(inside: &str) -> Vec<(u32, u32)> {
    let lines: Vec<(&str, u32)> = inside.lines().zip(2u32..).collect();
    let toml: Vec<u32> = lines.iter().filter(|(l, _)| l.trim().starts_with("[[timeline]]")).map(|(_, n)| *n).collect();
    let end = lines.last().map_or(1, |(_, n)| *n);
    let starts = if toml.is_empty() {
        let below = lines.iter().skip_while(|(l, _)| !is_key(l, "timeline") || l.starts_with([' ', '-'])).skip(1);
        // The list ends where the next key of the front matter begins.
        let list: Vec<_> =
            below.take_while(|(l, _)| l.trim().is_empty() || l.starts_with([' ', '\t', '-', '#'])).collect();
        let indent = |l: &str| l.len() - l.trim_start().len();
        let first = list.iter().find(|(l, _)| l.trim_start().starts_with('-')).map(|(l, _)| indent(l));
        let starts: Vec<u32> = list
            .iter()
            .filter(|(l, _)| l.trim_start().starts_with("- ") && Some(indent(l)) == first)
            .map(|(_, n)| *n)
            .collect();
        starts
    } else {
        toml
    };
    let ends = starts.iter().skip(1).map(|n| n - 1).chain([end]);
    starts.iter().copied().zip(ends).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_people_write_them() {
        use Occurrence::*;
        const MINUTE: i64 = 60_000;
        const DAY: i64 = 1_440 * MINUTE;
        for (said, offset_ms, of) in [
            ("-7d", -7 * DAY, Scheduled),
            ("-30m", -30 * MINUTE, Scheduled),
            ("1 week before", -7 * DAY, Scheduled),
            ("2 hours before the start", -120 * MINUTE, Scheduled),
            ("-1d before start", -DAY, Scheduled),
            ("start", 0, Start),
            ("At start", 0, Start),
            ("+1h 30m", 90 * MINUTE, Start),
            ("+1d after success", DAY, Success),
            ("1 day after the outcome", DAY, Outcome),
            ("rollback", 0, Rollback),
        ] {
            assert_eq!(when(said), Ok(When { offset_ms, of }), "{said}");
        }
        for (said, says) in [
            ("7d", "no time"),
            ("soon", "no time"),
            ("-7", "says no unit"),
            ("-0d", "the moment itself"),
            ("-400d", "more than a year"),
            ("+31d after success", "archived"),
            ("-1d before success", "nobody knows beforehand"),
            ("-1d after success", "no time"),
            ("+1d after lunch", "no time"),
            ("+1d before start", "no time"),
            ("", "no time"),
        ] {
            let refused = when(said).unwrap_err();
            assert!(refused.contains(says), "{said}: {refused}");
        }
    }

    #[test]
    fn mistakes_name_their_line() {
        let read = |text: &str| {
            let reading = crate::markdown::read("t", text.as_bytes());
            let found = reading.diagnostics.into_iter().find(|d| d.severity == Severity::Error);
            found.map(|d| (d.line, d.message)).unwrap_or_default()
        };
        for (front, line, says) in [
            ("timeline: -7d", 2, "must be a list"),
            ("title: T\ntimeline:\n  - at: -7d\n  - at: soon", 5, "`soon` is no time"),
            ("timeline:\n- at: start\n- text: Now\n\n- at: success", 4, "needs `at`"),
            ("timeline:\n  - text: Now\n    at: 7", 4, "write its unit"),
            ("timeline:\n  - at: start\n    txet: Now", 4, "did you mean `text`"),
            ("timeline:\n  - at: start\n    channel: deploys", 4, "with its chat"),
            ("timeline:\n  - at: start\n    text: [a]", 4, "must be a text"),
            ("timeline: [{at: never}]", 2, "no time"),
            ("timeline:\n  - start", 3, "has `at`"),
        ] {
            let (at, message) = read(&format!("---\n{front}\n---\n- [ ] a\n"));
            assert!(at == line && message.contains(says), "{front}: line {at}: {message}");
        }
        let (at, message) = read("+++\n[[timeline]]\nat = \"start\"\n[[timeline]]\nat = \"lunch\"\n+++\n- [ ] a\n");
        assert!(at == 5 && message.contains("lunch"), "line {at}: {message}");
        let many = "  - at: start\n".repeat(MAX_ANNOUNCEMENTS + 1);
        assert!(read(&format!("---\ntimeline:\n{many}---\n- [ ] a\n")).1.contains("at most 50"));
    }
}
