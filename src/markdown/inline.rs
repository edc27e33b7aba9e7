//! Inline Markdown to styled runs, and back from words to Markdown that means exactly those words.

use super::html::{Piece, piece};
use crate::domain::text::{Rich, Span};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// What GitHub understands, and we with it.
pub(super) fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
}

/// One paragraph of inline Markdown as styled runs.
///
/// Line breaks count as spaces and space around the text is dropped. Block markup (`# `, `- `) is only
/// text here. Links keep their address if it is `http`, `https` or `mailto`; images become their
/// alternative text; HTML tags go and their words stay.
pub fn inline(markdown: &str) -> Rich {
    // A first character that starts no block makes the parser see one paragraph, whatever follows.
    let line = one_line(markdown.trim());
    let guarded = format!("\\.{line}");
    let mut runs = Runs::default();
    for event in Parser::new_ext(&guarded, options()) {
        if runs.take(&event) == Taken::Break {
            runs.text(" ");
        }
    }
    let mut rich = runs.rich;
    if let Some(first) = rich.0.first_mut()
        && first.text.starts_with('.')
    {
        first.text.remove(0);
    }
    rich.0.retain(|s| !s.text.is_empty());
    rich
}

/// Markdown that reads as exactly these characters: `inline(&escape(s))` is plain `s`.
///
/// Line breaks (and NUL, which no Markdown can carry) become a space each, because the result is one
/// line; every other white space survives, also at the ends.
pub fn escape(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::with_capacity(line.len() + 8);
    let mut chars = line.chars().peekable();
    let mut after_space = true;
    while let Some(c) = chars.next() {
        let before_space = chars.peek().is_none_or(|n| n.is_whitespace());
        if c.is_ascii_punctuation() {
            out.push('\\');
            out.push(c);
        } else if (c.is_whitespace() || c.is_control()) && (c != ' ' || after_space || before_space) {
            out.push_str(&format!("&#{};", u32::from(c)));
        } else {
            out.push(c);
        }
        after_space = c.is_whitespace();
    }
    out
}

fn one_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r', '\0'], " ")
}

/// What [`Runs::take`] made of an event.
#[derive(PartialEq, Eq)]
pub(super) enum Taken {
    /// It was inline and is done with.
    Yes,
    /// A line break of the page.
    Break,
    /// It is a matter of blocks.
    No,
}

/// Gathers inline events into styled runs.
#[derive(Default)]
pub(super) struct Runs {
    pub(super) rich: Rich,
    bold: u32,
    italic: u32,
    strike: u32,
    links: Vec<Option<String>>,
    /// Checkboxes of HTML become [`super::marks::INPUT`] and not a picture of one.
    inputs: bool,
}

const INPUT_TEXT: &str = "\u{f8f0}";
const INPUT_TICKED_TEXT: &str = "\u{f8f1}";

impl Runs {
    /// For the blocks of a page, in which HTML's checkboxes may become items.
    pub(super) fn of_a_page() -> Self {
        Self { inputs: true, ..Self::default() }
    }

