//! Replies and cards as plain text, for a terminal.

use crate::card::Reply;
pub use crate::card::plain::card;
use crate::markdown;
use std::fmt::Write as _;

/// A reply as it is printed.
pub fn reply(reply: &Reply) -> String {
    let mut out = String::new();
    for line in reply.text.lines() {
        // Writing to a String cannot fail.
        _ = writeln!(out, "{}", plain_line(line));
    }
    if let Some(c) = &reply.card {
        out.push_str(&card(c));
    }
    if !reply.choices.is_empty() {
        out.push('\n');
        for choice in &reply.choices {
            let answer = if choice.ask.is_some() { " …" } else { "" };
            _ = writeln!(
                out,
                "  {}\n      rollcall do '{}{answer}'",
                choice.label,
                choice.command.replace('\'', "'\\''")
            );
        }
    }
    out
}

fn plain_line(line: &str) -> String {
    match line.trim_start().strip_prefix("- ") {
        Some(item) => format!("  - {}", markdown::inline(item).to_plain()),
        None => markdown::inline(line).to_plain(),
    }
}
