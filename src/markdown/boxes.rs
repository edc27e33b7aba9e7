//! Boxes that no renderer draws but every reader sees, made into items: `-[ ]`, `[ ]` without a bullet, `☐`,
//! `### [ ]` headings, boxes in tables, in trees and templates inside of fences.
//!
//! Blocks go in and come out; where nothing of the kind stands they come out as they were.

use super::blocks::{self, Block, Kind, Page};
use super::either::asks_for_one;
use super::inline::{inline, trim, without};
use super::marks::{self, Found, Legend, Mark, Sure};
use super::remarks::{Remark, Remarks};
use super::{tables, template_code, trees};
use crate::domain::checklist::{CodeBlock, ItemKind};
use crate::domain::text::{Rich, Span};
use std::collections::HashSet;

/// Numbers of lists that are made here start here; those of the page are far below, those of HTML above.
const FIRST_LIST: u32 = u32::MAX / 2;

/// The page with every box an item. `body` is its text, whose first line has that number in the file.
pub(super) fn find(page: Page, body: &str, first_line: u32) -> Page {
    let Page { blocks, hidden, inputs, mut diagnostics } = page;
    let legend = Legend::read(&blocks);
    let mut remarks = Remarks::default();
    let mut finder = Finder::new(&legend, &blocks, body, first_line, &mut remarks);
    finder.all(blocks);
    let mut out = finder.out;
    if !out.iter().any(|b| matches!(b.kind, Kind::Item { checkbox: Some(_), .. })) {
        out = templates(out, &legend, &mut remarks);
    }
    let mut left = 0;
    if inputs > 0 || body.contains([marks::INPUT, marks::INPUT_TICKED]) {
        for block in &mut out {
            left += drawn_inputs(block);
        }
    }
    ticked_headings(&out, &mut remarks);
    template_code::remark(&out, &mut diagnostics);
    diagnostics.extend(remarks.diagnostics());
    Page { blocks: out, hidden, inputs: left, diagnostics }
}

/// The lines of a paragraph, each with its number in the file.
type Lines = Vec<(u32, Rich)>;

struct Finder<'a> {
    legend: &'a Legend,
    body: &'a str,
    first_line: u32,
    /// The body's lines, once one of them is asked for.
    lines: Option<Vec<&'a str>>,
    /// Lists that hold a box, and those that hold an open one.
    boxed: HashSet<u32>,
    open: HashSet<u32>,
    out: Vec<Block>,
    /// Levels of the headings that are items, around what comes now.
    headings: Vec<u8>,
    attached: Option<Attached>,
    next_list: u32,
    remarks: &'a mut Remarks,
}

/// What follows belongs to an item made here: lists that start at `depth` stand `deeper`.
struct Attached {
    depth: usize,
    deeper: usize,
    /// Only this list; else any list without boxes.
    list: Option<u32>,
}

impl<'a> Finder<'a> {
    fn new(legend: &'a Legend, blocks: &[Block], body: &'a str, first_line: u32, remarks: &'a mut Remarks) -> Self {
        let mut boxed = HashSet::new();
        let mut open = HashSet::new();
        for (i, block) in blocks.iter().enumerate() {
            let Kind::Item { list, checkbox, .. } = block.kind else { continue };
            let drawn = || match blocks.get(i + 1) {
                Some(Block { depth, kind: Kind::Lines(lines), .. }) if *depth == block.depth => {
                    lines.first().and_then(|(_, l)| marks::at_start(l, legend)).filter(|f| f.sure > Sure::Emoji)
                }
                _ => None,
            };
            if let Some(mark) = checkbox.or_else(|| drawn().map(|f| f.mark)) {
                boxed.insert(list);
                if !mark.checked {
                    open.insert(list);
                }
            }
        }
        Self {
            legend,
            body,
            first_line,
            lines: None,
            boxed,
            open,
            out: Vec::with_capacity(blocks.len()),
            headings: Vec::new(),
            attached: None,
            next_list: FIRST_LIST,
            remarks,
        }
    }

