//! A Markdown page to a checklist: what a careful person would understand from it, as plain data.
//!
//! Pure: bytes in, data out. The order of the house:
//! `source` (bytes → text, `mojibake` mended) → `front` (front matter) → `blocks` (a flat list of blocks)
//! → `boxes` (boxes no renderer draws become items: `marks`, `tables`, `trees`) → `outline` (headings) → `items` and
//! `fields` (what stands below a heading) → `build` (numbers, ids, the checklist). `kinds` judges headings and lines by
//! the lists of words in `words`; `threshold`, `windows` and `roles` read what a line measures, when it is due and whom
//! it names, and `meaning` puts that into the checklist, with the page's own `annotations`.

mod annotations;
mod blocks;
mod bounds;
mod boxes;
mod build;
mod criteria;
mod either;
mod fields;
mod front;
mod html;
mod inline;
mod items;
mod kinds;
mod marks;
mod meaning;
mod mojibake;
mod numbers;
mod outline;
mod pattern;
mod placeholders;
mod remarks;
mod roles;
mod source;
mod tables;
mod template_code;
mod threshold;
mod timeline;
mod trees;
mod windows;
mod without_boxes;
mod words;

use crate::domain::checklist::{Checklist, Diagnostic, Severity};
use crate::domain::text::{Rich, Span};
use serde::Serialize;

pub use annotations::ANNOTATION_KEYS;
pub use front::{DEFAULTS_KEYS, KEYS as FRONT_KEYS, LATER_KEYS, PROGRESS_KEYS};
pub use inline::{escape, inline};
pub use placeholders::{Placeholder, placeholders, substituted};
pub use source::MAX_BYTES;
pub use timeline::TIMELINE_KEYS;

/// A checklist with more items is refused: nobody walks it, and every surface has to carry it.
pub const MAX_ITEMS: usize = 20_000;

/// What reading a page gave.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reading {
    /// The checklist; `None` exactly when a diagnostic is an error.
    pub checklist: Option<Checklist>,
    /// What was found, also on a page with errors.
    pub counts: Counts,
    /// What a person should know about the page, in the order of its lines.
    pub diagnostics: Vec<Diagnostic>,
}

/// How much of each kind a page holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Checkboxes as a GitHub-flavoured renderer shows them.
    pub checkboxes: usize,
    /// Items that were checkboxes.
    pub items: usize,
    /// Items that were boxes no renderer draws: in tables, before headings, without a bullet, in trees.
    pub boxes: usize,
    /// Items that were numbered steps.
    pub steps: usize,
    /// Boxes that are no items: in comments, and in code blocks that only show them.
    pub hidden: usize,
    /// Blanks to fill.
    pub fields: usize,
    /// Code blocks.
    pub commands: usize,
    /// Items and blanks that are somebody's sign-off.
    pub signoffs: usize,
    /// Whom the page names to be reached.
    pub contacts: usize,
    /// Rollback criteria.
    pub criteria: usize,
    /// Sections and items with a time of their own.
    pub windows: usize,
}

/// Reads a page. `name` is the word people will call the checklist by: the file's name without ending.
///
/// Never panics and never fails: what is wrong with the page stands in the diagnostics.
pub fn read(name: &str, bytes: &[u8]) -> Reading {
    let mut diagnostics = Vec::new();
    let mut counts = Counts::default();
    let mut checklist = None;
    if let Some(text) = source::text(bytes, &mut diagnostics) {
        let (mut front, body, first_line) = front::split(&text, &mut diagnostics);
        let fields = std::mem::take(&mut front.fields);
        let page = boxes::find(blocks::page(body, first_line), body, first_line);
        let mut read = build::checklist(name, front, page, &mut counts, &mut diagnostics);
        let annotations = annotations::annotations(body, first_line, &mut diagnostics);
        meaning::annotate(&mut read, annotations, &mut diagnostics);
        meaning::fill(&mut read, &fields, &mut diagnostics);
        meaning::count(&read, &mut counts);
        bounds::bound(&mut read, &mut diagnostics);
        checklist = Some(read);
    }
    if diagnostics.iter().any(|d| d.severity == Severity::Error) {
        checklist = None;
    }
    diagnostics.sort_by_key(|d| d.line);
    Reading { checklist, counts, diagnostics }
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
