//! The blocks below one heading to items, notes, commands and fields.

use super::blocks::{Block, Kind, html_lines};
use super::either;
use super::fields::{self, Line};
use super::inline::join;
use super::marks::{self, Mark};
use super::words::{Pattern, pattern};
use crate::domain::checklist::{BoxState, CodeBlock, Diagnostic, Field, ItemKind, Severity};
use crate::domain::text::{Rich, Span};
use std::collections::HashMap;
use std::sync::LazyLock;

/// Items deeper than this are shown on this level: numbers have at most eight parts.
const MAX_DEPTH: usize = 7;

static LOOSE_BOX: LazyLock<Pattern> = LazyLock::new(|| pattern(r"^(?:[-*+]\s?)?(?:\[ ?\]|[☐☑☒])\s*\S"));

/// An item before it has a number and an id.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) parent: Option<usize>,
    pub(super) depth: usize,
    pub(super) text: Rich,
    pub(super) kind: ItemKind,
    pub(super) checked: bool,
    pub(super) state: Option<BoxState>,
    /// Any one of its children completes it.
    pub(super) any: bool,
    pub(super) notes: Vec<Rich>,
    pub(super) commands: Vec<CodeBlock>,
    pub(super) line: u32,
}

/// What stands below one heading.
#[derive(Debug, Default)]
pub(super) struct Content {
    /// Items, parents before their children.
    pub(super) drafts: Vec<Draft>,
    pub(super) notes: Vec<Rich>,
    pub(super) commands: Vec<CodeBlock>,
    pub(super) fields: Vec<Field>,
    /// The first paragraph of the section itself.
    pub(super) lead: Option<String>,
    /// Boxes that code blocks only show.
    pub(super) hidden: usize,
    /// Lines of tables kept as notes.
    pub(super) tables: Vec<u32>,
    /// A table said that its rows are rollback criteria.
    pub(super) watch: bool,
}

impl Content {
    /// True when there is nothing to show.
    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.notes.is_empty() && self.commands.is_empty() && self.fields.is_empty()
    }
}

/// Which lines are steps where a section has no boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// None: the section is only for reading.
    None,
    /// Those of numbered lists.
    Numbered,
    /// Those of any list.
    Bullets,
}

impl Steps {
    fn has(self, ordered: bool) -> bool {
        self == Self::Bullets || (self == Self::Numbered && ordered)
    }
}

/// Reads the blocks below one heading.
pub(super) fn content(blocks: Vec<Block>, steps: Steps, diagnostics: &mut Vec<Diagnostic>) -> Content {
    let has_boxes = blocks.iter().any(|b| matches!(b.kind, Kind::Item { checkbox: Some(_), .. }));
    let steps = if has_boxes { Steps::None } else { steps };
    let holds = holders(&blocks, steps);
    let mut builder = Builder::new(steps, diagnostics);
    let mut blocks = blocks.into_iter().zip(holds).peekable();
    while let Some((block, holds)) = blocks.next() {
        let Block { line, depth, kind } = block;
        match kind {
            Kind::Item { list, ordered, checkbox } => {
                let has_text = blocks.peek().is_some_and(|(b, _)| b.depth == depth && matches!(b.kind, Kind::Lines(_)));
                let text = if has_text { blocks.next().map(|(b, _)| b) } else { None };
                let bare = blocks.peek().is_none_or(|(b, _)| b.depth < depth || is_item(b, depth));
                builder.item(ItemStart { line, depth, list, ordered, checkbox, holds, bare }, text);
            }
            other => builder.block(line, depth, other),
        }
    }
    builder.finish()
}

/// True for the start of a list item on that depth or outside of it.
fn is_item(block: &Block, depth: usize) -> bool {
    block.depth <= depth && matches!(block.kind, Kind::Item { .. })
}

