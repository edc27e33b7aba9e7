//! HTML inside Markdown, as far as a reader of plain text needs it.

/// Elements that only dress text: their tags go, their words stay. A tag of any other name is kept as
/// written, because `<VERSION>` is a blank to fill and not HTML.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "big",
    "blockquote",
    "body",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "ol",
    "option",
    "p",
    "picture",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "section",
    "select",
    "small",
    "source",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "summary",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "video",
];

/// What to do with one piece of inline HTML.
pub(super) enum Piece {
    /// Markup or a comment: nothing to show.
    Nothing,
    /// A line break.
    Break,
    /// A checkbox that no list makes.
    Box { ticked: bool },
    /// Not HTML we know: show it as written.
    Words,
}

/// Judges one inline tag or comment.
pub(super) fn piece(tag: &str) -> Piece {
    if tag.starts_with("<!") || tag.starts_with("<?") {
        return Piece::Nothing;
    }
    let name = name(tag);
    if name == "br" {
        Piece::Break
    } else if name == "input" && find_ignoring_case(tag, "checkbox").is_some() {
        Piece::Box { ticked: find_ignoring_case(tag, " checked").is_some() }
    } else if ELEMENTS.contains(&name.as_str()) && tag.get(..2) != Some("< ") {
        Piece::Nothing
    } else {
        Piece::Words
    }
}

fn name(tag: &str) -> String {
    let name = tag.trim_start_matches('<').trim_start_matches('/');
    name.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Elements that start or end a line of text.
const BREAKING: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "footer",
    "form",
    "head",
    "header",
    "hr",
    "html",
    "label",
    "legend",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "section",
    "summary",
    "table",
    "tbody",
    "tfoot",
    "thead",
    "tr",
    "ul",
];

/// One part of a block of HTML.
#[derive(Debug, PartialEq)]
pub(super) enum Part {
    Heading(u8, String),
    /// A list item opens; `ordered` by its list.
    Item {
        list: u32,
        ordered: bool,
    },
    /// A line of words; a checkbox is a character of its own ([`super::marks::INPUT`]).
    Words(String),
    /// A comment, as written.
    Comment(String),
    Code(String),
}

/// A part, with its line and the number of list items it stands in.
#[derive(Debug, PartialEq)]
pub(super) struct Placed {
    pub(super) line: u32,
    pub(super) depth: usize,
    pub(super) part: Part,
}

/// Reads HTML block after block: lists may go on over blank lines, which end a block.
#[derive(Debug, Default)]
pub(super) struct Html {
    /// For every open list its number and whether it is ordered, and whether an item of it is open.
    lists: Vec<(u32, bool, bool)>,
    count: u32,
    out: Vec<Placed>,
    words: String,
    line: u32,
    heading: Option<u8>,
    pre: bool,
}

/// Lists deeper than this are read as this deep.
const DEEPEST: usize = 64;

impl Html {
    /// Forgets what is open: Markdown follows that is in no list of HTML.
    pub(super) fn close(&mut self) {
        self.lists.clear();
    }

    /// The parts of one block.
    pub(super) fn read(&mut self, line: u32, html: &str) -> Vec<Placed> {
        (self.line, self.heading, self.pre) = (line, None, false);
        let mut at = line;
        let mut rest = html;
        while !rest.is_empty() {
            let Some(open) = rest.find('<') else {
                self.text(rest, &mut at);
                break;
            };
            self.text(&rest[..open], &mut at);
            rest = &rest[open..];
            let taken = self.markup(rest, at);
            let (markup, after) = rest.split_at(taken);
            at = at.saturating_add(lines_in(markup));
            rest = after;
        }
        self.flush(at);
        std::mem::take(&mut self.out)
    }

    fn text(&mut self, text: &str, at: &mut u32) {
        if self.words.trim().is_empty() {
            let lead = text.len() - text.trim_start().len();
            self.line = at.saturating_add(lines_in(&text[..lead]));
        }
        self.words.push_str(text);
        *at = at.saturating_add(lines_in(text));
    }

    /// Takes the markup at the start of `rest` and says how long it is.
    fn markup(&mut self, rest: &str, at: u32) -> usize {
        if rest.starts_with("<!--") {
            let end = rest.find("-->").map_or(rest.len(), |end| end + 3);
            self.push(at, Part::Comment(rest[..end].to_owned()));
            return end;
        }
        let end = match rest[1..].find(['<', '>']).map(|e| e + 1) {
            Some(end) if rest.as_bytes().get(end) == Some(&b'>') => end + 1,
            _ => {
                self.words.push('<');
                return 1;
            }
        };
        let tag = &rest[..end];
        match piece(tag) {
            Piece::Words => self.words.push_str(tag),
            Piece::Box { ticked } => {
                if self.words.trim().is_empty() {
                    self.line = at;
                }
                self.words.push(if ticked { super::marks::INPUT_TICKED } else { super::marks::INPUT });
                self.words.push(' ');
            }
            Piece::Break => self.flush(at),
            Piece::Nothing => return self.element(tag, rest, end, at),
        }
        end
    }

