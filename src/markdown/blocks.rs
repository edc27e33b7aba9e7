//! A page as a flat list of blocks, each with the number of list items it stands in.
//!
//! Flat on purpose: however deep somebody nests lists and quotes, nothing here recurses.

use super::html::{Html, Part};
use super::inline::{Runs, Taken, options};
use super::marks::{self, Mark};
use super::words::{Pattern, pattern};
use crate::domain::checklist::{CodeBlock, Diagnostic, ItemKind, Severity};
use crate::domain::text::{Rich, Span};
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};
use std::sync::LazyLock;

/// One block of the page.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// Line in the file, from 1.
    pub(super) line: u32,
    /// How many list items it stands in; a list item counts itself.
    pub(super) depth: usize,
    pub(super) kind: Kind,
}

/// What sort of block.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// A heading that makes structure (not one in a quote or list).
    Heading { level: u8, text: Rich },
    /// The start of a list item; its text is the next block, if that is `Lines` of the same depth.
    Item { list: u32, ordered: bool, checkbox: Option<Mark> },
    /// A paragraph, line by line.
    Lines(Vec<(u32, Rich)>),
    /// A code block; `fenced` or indented.
    Code { code: CodeBlock, fenced: bool },
    /// A block of HTML without structure, or a comment, as written.
    Html(String),
    /// A table: rows of cells, the header first.
    Table(Vec<Vec<Rich>>),
    /// A thematic break; `blank` when it is drawn with underscores, as a line to write on.
    Rule { blank: bool },
}

/// A page taken apart.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) blocks: Vec<Block>,
    /// Boxes in comments.
    pub(super) hidden: usize,
    /// Checkboxes of HTML; after `boxes`, those that made no item.
    pub(super) inputs: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// The blocks of a text whose first line has that number in the file.
pub(super) fn page(text: &str, first_line: u32) -> Page {
    let mut reader = Reader::new(text, first_line);
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        let after = usize::from(matches!(event, Event::TaskListMarker(_)));
        reader.event(event, range.start, text.get(range.start..range.end + after).unwrap_or_default());
    }
    reader.flush();
    reader.reference_comments(text);
    Page { blocks: reader.blocks, hidden: reader.hidden, inputs: reader.inputs, diagnostics: reader.diagnostics }
}

/// As [`page`], for tests and texts inside of pages.
pub(super) fn blocks(text: &str, first_line: u32) -> Vec<Block> {
    page(text, first_line).blocks
}

static REFERENCE_COMMENT: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(
        r#"(?m)^ {0,3}\[(?://|#|_|comment)[^\]\n]*\]:[ \t]*(?:#|<>)[ \t]*\n?[ \t]*(?:\((?P<a>[^()]*(?:\([^()]*\)[^()]*)*)\)|"(?P<b>[^"]*)"|'(?P<c>[^']*)')"#,
    )
});

static HIDDEN_HEADING: LazyLock<Pattern> = LazyLock::new(|| pattern(r"(?m)^(?:[^\n]*<!--+)?[ \t]{0,3}#{1,6}[ \t]+\S"));

struct Reader {
    first_line: u32,
    breaks: Vec<usize>,
    blocks: Vec<Block>,
    runs: Runs,
    lines: Vec<(u32, Rich)>,
    line: Option<u32>,
    /// For every open list item its block; `None` until known. Its length is the depth.
    items: Vec<usize>,
    /// For every open list its id and whether it is ordered.
    lists: Vec<(u32, bool)>,
    list_count: u32,
    /// Open quotes and footnotes.
    enclosed: usize,
    heading: Option<u8>,
    code: Option<(u32, bool, CodeBlock)>,
    html: Option<(u32, String)>,
    /// What HTML has open from block to block.
    open_html: Html,
    table: Option<(u32, Vec<Vec<Rich>>)>,
    prefix: Option<String>,
    hidden: usize,
    inputs: usize,
    diagnostics: Vec<Diagnostic>,
    /// Lines of code and HTML, first and last: reference comments do not stand there.
    verbatim: Vec<(u32, u32)>,
}

