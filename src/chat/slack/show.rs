//! Card → Block Kit. Pure: the same card gives the same blocks.
//!
//! Items that can be ticked are checkboxes, as many together as follow each other. What a box says fits Slack's 75
//! characters; the rest of an item stands below it. A block of boxes names in its id which of them were shown ticked,
//! so that a click means the difference between that and what was chosen ([`super::boxes`]), and when it was drawn, so
//! that clients take the boxes as they are after an edit.

use super::boxes::Boxes;
use super::text::{self, Part, Profiles, Runs, block, mrkdwn_object, plain_object, small};
use crate::card::fit::slack as limits;
use crate::card::fit::{self, shortened};
use crate::card::{Block, Button, Card, Fact, ItemLine, Reply, Shown, Style, Tone};
use crate::domain::text::Span;
use crate::words::slack as words;
use serde_json::{Value, json};

/// What a button's action is called: this, then what tells it from its neighbours.
pub const SAY: &str = "say:";
/// The action of checkboxes.
pub const ITEMS: &str = "items";
/// The first block's id of a message says which message it is.
pub const KEY: &str = "key:";

/// A message that has a key: the first block carries it, and items show the keycap that toggles them. `drawn`: the
/// moment, in milliseconds, which tells what can be chosen in it from what could be chosen before.
pub fn message(card: &Card, key: &str, drawn: i64, at: Profiles<'_>) -> Vec<Value> {
    let mut blocks = draw(card, true, drawn, at);
    if blocks.first().is_none_or(|b| b.get("block_id").is_some()) {
        blocks.insert(0, json!({ "type": "divider" }));
    }
    blocks[0]["block_id"] = format!("{KEY}{key}").into();
    blocks
}

/// A card for one person's eyes.
pub fn card(card: &Card, drawn: i64, at: Profiles<'_>) -> Vec<Value> {
    draw(card, false, drawn, at)
}

/// What a card becomes: with less of it where escaping and moments made it too long.
fn draw(card: &Card, keycaps: bool, drawn: i64, at: Profiles<'_>) -> Vec<Value> {
    let once = |card: &Card| Draw { at, drawn, keycaps, blocks: Vec::new(), boxes: Vec::new() }.card(card);
    fit::draw(card, &fit::SLACK, once, |blocks| blocks.iter().map(length).sum::<usize>() <= limits::ALL)
}

/// Characters of a block's texts, without those of what can be pressed.
fn length(block: &Value) -> usize {
    let of = |v: &Value| {
        let text = v["text"].as_str().or(v["fallback"].as_str()).unwrap_or_default();
        text.chars().count() + v["url"].as_str().map_or(0, |url| url.chars().count())
    };
    let list = |v: &Value, each: &dyn Fn(&Value) -> usize| v.as_array().map_or(0, |all| all.iter().map(each).sum());
    match block["type"].as_str().unwrap_or_default() {
        "context" => list(&block["elements"], &of),
        "rich_text" => list(&block["elements"], &|part| list(&part["elements"], &of)),
        _ => of(&block["text"]),
    }
}

/// What somebody is told.
pub fn reply(reply: &Reply, drawn: i64, at: Profiles<'_>) -> Vec<Value> {
    let mut blocks = Vec::new();
    let most = if reply.card.is_some() { limits::ANSWER_WITH_CARD } else { limits::ANSWER };
    let parts = text::markdown(&shortened(&reply.text, most));
    // A quote cannot share a block with what is said in mrkdwn, nor should one long text make all of it rich.
    for chunk in parts.chunk_by(|_, next| matches!(next, Part::Code(_))) {
        blocks.push(block(chunk, at));
    }
    if let Some(shown) = &reply.card {
        blocks.extend(card(shown, drawn, at));
    }
    blocks.extend(actions("choices", &reply.choices));
    blocks.truncate(limits::BLOCKS);
    blocks
}

/// What notifications and screen readers say of a card.
pub fn fallback(card: &Card) -> String {
    let mut out = card.title.to_plain();
    for block in &card.blocks {
        let line = match block {
            Block::Text { text } | Block::Context { text } => text.to_plain(),
            Block::Bar { done, total } => words::count(*done, *total),
            Block::Facts { facts } => facts.iter().map(|f| text::to_plain(&fact(f))).collect::<Vec<_>>().join("; "),
            Block::Group { number, text, done, total } => {
                format!("{number} {} {}", text.to_plain(), words::count(*done, *total))
            }
            Block::Item { item } => format!("{} {} {}", sign(item.state), item.number, item.text.to_plain()),
            Block::Code { code } => code.code.clone(),
        };
        out.push('\n');
        out.push_str(&line);
    }
    text::escape(&shortened(&out, limits::FALLBACK))
}

