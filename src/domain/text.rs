//! Text as the house carries it: styled runs, never markup.
//!
//! A surface escapes every run for its own platform. Because markup exists only as
//! flags on a run, nothing a person typed can become markup on the way.

use serde::{Deserialize, Serialize};

/// One run of characters in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The characters, plain.
    #[serde(rename = "t")]
    pub text: String,
    /// Strong emphasis.
    #[serde(rename = "b", default, skip_serializing_if = "is_false")]
    pub bold: bool,
    /// Emphasis.
    #[serde(rename = "i", default, skip_serializing_if = "is_false")]
    pub italic: bool,
    /// Inline code.
    #[serde(rename = "c", default, skip_serializing_if = "is_false")]
    pub code: bool,
    /// Struck through.
    #[serde(rename = "s", default, skip_serializing_if = "is_false")]
    pub strike: bool,
    /// Where the run links to; only `http`, `https` and `mailto` survive reading.
    #[serde(rename = "l", default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whom the run names, by id: a surface that knows them shows them its own way, without calling them.
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// And calls them: where they have an account, they are notified. Set by Rollcall alone, never by what people type.
    #[serde(rename = "n", default, skip_serializing_if = "is_false")]
    pub call: bool,
}

impl Span {
    /// A person's name.
    pub fn person(person: &super::command::Person) -> Self {
        Self { text: person.name.to_string(), person: Some(person.id.to_string()), ..Self::default() }
    }
}

fn is_false(b: &bool) -> bool {
    !*b
}

/// A line or paragraph of styled runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rich(pub Vec<Span>);

impl Rich {
    /// Plain text, exactly these characters.
    pub fn plain(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::default() } else { Self(vec![Span { text, ..Span::default() }]) }
    }

    /// The characters without their styles.
    pub fn to_plain(&self) -> String {
        self.0.iter().map(|s| s.text.as_str()).collect()
    }

    /// True when there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|s| s.text.is_empty())
    }

    /// Adds a run, joining it to the last one of the same style.
    pub fn push(&mut self, span: Span) {
        if span.text.is_empty() {
            return;
        }
        match self.0.last_mut() {
            Some(last)
                if (last.bold, last.italic, last.code, last.strike)
                    == (span.bold, span.italic, span.code, span.strike)
                    && last.link == span.link
                    && (&last.person, last.call) == (&span.person, span.call) =>
            {
                last.text.push_str(&span.text);
            }
            _ => self.0.push(span),
        }
    }
}

impl From<&str> for Rich {
    fn from(text: &str) -> Self {
        Self::plain(text)
    }
}
