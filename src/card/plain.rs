//! A card as plain text: for a terminal, a mail, whoever shows no cards.

use super::{Block, Card, ItemLine, Shown};
use std::fmt::Write as _;

/// Width of a drawn bar.
const BAR: u32 = 24;

/// A card in plain words, line by line.
pub fn card(card: &Card) -> String {
    let mut out = String::new();
    let said = card.title.to_plain().contains("REHEARSAL");
    let rehearsal = if card.rehearsal && !said { "REHEARSAL  " } else { "" };
    if !card.title.is_empty() {
        _ = writeln!(out, "{rehearsal}{}", card.title.to_plain());
    }
    for block in &card.blocks {
        match block {
            Block::Text { text } => _ = writeln!(out, "{}", text.to_plain()),
            Block::Context { text } => _ = writeln!(out, "  {}", text.to_plain()),
            Block::Bar { done, total } => {
                let filled = (done * BAR).checked_div(*total).unwrap_or(BAR);
                let bar: String = (0..BAR).map(|i| if i < filled { '█' } else { '░' }).collect();
                _ = writeln!(out, "  {bar} {done} of {total}");
            }
            Block::Facts { facts } => {
                for f in facts {
                    let at = f.at.map(|t| t.utc().format("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
                    let value = f.value.to_plain();
                    let gap = if value.is_empty() || at.is_empty() { "" } else { " " };
                    _ = writeln!(out, "  {:<13} {value}{gap}{at}", f.label);
                }
            }
            Block::Group { number, text, done, total } => {
                _ = writeln!(out, "{number} {} ({done} of {total})", text.to_plain());
            }
            Block::Item { item } => item_line(&mut out, item),
            Block::Code { code } => code.code.lines().for_each(|l| _ = writeln!(out, "    {l}")),
        }
    }
    out
}

fn item_line(out: &mut String, item: &ItemLine) {
    let sign = match item.state {
        Shown::Open => "[ ]",
        Shown::Ticked => "[x]",
        Shown::Skipped => "[-]",
        Shown::Failed => "[!]",
        Shown::Blocked => "[#]",
        Shown::Closed => " · ",
    };
    let said = item.text.to_plain().to_lowercase().contains("optional");
    let optional = if item.optional && !said { " (optional)" } else { "" };
    let who = match (&item.who, item.at) {
        (Some(who), Some(at)) => format!("  {} {}", who.name, at.utc().format("%H:%M UTC")),
        _ => String::new(),
    };
    let indent = "  ".repeat(usize::from(item.depth));
    _ = writeln!(out, "{indent}{sign} {} {}{optional}{who}", item.number, item.text.to_plain());
    for tag in &item.tags {
        _ = writeln!(out, "{indent}      ({})", tag.text);
    }
    for detail in &item.details {
        _ = writeln!(out, "{indent}      {}", detail.to_plain());
    }
    for code in &item.commands {
        // Only what a shell would run gets its prompt.
        let shell = matches!(code.language.as_deref(), None | Some("sh" | "bash" | "shell" | "console" | "zsh"));
        let prompt = if shell { "$ " } else { "" };
        code.code.lines().for_each(|l| _ = writeln!(out, "{indent}      {prompt}{l}"));
    }
}
