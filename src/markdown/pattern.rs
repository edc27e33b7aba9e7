//! How the words of the tables are looked for.

use regex::{Captures, Match, Regex};

/// What may follow a phrase within a word: "contact" stands in "contacts", "success" does not in "successive".
const ENDINGS: &[&str] = &["", "s", "es", "d", "ed", "ing", "e", "n", "en", "er", "ers"];

/// True when one of the phrases stands in the text, as a word or words. Scripts that write no spaces between words
/// have no such borders.
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.match_indices(phrase).any(|(at, _)| stands(text, phrase, at)))
}

fn stands(text: &str, phrase: &str, at: usize) -> bool {
    let spaced = |c: char| c.is_alphanumeric() && c < '\u{2e80}';
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
            assert!(any(text, &[phrase]), "{text}");
        }
        for (text, phrase) in [
            ("iterate on successive candidates", "on success"),
            ("priority", "prior"),
            ("country", "count"),
            ("uncontacted", "contact"),
        ] {
            assert!(!any(text, &[phrase]), "{text}");
        }
    }
}