impl Reader {
    fn new(text: &str, first_line: u32) -> Self {
        Self {
            first_line,
            breaks: text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect(),
            blocks: Vec::new(),
            runs: Runs::of_a_page(),
            lines: Vec::new(),
            line: None,
            items: Vec::new(),
            lists: Vec::new(),
            list_count: 0,
            enclosed: 0,
            heading: None,
            code: None,
            html: None,
            open_html: Html::default(),
            table: None,
            prefix: None,
            hidden: 0,
            inputs: 0,
            diagnostics: Vec::new(),
            verbatim: Vec::new(),
        }
    }

    fn line_at(&self, offset: usize) -> u32 {
        let before = self.breaks.partition_point(|b| *b < offset);
        self.first_line.saturating_add(u32::try_from(before).unwrap_or(u32::MAX))
    }

    fn push(&mut self, line: u32, kind: Kind) {
        self.blocks.push(Block { line, depth: self.items.len(), kind });
    }

    fn end_line(&mut self) {
        let rich = self.runs.finish_line();
        if let Some(line) = self.line.take()
            && !rich.is_empty()
        {
            self.lines.push((line, rich));
        }
    }

    /// Closes the paragraph that is open, if one is.
    fn flush(&mut self) {
        self.end_line();
        let lines = std::mem::take(&mut self.lines);
        if let Some((line, _)) = lines.first() {
            self.push(*line, Kind::Lines(lines));
        }
    }

    fn inline(&mut self, event: &Event, at: usize) -> bool {
        if self.line.is_none() && !matches!(event, Event::SoftBreak | Event::HardBreak) {
            self.line = Some(self.line_at(at));
            if let Some(prefix) = self.prefix.take() {
                let text = prefix;
                self.runs.rich.push(Span { text, bold: true, ..Span::default() });
            }
        }
        match self.runs.take(event) {
            Taken::Yes => true,
            Taken::Break if self.heading.is_some() || self.table.is_some() => {
                self.runs.text(" ");
                true
            }
            Taken::Break => {
                self.end_line();
                true
            }
            Taken::No => false,
        }
    }

    fn event(&mut self, event: Event, at: usize, source: &str) {
        if let Some((_, _, code)) = &mut self.code {
            match event {
                Event::Text(t) => code.code.push_str(&t),
                Event::End(TagEnd::CodeBlock) => self.end_code(),
                _ => {}
            }
            return;
        }
        if let Some((_, html)) = &mut self.html {
            match event {
                Event::Html(t) | Event::Text(t) | Event::InlineHtml(t) => html.push_str(&t),
                Event::End(TagEnd::HtmlBlock) => self.end_html(),
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag, at),
            Event::End(tag) => self.end(tag, at),
            Event::Rule => {
                self.flush();
                let blank = source.trim_start().starts_with('_');
                let line = self.line_at(at);
                self.push(line, Kind::Rule { blank });
            }
            Event::TaskListMarker(ticked) => {
                // Renderers draw a box only where a space or tab follows on the same line.
                let drawn = source.ends_with([' ', '\t']) && !source.contains("[\t]");
                let kind = if drawn { ItemKind::Task } else { ItemKind::Box };
                if let Some(block) = self.items.last().and_then(|i| self.blocks.get_mut(*i))
                    && let Kind::Item { checkbox, .. } = &mut block.kind
                {
                    *checkbox = Some(Mark { kind, ..Mark::task(ticked) });
                }
            }
            Event::Html(t) => {
                self.html = Some((self.line_at(at), t.into_string()));
                self.end_html();
            }
            other => {
                if let Event::InlineHtml(t) = &other {
                    self.comment(at, t);
                }
                self.inline(&other, at);
            }
        }
    }

    /// Counts what a comment hides.
    fn comment(&mut self, at: usize, html: &str) {
        self.inputs += usize::from(html.len() > 6 && html.as_bytes()[..6].eq_ignore_ascii_case(b"<input"));
        if html.starts_with("<!--") {
            self.hide(self.line_at(at), html, "comment");
        }
    }

    fn hide(&mut self, line: u32, text: &str, what: &str) {
        let boxes = marks::count_lines(text.trim_start_matches("<!--"));
        let headings = HIDDEN_HEADING.find_iter(text).count();
        self.hidden += boxes;
        if boxes + headings > 0 {
            let message =
                format!("A {what} hides {boxes} box(es) and {headings} heading(s): they are not part of the walk.");
            self.diagnostics.push(Diagnostic { severity: Severity::Note, line, message });
        }
    }

