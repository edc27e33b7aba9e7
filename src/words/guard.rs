//! What a template may say.
//!
//! Templates print facts, choose and repeat. Whatever could build something bigger than its source (joining text,
//! doubling lists, own variables, calls) is not part of the language, so that a template can neither hang nor bloat.

use crate::near::nearest;

const STATEMENTS: [&str; 6] = ["if", "elif", "else", "endif", "for", "endfor"];
const KEYWORDS: [&str; 11] = ["if", "elif", "else", "for", "in", "is", "not", "and", "or", "recursive", "endif"];

#[derive(Clone, Debug, PartialEq)]
enum Token<'a> {
    Start,
    Ident(&'a str),
    Value,
    Close,
    Sign(char),
}

/// Checks the source against the language. The error is a line and a sentence. What is no template at all passes:
/// the engine says so better.
pub(super) fn guard(source: &str) -> Result<(), (usize, String)> {
    let mut rest = source;
    let line_at = |rest: &str| 1 + source[..source.len() - rest.len()].matches('\n').count();
    while let Some(open) = rest.find('{') {
        rest = &rest[open..];
        let close = match rest.get(..2) {
            Some("{#") => {
                let Some(end) = rest[2..].find("#}") else { return Ok(()) };
                rest = &rest[2 + end + 2..];
                continue;
            }
            Some("{{") => "}}",
            Some("{%") => "%}",
            _ => {
                rest = &rest[1..];
                continue;
            }
        };
        rest = &rest[2..];
        if let Some(after) = rest.strip_prefix(['-', '+']) {
            rest = after;
        }
        let statement = close == "%}";
        let mut before = Token::Start;
        let mut last = Token::Start;
        let mut calls: Vec<bool> = Vec::new();
        loop {
            rest = rest.trim_start();
            if rest.is_empty() {
                return Ok(());
            }
            if let Some(after) = rest.strip_prefix(close) {
                rest = after;
                break;
            }
            let (token, length) = token(rest);
            let refuse = |what: String| Err((line_at(rest), what));
            match &token {
                Token::Ident(word) if statement && last == Token::Start && !STATEMENTS.contains(word) => {
                    return refuse(match nearest(word, STATEMENTS) {
                        Some(near) => format!("There is no statement `{word}` here. Did you mean `{near}`?"),
                        None => format!("There is no statement `{word}` here; templates know `if` and `for`."),
                    });
                }
                Token::Sign('~' | '+' | '*') => {
                    return refuse(format!(
                        "`{}` is not part of templates. Put the values side by side: `{{{{ service }}}} {{{{ version }}}}`.",
                        &rest[..1]
                    ));
                }
                Token::Sign('{') => return refuse("Templates have no maps of their own.".into()),
                Token::Sign('[')
                    if !matches!(last, Token::Ident(w) if !KEYWORDS.contains(&w)) && last != Token::Close =>
                {
                    return refuse("Templates have no lists of their own; compare with `==` and `or`.".into());
                }
                Token::Sign(',') if calls.last() != Some(&true) => {
                    return refuse("Templates have no lists of their own; write `for x in list`.".into());
                }
                Token::Sign('(') => {
                    let named = matches!(last, Token::Ident(w) if !KEYWORDS.contains(&w));
                    let filter = matches!(before, Token::Sign('|') | Token::Ident("is" | "not"));
                    if last == Token::Close || (named && !filter) {
                        return refuse("Templates call nothing; filters are written `{{ reason|short(80) }}`.".into());
                    }
                    calls.push(named);
                }
                Token::Close if rest.starts_with(')') => {
                    calls.pop();
                }
                _ => {}
            }
            before = std::mem::replace(&mut last, token);
            rest = &rest[length..];
        }
    }
    Ok(())
}

fn token(rest: &str) -> (Token<'_>, usize) {
    let mut chars = rest.char_indices();
    let Some((_, first)) = chars.next() else { return (Token::Start, 0) };
    if first == '"' || first == '\'' {
        let mut escaped = false;
        for (i, c) in chars {
            if !escaped && c == first {
                return (Token::Value, i + 1);
            }
            escaped = !escaped && c == '\\';
        }
        return (Token::Value, rest.len());
    }
    if first.is_alphanumeric() || first == '_' {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        return if first.is_ascii_digit() { (Token::Value, end) } else { (Token::Ident(word), end) };
    }
    if first == ')' || first == ']' {
        return (Token::Close, 1);
    }
    (Token::Sign(first), first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::guard;

    #[test]
    fn the_language_is_small() {
        for source in [
            "",
            "plain { text } {",
            "{{ version }} {%- if a and (b or not c) -%} {{ x|default('~ * (a, b) }}') }} {% endif %}",
            "{% for p in since.people %}{{ p.name }}{% if not loop.last %}, {% endif %}{% endfor %}",
            "{{ next[0].number }} {{ 's' if total != 1 }} {# {{ a ~ b }} #}",
            "{{ reason|short(80)|default('none', true) }}",
            "{{ unfinished",
        ] {
            assert_eq!(guard(source), Ok(()), "{source}");
        }
        for (source, line, part) in [
            ("{{ a ~ a }}", 1, "`~`"),
            ("\n{{ 'x' * 99999999 }}", 2, "`*`"),
            ("{{ a + b }}", 1, "side by side"),
            ("{% set a = 1 %}", 1, "`set`"),
            ("{% fro x in y %}", 1, "`for`"),
            ("{%- with a = b %}", 1, "`with`"),
            ("{% macro m() %}", 1, "`macro`"),
            ("{% include 'x' %}", 1, "`include`"),
            ("{% for x in [a, a] %}", 1, "lists"),
            ("{% for x in (a, a) %}", 1, "lists"),
            ("{% for x in a, a %}", 1, "lists"),
            ("{{ {'a': 1} }}", 1, "maps"),
            ("{{ range(10) }}", 1, "call"),
            ("{{ a.b() }}", 1, "call"),
            ("{{ a[0](1) }}", 1, "call"),
            ("{{ ((a)('x')) }}", 1, "call"),
            ("ok\nok\n{%\n raw %}", 4, "`raw`"),
        ] {
            let (at, said) = guard(source).unwrap_err();
            assert!(at == line && said.contains(part), "{source}: line {at}: {said}");
        }
    }
}