struct Draw<'a> {
    at: Profiles<'a>,
    drawn: i64,
    keycaps: bool,
    blocks: Vec<Value>,
    /// Items waiting to become one block of boxes.
    boxes: Vec<&'a ItemLine>,
}

impl<'a> Draw<'a> {
    fn card(mut self, card: &'a Card) -> Vec<Value> {
        self.title(card);
        for block in &card.blocks {
            match block {
                Block::Item { item } if can_tick(item) => {
                    if self.boxes.last().is_some_and(|last| Boxes::deployment(last) != Boxes::deployment(item)) {
                        self.flush();
                    }
                    self.boxes.push(item);
                    let below = below(item, self.keycaps);
                    if !below.is_empty() {
                        self.flush();
                        self.push(&below);
                    } else if self.boxes.len() == limits::CHECKBOXES {
                        self.flush();
                    }
                }
                other => {
                    self.flush();
                    self.block(other);
                }
            }
        }
        self.flush();
        self.more(card);
        self.blocks.extend(actions("buttons", &card.buttons));
        self.blocks
    }

    fn title(&mut self, card: &Card) {
        let sign = tone_sign(card.tone, &card.title.to_plain());
        let rehearsal = if card.rehearsal { words::REHEARSAL } else { "" };
        if card.title.is_empty() && rehearsal.is_empty() {
            return;
        }
        let lead = format!("{sign}{rehearsal}");
        // A name is a header; a sentence brings emphasis of its own.
        let styled = card.title.0.iter().any(|s| *s != Span { text: s.text.clone(), ..Span::default() });
        let line = format!("{lead}{}", card.title.to_plain());
        if !styled && line.chars().count() <= limits::HEADER && !line.contains('\n') {
            self.blocks.push(json!({ "type": "header", "text": plain_object(line.trim(), limits::HEADER) }));
        } else {
            self.push(&[Part::Text(Runs::default().plain(lead).rich(&card.title))]);
        }
    }

    fn push(&mut self, parts: &[Part]) {
        self.blocks.push(block(parts, self.at));
    }

    fn block(&mut self, block: &'a Block) {
        match block {
            Block::Text { text } if text.is_empty() => {}
            Block::Context { text } if text.is_empty() => {}
            Block::Text { text } => self.push(&[Part::Text(Runs::from(text))]),
            Block::Context { text } => {
                let small = small(&Runs::from(text), self.at);
                // Small print that follows small print shares its block.
                match self.blocks.last_mut().filter(|b| b["type"] == "context") {
                    Some(Value::Object(last)) => match last.get_mut("elements") {
                        Some(Value::Array(elements)) if elements.len() < limits::CONTEXT => elements.push(small),
                        _ => self.blocks.push(json!({ "type": "context", "elements": [small] })),
                    },
                    _ => self.blocks.push(json!({ "type": "context", "elements": [small] })),
                }
            }
            Block::Bar { done, total } => {
                let text = format!("{}  {}", bar(*done, *total), words::count(*done, *total));
                self.push(&[Part::Text(Runs::default().plain(text))]);
            }
            Block::Facts { facts } => {
                let mut lines = Runs::default();
                for (i, f) in facts.iter().enumerate() {
                    if i > 0 {
                        lines = lines.plain("\n");
                    }
                    lines.0.extend(fact(f).0);
                }
                if !lines.is_empty() {
                    self.push(&[Part::Text(lines)]);
                }
            }
            Block::Group { number, text, done, total } => {
                let line =
                    Runs::default().bold(number.to_string()).plain(" ").rich(text).plain(format!(" ({done}/{total})"));
                self.push(&[Part::Text(line)]);
            }
            Block::Item { item } => {
                let mut line = Runs::default().plain(format!("{} ", sign(item.state))).bold(item.number.to_string());
                line = what(item, line.plain(" "));
                let by = by(item);
                if !by.is_empty() {
                    line = line.plain(" — ");
                    line.0.extend(by.0);
                }
                let mut parts = vec![Part::Text(line)];
                parts.extend(details(item));
                self.push(&parts);
            }
            Block::Code { code } => self.push(&[Part::Code(code.code.clone())]),
        }
    }

