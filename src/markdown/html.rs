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
    Box,
    /// Not HTML we know: show it as written.
    Words,
}

/// Judges one inline tag or comment.
pub(super) fn piece(tag: &str) -> Piece {
    if tag.starts_with("<!") || tag.starts_with("<?") {
        return Piece::Nothing;
    }
    let name: String = tag
        .trim_start_matches('<')
        .trim_start_matches('/')
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase();
    if name == "br" {
        Piece::Break
    } else if name == "input" && tag.to_ascii_lowercase().contains("checkbox") {
        Piece::Box
    } else if ELEMENTS.contains(&name.as_str()) && tag.get(..2) != Some("< ") {
        Piece::Nothing
    } else {
        Piece::Words
    }
}

/// The words of a block of HTML, a line each, without tags and comments.
pub(super) fn words(html: &str) -> Vec<String> {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("<!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end + 3..]);
            continue;
        }
        let end = rest[1..].find(['<', '>']).map(|e| e + 1);
        match end {
            Some(end) if rest.as_bytes().get(end) == Some(&b'>') => {
                let tag = &rest[..=end];
                match piece(tag) {
                    Piece::Nothing => {}
                    Piece::Break => out.push('\n'),
                    Piece::Box => out.push('☐'),
                    Piece::Words => out.push_str(tag),
                }
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('<');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out.lines().map(|l| l.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|l| !l.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_and_tags_go() {
        assert_eq!(words("<details><summary>More</summary>\n<!-- - [ ] no\n -->"), ["More"]);
        assert_eq!(words("deploy <VERSION> now<br>and <b>wait</b>"), ["deploy <VERSION> now", "and wait"]);
        assert_eq!(words("<p><input type='checkbox'> done</p>"), ["☐ done"]);
        assert_eq!(words("a < b <<<"), ["a < b <<<"]);
        assert!(words("<!-- open").is_empty());
    }
}