    /// `[//]: # (text)`: a link definition nobody uses, which is how Markdown hides a line.
    fn reference_comments(&mut self, text: &str) {
        if !text.contains("]: ") && !text.contains("]:#") {
            return;
        }
        let mut hidden: Vec<(u32, u32, usize, u32)> = Vec::new();
        for found in REFERENCE_COMMENT.captures_iter(text) {
            let Some(inside) = ["a", "b", "c"].into_iter().find_map(|n| found.name(n)) else { continue };
            let line = self.line_at(inside.start());
            let before = self.verbatim.partition_point(|(first, _)| *first <= line);
            if before.checked_sub(1).and_then(|i| self.verbatim.get(i)).is_some_and(|(_, last)| line <= *last) {
                continue;
            }
            let boxes = marks::count_lines(inside.as_str());
            let heading = u32::from(HIDDEN_HEADING.is_match(inside.as_str()));
            match hidden.last_mut() {
                // Neighbouring lines are one remark.
                Some((_, last, count, headings)) if line <= last.saturating_add(2) => {
                    (*last, *count, *headings) = (line, *count + boxes, *headings + heading);
                }
                _ => hidden.push((line, line, boxes, heading)),
            }
        }
        for (line, _, boxes, headings) in hidden {
            self.hidden += boxes;
            if boxes > 0 || headings > 0 {
                let message = format!(
                    "Lines commented out with [//]: # hide {boxes} box(es) and {headings} heading(s): they are not part of the walk."
                );
                self.diagnostics.push(Diagnostic { severity: Severity::Note, line, message });
            }
        }
    }

    fn start(&mut self, tag: Tag, at: usize) {
        let line = self.line_at(at);
        if self.lists.is_empty() && !matches!(tag, Tag::HtmlBlock | Tag::Paragraph) {
            self.open_html.close();
        }
        match tag {
            Tag::Heading { level, .. } => {
                self.flush();
                self.heading = Some(level_number(level));
                self.line = Some(line);
            }
            Tag::List(start) => {
                self.flush();
                self.list_count += 1;
                self.lists.push((self.list_count, start.is_some()));
            }
            Tag::Item => {
                self.flush();
                let (list, ordered) = self.lists.last().copied().unwrap_or_default();
                self.items.push(self.blocks.len());
                self.push(line, Kind::Item { list, ordered, checkbox: None });
            }
            Tag::CodeBlock(kind) => {
                self.flush();
                let (language, fenced) = match kind {
                    CodeBlockKind::Fenced(info) => (info.split_whitespace().next().map(str::to_owned), true),
                    CodeBlockKind::Indented => (None, false),
                };
                self.code = Some((line, fenced, CodeBlock { language, code: String::new() }));
            }
            Tag::HtmlBlock => {
                self.flush();
                self.html = Some((line, String::new()));
            }
            Tag::Table(_) => {
                self.flush();
                self.table = Some((line, Vec::new()));
            }
            Tag::TableHead | Tag::TableRow => {
                if let Some((_, rows)) = &mut self.table {
                    rows.push(Vec::new());
                }
            }
            Tag::BlockQuote(kind) => {
                self.flush();
                self.enclosed += 1;
                self.prefix = kind.map(|k| format!("{}: ", quote_word(k)));
            }
            Tag::FootnoteDefinition(name) => {
                self.flush();
                self.enclosed += 1;
                self.prefix = Some(format!("[^{name}]: "));
            }
            Tag::Paragraph => self.flush(),
            inline => {
                self.inline(&Event::Start(inline), at);
            }
        }
    }