    /// Turns the waiting items into blocks of boxes.
    fn flush(&mut self) {
        let mut items = std::mem::take(&mut self.boxes);
        while !items.is_empty() {
            // An id that names every ticked item must not outgrow an id.
            let mut n = items.len();
            let place = self.blocks.len();
            let id = loop {
                let id = Boxes::of(&items[..n], place, self.drawn).to_id();
                if n == 1 || id.len() <= limits::ID {
                    break id;
                }
                n -= 1;
            };
            let rest = items.split_off(n);
            let options: Vec<Value> = items.iter().map(|i| option(i, self.keycaps, self.at)).collect();
            let ticked: Vec<Value> = items
                .iter()
                .zip(&options)
                .filter(|(i, _)| i.state == Shown::Ticked)
                .map(|(_, option)| option.clone())
                .collect();
            let mut element = json!({ "type": "checkboxes", "action_id": ITEMS, "options": options });
            // An empty list is refused.
            if !ticked.is_empty() {
                element["initial_options"] = ticked.into();
            }
            self.blocks.push(json!({ "type": "actions", "block_id": id, "elements": [element] }));
            items = rest;
        }
    }

    /// What else can be done to the items: one choice for all of them.
    fn more(&mut self, card: &Card) {
        let mut groups = Vec::new();
        for block in &card.blocks {
            let Block::Item { item } = block else { continue };
            let others = &item.buttons[usize::from(can_tick(item))..];
            let options: Vec<Value> = others
                .iter()
                .filter(|b| b.command.chars().count() <= limits::OPTION_VALUE)
                .take(limits::OPTIONS)
                .map(|b| {
                    let label = format!("{} {}", b.label, item.number);
                    json!({ "text": plain_object(&label, limits::OPTION_TEXT), "value": b.command })
                })
                .collect();
            if !options.is_empty() && groups.len() < limits::OPTIONS {
                let label = format!("{} {}", item.number, item.text.to_plain());
                groups.push(json!({ "label": plain_object(&label, limits::OPTION_TEXT), "options": options }));
            }
        }
        if groups.is_empty() {
            return;
        }
        let select = json!({
            "type": "static_select", "action_id": format!("{SAY}more"), "option_groups": groups,
            "placeholder": plain_object(words::MORE, limits::PLACEHOLDER),
        });
        let id = format!("more:{}", self.drawn);
        self.blocks.push(json!({ "type": "actions", "block_id": id, "elements": [select] }));
    }
}

/// Buttons in rows, as many as one block holds.
pub fn actions(id: &str, buttons: &[Button]) -> Vec<Value> {
    buttons
        .chunks(limits::ACTIONS)
        .enumerate()
        .map(|(row, some)| {
            let elements: Vec<Value> = some.iter().enumerate().map(|(i, b)| button(b, i)).collect();
            json!({ "type": "actions", "block_id": format!("{id}:{row}"), "elements": elements })
        })
        .collect()
}

fn button(b: &Button, place: usize) -> Value {
    let mut out = json!({
        "type": "button", "action_id": format!("{SAY}{place}"), "value": b.command,
        "text": plain_object(&b.label, limits::BUTTON_TEXT),
    });
    match b.style {
        Style::Plain => {}
        Style::Primary => out["style"] = "primary".into(),
        Style::Danger => out["style"] = "danger".into(),
    }
    if let Some(question) = &b.confirm {
        out["confirm"] = json!({
            "title": plain_object(&b.label, limits::CONFIRM_TITLE), "text": plain_object(question, limits::CONFIRM_TEXT),
            "confirm": plain_object(&b.label, limits::CONFIRM_BUTTON),
            "deny": plain_object(words::CANCEL, limits::CONFIRM_BUTTON),
        });
    }
    out
}

/// Its first button ticks or unticks it.
fn can_tick(item: &ItemLine) -> bool {
    Boxes::deployment(item).is_some()
}

