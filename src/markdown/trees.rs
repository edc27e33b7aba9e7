//! A tree of boxes drawn with lines inside a code block: `├─ [ ] Backup`.

use super::blocks::{Block, Kind};
use super::inline::inline;
use super::marks::{self, Legend, Sure};
use crate::domain::checklist::ItemKind;
use crate::domain::text::Rich;

/// A tree that was read.
pub(super) struct Tree {
    /// Items below depth 0.
    pub(super) blocks: Vec<Block>,
    pub(super) boxes: usize,
}

/// Nothing drawn by hand goes deeper.
const DEEPEST: usize = 32;

/// Reads a code block as a tree, if at least one of its boxes stands at the end of a drawn branch.
///
/// `line` is the file's line of the first one of `code`; `list` a number no other list has.
pub(super) fn read(code: &str, line: u32, list: u32, legend: &Legend) -> Option<Tree> {
    if !code.contains(['├', '└', '│', '┣', '┗', '╰']) {
        return None;
    }
    let is_drawn = |c: char| matches!(c, '\u{2500}'..='\u{257f}');
    let mut rows: Vec<(u32, usize, &str)> = Vec::new();
    let mut drawn = 0;
    for (i, text) in code.lines().enumerate() {
        let lead: usize = text.chars().take_while(|c| c.is_whitespace() || is_drawn(*c)).count();
        let rest = text.trim_start_matches(|c: char| c.is_whitespace() || is_drawn(c)).trim_end();
        if rest.is_empty() {
            continue;
        }
        let boxed = marks::in_text(rest, legend).is_some_and(|f| f.sure > Sure::Emoji);
        drawn += usize::from(boxed && text.contains(is_drawn));
        rows.push((line.saturating_add(u32::try_from(i).unwrap_or(u32::MAX)), lead, rest));
    }
    if drawn == 0 {
        return None;
    }
    let mut out = Tree { blocks: Vec::new(), boxes: 0 };
    let mut columns: Vec<usize> = Vec::new();
    for (i, (line, column, text)) in rows.iter().enumerate() {
        while columns.last().is_some_and(|c| c >= column) {
            columns.pop();
        }
        let found = marks::in_text(text, legend).filter(|f| f.sure > Sure::Emoji);
        let holds = rows.get(i + 1).is_some_and(|(_, next, _)| next > column);
        let plain = found.is_none() && !holds && *column == 0;
        if !plain && columns.len() < DEEPEST {
            columns.push(*column);
        }
        let depth = columns.len();
        let mark = found.as_ref().map(|f| marks::Mark { kind: ItemKind::Box, ..f.mark });
        out.boxes += usize::from(mark.is_some());
        let words: Rich = inline(text.get(found.map_or(0, |f| f.end)..).unwrap_or_default());
        if !plain {
            out.blocks.push(Block { line: *line, depth, kind: Kind::Item { list, ordered: false, checkbox: mark } });
        }
        if !words.is_empty() {
            out.blocks.push(Block { line: *line, depth, kind: Kind::Lines(vec![(*line, words)]) });
        }
    }
    Some(out)
}
