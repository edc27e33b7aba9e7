//! A page as a flat list of blocks, each with the number of list items it stands in.
//!
//! Flat on purpose: however deep somebody nests lists and quotes, nothing here recurses.

use super::html;
use super::inline::{Runs, Taken, options};
use crate::domain::checklist::CodeBlock;
use crate::domain::text::{Rich, Span};
use pulldown_cmark::{BlockQuoteKind, CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd};

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
    Item { list: u32, ordered: bool, checkbox: Option<bool> },
    /// A paragraph, line by line.
    Lines(Vec<(u32, Rich)>),
    /// A code block.
    Code(CodeBlock),
    /// A block of HTML, as written.
    Html(String),
    /// A table: rows of cells, the header first.
    Table(Vec<Vec<Rich>>),
    /// A thematic break; `blank` when it is drawn with underscores, as a line to write on.
    Rule { blank: bool },
}

/// The blocks of a text whose first line has that number in the file.
pub(super) fn blocks(text: &str, first_line: u32) -> Vec<Block> {
    let mut reader = Reader::new(text, first_line);
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        reader.event(event, range.start, text.get(range.clone()).unwrap_or_default());
    }
    reader.flush();
    reader.blocks
}

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
    code: Option<(u32, CodeBlock)>,
    html: Option<(u32, String)>,
    table: Option<(u32, Vec<Vec<Rich>>)>,
    prefix: Option<String>,
}

impl Reader {
    fn new(text: &str, first_line: u32) -> Self {
        Self {
            first_line,
            breaks: text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i).collect(),
            blocks: Vec::new(),
            runs: Runs::default(),
            lines: Vec::new(),
            line: None,
            items: Vec::new(),
            lists: Vec::new(),
            list_count: 0,
            enclosed: 0,
            heading: None,
            code: None,
            html: None,
            table: None,
            prefix: None,
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
        if let Some((_, code)) = &mut self.code {
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
                if let Some(block) = self.items.last().and_then(|i| self.blocks.get_mut(*i))
                    && let Kind::Item { checkbox, .. } = &mut block.kind
                {
                    *checkbox = Some(ticked);
                }
            }
            Event::Html(t) => {
                let line = self.line_at(at);
                self.push(line, Kind::Html(t.into_string()));
            }
            other => {
                self.inline(&other, at);
            }
        }
    }

    fn start(&mut self, tag: Tag, at: usize) {
        let line = self.line_at(at);
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
                let language = match kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next().map(str::to_owned),
                    CodeBlockKind::Indented => None,
                };
                self.code = Some((line, CodeBlock { language, code: String::new() }));
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
        if let Some((line, mut code)) = self.code.take() {
            if code.code.ends_with('\n') {
                code.code.pop();
            }
            self.push(line, Kind::Code(code));
        }
    }

    fn end_html(&mut self) {
        if let Some((line, html)) = self.html.take() {
            self.push(line, Kind::Html(html));
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
    html::words(source).into_iter().map(|w| (line, Rich::plain(w))).collect()
}