/// A box: the item's words as far as they fit, and below them who did what when.
fn option(item: &ItemLine, keycaps: bool, at: Profiles<'_>) -> Value {
    let line = item_line(item, keycaps);
    let plain = text::to_plain(&line);
    let label = match text::mrkdwn(&line, at).filter(|m| m.chars().count() <= limits::OPTION_TEXT) {
        Some(said) => mrkdwn_object(said),
        None => plain_object(&plain, limits::OPTION_TEXT),
    };
    let mut out = json!({ "text": label, "value": item.number.to_string() });
    let by = by(item);
    if !text::to_plain(&by).trim().is_empty() {
        // A box's few characters go to names: whoever's client knows no dates gets the time alone.
        let said = text::mrkdwn(&by, &|_| None).map(|m| match item.at {
            Some(at) => m.replace(&text::utc(at), &at.utc().format("%H:%M UTC").to_string()),
            None => m,
        });
        out["description"] = match said.filter(|m| m.chars().count() <= limits::OPTION_TEXT) {
            Some(said) => mrkdwn_object(said),
            None => plain_object(&text::to_plain(&by), limits::OPTION_TEXT),
        };
    }
    out
}

fn item_line(item: &ItemLine, keycaps: bool) -> Runs {
    let cap = if keycaps { keycap(item.keycap) } else { String::new() };
    what(item, Runs::default().plain(cap).bold(item.number.to_string()).plain(" "))
}

/// The item's words, and what kind of item it is.
fn what(item: &ItemLine, before: Runs) -> Runs {
    let mut line = before.rich(&item.text);
    if item.optional {
        line = line.plain(words::OPTIONAL);
    }
    item.tags.iter().fold(line, |line, tag| line.plain(format!(" · {}", tag.text)))
}

/// `1️⃣ ` … `🔟 `, as text.
fn keycap(n: u8) -> String {
    match n {
        1..=9 => format!("{n}\u{FE0F}\u{20E3} "),
        10 => "🔟 ".into(),
        _ => String::new(),
    }
}

/// Who did what when; of what nothing was done to, what kind of line it is.
fn by(item: &ItemLine) -> Runs {
    let mut out = Runs::default();
    let word = words::state(item.state);
    if !word.is_empty() {
        out = out.plain(word);
    }
    if let Some(who) = item.who.as_ref().filter(|w| !w.name.trim().is_empty()) {
        let space = if out.is_empty() { "" } else { " · " };
        out = out.plain(format!("{space}{}", who.name));
    }
    match item.at {
        Some(at) if !out.is_empty() => out.plain(", ").date(at),
        _ if out.is_empty() && !item.tags.is_empty() => out.plain(item.tag_words()),
        _ => out,
    }
}

/// What of an item a box cannot hold.
fn below(item: &ItemLine, keycaps: bool) -> Vec<Part> {
    let line = item_line(item, keycaps);
    let mut parts = details(item);
    if text::to_plain(&line).chars().count() > limits::OPTION_TEXT {
        parts.insert(0, Part::Text(what(item, Runs::default())));
    }
    parts
}

fn details(item: &ItemLine) -> Vec<Part> {
    let texts = item.details.iter().filter(|d| !d.is_empty()).map(|d| Part::Text(Runs::default().plain("↳ ").rich(d)));
    texts.chain(item.commands.iter().map(|c| Part::Code(c.code.clone()))).collect()
}

fn fact(fact: &Fact) -> Runs {
    let mut line = Runs::default().bold(fact.label.clone()).plain("  ").rich(&fact.value);
    if let Some(at) = fact.at {
        if !fact.value.is_empty() {
            line = line.plain(" ");
        }
        line = line.date(at);
    }
    line
}

/// Cells of the bar.
const CELLS: u32 = 20;

fn bar(done: u32, total: u32) -> String {
    let total = u64::from(total.max(1));
    let full = (u64::from(done).min(total) * u64::from(CELLS) / total) as usize;
    format!("{}{}", "▓".repeat(full), "░".repeat(CELLS as usize - full))
}

fn sign(state: Shown) -> &'static str {
    match state {
        Shown::Open => "▫️",
        Shown::Ticked => "✅",
        Shown::Skipped => "⏭️",
        Shown::Failed => "❌",
        Shown::Blocked => "⛔",
        Shown::Closed => "▪️",
    }
}

/// A sign before a title that brings none of its own.
fn tone_sign(tone: Tone, title: &str) -> &'static str {
    if !title.starts_with(|c: char| c.is_ascii() || c.is_alphanumeric()) {
        return "";
    }
    match tone {
        Tone::Plain | Tone::Quiet => "",
        Tone::Active => "▶️ ",
        Tone::Good => "✅ ",
        Tone::Warn => "⚠️ ",
        Tone::Bad => "🛑 ",
    }
}

#[cfg(test)]
mod tests;
