//! A file → (Checklist, diagnostics). Pure.
//!
//! Reading order: [`source`] (bytes to safe text), [`front`] (front matter), [`blocks`] (CommonMark to flat blocks),
//! [`outline`] (headings), [`items`] and [`fields`] (what stands below one), [`kinds`] (what headings say),
//! [`numbers`], and [`assemble`], which puts the checklist together.

mod assemble;
mod blocks;
mod fields;
mod front;
mod html;
mod inline;
mod items;
mod kinds;
mod numbers;
mod outline;
mod source;
mod words;

pub use inline::{escape, inline};
pub use source::MAX_BYTES;

use crate::domain::checklist::{Checklist, Diagnostic, Severity};
use crate::domain::text::{Rich, Span};
use serde::Serialize;

/// What reading a page gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// None exactly when a diagnostic is an error.
    pub checklist: Option<Checklist>,
    pub counts: Counts,
    pub diagnostics: Vec<Diagnostic>,
}

/// How much of what there is on a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Checkboxes a GitHub-flavoured renderer shows.
    pub checkboxes: usize,
    /// Those of them that are items.
    pub items: usize,
    /// Numbered steps that are items.
    pub steps: usize,
    pub fields: usize,
    pub commands: usize,
}

/// Reads a page. `name` is what people call it: the file's name without ending.
pub fn read(name: &str, bytes: &[u8]) -> Reading {
    let mut diagnostics = Vec::new();
    let (checklist, counts) = match source::text(bytes, &mut diagnostics) {
        Some(text) => assemble::checklist(name, &text, &mut diagnostics),
        None => (None, Counts::default()),
    };
    diagnostics.sort_by_key(|d| (d.line, d.severity));
    let wrong = diagnostics.iter().any(|d| d.severity == Severity::Error);
    Reading { checklist: checklist.filter(|_| !wrong), counts, diagnostics }
}

/// A text of several lines, as the lines people see: blank ones left out, `- ` drawn as a bullet.
pub fn lines(markdown: &str) -> Vec<Rich> {
    markdown.lines().filter(|l| !l.trim().is_empty()).map(line).collect()
}

fn line(source: &str) -> Rich {
    match source.trim_start().strip_prefix("- ") {
        Some(item) => {
            let mut rich = Rich(vec![Span { text: "• ".into(), ..Span::default() }]);
            inline(item).0.into_iter().for_each(|s| rich.push(s));
            rich
        }
        None => inline(source),
    }
}
