//! How the words of the tables are looked for.

use regex::{Captures, Match, Regex};

/// What may follow a phrase within a word: "contact" stands in "contacts", "success" does not in "successive".
const ENDINGS: &[&str] = &["", "s", "es", "d", "ed", "ing", "e", "n", "en", "er", "ers"];

/// True when one of the phrases stands in the text, as a word or words. Scripts that write no spaces between words
/// have no such borders.
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.match_indices(phrase).any(|(at, _)| stands(text, phrase, at)))
}

fn spaced(c: char) -> bool {
    c.is_alphanumeric() && c < '\u{2e80}'
}

fn stands(text: &str, phrase: &str, at: usize) -> bool {
    let (before, after) = (&text[..at], &text[at + phrase.len()..]);
    if phrase.starts_with(spaced) && before.ends_with(spaced) {
        return false;
    }
    if !phrase.ends_with(|c: char| spaced(c) && c.is_alphabetic()) {
        return true;
    }
    let end = after.find(|c: char| !spaced(c) || !c.is_alphabetic()).unwrap_or(after.len());
    end <= 3 && ENDINGS.contains(&&after[..end])
}

/// The same for a long list: one pattern that matches where [`any`] is true.
pub(super) fn phrases(list: impl Iterator<Item = &'static str>) -> Pattern {
    let (mut words, mut starts, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for phrase in list {
        let ends = phrase.ends_with(|c: char| spaced(c) && c.is_alphabetic());
        match phrase.starts_with(spaced) {
            true if ends => words.push(regex::escape(phrase)),
            true => starts.push(regex::escape(phrase)),
            false => others.push(regex::escape(phrase)),
        }
    }
    let border = r"(?:^|[^\p{L}\p{N}]|[\u{2e80}-\u{10ffff}])";
    let end = format!(r"(?:{})(?:[^\p{{L}}]|[\u{{2e80}}-\u{{10ffff}}]|$)", ENDINGS.join("|"));
    let mut all = Vec::new();
    if !words.is_empty() {
        all.push(format!("{border}(?:{}){end}", words.join("|")));
    }
    if !starts.is_empty() {
        all.push(format!("{border}(?:{})", starts.join("|")));
    }
    all.extend(others);
    pattern(&all.join("|"))
}

/// A pattern written in this neighbourhood. One that does not compile would match nothing; tests, which use
/// every pattern, stop at it.
pub(super) struct Pattern(Option<Regex>);

pub(super) fn pattern(text: &str) -> Pattern {
    let regex = Regex::new(text).ok();
    debug_assert!(regex.is_some(), "this pattern does not compile: {text}");
    Pattern(regex)
}

impl Pattern {
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.0.as_ref().is_some_and(|r| r.is_match(text))
    }

    pub(super) fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        self.0.as_ref()?.captures(text)
    }

    pub(super) fn captures_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
        self.0.iter().flat_map(move |r| r.captures_iter(text))
    }

    pub(super) fn find<'t>(&self, text: &'t str) -> Option<Match<'t>> {
        self.0.as_ref()?.find(text)
    }

    pub(super) fn find_iter<'t>(&self, text: &'t str) -> impl Iterator<Item = Match<'t>> {
        self.0.iter().flat_map(move |r| r.find_iter(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_words() {
        for (text, phrase) in [
            ("emergency contacts", "contact"),
            ("iterate on success", "on success"),
            ("monitoring", "monitor"),
            ("post-deployment", "post-"),
            ("緊急連絡先", "連絡先"),
            ("rollbackkriterien: rollback", "rollback"),
        ] {
            assert!(any(text, &[phrase]) && phrases([phrase].into_iter()).is_match(text), "{text}");
        }
        for (text, phrase) in [
            ("iterate on successive candidates", "on success"),
            ("priority", "prior"),
            ("country", "count"),
            ("uncontacted", "contact"),
        ] {
            assert!(!any(text, &[phrase]) && !phrases([phrase].into_iter()).is_match(text), "{text}");
        }
    }
}