/// For every block whether it is a list item with an item somewhere below it.
fn holders(blocks: &[Block], steps: Steps) -> Vec<bool> {
    let mut out = vec![false; blocks.len()];
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (i, block) in blocks.iter().enumerate() {
        let Kind::Item { ordered, checkbox, .. } = block.kind else { continue };
        while open.last().is_some_and(|(depth, _)| *depth >= block.depth) {
            // What a closed item holds, the one around it holds too.
            if let Some((_, closed)) = open.pop()
                && out[closed]
                && let Some((_, around)) = open.last()
            {
                out[*around] = true;
            }
        }
        if (checkbox.is_some() || steps.has(ordered))
            && let Some((_, around)) = open.last()
        {
            out[*around] = true;
        }
        open.push((block.depth, i));
    }
    while let Some((_, closed)) = open.pop() {
        if out[closed]
            && let Some((_, around)) = open.last()
        {
            out[*around] = true;
        }
    }
    out
}

struct ItemStart {
    line: u32,
    depth: usize,
    list: u32,
    ordered: bool,
    checkbox: Option<Mark>,
    holds: bool,
    /// Nothing stands below its first paragraph.
    bare: bool,
}

/// A line that is a field or a note; which, is known when its neighbours are.
struct Entry {
    line: u32,
    text: Rich,
    judged: Line,
    owner: Option<usize>,
    /// Lines of one list or of neighbouring paragraphs.
    group: u32,
    /// Lines of one paragraph become one note.
    paragraph: u32,
    in_list: bool,
    /// A list item with nothing below its one line.
    bare: bool,
}

