//! The house's text as Discord's Markdown, with everything that could mean something there escaped.

use crate::domain::text::{Rich, Span};
use crate::domain::time::Timestamp;

/// Who a person is on Discord: their user id, where it is known.
pub type Accounts<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A text where no line of Markdown can begin, and no mention is drawn: a title.
pub fn title(text: &Rich) -> String {
    // Behind a letter nothing begins.
    let mut out = String::from("x");
    text.0.iter().for_each(|span| self::span(&mut out, span, &|_| None));
    out.split_off(1)
}

/// A text with its styles; people who are known are mentioned, which Discord draws as their name. Nobody is notified:
/// every body says who may be, and nobody ever may.
pub fn rich(text: &Rich, accounts: Accounts<'_>) -> String {
    let mut out = String::new();
    for span in &text.0 {
        self::span(&mut out, span, accounts);
    }
    out
}

fn span(out: &mut String, span: &Span, accounts: Accounts<'_>) {
    if let Some(id) = span.person.as_deref().and_then(accounts) {
        out.push_str(&format!("<@{id}>"));
        return;
    }
    // Signs of style next to a blank style nothing: blanks stay outside.
    let inner = span.text.trim();
    if inner.is_empty() {
        out.push_str(&span.text);
        return;
    }
    let lead = span.text.len() - span.text.trim_start().len();
    out.push_str(&span.text[..lead]);
    let signs: &[(bool, &str)] = &[(span.bold, "**"), (span.italic, "*"), (span.strike, "~~")];
    let link = span.link.as_deref().and_then(address);
    if link.is_some() {
        out.push('[');
    }
    signs.iter().filter(|(on, _)| *on).for_each(|(_, sign)| out.push_str(sign));
    if span.code {
        code(out, inner);
    } else {
        let begins = out.is_empty() || out.ends_with('\n');
        escape_into(out, inner, begins);
    }
    signs.iter().rev().filter(|(on, _)| *on).for_each(|(_, sign)| out.push_str(sign));
    if let Some(link) = link {
        out.push_str(&format!("]({link})"));
    }
    out.push_str(&span.text[lead + inner.len()..]);
}

/// Inline code; backticks inside need a longer fence.
fn code(out: &mut String, text: &str) {
    if text.contains('`') {
        // Two in a row would end the longer fence.
        out.push_str(&format!("`` {} ``", text.replace("``", "`\u{200b}`")));
    } else {
        out.push_str(&format!("`{text}`"));
    }
}

/// A block of code to copy.
pub fn fence(code: &str) -> String {
    format!("```\n{}\n```", code.replace("```", "`\u{200b}``").trim_end())
}

/// An address that may be linked to, with everything that would end the link encoded.
fn address(link: &str) -> Option<String> {
    if !(link.starts_with("https://") || link.starts_with("http://")) {
        return None;
    }
    let mut out = String::with_capacity(link.len());
    for c in link.chars() {
        match c {
            '(' => out.push_str("%28"),
            ')' => out.push_str("%29"),
            '<' => out.push_str("%3C"),
            '>' => out.push_str("%3E"),
            '\\' => out.push_str("%5C"),
            c if c.is_whitespace() || c.is_control() => return None,
            c => out.push(c),
        }
    }
    Some(out)
}

/// Text that stands for exactly these characters, at the beginning of a line.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape_into(&mut out, text, true);
    out
}

fn escape_into(out: &mut String, text: &str, begins: bool) {
    let mut begins = begins;
    // Digits at the beginning of a line: with a dot after them they would make a list.
    let mut number = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied();
        let special = match c {
            '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '(' | ')' | '<' => true,
            '#' | '>' | '-' | '+' => begins,
            '.' => number,
            // An address becomes no link and `:name:` no picture by itself.
            ':' => next.is_some_and(|n| n.is_alphabetic() || matches!(n, '/' | '_' | '+' | '-')),
            _ => false,
        };
        if special {
            out.push('\\');
        }
        match c {
            // Shown as typed, and a mention of nobody.
            '@' => out.push_str("@\u{200b}"),
            '\n' => out.push('\n'),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
        number = c.is_ascii_digit() && (begins || number);
        begins = c == '\n' || (begins && c.is_whitespace());
    }
}

/// A moment in the reader's own time zone, as time gone by.
pub fn moment(at: Timestamp) -> String {
    format!("<t:{}:R>", at.0.div_euclid(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn what_people_type_means_nothing() {
        for (typed, drawn) in [
            ("*bold* _it_ ~~no~~", r"\*bold\* \_it\_ \~\~no\~\~"),
            ("<@1> <#2> <t:1:R> <:x:3>", r"\<@​1> \<#2> \<t:1\:R> \<\:x:3>"),
            ("@everyone", "@\u{200b}everyone"),
            ("[x](https://evil.example)", r"\[x\]\(https\://evil.example\)"),
            ("# big", r"\# big"),
            ("a # b - c", "a # b - c"),
            ("- list", r"\- list"),
            ("3. list", r"3\. list"),
            ("v3.1 at 18:30", "v3.1 at 18:30"),
            (":smile:", r"\:smile:"),
            ("||secret||", r"\|\|secret\|\|"),
            ("a\n> b\n1. c", "a\n\\> b\n1\\. c"),
        ] {
            assert_eq!(escape(typed), drawn, "{typed}");
        }
    }

    #[test]
    fn styles_and_links() {
        let styled = |text: &str, f: fn(&mut Span)| {
            let mut span = Span { text: text.into(), ..Span::default() };
            f(&mut span);
            rich(&Rich(vec![span]), &nobody)
        };
        assert_eq!(styled("a b ", |s| s.bold = true), "**a b** ");
        assert_eq!(styled("a`b", |s| s.code = true), "`` a`b ``");
        assert_eq!(styled("x", |s| s.link = Some("https://e.example/a(b)".into())), "[x](https://e.example/a%28b%29)");
        assert_eq!(styled("x", |s| s.link = Some("javascript:1".into())), "x");
        assert_eq!(styled("Ana", |s| s.person = Some("ana".into())), "Ana");
        let known = |id: &str| (id == "ana").then(|| "3001".to_owned());
        let ana = Rich(vec![Span { text: "Ana".into(), person: Some("ana".into()), ..Span::default() }]);
        assert_eq!(rich(&ana, &known), "<@3001>");
    }

    #[test]
    fn code_keeps_its_fence() {
        assert_eq!(fence("a ``` b"), "```\na `\u{200b}`` b\n```");
    }
}
