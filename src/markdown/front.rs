//! Front matter: what a page says about itself, in YAML (`---`) or TOML (`+++`).

use super::timeline;
use super::words::FOREIGN_KEYS;
use crate::domain::announce::Announcement;
use crate::domain::checklist::{Diagnostic, Schedule, Severity};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The keys that mean something.
pub const KEYS: &[&str] =
    &["title", "description", "service", "environment", "progress", "templates", "defaults", "escalation", "timeline"];
/// Keys of features to come: taken as they are, with a note.
pub const LATER_KEYS: &[&str] = &["gates", "roles", "triggers", "checks"];
/// The keys of `progress`.
pub const PROGRESS_KEYS: &[&str] = &["cron", "timezone"];
/// The keys of `defaults`.
pub const DEFAULTS_KEYS: &[&str] = &["service", "environment", "fields"];

/// What the front matter said. Whether cron, zone and templates work is judged by those who use them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Front {
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) service: Option<String>,
    pub(super) environment: Option<String>,
    pub(super) progress: Option<Schedule>,
    /// The escalation policy its pages go by.
    pub(super) escalation: Option<String>,
    pub(super) templates: BTreeMap<String, String>,
    pub(super) timeline: Vec<Announcement>,
    /// What stands in blanks until somebody fills them, by label.
    pub(super) fields: BTreeMap<String, String>,
}

/// Splits a page: its front matter, the text below, and the number of that text's first line.
pub(super) fn split<'a>(text: &'a str, diagnostics: &mut Vec<Diagnostic>) -> (Front, &'a str, u32) {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let toml = match first {
        "---" => false,
        "+++" => true,
        _ => return (Front::default(), text, 1),
    };
    let Some((inside, below, lines)) = fenced(text, toml) else {
        if toml {
            diagnostics.push(error(1, "The front matter that starts with +++ here has no closing +++ line."));
        } else if text.lines().nth(1).is_some_and(is_pair) {
            diagnostics.push(error(1, "The front matter that starts with --- here has no closing --- line."));
        }
        return (Front::default(), text, 1);
    };
    // Two thematic breaks with prose between them are not front matter.
    let starts_at_once = inside.lines().next().is_none_or(|l| !l.trim().is_empty());
    let has_pairs = inside.trim().is_empty() || inside.lines().any(is_pair);
    let is_yaml = starts_at_once && has_pairs;
    if !toml && !is_yaml {
        return (Front::default(), text, 1);
    }
    let read = if toml { from_toml(inside) } else { from_yaml(inside) };
    let front = match read {
        Ok(map) => Reader { inside, diagnostics }.front(map),
        Err((line, what)) => {
            let kind = if toml { "TOML" } else { "YAML" };
            diagnostics.push(error(line, format!("The front matter is not valid {kind}: {what}.")));
            Front::default()
        }
    };
    (front, below, lines)
}

/// The text between the fences, the text below them, and the number of its first line.
fn fenced(text: &str, toml: bool) -> Option<(&str, &str, u32)> {
    let start = text.find('\n')? + 1;
    let mut at = start;
    for (line, number) in text.get(start..)?.split_inclusive('\n').zip(2u32..) {
        let end = at + line.len();
        let closes = match line.trim_end() {
            "+++" => toml,
            "---" | "..." => !toml,
            _ => false,
        };
        if closes {
            return Some((&text[start..at], &text[end..], number.saturating_add(1)));
        }
        at = end;
    }
    None
}

/// True for a line that looks like `key: value`.
fn is_pair(line: &str) -> bool {
    line.split_once(':').is_some_and(|(key, value)| {
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '"' | '\''))
            && (value.is_empty() || value.starts_with([' ', '\t']))
    })
}

type Bad = (u32, String);

fn from_yaml(inside: &str) -> Result<Map<String, Value>, Bad> {
    if inside.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
        return Ok(Map::new());
    }
    serde_saphyr::from_str::<Map<String, Value>>(inside).map_err(|e| {
        // The fence is line 1, so the parser's line 1 is the file's line 2.
        let line = e.location().map_or(0, |l| u32::try_from(l.line()).unwrap_or(0));
        (line.saturating_add(1), plainly(&e.without_snippet().to_string()))
    })
}