struct Builder<'a> {
    steps: Steps,
    drafts: Vec<Draft>,
    commands: Vec<CodeBlock>,
    entries: Vec<Entry>,
    /// Open list items: depth on the page, and the item that owns what stands in it.
    open: Vec<(usize, Option<usize>)>,
    /// The last item of each list.
    last_in_list: HashMap<u32, usize>,
    /// The item right before this block, with nothing in between, and the last line of it.
    just_before: Option<(usize, u32)>,
    bare: bool,
    tables: Vec<u32>,
    html_line: Option<(u32, usize)>,
    group: u32,
    group_list: Option<u32>,
    paragraph: u32,
    lead: Option<String>,
    flattened: bool,
    hidden: usize,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a> Builder<'a> {
    fn new(steps: Steps, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Self {
            steps,
            drafts: Vec::new(),
            commands: Vec::new(),
            entries: Vec::new(),
            open: Vec::new(),
            last_in_list: HashMap::new(),
            just_before: None,
            bare: false,
            tables: Vec::new(),
            html_line: None,
            group: 0,
            group_list: None,
            paragraph: 0,
            lead: None,
            flattened: false,
            hidden: 0,
            diagnostics,
        }
    }

    fn owner(&self) -> Option<usize> {
        self.open.last().and_then(|(_, owner)| *owner)
    }

    fn report(&mut self, severity: Severity, line: u32, message: impl Into<String>) {
        self.diagnostics.push(Diagnostic { severity, line, message: message.into() });
    }

    fn item(&mut self, start: ItemStart, text: Option<Block>) {
        while self.open.last().is_some_and(|(depth, _)| *depth >= start.depth) {
            self.open.pop();
        }
        let owner = self.owner();
        let lines = match text.map(|b| b.kind) {
            Some(Kind::Lines(lines)) => lines,
            _ => Vec::new(),
        };
        let step = self.steps.has(start.ordered)
            && !lines.is_empty()
            && owner
                .and_then(|o| self.drafts.get(o))
                .is_none_or(|o| matches!(o.kind, ItemKind::Step | ItemKind::Group));
        let kind = match start.checkbox {
            Some(mark) => Some(mark.kind),
            None if step => Some(ItemKind::Step),
            None if start.holds && !lines.is_empty() => Some(ItemKind::Group),
            None => None,
        };
        match kind {
            Some(kind) => {
                let index = self.add(owner, kind, &start, lines);
                self.open.push((start.depth, Some(index)));
            }
            None => {
                // A plain bullet next to items speaks of the one before it.
                let speaks_of = self.joined(&lines, owner).or(owner);
                let speaks_of = speaks_of.or_else(|| self.last_in_list.get(&start.list).copied());
                self.open.push((start.depth, speaks_of.filter(|_| !start.holds).or(owner)));
                self.just_before = None;
                self.bare = start.bare && lines.len() == 1;
                self.lines(lines, speaks_of, Some(start.list));
                self.bare = false;
            }
        }
    }

    fn add(&mut self, owner: Option<usize>, kind: ItemKind, start: &ItemStart, lines: Vec<(u32, Rich)>) -> usize {
        let mut parent = owner;
        let mut depth = owner.and_then(|o| self.drafts.get(o)).map_or(1, |o| o.depth + 1);
        if depth > MAX_DEPTH {
            depth = MAX_DEPTH;
            parent = owner.and_then(|o| self.drafts.get(o)).and_then(|o| o.parent);
            if !self.flattened {
                self.flattened = true;
                let message = format!("Items nested deeper than {MAX_DEPTH} levels are shown on level {MAX_DEPTH}.");
                self.report(Severity::Warning, start.line, message);
            }
        }
        let mut text = Rich::default();
        let last_line = lines.last().map_or(start.line, |(line, _)| *line);
        for (_, line) in lines {
            join(&mut text, line);
        }
        if text.is_empty() {
            self.report(Severity::Warning, start.line, "This item has a box but no words.");
        }
        let index = self.drafts.len();
        let checked = start.checkbox.is_some_and(|m| m.checked);
        // "~~Struck out~~": a step is done with; what has a box would have it ticked if it were done.
        let struck = !checked && text.0.first().is_some_and(|s| s.strike);
        let (checked, struck) = if kind == ItemKind::Step { (checked || struck, false) } else { (checked, struck) };
        let state = start.checkbox.and_then(|m| m.state).or(struck.then_some(BoxState::Skipped));
        self.drafts.push(Draft { parent, depth, text, kind, checked, state, line: start.line, ..Draft::default() });
        self.last_in_list.insert(start.list, index);
        self.just_before = Some((index, last_line));
        self.next_group();
        index
    }

    fn next_group(&mut self) {
        self.group += 1;
        self.group_list = None;
    }

    fn block(&mut self, line: u32, depth: usize, kind: Kind) {
        while self.open.last().is_some_and(|(d, _)| *d > depth) {
            self.open.pop();
        }
        let owner = self.owner();
        let just_before = self.just_before.take();
        // A comment stands between two things without parting them.
        if let (Kind::Html(html), Some((item, _))) = (&kind, just_before)
            && html.trim_start().starts_with("<!--")
            && html.trim_end().ends_with("-->")
        {
            let lines = u32::try_from(html.trim_end().matches('\n').count()).unwrap_or(0);
            self.just_before = Some((item, line.saturating_add(lines)));
        }
        match kind {
            Kind::Lines(lines) => self.lines_of(lines, owner),
            Kind::Code { code, .. } => self.code(line, code, owner, just_before),
            Kind::Html(html) => self.html(line, &html, owner),
            Kind::Table(rows) => self.table(line, rows, owner),
            Kind::Rule { blank } => {
                if blank {
                    self.entry(line, Rich::default(), Line::Blank, owner, false);
                } else {
                    self.next_group();
                }
            }
            Kind::Heading { .. } | Kind::Item { .. } => {}
        }
    }

    /// The item that a line of nothing but "or" joins to the next one: the last below `owner`.
    fn joined(&self, lines: &[(u32, Rich)], owner: Option<usize>) -> Option<usize> {
        let [(_, only)] = lines else { return None };
        let mut at = self.drafts.len().checked_sub(1).filter(|_| either::is_or(only))?;
        loop {
            let parent = self.drafts.get(at)?.parent;
            if parent == owner {
                return Some(at);
            }
            at = parent?;
        }
    }

    fn lines_of(&mut self, lines: Vec<(u32, Rich)>, owner: Option<usize>) {
        let owner = self.joined(&lines, owner).or(owner);
        self.lines(lines, owner, None);
    }

    fn lines(&mut self, lines: Vec<(u32, Rich)>, owner: Option<usize>, list: Option<u32>) {
        if list != self.group_list {
            self.group += 1;
            self.group_list = list;
        }
        self.paragraph += 1;
        if owner.is_none() && list.is_none() && self.lead.is_none() {
            self.lead = lines.first().map(|(_, l)| l.to_plain());
        }
        for (line, text) in lines {
            let judged = fields::judge(&text, line);
            if !matches!(judged, Line::Fields { .. })
                && text.0.first().is_some_and(|s| !s.code)
                && LOOSE_BOX.is_match(&text.to_plain())
            {
                let hint = "Several boxes on one line are a choice, so they are kept as a note. Write each as a line of \
                            its own, \"- [ ] text\", to have items, or \"Label: \" in front of them to have a field.";
                self.report(Severity::Warning, line, hint);
            }
            self.entry(line, text, judged, owner, list.is_some());
        }
    }

    fn entry(&mut self, line: u32, text: Rich, judged: Line, owner: Option<usize>, in_list: bool) {
        let (group, paragraph) = (self.group, self.paragraph);
        let bare = in_list && self.bare;
        self.entries.push(Entry { line, text, judged, owner, group, paragraph, in_list, bare });
    }

    fn code(&mut self, line: u32, code: CodeBlock, owner: Option<usize>, just_before: Option<(usize, u32)>) {
        let boxes = marks::count_lines(&code.code);
        self.hidden += boxes;
        if boxes > 0 {
            self.report(Severity::Note, line, format!("{boxes} box(es) inside a code block are text, not items."));
        }
        self.next_group();
        // A fence in the first column after "Run this:", or on the very next line, belongs to that item.
        let asked = just_before.filter(|(i, last)| {
            let colon = |d: &Draft| d.text.to_plain().trim_end().ends_with([':', '\u{ff1a}']);
            line <= last.saturating_add(1) || self.drafts.get(*i).is_some_and(colon)
        });
        let last = line.saturating_add(u32::try_from(code.code.matches('\n').count()).unwrap_or(0)).saturating_add(2);
        match owner.or(asked.map(|(i, _)| i)).and_then(|i| self.drafts.get_mut(i)) {
            Some(item) => item.commands.push(code),
            None => self.commands.push(code),
        }
        self.just_before = asked.map(|(i, _)| (i, last));
    }

    fn html(&mut self, line: u32, html: &str, owner: Option<usize>) {
        let lines = html_lines(line, html);
        if !lines.is_empty() {
            let (_, count) = self.html_line.get_or_insert((line, 0));
            *count += 1;
            self.lines(lines, owner, None);
        }
    }

    fn table(&mut self, line: u32, rows: Vec<Vec<Rich>>, owner: Option<usize>) {
        self.tables.push(line);
        self.next_group();
        for row in rows {
            let mut text = Rich::default();
            for cell in row.into_iter().filter(|c| !c.is_empty()) {
                if !text.is_empty() {
                    text.push(Span { text: " | ".to_owned(), ..Span::default() });
                }
                cell.0.into_iter().for_each(|s| text.push(s));
            }
            if !text.is_empty() {
                self.paragraph += 1;
                self.entry(line, text, Line::Words, owner, false);
            }
        }
        self.next_group();
    }

    fn finish(mut self) -> Content {
        if let Some((line, count)) = self.html_line {
            let message = match count {
                1 => "The words of this HTML are kept as a note.".to_owned(),
                n => format!("The words of {n} pieces of HTML, the first on this line, are kept as notes."),
            };
            self.report(Severity::Note, line, message);
        }
        let mut out = Content {
            tables: self.tables,
            drafts: self.drafts,
            commands: self.commands,
            lead: self.lead,
            hidden: self.hidden,
            ..Content::default()
        };
        settle(self.entries, &mut out);
        either::mark(&mut out.drafts, self.diagnostics);
        out
    }
}

