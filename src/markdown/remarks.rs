//! What is said about boxes: one remark of a kind for a whole page, with the first line and how many.

use super::marks::{Found, Mark};
use crate::domain::checklist::{BoxState, Diagnostic, Severity};
use std::collections::BTreeMap;

/// A kind of remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Remark {
    /// A box no list makes.
    Loose,
    /// A mark in place of a box: `[OK]`, `☐`.
    Sign,
    /// A checkbox of HTML.
    Input,
    Heading,
    Table,
    Tree,
    Template,
    /// `✅` in front of an open box.
    TickedSign,
    /// `✅` on a heading over open boxes.
    TickedHeading,
}

/// Gathers remarks.
#[derive(Debug, Default)]
pub(super) struct Remarks {
    said: BTreeMap<Remark, (u32, usize)>,
    states: BTreeMap<String, (u32, usize, BoxState)>,
}

impl Remarks {
    pub(super) fn add(&mut self, remark: Remark, line: u32) {
        self.some(remark, line, 1);
    }

    /// A box that no renderer draws: written in a way none knows, or another mark.
    pub(super) fn undrawn(&mut self, found: &Found, line: u32) {
        let inside = found.sign.trim_start_matches('[').trim_end_matches(']').trim();
        match (found.sign.starts_with('['), inside) {
            (true, "" | "x" | "X") if found.mark.state.is_none() => self.add(Remark::Loose, line),
            // What a state says is remarked on already.
            _ if found.mark.state.is_some() => {}
            _ => self.add(Remark::Sign, line),
        }
    }

    pub(super) fn some(&mut self, remark: Remark, line: u32, count: usize) {
        let (first, all) = self.said.entry(remark).or_insert((line, 0));
        *first = line.min(*first);
        *all += count;
    }

    /// A box that is neither open nor ticked.
    pub(super) fn state(&mut self, line: u32, found: &Found) {
        self.mark(line, found.mark, &found.sign);
    }

    pub(super) fn mark(&mut self, line: u32, mark: Mark, sign: &str) {
        if let Some(state) = mark.state {
            let (first, all, _) = self.states.entry(sign.to_owned()).or_insert((line, 0, state));
            *first = line.min(*first);
            *all += 1;
        }
    }

    pub(super) fn diagnostics(self) -> Vec<Diagnostic> {
        let states = self.states.into_iter().map(|(sign, (line, count, state))| {
            let (severity, words) = match state {
                BoxState::Skipped => (Severity::Note, "skipped"),
                BoxState::InProgress => (Severity::Note, "in progress"),
                BoxState::Important => (Severity::Note, "important"),
                BoxState::Unclear => (Severity::Warning, "unclear: no legend says what it means"),
            };
            let message =
                format!("`{sign}`, here and {count} time(s) in all, is read as {words}; the item starts open.");
            Diagnostic { severity, line, message }
        });
        let said = self.said.into_iter().map(|(remark, (line, count))| {
            let (severity, message) = words(remark, count);
            Diagnostic { severity, line, message }
        });
        states.chain(said).collect()
    }
}

fn words(remark: Remark, n: usize) -> (Severity, String) {
    match remark {
        Remark::Loose => (
            Severity::Warning,
            format!(
                "{n} box(es), the first on this line, are read as items but no renderer draws them: what holds them is \
                 not a list item with `[ ]`. Write `- [ ] ` in front of the text."
            ),
        ),
        Remark::Sign => (
            Severity::Note,
            format!(
                "{n} mark(s) in place of a box, such as the one on this line, are read as boxes; no renderer draws them."
            ),
        ),
        Remark::Input => {
            (Severity::Note, format!("{n} checkbox(es) of HTML, the first on this line, are read as items."))
        }
        Remark::Heading => {
            (Severity::Note, format!("{n} heading(s) with a box, the first on this line, are read as items."))
        }
        Remark::Table => (Severity::Note, format!("{n} box(es) in tables, the first on this line, are read as items.")),
        Remark::Tree => (
            Severity::Warning,
            format!("{n} box(es) of trees drawn in code blocks, the first on this line, are read as items."),
        ),
        Remark::Template => (
            Severity::Warning,
            format!(
                "The page has no boxes but the {n} in code blocks: they are read as items. Take them out of the code \
                 block to make them boxes everywhere."
            ),
        ),
        Remark::TickedHeading => (
            Severity::Warning,
            format!("{n} heading(s), the first on this line, carry a ✅ over open boxes: the boxes count."),
        ),
        Remark::TickedSign => (
            Severity::Warning,
            format!(
                "{n} open box(es), the first on this line, have a ✅ in front of their text: the box counts, they are open."
            ),
        ),
    }
}