    fn all(&mut self, blocks: Vec<Block>) {
        let mut blocks = blocks.into_iter().peekable();
        while let Some(block) = blocks.next() {
            let Block { line, depth, kind } = block;
            if let Some(attached) = &self.attached {
                let ends = match kind {
                    Kind::Item { list, .. } if depth == attached.depth => {
                        attached.list.map_or_else(|| self.boxed.contains(&list), |l| l != list)
                    }
                    Kind::Lines(_) => depth < attached.depth && attached.list.is_some(),
                    _ => depth < attached.depth,
                };
                if ends {
                    self.attached = None;
                }
            }
            match kind {
                Kind::Item { list, ordered, checkbox } => {
                    let text = blocks.next_if(|b| b.depth == depth && matches!(b.kind, Kind::Lines(_)));
                    let lines = match text.map(|b| b.kind) {
                        Some(Kind::Lines(lines)) => lines,
                        _ => Vec::new(),
                    };
                    self.item(line, depth, (list, ordered, checkbox), lines);
                }
                Kind::Lines(lines) => {
                    let asks = lines
                        .last()
                        .is_some_and(|(_, l)| asks_for_one(l) && l.to_plain().trim_end().ends_with([':', '\u{ff1a}']));
                    let list = blocks.peek().and_then(|b| match b.kind {
                        Kind::Item { list, .. } if b.depth == depth + 1 && self.boxed.contains(&list) => Some(list),
                        _ => None,
                    });
                    match list.filter(|_| asks) {
                        Some(list) => self.one_of(depth, lines, list),
                        None => self.paragraph(depth, lines),
                    }
                }
                Kind::Heading { level, text } => self.heading(line, level, text),
                Kind::Table(rows) => self.table(line, depth, rows),
                Kind::Code { code, fenced } => self.code(line, depth, code, fenced),
                kind => self.push(line, depth, kind),
            }
        }
    }

    /// Puts a block where it belongs by now.
    fn push(&mut self, line: u32, depth: usize, kind: Kind) {
        let attached = self.attached.as_ref().filter(|a| depth >= a.depth).map_or(0, |a| a.deeper);
        self.out.push(Block { line, depth: depth + attached + self.headings.len(), kind });
    }

    fn put(&mut self, line: u32, depth: usize, list: u32, mark: Option<Mark>, text: Lines) {
        let depth = depth + self.headings.len();
        self.out.push(Block { line, depth, kind: Kind::Item { list, ordered: false, checkbox: mark } });
        if !text.is_empty() {
            self.out.push(Block { line, depth, kind: Kind::Lines(text) });
        }
    }

    fn new_list(&mut self) -> u32 {
        self.next_list = self.next_list.wrapping_add(1);
        self.next_list
    }