/// Sorts lines into fields and notes.
fn settle(entries: Vec<Entry>, out: &mut Content) {
    let mut with_blanks: Vec<u32> = Vec::new();
    for (i, entry) in entries.iter().enumerate() {
        let lined = entries.get(i + 1).is_some_and(|next| next.judged == Line::Blank);
        let open = matches!(&entry.judged, Line::Labelled { rest, .. } if rest.is_empty()) && lined;
        if (matches!(entry.judged, Line::Fields { .. }) || open) && with_blanks.last() != Some(&entry.group) {
            with_blanks.push(entry.group);
        }
    }
    let forms = forms(&entries);
    let mut paragraph: Option<(u32, Option<usize>)> = None;
    let mut entries = entries.into_iter().peekable();
    while let Some(entry) = entries.next() {
        let lined = entries.peek().is_some_and(|next| next.judged == Line::Blank);
        let among = with_blanks.binary_search(&entry.group).is_ok();
        let form = forms.binary_search(&entry.group).is_ok();
        let (found, keep) = as_fields(&entry, lined, among || form, form);
        // A field below an item stays readable there.
        let keep = keep || (!found.is_empty() && entry.owner.is_some());
        out.fields.extend(found);
        if !keep || entry.text.is_empty() {
            paragraph = None;
            continue;
        }
        let notes = match entry.owner.and_then(|o| out.drafts.get_mut(o)) {
            Some(item) => &mut item.notes,
            None => &mut out.notes,
        };
        let text = match &entry.judged {
            Line::Labelled { label, bold: false, .. } if entry.owner.is_some() => with_label(entry.text, label),
            _ => entry.text,
        };
        let own_label = matches!(entry.judged, Line::Labelled { bold: true, .. });
        match notes.last_mut() {
            Some(last) if paragraph == Some((entry.paragraph, entry.owner)) && !own_label => join(last, text),
            _ => notes.push(text),
        }
        paragraph = Some((entry.paragraph, entry.owner));
    }
}