    fn element(&mut self, tag: &str, rest: &str, end: usize, at: u32) -> usize {
        let name = name(tag);
        let closes = tag.starts_with("</");
        match name.as_str() {
            "script" | "style" if !closes => {
                let close = if name == "script" { "</script" } else { "</style" };
                return find_ignoring_case(&rest[end..], close).map_or(rest.len(), |e| end + e);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.flush(at);
                self.heading = if closes { None } else { name.as_bytes().get(1).map(|b| b - b'0') };
            }
            "pre" => {
                self.flush(at);
                self.pre = !closes;
            }
            "ul" | "ol" if closes => {
                self.flush(at);
                self.lists.pop();
            }
            "ul" | "ol" => {
                self.flush(at);
                if self.lists.len() < DEEPEST {
                    self.count += 1;
                    self.lists.push((u32::MAX - self.count, name == "ol", false));
                }
            }
            "li" => {
                self.flush(at);
                if let Some((list, ordered, open)) = self.lists.last_mut() {
                    *open = !closes;
                    let (list, ordered) = (*list, *ordered);
                    if !closes {
                        self.push(at, Part::Item { list, ordered });
                    }
                }
            }
            "td" | "th" if closes => self.words.push_str(" | "),
            // A label may follow its box.
            "label" | "div" if !closes && self.words.trim().chars().count() == 1 => {}
            name if BREAKING.contains(&name) => self.flush(at),
            _ => {}
        }
        end
    }

    fn push(&mut self, line: u32, part: Part) {
        let depth = self.lists.iter().filter(|(_, _, open)| *open).count();
        self.out.push(Placed { line, depth, part });
    }

    fn flush(&mut self, at: u32) {
        let words = std::mem::take(&mut self.words);
        let line = std::mem::replace(&mut self.line, at);
        if self.pre {
            let code = entities(words.trim_matches('\n'));
            if !code.is_empty() {
                self.push(line, Part::Code(code));
            }
            return;
        }
        let heading = self.heading;
        let mut text = String::new();
        for (i, raw) in words.split('\n').enumerate() {
            let words = entities(raw).split_whitespace().collect::<Vec<_>>().join(" ");
            let words = words.trim_end_matches([' ', '|']).to_owned();
            if words.is_empty() {
                continue;
            }
            match heading {
                Some(_) => {
                    text.push_str(if text.is_empty() { "" } else { " " });
                    text.push_str(&words);
                }
                None => self.push(line.saturating_add(u32::try_from(i).unwrap_or(0)), Part::Words(words)),
            }
        }
        if let Some(level) = heading.filter(|_| !text.is_empty()) {
            self.push(line, Part::Heading(level, text));
        }
    }
}

fn lines_in(text: &str) -> u32 {
    u32::try_from(text.bytes().filter(|b| *b == b'\n').count()).unwrap_or(u32::MAX)
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    text.as_bytes().windows(what.len()).position(|w| w.eq_ignore_ascii_case(what.as_bytes()))
}

/// The characters people write as entities most.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&amp;", "&")]
        .iter()
        .fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(html: &str) -> Vec<String> {
        let parts = Html::default().read(1, html);
        parts.into_iter().filter_map(|p| if let Part::Words(w) = p.part { Some(w) } else { None }).collect()
    }

    #[test]
    fn words_stay_and_tags_go() {
        assert_eq!(words("<details><summary>More</summary>\n<!-- - [ ] no\n -->"), ["More"]);
        assert_eq!(words("deploy <VERSION> now<br>and <b>wait</b>"), ["deploy <VERSION> now", "and wait"]);
        assert_eq!(words("<p><input type='checkbox'> done</p>"), ["\u{f8f0} done"]);
        assert_eq!(words("<p><INPUT TYPE=checkbox CHECKED> done &amp; &lt;gone&gt;</p>"), ["\u{f8f1} done & <gone>"]);
        assert_eq!(words("a < b <<<"), ["a < b <<<"]);
        assert!(words("<!-- open").is_empty());
        assert!(words("<style>b { x: 1 }</STYLE><script>").is_empty());
    }

    #[test]
    fn lists_and_headings_keep_their_place() {
        let mut html = Html::default();
        let parts = html.read(5, "<h2>A\n b</h2>\n<ul>\n<li>x\n<ol><li>y</li></ol></li>\n<pre>a\n b</pre>");
        let shape: Vec<_> = parts.iter().map(|p| format!("{}@{} {:?}", p.line, p.depth, p.part)).collect();
        assert_eq!(shape[0], "5@0 Heading(2, \"A b\")");
        assert!(shape[1].starts_with("8@1 Item") && shape[1].ends_with("ordered: false }"), "{shape:?}");
        assert_eq!(shape[2], "8@1 Words(\"x\")");
        assert!(shape[3].starts_with("9@2 Item") && shape[3].ends_with("ordered: true }"), "{shape:?}");
        assert_eq!(shape[4..], ["9@2 Words(\"y\")", "10@0 Code(\"a\\n b\")"]);
        assert!(html.read(20, "<li>z</li>")[0].depth == 1);
    }
}