    /// A line of the file, quote signs taken off.
    fn source(&mut self, line: u32) -> &'a str {
        let body = self.body;
        let lines = self.lines.get_or_insert_with(|| body.split('\n').collect());
        let index = usize::try_from(line.saturating_sub(self.first_line)).unwrap_or(usize::MAX);
        let mut text = lines.get(index).copied().unwrap_or_default();
        while let Some(quoted) = text.trim_start().strip_prefix('>') {
            text = quoted;
        }
        text
    }

    /// How far a line of the file is indented.
    fn indent(&mut self, line: u32) -> usize {
        let text = self.source(line);
        text.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum()
    }

    fn item(&mut self, line: u32, depth: usize, item: (u32, bool, Option<Mark>), mut lines: Lines) {
        let (list, ordered, mut checkbox) = item;
        // A renderer draws no box without words after it.
        if lines.is_empty()
            && let Some(mark) = &mut checkbox
        {
            mark.kind = ItemKind::Box;
        }
        if checkbox.is_none()
            && let Some((_, first)) = lines.first_mut()
            && let Some(found) = marks::at_start(first, self.legend)
            && (found.sure > Sure::Emoji || self.open.contains(&list))
            && marks::count(&first.to_plain()) < 2
        {
            *first = without(first, 0..found.end);
            let below = lines.first().map(|(l, _)| *l).filter(|l| *l > line);
            let mut found = found;
            if let Some(below) = below
                && ["[ ] ", "[x] ", "[X] "].iter().any(|b| self.source(below).trim_start().starts_with(b))
            {
                // The text begins on the line below the bullet: that is a box for a renderer too.
                found.mark.kind = ItemKind::Task;
            }
            self.remarks.state(line, &found);
            if found.mark.kind == ItemKind::Box {
                self.remarks.undrawn(&found, line);
            }
            checkbox = Some(found.mark);
        } else if checkbox.is_some_and(|m| !m.checked) && lines.first().is_some_and(|(_, l)| starts_ticked(l)) {
            self.remarks.add(Remark::TickedSign, line);
        }
        let later = lines.iter().skip(1).position(|(_, l)| self.is_loose(l, true).is_some());
        let rest = later.map(|at| lines.split_off(at + 1)).unwrap_or_default();
        self.push(line, depth, Kind::Item { list, ordered, checkbox });
        if !lines.is_empty() {
            self.push(line, depth, Kind::Lines(lines));
        }
        if let Some((next, _)) = rest.first() {
            // A line that stands no further in than the item is its neighbour and not a part of it.
            let outside = checkbox.is_some() || self.indent(*next) <= self.indent(line);
            match self.attached.as_ref().map(|a| a.depth) {
                Some(at) if outside && depth >= at && checkbox.is_none() => {
                    self.attached = None;
                    self.boxes(at.saturating_sub(1), Some(list), rest);
                }
                _ => self.boxes(if outside { depth.saturating_sub(1) } else { depth }, outside.then_some(list), rest),
            }
        }
    }

    /// A box at the start of a line that no list makes. `near`: next to another one.
    fn is_loose(&self, line: &Rich, near: bool) -> Option<Found> {
        let (found, bullet) = marks::loose(line, self.legend)?;
        let has_words = found.end < line.to_plain().len();
        let ticked = found.mark.checked && found.sign.starts_with('[');
        let sure = match found.sure {
            Sure::Box => !ticked || bullet || near,
            Sure::Sign => bullet || near,
            Sure::Emoji => near && !bullet,
        };
        (sure && (has_words || found.mark.kind == ItemKind::Task)).then_some(found)
    }

    fn paragraph(&mut self, depth: usize, mut lines: Lines) {
        // A tick as the first of several lines is a box; inside a text "[X]" stands for a number.
        let first = lines
            .first()
            .is_some_and(|(_, l)| self.is_loose(l, true).is_some_and(|f| f.sure == Sure::Box && !is_a_number(l, &f)));
        let start = if first { Some(0) } else { lines.iter().position(|(_, l)| self.is_loose(l, false).is_some()) };
        let Some(start) = start else {
            if self.attached.as_ref().is_some_and(|a| depth < a.depth) {
                self.attached = None;
            }
            if let Some((line, _)) = lines.first() {
                self.push(*line, depth, Kind::Lines(lines));
            }
            return;
        };
        let boxes = lines.split_off(start);
        if let Some((line, _)) = lines.first() {
            self.push(*line, depth, Kind::Lines(lines));
        }
        self.boxes(depth, None, boxes);
    }

    /// Lines of which the first starts with a box: items below `depth`, deeper ones by their indentation.
    fn boxes(&mut self, depth: usize, list: Option<u32>, lines: Lines) {
        // Paragraph after paragraph of boxes is one list.
        let before = self.out.iter().rev().find_map(|b| match b.kind {
            Kind::Item { list, .. } => Some((b.depth, list)),
            _ => None,
        });
        let ours = before.filter(|(d, l)| *l >= FIRST_LIST && *d > depth && list.is_none()).map(|(_, l)| l);
        let list = list.or(ours).unwrap_or_else(|| self.new_list());
        let mut indents: Vec<usize> = Vec::new();
        let mut open: Option<(u32, Mark, Lines)> = None;
        let mut deeper = 0;
        for (line, text) in lines {
            let Some(found) = self.is_loose(&text, true) else {
                if let Some((.., words)) = &mut open {
                    words.push((line, text));
                }
                continue;
            };
            if let Some((at, mark, words)) = open.take() {
                self.put(at, depth + 1 + deeper, list, Some(mark), words);
            }
            let indent = self.indent(line);
            while indents.last().is_some_and(|i| *i >= indent) {
                indents.pop();
            }
            deeper = indents.len();
            indents.push(indent);
            self.remarks.state(line, &found);
            match found.mark.kind {
                ItemKind::Box => self.remarks.undrawn(&found, line),
                _ => self.remarks.add(Remark::Input, line),
            }
            let mut words = without(&text, 0..found.end);
            if words.to_plain().starts_with('|') {
                words = without(&words, 0..1);
            }
            open = Some((line, found.mark, vec![(line, words)]));
        }
        if let Some((at, mark, words)) = open {
            self.put(at, depth + 1 + deeper, list, Some(mark), words);
        }
        self.attached = Some(Attached { depth: depth + 1, deeper: deeper + 1, list: None });
    }

    /// "Choose one:" over a list: an item that any of the list completes.
    fn one_of(&mut self, depth: usize, mut lines: Lines, below: u32) {
        let Some((line, text)) = lines.pop() else { return };
        if let Some((first, _)) = lines.first() {
            self.push(*first, depth, Kind::Lines(lines));
        }
        let list = self.new_list();
        self.put(line, depth + 1, list, None, vec![(line, text)]);
        self.attached = Some(Attached { depth: depth + 1, deeper: 1, list: Some(below) });
    }

    fn heading(&mut self, line: u32, level: u8, text: Rich) {
        while self.headings.last().is_some_and(|l| *l >= level) {
            self.headings.pop();
        }
        self.attached = None;
        // Numbering may stand before the box: "### 3. [ ] Deploy".
        let found =
            marks::at_start(&text, self.legend).filter(|f| f.sure > Sure::Emoji && f.end < text.to_plain().len());
        if let Some(found) = found {
            self.remarks.state(line, &found);
            self.remarks.add(Remark::Heading, line);
            let list = self.new_list();
            let words = without(&text, 0..found.end);
            self.put(line, 1, list, Some(found.mark), vec![(line, words)]);
            self.headings.push(level);
        } else if self.headings.is_empty() {
            self.out.push(Block { line, depth: 0, kind: Kind::Heading { level, text } });
        } else {
            self.push(line, 0, Kind::Lines(vec![(line, bold(text))]));
        }
    }

    fn table(&mut self, line: u32, depth: usize, mut rows: Vec<Vec<Rich>>) {
        // A row with one cell more than the header has its box in front of what the header names.
        let width = rows.first().map_or(0, Vec::len);
        let shifted = rows.len() > 1
            && (0..rows.len().saturating_sub(1)).all(|i| {
                let at = line.saturating_add(u32::try_from(i).unwrap_or(u32::MAX)).saturating_add(2);
                tables::cells(self.source(at)) == width + 1
            });
        if shifted {
            // The parser cuts a row to the header's width; the last cell must not be lost.
            for i in 1..rows.len() {
                let source = self.source(line.saturating_add(u32::try_from(i).unwrap_or(u32::MAX)).saturating_add(1));
                let last = tables::last_cell(source);
                if let Some(row) = rows.get_mut(i) {
                    row.push(inline(last));
                }
            }
        }
        let Some(read) = tables::read(&rows, shifted, self.legend) else {
            self.push(line, depth, Kind::Table(rows));
            return;
        };
        let list = self.new_list();
        let mut others = Vec::new();
        let at = |row: usize| {
            let below = if row == 0 { 0 } else { row + 1 };
            line.saturating_add(u32::try_from(below).unwrap_or(u32::MAX))
        };
        for row in read {
            let (line, boxes) = (at(row.index), row.boxes.len());
            for (mark, sign) in
                row.mark.iter().map(|m| (*m, &row.sign)).chain(row.boxes.iter().map(|(m, s, _)| (*m, s)))
            {
                self.remarks.mark(line, mark, sign);
                self.remarks.add(if mark.kind == ItemKind::Box { Remark::Table } else { Remark::Input }, line);
            }
            if row.mark.is_none() && boxes == 0 {
                others.push(row);
                continue;
            }
            if row.text.is_empty() {
                // Nothing but boxes: each is called by its column.
                for (mark, _, label) in row.boxes {
                    self.put(line, depth + 1, list, Some(mark), vec![(line, label)]);
                }
                continue;
            }
            self.put(line, depth + 1, list, row.mark, vec![(line, row.text)]);
            for note in row.notes {
                let depth = depth + 1 + self.headings.len();
                self.out.push(Block { line, depth, kind: Kind::Lines(vec![(line, note)]) });
            }
            let below = if boxes > 0 { self.new_list() } else { list };
            for (mark, _, label) in row.boxes {
                self.put(line, depth + 2, below, Some(mark), vec![(line, label)]);
            }
        }
        if !others.is_empty() {
            let header = rows.first().cloned().into_iter();
            let rest = others.into_iter().filter_map(|r| rows.get(r.index).cloned());
            self.push(line, depth, Kind::Table(header.chain(rest).collect()));
        }
        self.attached = None;
    }

    fn code(&mut self, line: u32, depth: usize, code: CodeBlock, fenced: bool) {
        let boxes = marks::count_lines(&code.code);
        let first = if fenced { line.saturating_add(1) } else { line };
        let list = self.next_list.wrapping_add(1);
        if let Some(tree) = trees::read(&code.code, first, list, self.legend) {
            self.next_list = list;
            self.remarks.some(Remark::Tree, line, tree.boxes);
            for block in tree.blocks {
                self.push(block.line, depth + block.depth, block.kind);
            }
        } else if !fenced && boxes > 0 && boxes == code.code.lines().filter(|l| !l.trim().is_empty()).count() {
            // Nobody indents boxes to show them as code.
            self.remarks.some(Remark::Loose, line, boxes);
            let inside = self
                .out
                .last()
                .filter(|b| b.depth > depth + self.headings.len())
                .map_or(depth, |b| b.depth - self.headings.len());
            for mut block in written(&code.code, first, self.legend, self.remarks) {
                if let Kind::Item { list, .. } = &mut block.kind {
                    *list = list.wrapping_add(FIRST_LIST).wrapping_add(line);
                }
                let depth = block.depth + inside + self.headings.len();
                self.out.push(Block { depth, ..block });
            }
        } else {
            self.push(line, depth, Kind::Code { code, fenced });
        }
    }
}

