//! Criteria without boxes: plain bullets and rows of tables that are items all the same.

use super::blocks::{Block, Kind};
use super::fields::has_blank;
use super::kinds;
use super::words;
use crate::domain::checklist::Branch;
use crate::domain::meaning::SectionKind;
use crate::domain::text::{Rich, Span};

/// Numbers of lists that are made of tables here; no page has so many lists, and those of boxes start higher.
const FIRST_LIST: u32 = u32::MAX / 4;

/// What became of a part's lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Its bullets or rows are items.
    pub(super) items: bool,
    /// They are rollback criteria, though no heading says so.
    pub(super) watch: bool,
}

/// Marks the bullets of a section of criteria that has neither boxes nor numbers as items, and makes the rows of its
/// tables such bullets. Below any heading about a rollback a table of triggers is one of criteria.
pub(super) fn to_items(headings: &[&str], blocks: &mut Vec<Block>) -> Found {
    let lead = blocks.iter().find_map(|b| match &b.kind {
        Kind::Lines(lines) if b.depth == 0 => lines.first().map(|(_, l)| l.to_plain()),
        _ => None,
    });
    let branch = kinds::branch(headings, lead.as_deref(), false);
    let kind = kinds::kind(headings, branch, false, None);
    let criteria = matches!(kind, SectionKind::RollbackCriteria | SectionKind::SuccessCriteria);
    let rollback = kinds::about_rollback(headings);
    if (!criteria && !rollback) || blocks.iter().any(is_item) {
        return Found::default();
    }
    let mut found = Found::default();
    let watched = branch == Branch::Watch;
    if blocks.iter().any(|b| is_criteria_table(b, watched, rollback)) {
        let all = std::mem::take(blocks);
        for (list, block) in (FIRST_LIST..).zip(all) {
            if is_criteria_table(&block, watched, rollback) {
                found = Found { items: true, watch: true };
                rows(block, list, blocks);
            } else {
                blocks.push(block);
            }
        }
    }
    if !criteria {
        return found;
    }
    let blank: Vec<bool> = (0..blocks.len())
        .map(|i| match blocks.get(i + 1).map(|b| &b.kind) {
            Some(Kind::Lines(lines)) => lines.iter().any(|(_, l)| has_blank(&l.to_plain())),
            _ => true,
        })
        .collect();
    for (block, blank) in blocks.iter_mut().zip(blank) {
        if let Kind::Item { ordered, .. } = &mut block.kind
            && block.depth == 1
            && !blank
        {
            *ordered = true;
            found.items = true;
        }
    }
    found
}

fn is_item(block: &Block) -> bool {
    matches!(block.kind, Kind::Item { checkbox: Some(_), .. } | Kind::Item { ordered: true, .. })
}

/// True for a table whose rows are criteria: its first column says so, or its heading does.
fn is_criteria_table(block: &Block, watched: bool, rollback: bool) -> bool {
    let Kind::Table(rows) = &block.kind else { return false };
    let first = rows.first().and_then(|r| r.first()).map(|c| c.to_plain().trim().to_lowercase()).unwrap_or_default();
    watched || (rollback && words::COLUMN_TRIGGER.contains(&first.as_str()))
}

/// A table's rows as bullets: the first cell is the criterion, the others are said below it.
fn rows(block: Block, list: u32, out: &mut Vec<Block>) {
    let (line, depth) = (block.line, block.depth + 1);
    let Kind::Table(rows) = block.kind else { return };
    let mut rows = rows.into_iter();
    let header: Vec<String> = rows.next().unwrap_or_default().iter().map(|c| c.to_plain().trim().to_owned()).collect();
    for (row, line) in rows.zip(line.saturating_add(2)..) {
        let mut cells = row.into_iter().enumerate().filter(|(_, c)| !c.is_empty());
        let Some((_, first)) = cells.next() else { continue };
        out.push(Block { line, depth, kind: Kind::Item { list, ordered: true, checkbox: None } });
        out.push(Block { line, depth, kind: Kind::Lines(vec![(line, first)]) });
        for (column, cell) in cells {
            let label = header.get(column).filter(|l| !l.is_empty()).map(|l| format!("{l}: ")).unwrap_or_default();
            let mut note = Rich(vec![Span { text: label, bold: true, ..Span::default() }]);
            cell.0.into_iter().for_each(|s| note.push(s));
            out.push(Block { line, depth, kind: Kind::Lines(vec![(line, note)]) });
        }
    }
}
