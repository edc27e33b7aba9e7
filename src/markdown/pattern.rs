//! How the words of the tables are looked for.

use regex::{Captures, Match, Regex};

/// True when one of the phrases stands in the text, starting where a word starts.
pub(super) fn any(text: &str, phrases: &[&str]) -> bool {
    let starts_word = |at: usize| !text[..at].ends_with(char::is_alphanumeric);
    phrases.iter().any(|p| text.match_indices(p).any(|(at, _)| starts_word(at)))
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
