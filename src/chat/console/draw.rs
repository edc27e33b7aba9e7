//! Cards and messages as HTML. No opinion of its own: states, words and what can be pressed all come in the card.

use super::text::{markdown, rich, time};
use crate::card::{Block, Button, Card, ItemLine, Reply, Shown, Style, TagKind, Tone};
use crate::domain::checklist::CodeBlock;
use crate::domain::status::Status;
use crate::store::Message;
use maud::{Markup, html};

/// The reaction that ticks what is open on a message.
const ALL: &str = "✅";

/// A message with its reactions.
pub fn message(m: &Message, level: u8) -> Markup {
    html! {
        article class=(format!("message {}", tone_class(m.card.tone)))
            data-message=(m.key) data-id=(m.id) data-deployment=(m.deployment) data-what=(m.what) {
            p class="byline" {
                span class="author" { "Rollcall" }
                a class="number" href=(format!("/d/{}", m.deployment)) { "#" (m.deployment) }
                span class="when" { (time(m.posted_at)) }
                @if let Some(at) = m.edited_at { span class="when edited" { "edited " (time(at)) } }
            }
            (card(&m.card, level, true))
            (reactions(m))
        }
    }
}

/// A card. Its title may stand elsewhere already.
pub fn card(card: &Card, level: u8, titled: bool) -> Markup {
    html! {
        div class=(format!("card {}", tone_class(card.tone))) {
            @if card.rehearsal { p class="ribbon" { strong { "REHEARSAL" } " a practice run, nobody is paged" } }
            @if titled && !card.title.is_empty() {
                div class="card-title" role="heading" aria-level=(level) { (tone_sign(card.tone)) span { (rich(&card.title)) } }
            }
            (blocks(&card.blocks))
            @if !card.buttons.is_empty() { div class="row card-buttons" { @for b in &card.buttons { (button(b)) } } }
        }
    }
}

/// Blocks from top to bottom; items that follow each other are one list.
fn blocks(blocks: &[Block]) -> Markup {
    let is_line = |b: &Block| matches!(b, Block::Item { .. } | Block::Group { .. });
    html! {
        @for run in blocks.chunk_by(|a, b| is_line(a) && is_line(b)) {
            @if run.iter().all(is_line) {
                ul class="items" role="list" { @for b in run { (block(b)) } }
            } @else {
                @for b in run { (block(b)) }
            }
        }
    }
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Text { text } => html! { p class="text" { (rich(text)) } },
        Block::Context { text } => html! { p class="context" { (rich(text)) } },
        Block::Bar { done, total } => bar(*done, *total),
        Block::Facts { facts } => html! {
            dl class="facts" {
                @for fact in facts {
                    div { dt { (fact.label) } dd {
                        (rich(&fact.value))
                        @if let Some(at) = fact.at { @if !fact.value.is_empty() { " " } (time(at)) }
                    } }
                }
            }
        },
        Block::Group { number, text, done, total } => html! {
            li class="group" data-key=(format!("group {number}")) data-depth=(number.parts().len().saturating_sub(2)) {
                span class="num" { (number) } span class="words" { (rich(text)) }
                span class="count" aria-label=(format!("{done} of {total} done")) { (done) "/" (total) }
            }
        },
        Block::Item { item } => self::item(item),
        Block::Code { code } => self::code(code),
    }
}

/// A bar with its count.
pub fn bar(done: u32, total: u32) -> Markup {
    html! {
        div class="bar" {
            progress value=(done) max=(total.max(1)) aria-label="Items done" { (done) " of " (total) }
            span class="count" aria-hidden="true" { (done) " / " (total) }
        }
    }
}

fn item(item: &ItemLine) -> Markup {
    let number = item.number.to_string();
    let (state, word) = match item.state {
        Shown::Open => ("open", ""),
        Shown::Ticked => ("ticked", ""),
        Shown::Skipped => ("skipped", "skipped"),
        Shown::Failed => ("failed", "failed"),
        Shown::Blocked => ("blocked", "blocked"),
        Shown::Closed => ("closed", "closed"),
    };
    let ticked = item.state == Shown::Ticked;
    let label = format!("{number} {}", item.text.to_plain());
    // What stands out stands beside the item; the rest is one press away.
    let (menu, beside): (Vec<&Button>, Vec<&Button>) =
        item.buttons.iter().skip(1).partition(|b| b.style == Style::Plain);
    html! {
        li class=(if item.tags.iter().any(|t| t.kind == TagKind::Criterion) { "item watched" } else { "item" }) data-item=(number) data-key=(number) data-state=(state) data-depth=(item.depth) {
            @match item.buttons.first() {
                Some(main) => button type="button" class="check" role="checkbox" aria-checked=(ticked)
                    aria-label=(label) title=(main.label) data-command=(main.command)
                    data-ask=[main.ask.as_deref()] data-confirm=[main.confirm.as_deref()] data-label=(main.label) {},
                None => span class="check still" role="img"
                    aria-label=(match item.state { Shown::Open => "open", Shown::Ticked => "ticked", _ => word }) {},
            }
            div class="item-main" {
                p class="line" {
                    span class="num" { (number) } " "
                    span class="words" { (rich(&item.text)) }
                    @if !word.is_empty() { " " span class="tag state" { (word) } }
                    @if item.optional { " " span class="tag optional" { "optional" } }
                    @for t in &item.tags { " " span class=(format!("tag {}", tag_class(t.kind))) { (t.text) } }
                }
                @if item.who.is_some() || item.at.is_some() {
                    p class="by" {
                        @if let Some(who) = &item.who { span class="who" { (who.name) } }
                        @if let Some(at) = item.at { " " (time(at)) }
                    }
                }
                @if !item.details.is_empty() {
                    ul class="details" { @for d in &item.details { li { (rich(d)) } } }
                }
                @for c in &item.commands { (code(c)) }
                @if !beside.is_empty() {
                    div class="row beside" role="group" aria-label=(format!("For {number}")) { @for b in &beside { (button(b)) } }
                }
            }
            @if !menu.is_empty() {
                details class="more" data-key=(format!("more {number}")) {
                    summary aria-label=(format!("More for {number}")) { span aria-hidden="true" { "⋯" } }
                    div class="menu" { @for b in &menu { (button(b)) } }
                }
            }
        }
    }
}