    /// Takes an event in, if it is inline.
    pub(super) fn take(&mut self, event: &Event) -> Taken {
        match event {
            Event::Text(t) => self.text(t),
            Event::Code(t) | Event::InlineMath(t) | Event::DisplayMath(t) => self.push(t, true),
            Event::InlineHtml(t) => match piece(t) {
                Piece::Nothing => {}
                Piece::Break => return Taken::Break,
                Piece::Box { ticked } if self.inputs => {
                    self.text(if ticked { INPUT_TICKED_TEXT } else { INPUT_TEXT });
                }
                Piece::Box { ticked } => self.text(if ticked { "☑" } else { "☐" }),
                Piece::Words => self.text(t),
            },
            Event::FootnoteReference(name) => self.text(&format!("[^{name}]")),
            Event::SoftBreak | Event::HardBreak => return Taken::Break,
            Event::Start(Tag::Strong) => self.bold += 1,
            Event::End(TagEnd::Strong) => self.bold = self.bold.saturating_sub(1),
            Event::Start(Tag::Emphasis) => self.italic += 1,
            Event::End(TagEnd::Emphasis) => self.italic = self.italic.saturating_sub(1),
            Event::Start(Tag::Strikethrough) => self.strike += 1,
            Event::End(TagEnd::Strikethrough) => self.strike = self.strike.saturating_sub(1),
            Event::Start(Tag::Link { dest_url, .. }) => self.links.push(safe(dest_url)),
            Event::End(TagEnd::Link) => {
                self.links.pop();
            }
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// Adds plain characters in the present style.
    pub(super) fn text(&mut self, text: &str) {
        self.push(text, false);
    }

    /// Hands over what was gathered so far; the style goes on.
    pub(super) fn finish_line(&mut self) -> Rich {
        trim(std::mem::take(&mut self.rich))
    }

    fn push(&mut self, text: &str, code: bool) {
        self.rich.push(Span {
            text: text.to_owned(),
            bold: self.bold > 0,
            italic: self.italic > 0,
            strike: self.strike > 0,
            code,
            link: self.links.last().cloned().flatten(),
            person: None,
            call: false,
        });
    }
}

/// The address, if it is one a reader may be sent to.
fn safe(address: &str) -> Option<String> {
    let scheme = address.split(':').next()?.to_ascii_lowercase();
    let known = matches!(scheme.as_str(), "http" | "https" | "mailto");
    (known && address.contains(':') && !address.chars().any(|c| c.is_control() || c.is_whitespace()))
        .then(|| address.to_owned())
}

/// Without white space at the ends.
pub(super) fn trim(mut rich: Rich) -> Rich {
    while let Some(last) = rich.0.last_mut() {
        last.text.truncate(last.text.trim_end().len());
        if !last.text.is_empty() {
            break;
        }
        rich.0.pop();
    }
    let blank = rich.0.iter().take_while(|s| s.text.trim().is_empty()).count();
    rich.0.drain(..blank);
    if let Some(first) = rich.0.first_mut() {
        first.text = first.text.trim_start().to_owned();
    }
    rich
}

/// The plain text, byte for byte as long, with `x` for all that is code: what people say, and not what they quote.
pub(super) fn masked(rich: &Rich) -> String {
    let mut out = String::new();
    for span in &rich.0 {
        if span.code {
            out.extend(std::iter::repeat_n('x', span.text.len()));
        } else {
            out.push_str(&span.text);
        }
    }
    out
}

/// Without the characters of that byte range of the plain text.
pub(super) fn without(rich: &Rich, range: std::ops::Range<usize>) -> Rich {
    let mut out = Rich::default();
    let mut at = 0;
    for span in &rich.0 {
        let text: String =
            span.text.char_indices().filter(|(i, _)| !range.contains(&(at + i))).map(|(_, c)| c).collect();
        at += span.text.len();
        out.push(Span { text, ..span.clone() });
    }
    trim(out)
}

/// Adds a text after another, a space between them.
pub(super) fn join(to: &mut Rich, more: Rich) {
    if !to.is_empty() && !more.is_empty() {
        to.push(Span { text: " ".to_owned(), ..Span::default() });
    }
    for span in more.0 {
        to.push(span);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn styles_links_and_html() {
        let r = inline("**Bold** and *it* `a*b` ~~no~~ [go](https://x.example/a) [bad](javascript:x) ![alt](i.png)");
        assert_eq!(r.to_plain(), "Bold and it a*b no go bad alt");
        assert!(r.0[0].bold && r.0[2].italic && r.0[4].code && r.0[6].strike);
        let links: Vec<_> = r.0.iter().filter_map(|s| s.link.as_deref()).collect();
        assert_eq!(links, ["https://x.example/a"]);
        assert_eq!(inline("<b>x</b> to <VERSION><br>now").to_plain(), "x to <VERSION> now");
    }

    #[test]
    fn block_markup_is_only_text() {
        for text in ["# a", "- [ ] a", "1. a", "> a", "```x", "a\n===", "| a |", "    a", "_x_y"] {
            let plain = inline(text).to_plain();
            assert_eq!(plain, text.trim().replace('\n', " "), "{text:?}");
        }
        assert!(inline("_x_").0[0].italic && inline("**x**").0[0].bold);
        assert_eq!(inline(""), Rich::default());
    }

    #[test]
    fn escaped_white_space_survives() {
        for text in ["   ", " a", "a  b ", "\ta\t", "", "\u{a0}x\u{3000}"] {
            assert_eq!(inline(&escape(text)), Rich::plain(text), "{text:?}");
        }
        assert_eq!(inline(&escape("a\r\nb\nc")).to_plain(), "a b c");
    }

    #[test]
    fn cutting_a_range_keeps_the_styles() {
        let r = without(&inline("Phase 2: **Go** on"), 0..9);
        assert_eq!(r.to_plain(), "Go on");
        assert!(r.0[0].bold && !r.0[1].bold);
    }

    proptest! {
        #[test]
        fn escaped_text_reads_as_itself(s in "[^\r\n\0]{0,60}") {
            prop_assert_eq!(inline(&escape(&s)), Rich::plain(s));
        }

        #[test]
        fn any_text_can_be_read_and_escaped(s in any::<String>()) {
            inline(&s);
            inline(&escape(&s));
        }
    }
}