fn from_toml(inside: &str) -> Result<Map<String, Value>, Bad> {
    toml::from_str::<Map<String, Value>>(inside).map_err(|e| {
        let at = e.span().map_or(0, |s| s.start);
        let before = inside.bytes().take(at).filter(|b| *b == b'\n').count();
        (u32::try_from(before).unwrap_or(0).saturating_add(2), plainly(e.message()))
    })
}

/// A parser's message as one clause: its first line, without its own idea of the place.
fn plainly(message: &str) -> String {
    let line = message.lines().find(|l| !l.trim().is_empty()).unwrap_or("it cannot be read").trim();
    let line = line.strip_prefix("error: ").unwrap_or(line);
    let line = match line.strip_prefix("line ").and_then(|l| l.split_once(": ")) {
        Some((place, rest)) if place.contains("column") => rest,
        _ => line,
    };
    let cut = [" at line ", " (line ", ", line "].iter().filter_map(|m| line.find(m)).min().unwrap_or(line.len());
    line[..cut].trim_end_matches('.').to_owned()
}

fn error(line: u32, message: impl Into<String>) -> Diagnostic {
    Diagnostic { severity: Severity::Error, line, message: message.into() }
}

/// "title, description or service": the nearest known key, if one is near.
fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|k| (strsim::damerau_levenshtein(&key.to_lowercase(), k), *k))
        .min()
        .filter(|(distance, k)| *distance <= (k.len() / 2).max(2))
        .map(|(_, k)| k)
}