/// What a line below an item says about it, by its label: "Evidence: …", "Owner: …".
const ABOUT: &[&str] = &[
    "evidence",
    "owner",
    "owners",
    "verify",
    "verification",
    "verified by",
    "responsible",
    "assignee",
    "assigned to",
    "due",
    "deadline",
    "approver",
    "reviewer",
    "proof",
    "link",
    "links",
    "ticket",
    "status",
    "expected",
    "result",
];

/// The note with its label in bold, where the label is one that tells something about an item.
fn with_label(text: Rich, label: &str) -> Rich {
    let is_about = ABOUT.contains(&label.to_lowercase().as_str());
    let Some(first) = text.0.first().filter(|f| is_about && !f.code && f.text.len() > label.len()) else { return text };
    let Some((name, rest)) = first.text.split_at_checked(label.len() + 1).filter(|(n, _)| n.starts_with(label)) else {
        return text;
    };
    let mut out = Rich(vec![Span { text: name.to_owned(), bold: true, ..first.clone() }]);
    out.push(Span { text: rest.to_owned(), ..first.clone() });
    text.0.iter().skip(1).cloned().for_each(|s| out.push(s));
    out
}

/// Lists of labels with nothing behind most of them are forms to fill: "- Planned date:".
fn forms(entries: &[Entry]) -> Vec<u32> {
    let mut out = Vec::new();
    for group in entries.chunk_by(|a, b| a.group == b.group) {
        let empty = |e: &&Entry| e.bare && matches!(&e.judged, Line::Labelled { rest, .. } if rest.is_empty());
        let empty = group.iter().filter(empty).count();
        if empty >= 2 && empty * 2 >= group.len() && group.iter().all(|e| e.owner.is_none()) {
            out.extend(group.first().map(|e| e.group));
        }
    }
    out
}

/// The fields a line makes, and whether it must be kept as a note too.
fn as_fields(entry: &Entry, lined: bool, among: bool, form: bool) -> (Vec<Field>, bool) {
    match &entry.judged {
        Line::Fields { fields, whole } => (fields.clone(), !whole),
        Line::Blank => (Vec::new(), false),
        Line::Words => (Vec::new(), true),
        Line::Labelled { label, rest, bold } => {
            let field = Field { label: label.clone(), line: entry.line, ..Field::default() };
            if rest.is_empty() {
                return if lined || (form && entry.bare) || (among && *bold && entry.in_list) {
                    (vec![field], false)
                } else {
                    (vec![], true)
                };
            }
            let offered = if *bold || (among && entry.in_list) { fields::alternatives(rest) } else { None };
            match offered {
                Some(choices) => (vec![Field { choices, ..field }], false),
                None if among
                    && (*bold || form)
                    && (entry.in_list || entry.owner.is_none())
                    && rest.chars().count() <= 80 =>
                {
                    (vec![Field { value: Some(rest.clone()), ..field }], false)
                }
                None => (Vec::new(), true),
            }
        }
    }
}