fn tag_class(kind: TagKind) -> &'static str {
    match kind {
        TagKind::Criterion => "criterion",
        TagKind::SignOff => "sign-off",
        TagKind::Choice => "choice",
        TagKind::Due => "due",
        TagKind::Environment => "environment",
        TagKind::Owner => "owner",
    }
}

fn code(code: &CodeBlock) -> Markup {
    html! {
        div class="code" {
            pre tabindex="0" aria-label="Command" { code { (code.code) } }
            button type="button" class="button small" data-copy { "Copy" }
        }
    }
}

/// Something to press.
pub fn button(b: &Button) -> Markup {
    let style = match b.style {
        Style::Plain => "button",
        Style::Primary => "button primary",
        Style::Danger => "button danger",
    };
    html! {
        button type="button" class=(style) data-command=(b.command) data-label=(b.label)
            data-ask=[b.ask.as_deref()] data-confirm=[b.confirm.as_deref()] { (b.label) }
    }
}

/// Keycaps for the items a message shows, ✅ for all of them, then whatever else people put there. Whether the
/// reader's own is among them is for the page's script to say: everybody gets the same HTML.
fn reactions(m: &Message) -> Markup {
    let mut chips: Vec<(String, String, String)> = m
        .card
        .blocks
        .iter()
        .filter_map(|b| match b {
            Block::Item { item } if !item.buttons.is_empty() => {
                let emoji = keycap(item.keycap)?;
                Some((emoji, item.keycap.to_string(), format!("toggle {} {}", item.number, item.text.to_plain())))
            }
            _ => None,
        })
        .collect();
    // Criteria happen one by one.
    let criteria =
        |b: &Block| matches!(b, Block::Item { item } if item.tags.iter().any(|t| t.kind == TagKind::Criterion));
    if !chips.is_empty() && !m.card.blocks.iter().any(criteria) {
        chips.push((ALL.into(), "✓".into(), "tick all that is open here".into()));
    }
    for (emoji, _) in &m.reactions {
        if !chips.iter().any(|(known, ..)| known == emoji) {
            chips.push((emoji.clone(), emoji.clone(), "react".into()));
        }
    }
    html! {
        @if !chips.is_empty() {
            div class="reactions" role="group" aria-label="Reactions" {
                @for (emoji, shown, means) in &chips {
                    @let names = m.reactions.iter().find(|(e, _)| e == emoji).map_or(&[][..], |(_, names)| names);
                    button type="button" class="chip" data-react=(emoji) data-key=(emoji) aria-pressed="false"
                        data-names=(serde_json::to_string(names).unwrap_or_default())
                        aria-label=(format!("{shown} {means}{}", by(names)))
                        title=(format!("{means}{}", by(names))) {
                        span class=(if shown == emoji { "emoji" } else { "cap" }) aria-hidden="true" { (shown) }
                        @if !names.is_empty() { span class="count" aria-hidden="true" { (names.len()) } }
                    }
                }
            }
        }
    }
}

fn by(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) }
}

/// `1️⃣` … `🔟`.
fn keycap(n: u8) -> Option<String> {
    match n {
        1..=9 => Some(format!("{n}\u{FE0F}\u{20E3}")),
        10 => Some("🔟".into()),
        _ => None,
    }
}

/// What the person who asked is told.
pub fn reply(r: &Reply) -> Markup {
    html! {
        div class=(if r.ok { "reply" } else { "reply refused" }) data-reply=(if r.ok { "ok" } else { "refused" })
            data-deployment=[r.deployment] {
            @if !r.text.is_empty() { div class="reply-text" { (markdown(&r.text)) } }
            @if let Some(c) = &r.card { (card(c, 3, true)) }
            @if !r.choices.is_empty() {
                div class="row choices" role="group" aria-label="Choose" { @for b in &r.choices { (button(b)) } }
            }
        }
    }
}

/// A status as a pill: colour, sign and word.
pub fn status(status: Status) -> Markup {
    let tone = match status {
        Status::Active => Tone::Active,
        Status::Succeeded => Tone::Good,
        Status::Held | Status::Partial | Status::RolledBack => Tone::Warn,
        Status::RollingBack => Tone::Bad,
        Status::Scheduled | Status::Queued | Status::Cancelled => Tone::Quiet,
    };
    html! { span class=(format!("pill {}", tone_class(tone))) { (tone_sign(tone)) (status.label()) } }
}

fn tone_class(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "tone-plain",
        Tone::Active => "tone-active",
        Tone::Good => "tone-good",
        Tone::Warn => "tone-warn",
        Tone::Bad => "tone-bad",
        Tone::Quiet => "tone-quiet",
    }
}

fn tone_sign(tone: Tone) -> Markup {
    let (sign, word) = match tone {
        Tone::Plain => return html! {},
        Tone::Active => ("▸", "Under way:"),
        Tone::Good => ("✓", "Good:"),
        Tone::Warn => ("!", "Attention:"),
        Tone::Bad => ("×", "Trouble:"),
        Tone::Quiet => ("–", "Quiet:"),
    };
    html! { span class="sign" aria-hidden="true" { (sign) } span class="sr" { (word) " " } }
}