/// The blocks of Markdown inside a code block, its boxes no longer those of a renderer.
fn written(code: &str, first: u32, legend: &Legend, remarks: &mut Remarks) -> Vec<Block> {
    let blocks = blocks::blocks(code, first);
    let mut inner = Finder::new(legend, &blocks, code, first, remarks);
    inner.all(blocks);
    let mut out = inner.out;
    for block in &mut out {
        if let Kind::Item { checkbox: Some(mark), .. } = &mut block.kind {
            mark.kind = ItemKind::Box;
        }
    }
    out
}

/// Where a page has no box but in fences, they are what it is about.
fn templates(blocks: Vec<Block>, legend: &Legend, remarks: &mut Remarks) -> Vec<Block> {
    let is_template = |b: &Block| match &b.kind {
        Kind::Code { code, .. } => {
            let language = code.language.as_deref().unwrap_or("text").to_ascii_lowercase();
            matches!(language.as_str(), "text" | "txt" | "plain" | "plaintext" | "markdown" | "md" | "mdx" | "gfm")
                && marks::count_lines(&code.code) > 0
        }
        _ => false,
    };
    if !blocks.iter().any(is_template) {
        return blocks;
    }
    let mut out = Vec::with_capacity(blocks.len());
    let mut lists = 0;
    for block in blocks {
        let Kind::Code { code, .. } = &block.kind else {
            out.push(block);
            continue;
        };
        if !is_template(&block) {
            out.push(block);
            continue;
        }
        remarks.some(Remark::Template, block.line, marks::count_lines(&code.code));
        lists += 1;
        for mut inner in written(&code.code, block.line.saturating_add(1), legend, &mut Remarks::default()) {
            inner.kind = match inner.kind {
                Kind::Heading { text, .. } if block.depth > 0 => Kind::Lines(vec![(inner.line, bold(text))]),
                Kind::Item { list, ordered, checkbox } => {
                    Kind::Item { list: list.wrapping_add(FIRST_LIST).wrapping_add(lists << 16), ordered, checkbox }
                }
                kind => kind,
            };
            out.push(Block { depth: inner.depth + block.depth, ..inner });
        }
    }
    out
}

