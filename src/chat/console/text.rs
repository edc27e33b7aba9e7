//! Text as HTML: the house's styled runs, and the small Markdown of replies. Everything is escaped; markup that
//! somebody typed is shown as the characters it is.

use crate::domain::text::{Rich, Span};
use crate::domain::time::Timestamp;
use maud::{Escaper, Markup, PreEscaped, html};
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use std::fmt::Write;

/// Styled runs.
pub fn rich(rich: &Rich) -> Markup {
    html! { @for span in &rich.0 { (run(span)) } }
}

fn run(span: &Span) -> Markup {
    let mut out = html! { (span.text) };
    if span.code {
        out = html! { code { (out) } };
    }
    if span.strike {
        out = html! { s { (out) } };
    }
    if span.italic {
        out = html! { em { (out) } };
    }
    if span.bold {
        out = html! { strong { (out) } };
    }
    match span.link.as_deref().filter(|link| is_safe(link)) {
        Some(link) => html! { a href=(link) rel="noopener noreferrer nofollow" target="_blank" { (out) } },
        None => out,
    }
}

/// A moment: UTC as text, for the page's script to show in the reader's own time zone.
pub fn time(at: Timestamp) -> Markup {
    let utc = at.utc();
    html! {
        time datetime=(utc.format("%Y-%m-%dT%H:%M:%S%.3fZ")) { (utc.format("%Y-%m-%d %H:%M UTC")) }
    }
}

/// Only links that lead somewhere harmless.
fn is_safe(link: &str) -> bool {
    let scheme = link.split(':').next().unwrap_or_default();
    link.len() > scheme.len() && ["http", "https", "mailto"].iter().any(|s| scheme.eq_ignore_ascii_case(s))
}

/// Paragraphs, lists, quotes, emphasis, code, fences and links; the rest as text.
pub fn markdown(source: &str) -> Markup {
    let mut out = String::with_capacity(source.len() + 64);
    let mut links = Vec::new();
    for event in Parser::new_ext(source, Options::ENABLE_STRIKETHROUGH) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                let safe = is_safe(&dest_url);
                if safe {
                    out.push_str("<a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"");
                    escape(&mut out, &dest_url);
                    out.push_str("\">");
                }
                links.push(safe);
            }
            Event::End(TagEnd::Link) => out.push_str(if links.pop() == Some(true) { "</a>" } else { "" }),
            Event::Start(tag) => out.push_str(opening(&tag)),
            Event::End(tag) => out.push_str(closing(tag)),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => escape(&mut out, &text),
            Event::Code(text) => {
                out.push_str("<code>");
                escape(&mut out, &text);
                out.push_str("</code>");
            }
            Event::SoftBreak => out.push('\n'),
            Event::HardBreak => out.push_str("<br>"),
            Event::Rule => out.push_str("<hr>"),
            _ => {}
        }
    }
    PreEscaped(out)
}

fn escape(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = Escaper::new(out).write_str(text);
}

fn opening(tag: &Tag<'_>) -> &'static str {
    match tag {
        Tag::Paragraph | Tag::HtmlBlock => "<p>",
        Tag::Heading { .. } => "<p><strong>",
        Tag::BlockQuote(_) => "<blockquote>",
        Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => "<pre><code>",
        Tag::List(Some(_)) => "<ol>",
        Tag::List(None) => "<ul>",
        Tag::Item => "<li>",
        Tag::Emphasis => "<em>",
        Tag::Strong => "<strong>",
        Tag::Strikethrough => "<s>",
        _ => "",
    }
}

fn closing(tag: TagEnd) -> &'static str {
    match tag {
        TagEnd::Paragraph | TagEnd::HtmlBlock => "</p>",
        TagEnd::Heading(_) => "</strong></p>",
        TagEnd::BlockQuote(_) => "</blockquote>",
        TagEnd::CodeBlock => "</code></pre>",
        TagEnd::List(true) => "</ol>",
        TagEnd::List(false) => "</ul>",
        TagEnd::Item => "</li>",
        TagEnd::Emphasis => "</em>",
        TagEnd::Strong => "</strong>",
        TagEnd::Strikethrough => "</s>",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_markdown_becomes_markup() {
        let html = markdown(
            "Ticked **3.2** by *Ana*:\n\n- `a < b`\n- [page](https://x.example/?a=1&b=2)\n\n```sh\nls <x>\n```",
        )
        .into_string();
        assert_eq!(
            html,
            "<p>Ticked <strong>3.2</strong> by <em>Ana</em>:</p><ul><li><code>a &lt; b</code></li><li>\
             <a rel=\"noopener noreferrer nofollow\" target=\"_blank\" href=\"https://x.example/?a=1&amp;b=2\">page</a>\
             </li></ul><pre><code>ls &lt;x&gt;\n</code></pre>"
        );
    }

    #[test]
    fn raw_html_is_shown_and_bad_links_are_words() {
        for (source, must_not) in [
            ("<script>alert(1)</script>", "<script"),
            ("a <img src=x onerror=alert(1)> b", "<img"),
            ("[x](javascript:alert(1))", "href"),
            ("[x](JaVaScRiPt:alert(1))", "href"),
            ("[x](data:text/html,hi)", "href"),
            ("[x](//evil.example)", "href"),
            ("![x](https://evil.example/track.png)", "src"),
            ("<https://x.example/\"onclick=\"a>", "\"onclick"),
        ] {
            let html = markdown(source).into_string();
            assert!(!html.contains(must_not), "{source} became {html}");
        }
    }

    #[test]
    fn runs_are_escaped_and_styled() {
        let span = Span {
            text: "<b>".into(),
            bold: true,
            code: true,
            link: Some("https://x.example/\"><script>".into()),
            ..Span::default()
        };
        assert_eq!(
            rich(&Rich(vec![span])).into_string(),
            "<a href=\"https://x.example/&quot;&gt;&lt;script&gt;\" rel=\"noopener noreferrer nofollow\" \
             target=\"_blank\"><strong><code>&lt;b&gt;</code></strong></a>"
        );
    }
}