    fn end(&mut self, tag: TagEnd, at: usize) {
        match tag {
            TagEnd::Heading(_) => self.end_heading(at),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
            }
            TagEnd::Item => {
                self.flush();
                self.items.pop();
            }
            TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => {
                self.flush();
                self.enclosed = self.enclosed.saturating_sub(1);
                self.prefix = None;
            }
            TagEnd::TableCell => {
                let cell = self.runs.finish_line();
                self.line = None;
                if let Some(row) = self.table.as_mut().and_then(|(_, rows)| rows.last_mut()) {
                    row.push(cell);
                }
            }
            TagEnd::Table => {
                if let Some((line, rows)) = self.table.take() {
                    self.push(line, Kind::Table(rows));
                }
            }
            TagEnd::Paragraph => self.flush(),
            TagEnd::TableHead | TagEnd::TableRow => {}
            inline => {
                self.runs.take(&Event::End(inline));
            }
        }
    }

    fn end_heading(&mut self, at: usize) {
        let text = self.runs.finish_line();
        let line = self.line.take().unwrap_or_else(|| self.line_at(at));
        let level = self.heading.take().unwrap_or(1);
        if self.items.is_empty() && self.enclosed == 0 {
            self.push(line, Kind::Heading { level, text });
        } else if !text.is_empty() {
            let bold = Rich(text.0.into_iter().map(|s| Span { bold: true, ..s }).collect());
            self.push(line, Kind::Lines(vec![(line, bold)]));
        }
    }

    fn end_code(&mut self) {
        if let Some((line, fenced, mut code)) = self.code.take() {
            if code.code.ends_with('\n') {
                code.code.pop();
            }
            self.is_verbatim(line, &code.code);
            self.push(line, Kind::Code { code, fenced });
        }
    }

    fn is_verbatim(&mut self, line: u32, text: &str) {
        let lines = u32::try_from(text.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX);
        self.verbatim.push((line, line.saturating_add(lines).saturating_add(1)));
    }

    /// HTML that makes lists, headings or boxes becomes blocks; other HTML stays as it is.
    fn end_html(&mut self) {
        let Some((line, html)) = self.html.take() else { return };
        self.is_verbatim(line, &html);
        let parts = self.open_html.read(line, &html);
        for placed in &parts {
            if let Part::Comment(text) = &placed.part {
                self.hide(placed.line, text, "comment");
            }
        }
        let structured = parts.iter().fold(false, |any, p| {
            any | match &p.part {
                Part::Heading(..) | Part::Item { .. } => true,
                Part::Words(words) => {
                    let inputs = words.matches([marks::INPUT, marks::INPUT_TICKED]).count();
                    self.inputs += inputs;
                    inputs > 0 || marks::count_lines(words) > 0
                }
                Part::Comment(_) | Part::Code(_) => false,
            }
        });
        if !structured {
            self.push(line, Kind::Html(html));
            return;
        }
        let outside = self.items.len();
        for placed in parts {
            let depth = outside + placed.depth;
            let kind = match placed.part {
                Part::Heading(level, text) if depth == 0 && self.enclosed == 0 => {
                    Kind::Heading { level, text: Rich::plain(text) }
                }
                Part::Heading(_, text) => {
                    let bold = Rich(vec![Span { text, bold: true, ..Span::default() }]);
                    Kind::Lines(vec![(placed.line, bold)])
                }
                Part::Item { list, ordered } => Kind::Item { list, ordered, checkbox: None },
                Part::Words(words) => Kind::Lines(vec![(placed.line, Rich::plain(words))]),
                Part::Comment(text) => Kind::Html(text),
                Part::Code(code) => Kind::Code { code: CodeBlock { language: None, code }, fenced: true },
            };
            self.blocks.push(Block { line: placed.line, depth, kind });
        }
    }
}

fn level_number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

fn quote_word(kind: BlockQuoteKind) -> &'static str {
    match kind {
        BlockQuoteKind::Note => "Note",
        BlockQuoteKind::Tip => "Tip",
        BlockQuoteKind::Important => "Important",
        BlockQuoteKind::Warning => "Warning",
        BlockQuoteKind::Caution => "Caution",
    }
}

/// The words of a block of HTML as a paragraph's lines.
pub(super) fn html_lines(line: u32, source: &str) -> Vec<(u32, Rich)> {
    let words = |p: super::html::Placed| match p.part {
        Part::Words(words) | Part::Heading(_, words) | Part::Code(words) => Some((p.line, Rich::plain(words))),
        Part::Item { .. } | Part::Comment(_) => None,
    };
    Html::default().read(line, source).into_iter().filter_map(words).collect()
}
