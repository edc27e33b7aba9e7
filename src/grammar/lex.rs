//! Words, quotes, and what may stand in a name.

use super::chars::{is_bidi_override, is_hidden, is_line_break};
use super::problem::{Problem, Unfit};
use super::{LONGEST_TEXT, LONGEST_TITLE};

/// A place in the text that moves to the right.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
}

/// A word, or what stood between quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Word(&'a str),
    Quoted(&'a str),
}

impl<'a> Token<'a> {
    pub(super) fn text(self) -> &'a str {
        match self {
            Token::Word(t) | Token::Quoted(t) => t,
        }
    }
}

/// The quote that closes what this one opens. Phones write curly ones, and not always the right one.
fn closing(open: char) -> Option<&'static [char]> {
    match open {
        '"' => Some(&['"']),
        '“' | '”' | '„' | '‟' => Some(&['“', '”', '"']),
        '«' => Some(&['»']),
        _ => None,
    }
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { rest: text.trim_start() }
    }
    /// Everything that is left, trimmed.
    pub(super) fn rest(self) -> &'a str {
        self.rest.trim()
    }
    pub(super) fn is_empty(self) -> bool {
        self.rest.is_empty()
    }
    /// The next characters up to white space, without moving.
    pub(super) fn peek(self) -> &'a str {
        self.rest.split(char::is_whitespace).next().unwrap_or("")
    }
    /// The next word, moving past it.
    pub(super) fn word(&mut self) -> Option<&'a str> {
        let word = self.peek();
        if word.is_empty() {
            return None;
        }
        self.skip(word.len());
        Some(word)
    }
    /// Moves over that many bytes and the white space after them.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or("").trim_start();
    }
    /// What stands between quotes here, moving past it; None where no quote opens.
    pub(super) fn quoted(&mut self) -> Result<Option<&'a str>, Problem> {
        let Some((open, after)) = split_first(self.rest) else { return Ok(None) };
        let Some(ends) = closing(open) else { return Ok(None) };
        match after.find(ends) {
            Some(end) => {
                let inside = &after[..end];
                let close = after[end..].chars().next().map_or(0, char::len_utf8);
                self.skip(open.len_utf8() + end + close);
                Ok(Some(inside.trim()))
            }
            None => Err(Problem::UnclosedQuote { text: self.rest.to_owned() }),
        }
    }
    /// A quoted string or the next word.
    pub(super) fn token(&mut self) -> Result<Option<Token<'a>>, Problem> {
        if let Some(inside) = self.quoted()? {
            return Ok(Some(Token::Quoted(inside)));
        }
        Ok(self.word().map(Token::Word))
    }
}

fn split_first(text: &str) -> Option<(char, &str)> {
    let first = text.chars().next()?;
    Some((first, &text[first.len_utf8()..]))
}

/// Takes the quotes off a text that is one quoted string as a whole.
pub(super) fn unquoted(text: &str) -> &str {
    let mut cursor = Cursor::new(text);
    match cursor.quoted() {
        Ok(Some(inside)) if cursor.is_empty() => inside,
        _ => text.trim(),
    }
}

/// Free text as it is kept: one line, trimmed.
///
/// Line breaks and tabs become spaces. Control characters and characters that turn text around become U+FFFD instead
/// of being refused: at three in the morning the reason matters more than how it was pasted.
pub(super) fn free_text(what: &'static str, text: &str) -> Result<String, Problem> {
    let text = unquoted(text);
    let length = text.chars().count();
    if length > LONGEST_TEXT {
        return Err(Problem::TooLong { what, length, limit: LONGEST_TEXT });
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            c if is_line_break(c) || c == '\t' => out.push(' '),
            c if c.is_control() || is_bidi_override(c) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    Ok(out.trim().to_owned())
}

/// What a name may be made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// ASCII letters and digits, and `. _ + - ~ / :`.
    Version,
    /// Letters and digits of any language, and the same signs.
    Name,
    /// As a name, with spaces, and the signs file names have.
    Title,
}

/// Checks a name: its length, its beginning, and every character. The error names the first that does not fit.
pub(super) fn name(what: &'static str, text: &str, limit: usize, alphabet: Alphabet) -> Result<String, Problem> {
    if text.is_empty() {
        return Err(Problem::EmptyName { what });
    }
    let length = text.chars().count();
    if length > limit {
        return Err(Problem::TooLong { what, length, limit });
    }
    let mut first = true;
    for c in text.chars() {
        let letter = match alphabet {
            Alphabet::Version => c.is_ascii_alphanumeric(),
            Alphabet::Name | Alphabet::Title => c.is_alphanumeric(),
        };
        let sign = matches!(c, '.' | '_' | '+' | '-' | '~' | '/' | ':')
            || alphabet == Alphabet::Title && matches!(c, ' ' | '(' | ')' | '&' | '\'' | ',');
        if !letter && !sign {
            let why = match c {
                c if is_line_break(c) => Unfit::LineBreak,
                c if c.is_whitespace() => Unfit::Space,
                c if is_bidi_override(c) => Unfit::BidiOverride,
                c if is_hidden(c) => Unfit::Hidden,
                c if c.is_control() => Unfit::Control,
                '@' => Unfit::Mention,
                '<' if text.contains("<@") || text.contains("<!") || text.contains("<#") => Unfit::Mention,
                '*' | '`' | '<' | '>' | '[' | ']' | '|' | '\\' | '#' | '&' => Unfit::Markup,
                _ => Unfit::Other,
            };
            return Err(Problem::BadCharacter { what, character: c, why, text: text.to_owned() });
        }
        if first && !letter {
            return Err(Problem::BadBeginning { what, character: c, text: text.to_owned() });
        }
        first = false;
    }
    Ok(text.to_owned())
}

/// Checks a person's name as typed, without its `@`.
pub(super) fn person(text: &str) -> Result<String, Problem> {
    name("person", text, LONGEST_TITLE, Alphabet::Title)
}