struct Reader<'a> {
    inside: &'a str,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Reader<'_> {
    /// The line of a key; the opening fence where it cannot be found.
    fn line_of(&self, key: &str) -> u32 {
        let found = self.inside.lines().zip(2u32..).find(|(line, _)| {
            let line = line.trim_start().trim_start_matches(['[', '{', '"', '\'']);
            line.strip_prefix(key)
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with([':', '=', ']', '.']))
        });
        found.map_or(1, |(_, n)| n)
    }

    fn wrong(&mut self, key: &str, message: String) {
        let line = self.line_of(key);
        self.diagnostics.push(error(line, message));
    }

    fn unknown(&mut self, key: &str, known: &[&str]) {
        // "escalation_policy" begins with the key that is meant.
        let longer = || known.iter().find(|k| key.starts_with(**k)).copied();
        let hint = match nearest(key, known).or_else(longer) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known are {}.", known.join(", ")),
        };
        let shown: String = key.chars().take(60).collect();
        self.wrong(key, format!("The front matter has an unknown key `{shown}`: {hint}"));
    }

    fn front(mut self, map: Map<String, Value>) -> Front {
        let mut front = Front::default();
        let all: Vec<&str> = KEYS.iter().chain(LATER_KEYS).copied().collect();
        let foreign = self.foreign(&map, &all);
        for (key, value) in &map {
            match key.as_str() {
                key if foreign.contains(&key) => {}
                key if LATER_KEYS.contains(&key) => self.later(key),
                _ if value.is_null() => {
                    if !KEYS.contains(&key.as_str()) {
                        self.unknown(key, &all);
                    }
                }
                "defaults" => self.defaults(value, &mut front),
                "title" => front.title = self.text(key, value),
                "description" => front.description = self.text(key, value),
                "service" => front.service = self.word(key, value).or(front.service.take()),
                "environment" => front.environment = self.word(key, value).or(front.environment.take()),
                "escalation" => front.escalation = self.word(key, value),
                "progress" => front.progress = self.progress(value),
                "timeline" => front.timeline = timeline::read(value, self.inside, self.diagnostics),
                "templates" => front.templates = self.templates(value),
                _ => self.unknown(key, &all),
            }
        }
        front
    }

    /// The keys that are another tool's: where one it is known by stands and none that is only ours, what we do not
    /// know is no mistake, unless it is nearly one of ours.
    fn foreign<'k>(&mut self, map: &'k Map<String, Value>, all: &[&str]) -> Vec<&'k str> {
        let shared = |key: &str| matches!(key, "title" | "description") || !all.contains(&key);
        let known = |key: &str| FOREIGN_KEYS.contains(&key.to_lowercase().as_str());
        if !map.keys().all(|k| shared(k)) || !map.keys().any(|k| known(k)) {
            return Vec::new();
        }
        let is_foreign = |key: &&str| !all.contains(key) && (known(key) || nearest(key, all).is_none());
        let keys: Vec<&str> = map.keys().map(String::as_str).filter(is_foreign).collect();
        if !keys.is_empty() {
            let line = keys.iter().map(|k| self.line_of(k)).min().unwrap_or(1);
            let shown: Vec<String> = keys.iter().take(4).map(|k| format!("`{k}`")).collect();
            let more = if keys.len() > 4 { format!(" and {} more", keys.len() - 4) } else { String::new() };
            let message = format!("The front matter is another tool's: {}{more} say nothing here.", shown.join(", "));
            self.diagnostics.push(Diagnostic { severity: Severity::Note, line, message });
        }
        keys
    }

    fn later(&mut self, key: &str) {
        let line = self.line_of(key);
        let message = format!("`{key}` is kept for a later release: it is not used yet.");
        self.diagnostics.push(Diagnostic { severity: Severity::Note, line, message });
    }

    /// What holds where nothing else is said.
    fn defaults(&mut self, value: &Value, front: &mut Front) {
        let Value::Object(map) = value else {
            self.wrong("defaults", format!("`defaults` must give values for {}.", DEFAULTS_KEYS.join(", ")));
            return;
        };
        for (key, value) in map {
            match key.as_str() {
                "service" => front.service = front.service.take().or(self.word(key, value)),
                "environment" => front.environment = front.environment.take().or(self.word(key, value)),
                "fields" => match value {
                    Value::Object(fields) => {
                        for (label, value) in fields {
                            if let Some(text) = self.text(label, value) {
                                front.fields.insert(label.clone(), text);
                            }
                        }
                    }
                    _ => self.wrong(key, "`fields` must give a value for each field's label.".to_owned()),
                },
                _ => self.unknown(key, DEFAULTS_KEYS),
            }
        }
    }

    /// Any scalar as one line of text.
    fn text(&mut self, key: &str, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(s) => s.split_whitespace().collect::<Vec<_>>().join(" "),
            Value::Number(n) => n.to_string(),
            Value::Bool(b) => b.to_string(),
            _ => {
                self.wrong(key, format!("`{key}` must be a text."));
                return None;
            }
        };
        (!text.is_empty()).then_some(text)
    }

    fn word(&mut self, key: &str, value: &Value) -> Option<String> {
        let word = self.text(key, value)?;
        let fits = word.chars().count() <= 40
            && word.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'));
        if !fits {
            self.wrong(
                key,
                format!(
                    "`{key}` must be one word of at most 40 letters, digits, dots, dashes, underscores or slashes."
                ),
            );
            return None;
        }
        Some(word)
    }

    fn progress(&mut self, value: &Value) -> Option<Schedule> {
        match value {
            Value::String(cron) => Some(Schedule { cron: cron.trim().to_owned(), timezone: None }),
            Value::Object(map) => {
                for key in map.keys().filter(|k| !PROGRESS_KEYS.contains(&k.as_str())) {
                    self.unknown(key, PROGRESS_KEYS);
                }
                let timezone = map.get("timezone").and_then(|v| self.text("timezone", v));
                let Some(cron) = map.get("cron").and_then(|v| self.text("cron", v)) else {
                    self.wrong("progress", "`progress` needs `cron`, for instance `cron: \"0 * * * *\"`.".to_owned());
                    return None;
                };
                Some(Schedule { cron, timezone })
            }
            _ => {
                self.wrong(
                    "progress",
                    "`progress` must be a cron expression in quotes, or `cron` and `timezone`.".to_owned(),
                );
                None
            }
        }
    }

    fn templates(&mut self, value: &Value) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let Value::Object(map) = value else {
            self.wrong("templates", "`templates` must give a text for each template's name.".to_owned());
            return out;
        };
        for (name, text) in map {
            match text {
                Value::String(s) => {
                    out.insert(name.clone(), s.clone());
                }
                _ => self.wrong(name, format!("The template `{name}` must be a text.")),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Front, String, u32, Vec<Diagnostic>) {
        let mut d = Vec::new();
        let (front, below, line) = split(text, &mut d);
        (front, below.to_owned(), line, d)
    }

    #[test]
    fn yaml_and_toml_say_the_same() {
        let yaml = "---\ntitle: Go live\ndescription: >\n  Two\n  lines\nservice: web/api\nenvironment: prod\nprogress:\n  cron: \"0 * * * *\"\n  timezone: Europe/Berlin\ntemplates:\n  start: |\n    Hello {{ version }}\n---\n# T\n";
        let toml = "+++\ntitle = \"Go live\"\ndescription = \"Two lines\"\nservice = \"web/api\"\nenvironment = \"prod\"\n[progress]\ncron = \"0 * * * *\"\ntimezone = \"Europe/Berlin\"\n[templates]\nstart = \"\"\"\nHello {{ version }}\n\"\"\"\n+++\n# T\n";
        let (a, below, line, d) = read(yaml);
        assert_eq!((below.as_str(), line, d), ("# T\n", 15, vec![]));
        let (b, _, line, d) = read(toml);
        assert_eq!((line, d), (14, vec![]));
        assert_eq!(a, b);
        assert_eq!(a.progress.unwrap().timezone.as_deref(), Some("Europe/Berlin"));
        let (c, ..) = read("---\nprogress: 0 9 * * 1-5\n---\n");
        assert_eq!(c.progress.unwrap().cron, "0 9 * * 1-5");
        let (d, _, _, none) = read("---\ndescription: Only this\n---\nx");
        assert_eq!((d.description.as_deref(), none), (Some("Only this"), vec![]));
    }

    #[test]
    fn mistakes_name_their_line() {
        for (text, line, says) in [
            ("---\ntitle: a\ntitel: b\n---\n", 3, "did you mean `title`"),
            ("---\nzzzzzzzzzzzz: b\n---\n", 2, "known are"),
            ("---\nprogress:\n  kron: x\n---\n", 3, "did you mean `cron`"),
            ("---\nservice: two words\n---\n", 2, "one word"),
            ("---\ntitle: [a]\n---\n", 2, "must be a text"),
            ("---\ntitle: a\n  bad: [\n---\n", 0, "not valid YAML"),
            ("---\nprogress: * * * * *\n---\n", 2, "not valid YAML"),
            ("---\ntitle: a\ntitle: b\n---\n", 3, "not valid YAML"),
            ("+++\ntitle = \n+++\n", 2, "not valid TOML"),
            ("+++\ntitle = 'x'\n", 1, "no closing"),
            ("---\ntitle: x\n\n- [ ] a\n", 1, "no closing"),
        ] {
            let (.., d) = read(text);
            assert!(!d.is_empty(), "{text}");
            assert!(d[0].message.contains(says), "{text}: {:?}", d[0]);
            assert!(line == 0 || d[0].line == line, "{text}: {:?}", d[0]);
            assert_eq!(d[0].message.lines().count(), 1);
        }
    }

    #[test]
    fn what_is_another_tools_is_left_alone() {
        let (front, _, _, d) = read("---\nlayout: page\ntitle: Go live\nSPDX-License-Identifier: MIT\n---\n");
        assert_eq!(front.title.as_deref(), Some("Go live"));
        assert_eq!((d.len(), d[0].severity, d[0].line), (1, Severity::Note, 2));
        assert!(d[0].message.contains("`SPDX-License-Identifier`, `layout`"), "{d:?}");
        assert_eq!(read("+++\ntitle = 'x'\nweight = 1\n+++\n").3[0].severity, Severity::Note);
        // Beside a key that is ours, or nearly one of ours, it is a mistake.
        for text in ["---\nlayout: x\nservice: a\n---\n", "---\ntags: x\nenviroment: a\n---\n", "---\nbogus: 1\n---\n"]
        {
            assert!(read(text).3.iter().any(|d| d.severity == Severity::Error), "{text}");
        }
    }

    #[test]
    fn thematic_breaks_are_no_front_matter() {
        for text in ["---\n\n# T\n\n---\n", "---\nJust prose\n---\n", "---\n", "# T\n---\n"] {
            let (front, below, line, d) = read(text);
            assert_eq!((front, below.as_str(), line, d), (Front::default(), text, 1, vec![]));
        }
        let (front, below, line, _) = read("---\n---\nx");
        assert_eq!((front, below.as_str(), line), (Front::default(), "x", 3));
    }
}
