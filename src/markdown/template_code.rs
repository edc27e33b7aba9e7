//! Code of a template that nobody filled in: `<%= version %>`, `{{#if prod}}`, `{% for … %}`. Kept, and said.

use super::blocks::{Block, Kind};
use super::words::{Pattern, pattern};
use crate::domain::checklist::{Diagnostic, Severity};
use crate::domain::text::Rich;
use std::sync::LazyLock;

/// What decides or computes; `{{version}}` alone is a placeholder and no code.
static CODE: LazyLock<Pattern> = LazyLock::new(|| {
    pattern(concat!(
        r"<%[^%>]{0,200}%>|\{%[^%}]{0,200}%\}",
        r"|\{\{[-~]?\s*(?:[#/^>&!]\s*\w|(?:if|else|end|range|with|each|unless|for|define|template|block|include)\b)[^}]{0,200}\}\}"
    ))
});

/// Says where a page still holds code of a template.
pub(super) fn remark(blocks: &[Block], diagnostics: &mut Vec<Diagnostic>) {
    let mut first: Option<(u32, String)> = None;
    let mut count = 0;
    let mut look = |line: u32, text: &Rich| {
        if !text.0.iter().any(|s| s.text.contains(['%', '{'])) {
            return;
        }
        for found in CODE.find_iter(&text.to_plain()) {
            count += 1;
            first.get_or_insert_with(|| (line, found.as_str().chars().take(40).collect()));
        }
    };
    for block in blocks {
        match &block.kind {
            Kind::Heading { text, .. } => look(block.line, text),
            Kind::Lines(lines) => lines.iter().for_each(|(line, text)| look(*line, text)),
            Kind::Table(rows) => rows.iter().flatten().for_each(|cell| look(block.line, cell)),
            _ => {}
        }
    }
    if let Some((line, code)) = first {
        let message = format!(
            "The page holds code of a template, not filled in: `{code}`, {count} place(s) in all. It is kept as it is; \
             walk the page that the template makes."
        );
        diagnostics.push(Diagnostic { severity: Severity::Warning, line, message });
    }
}