/// `✅` on a heading over boxes that are open.
fn ticked_headings(blocks: &[Block], remarks: &mut Remarks) {
    let mut ticked = None;
    for block in blocks {
        match &block.kind {
            Kind::Heading { text, .. } => {
                ticked = text.0.iter().any(|s| s.text.contains(['✅', '✔', '☑'])).then_some(block.line);
            }
            Kind::Item { checkbox: Some(mark), .. } if !mark.checked => {
                if let Some(line) = ticked.take() {
                    remarks.add(Remark::TickedHeading, line);
                }
            }
            _ => {}
        }
    }
}

/// Draws the checkboxes of HTML that made no item as characters, and counts them.
fn drawn_inputs(block: &mut Block) -> usize {
    let draw = |text: &mut Rich| {
        let mut count = 0;
        for span in &mut text.0 {
            let found = span.text.matches([marks::INPUT, marks::INPUT_TICKED]).count();
            if found > 0 {
                span.text = span.text.replace(marks::INPUT, "☐").replace(marks::INPUT_TICKED, "☑");
                count += found;
            }
        }
        count
    };
    match &mut block.kind {
        Kind::Heading { text, .. } => draw(text),
        Kind::Lines(lines) => lines.iter_mut().map(|(_, l)| draw(l)).sum(),
        Kind::Table(rows) => rows.iter_mut().flatten().map(draw).sum(),
        Kind::Item { .. } | Kind::Code { .. } | Kind::Html(_) | Kind::Rule { .. } => 0,
    }
}

fn bold(text: Rich) -> Rich {
    Rich(text.0.into_iter().map(|s| Span { bold: true, ..s }).collect())
}

/// "[X] minutes": a number to be put in.
fn is_a_number(line: &Rich, found: &Found) -> bool {
    let plain = line.to_plain();
    let rest = plain.get(found.end..).unwrap_or_default().to_lowercase();
    let units = ["minute", "hour", "day", "week", "second", "percent", "user", "%", "times", "ms ", "of "];
    found.sign == "[X]" && units.iter().any(|u| rest.starts_with(u))
}

fn starts_ticked(line: &Rich) -> bool {
    trim(line.clone()).to_plain().starts_with(['✅', '✔', '☑'])
}
