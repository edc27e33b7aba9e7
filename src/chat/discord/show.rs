//! Card → what Discord shows: embeds and components, as the JSON its API takes. Pure.

use super::markup::{self, Accounts};
use crate::card::fit::discord as most;
use crate::card::fit::{self, cut};
use crate::card::{Block, Button, Card, ItemLine, Reply, Shown, Style, Tone};
use crate::domain::text::Rich;
use serde_json::{Value, json};

/// What a component's id begins with: say the words after it, ask for the rest of them first, make sure first.
pub const SAY: &str = "say:";
pub const ASK: &str = "ask:";
pub const SURE: &str = "sure:";
/// A choice of items to be ticked: deployment, section, and which were shown ticked.
pub const ITEMS: &str = "items:";
/// A choice of one item to be shown in full: its deployment.
pub const SHOW: &str = "show:";
/// Takes a question away.
pub const NEVER_MIND: &str = "never mind";
/// The only field of a modal.
pub const ANSWER: &str = "answer";
/// Ticks all that is open on a message.
pub const ALL: &str = "✅";
/// People one message notifies, at most.
const CALLED: usize = 20;
/// What an embed's footer begins with where it names its message.
const FOOTER: &str = "Rollcall ";

/// A message of ours. `key` goes into the footer, where it can be found again.
pub fn message(card: &Card, key: &str, accounts: Accounts<'_>) -> Value {
    let draw = |card: &Card| embed(card, Some(key), accounts);
    let embed = fit::draw(card, &fit::DISCORD, draw, fits);
    let mut body = json!({ "embeds": [cut_embed(embed)], "components": components(card) });
    // Mentions in an embed notify nobody.
    let called: Vec<String> = card.called().into_iter().filter_map(accounts).take(CALLED).collect();
    if !called.is_empty() {
        body["content"] = called.iter().map(|id| format!("<@{id}>")).collect::<Vec<_>>().join(" ").into();
        body["allowed_mentions"] = json!({ "parse": [], "users": called });
    }
    body
}

/// What the person who asked is told; only they see it.
pub fn reply(reply: &Reply, accounts: Accounts<'_>) -> Value {
    let lines = crate::markdown::lines(&reply.text);
    let mut text = lines.iter().map(|line| markup::rich(line, accounts)).collect::<Vec<_>>().join("\n");
    let mut rows = once(buttons(&reply.choices));
    let unsaid: Vec<&Button> = reply.choices.iter().filter(|b| id(b).is_none()).collect();
    for b in unsaid {
        text.push_str(&format!("\n{}: `/deploy {}`", markup::escape(&b.label), b.command.replace('`', "'")));
    }
    let mut embeds = Vec::new();
    if text.encode_utf16().count() > most::CONTENT {
        embeds.push(json!({ "description": cut(&text, most::EMBED_DESCRIPTION), "color": colour(Tone::Plain) }));
        text = String::new();
    }
    if let Some(card) = &reply.card {
        let left = most::EMBEDS - embeds.iter().map(size).sum::<usize>();
        let draw = |card: &Card| embed(card, None, accounts);
        let drawn = fit::draw(card, &fit::DISCORD, draw, |e| fits(e) && size(e) <= left);
        embeds.push(cut_embed(drawn));
        rows.extend(components(card));
        rows = once(rows);
        rows.truncate(most::ROWS);
    }
    if text.is_empty() && embeds.is_empty() {
        text = if reply.ok { "Done." } else { "That did not work." }.into();
    }
    json!({ "content": text, "embeds": embeds, "components": rows })
}

/// A question before a button's words are said.
pub fn sure(question: &str, words: &str, label: &str) -> Value {
    let yes =
        json!({ "type": 2, "style": 4, "label": cut(label, most::BUTTON_LABEL), "custom_id": format!("{SAY}{words}") });
    let no = json!({ "type": 2, "style": 2, "label": "Never mind", "custom_id": NEVER_MIND });
    let row = json!({ "type": 1, "components": [yes, no] });
    json!({ "content": cut(&markup::escape(question), most::CONTENT), "embeds": [], "components": [row] })
}

/// A form with one field, whose answer completes the words.
pub fn modal(words: &str, title: &str, question: &str) -> Value {
    let input = json!({
        "type": 4, "custom_id": ANSWER, "style": 2, "required": true, "min_length": 1,
        "max_length": crate::grammar::LONGEST_TEXT,
        "label": cut(question, most::INPUT_LABEL),
        "placeholder": cut(question, most::INPUT_PLACEHOLDER),
    });
    json!({
        "custom_id": format!("{ASK}{words}"),
        "title": cut(title, most::MODAL_TITLE),
        "components": [{ "type": 1, "components": [input] }],
    })
}

/// The emoji that tick on this message, in order: a keycap for each item that can be changed, and one for them all.
pub fn reactions(card: &Card) -> Vec<String> {
    let mut emoji: Vec<String> = changeable(card).filter_map(|item| keycap(item.keycap)).collect();
    if !emoji.is_empty() {
        emoji.push(ALL.into());
    }
    emoji.truncate(most::REACTIONS);
    emoji
}

/// `1️⃣` … `🔟`.
pub fn keycap(n: u8) -> Option<String> {
    match n {
        1..=9 => Some(format!("{n}\u{FE0F}\u{20E3}")),
        10 => Some("🔟".into()),
        _ => None,
    }
}

/// The key in a message's footer.
pub fn key_of(footer: &str) -> Option<&str> {
    footer.strip_prefix(FOOTER)
}

/// A key as it stands in a footer: which channel it is in is plain to see there.
pub fn short(key: &str) -> &str {
    key.split('@').next().unwrap_or(key)
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// What counts of an embed.
fn size(embed: &Value) -> usize {
    let at = |path: &str| embed.pointer(path).and_then(Value::as_str).map_or(0, length);
    let fields = embed.get("fields").and_then(Value::as_array).map_or(0, |fields| {
        fields.iter().flat_map(|f| [&f["name"], &f["value"]]).filter_map(Value::as_str).map(length).sum()
    });
    at("/title") + at("/description") + at("/author/name") + at("/footer/text") + fields
}

fn fits(embed: &Value) -> bool {
    embed["description"].as_str().map_or(0, length) <= most::EMBED_DESCRIPTION && size(embed) <= most::EMBEDS
}

/// The last resort, where even the least of a card is too much: whole lines go.
fn cut_embed(mut embed: Value) -> Value {
    let over = size(&embed).saturating_sub(most::EMBEDS);
    let text = embed["description"].as_str().unwrap_or_default().to_owned();
    let most = (length(&text).saturating_sub(over)).min(most::EMBED_DESCRIPTION);
    if length(&text) > most {
        let mut kept = String::new();
        for line in text.split_inclusive('\n') {
            if length(&kept) + length(line) + 2 > most {
                break;
            }
            kept.push_str(line);
        }
        kept.push('…');
        embed["description"] = kept.into();
    }
    embed
}

fn embed(card: &Card, key: Option<&str>, accounts: Accounts<'_>) -> Value {
    let mut lines: Vec<String> = Vec::new();
    let mut fields: Vec<Value> = Vec::new();
    for block in &card.blocks {
        match block {
            Block::Text { text } => lines.push(markup::rich(text, accounts)),
            Block::Context { text } => small(&mut lines, text, accounts),
            Block::Bar { done, total } => lines.push(bar(*done, *total)),
            Block::Facts { facts } => fields.extend(facts.iter().map(|f| {
                let mut value = markup::rich(&f.value, accounts);
                if let Some(at) = f.at {
                    value = format!("{value} {}", markup::moment(at)).trim().to_owned();
                }
                let value = if value.trim().is_empty() { "—".to_owned() } else { whole(&value, most::FIELD_VALUE) };
                let inline = length(&value) <= 40;
                json!({ "name": whole(&markup::escape(&f.label), most::FIELD_NAME), "value": value, "inline": inline })
            })),
            Block::Group { number, text, done, total } => {
                lines.push(format!("**{number}** {} ({done} of {total})", markup::rich(text, accounts)));
            }
            Block::Item { item } => self::item(&mut lines, item, accounts),
            Block::Code { code } => lines.push(markup::fence(&code.code)),
        }
    }
    fields.truncate(most::FIELDS);
    for b in card.buttons.iter().filter(|b| id(b).is_none()) {
        lines.push(format!("{}: `/deploy {}`", markup::escape(&b.label), b.command.replace('`', "'")));
    }
    let mut embed = json!({ "color": colour(card.tone) });
    // A card may be nothing but its title, and an empty text is not for Discord.
    let text = lines.join("\n");
    if !text.trim().is_empty() {
        embed["description"] = text.into();
    }
    if !card.title.is_empty() {
        embed["title"] = title(card).into();
    }
    if !fields.is_empty() {
        embed["fields"] = fields.into();
    }
    if card.rehearsal {
        embed["author"] = json!({ "name": "REHEARSAL · a practice run, nobody is paged" });
    }
    if let Some(key) = key {
        embed["footer"] = json!({ "text": cut(&format!("{FOOTER}{}", short(key)), most::EMBED_FOOTER) });
    }
    embed
}

/// Cut where it would leave half an escape or half a mention, whole words go.
fn whole(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let short = cut(text, max - 1);
    let kept = short.trim_end_matches('…');
    let end = kept.rfind(char::is_whitespace).filter(|end| *end > 0).unwrap_or(kept.len());
    format!("{}…", kept[..end].trim_end_matches('\\'))
}

/// A title shows people's names: mentions are not drawn there.
fn title(card: &Card) -> String {
    let text = markup::title(&card.title);
    let sign = match card.tone {
        Tone::Plain => "",
        Tone::Active => "▶️ ",
        Tone::Good => "✅ ",
        Tone::Warn => "⚠️ ",
        Tone::Bad => "🚨 ",
        Tone::Quiet => "💤 ",
    };
    // A template of the house's begins with a sign of its own.
    let own = card.title.to_plain().trim_start().chars().next().is_some_and(|c| !c.is_alphanumeric());
    whole(&if own { text } else { format!("{sign}{text}") }, most::EMBED_TITLE)
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Plain => 0x95_A5_A6,
        Tone::Active => 0x34_98_DB,
        Tone::Good => 0x2E_CC_71,
        Tone::Warn => 0xF1_C4_0F,
        Tone::Bad => 0xE7_4C_3C,
        Tone::Quiet => 0x60_7D_8B,
    }
}

fn bar(done: u32, total: u32) -> String {
    let cells = 20_u64;
    let full = (u64::from(done) * cells / u64::from(total.max(1))).min(cells);
    let drawn: String = (0..cells).map(|i| if i < full { '▰' } else { '▱' }).collect();
    format!("{drawn} **{done} of {total}**")
}

fn small(lines: &mut Vec<String>, text: &Rich, accounts: Accounts<'_>) {
    // Small print ends with its line.
    lines.extend(markup::rich(text, accounts).lines().filter(|l| !l.trim().is_empty()).map(|l| format!("-# {l}")));
}

fn item(lines: &mut Vec<String>, item: &ItemLine, accounts: Accounts<'_>) {
    let sign = match item.state {
        Shown::Open => "⬜",
        Shown::Ticked => "☑️",
        Shown::Skipped => "⏭️",
        Shown::Failed => "❌",
        Shown::Blocked => "⛔",
        Shown::Closed => "🔒",
    };
    let word = state(item.state).map(|word| format!(" · **{word}**")).unwrap_or_default();
    let indent = "\u{2003}".repeat(usize::from(item.depth.min(6)));
    let optional = if item.optional { " *(optional)*" } else { "" };
    let tags: String = item.tags.iter().map(|t| format!(" *({})*", markup::escape(&t.text))).collect();
    let text = markup::rich(&item.text, accounts);
    let mut line = format!("{indent}{sign} **{}** {text}{optional}{tags}{word}", item.number);
    if let Some(who) = &item.who {
        line.push_str(" · ");
        line.push_str(&markup::rich(&Rich(vec![crate::domain::text::Span::person(who)]), accounts));
    }
    if let Some(at) = item.at {
        line.push(' ');
        line.push_str(&markup::moment(at));
    }
    // Only where the keycap does something.
    if let (Some(keycap), false) = (keycap(item.keycap), item.buttons.is_empty()) {
        line.insert_str(0, &format!("{keycap} "));
    }
    lines.push(line);
    item.details.iter().for_each(|detail| small(lines, detail, accounts));
    lines.extend(item.commands.iter().map(|c| markup::fence(&c.code)));
}

fn state(state: Shown) -> Option<&'static str> {
    match state {
        Shown::Open | Shown::Ticked => None,
        Shown::Skipped => Some("skipped"),
        Shown::Failed => Some("failed"),
        Shown::Blocked => Some("blocked"),
        Shown::Closed => Some("closed"),
    }
}

fn changeable(card: &Card) -> impl Iterator<Item = &ItemLine> {
    card.blocks.iter().filter_map(|b| match b {
        Block::Item { item } if !item.buttons.is_empty() => Some(&**item),
        _ => None,
    })
}

/// Of one item all buttons; of several a choice, and another to see one of them in full. Then the card's own.
fn components(card: &Card) -> Vec<Value> {
    let items: Vec<&ItemLine> = changeable(card).take(most::OPTIONS).collect();
    let own = buttons(&card.buttons);
    let room = most::ROWS.saturating_sub(own.len());
    let mut rows = match items.as_slice() {
        [] => Vec::new(),
        [one] => buttons(&one.buttons),
        many => [tick_choice(many), show_choice(many)].into_iter().flatten().collect(),
    };
    rows.truncate(room);
    rows.extend(own);
    once(rows)
}

/// A message has each id once, or Discord refuses it.
fn once(rows: Vec<Value>) -> Vec<Value> {
    let mut seen = std::collections::BTreeSet::new();
    let new = rows.into_iter().filter_map(|mut row| {
        let parts = row["components"].as_array_mut()?;
        parts.retain(|part| seen.insert(part["custom_id"].to_string()));
        (!parts.is_empty()).then_some(row)
    });
    new.collect()
}

/// Rows of buttons; one whose words are too long for an id is none.
fn buttons(buttons: &[Button]) -> Vec<Value> {
    let drawn: Vec<Value> = buttons
        .iter()
        .filter_map(|b| {
            let id = id(b)?;
            let style = match b.style {
                Style::Plain => 2,
                Style::Primary => 1,
                Style::Danger => 4,
            };
            let label = if b.label.trim().is_empty() { "…".to_owned() } else { cut(&b.label, most::BUTTON_LABEL) };
            Some(json!({ "type": 2, "style": style, "label": label, "custom_id": id }))
        })
        .collect();
    drawn.chunks(most::BUTTONS_IN_ROW).take(most::ROWS).map(|row| json!({ "type": 1, "components": row })).collect()
}

/// A button's id; none where its words do not fit into one.
fn id(button: &Button) -> Option<String> {
    let kind = match (&button.ask, &button.confirm) {
        (Some(_), _) => ASK,
        (None, Some(_)) => SURE,
        (None, None) => SAY,
    };
    let id = format!("{kind}{}", button.command);
    (length(&id) <= most::CUSTOM_ID && length(&format!("{SAY}{}", button.command)) <= most::CUSTOM_ID).then_some(id)
}

fn option(item: &ItemLine, ticked: Option<bool>) -> Value {
    let number = item.number.to_string();
    let mut option = json!({
        "label": cut(&format!("{number} {}", item.text.to_plain()), most::OPTION),
        "value": cut(&number, most::OPTION),
    });
    let who = item.who.as_ref().map(|w| format!("by {}", w.name));
    let mut about: Vec<String> = [state(item.state).map(str::to_owned), who].into_iter().flatten().collect();
    if about.is_empty() && !item.tags.is_empty() {
        about.push(item.tag_words());
    }
    if !about.is_empty() {
        option["description"] = cut(&about.join(" "), most::OPTION).into();
    }
    if let Some(ticked) = ticked {
        option["default"] = ticked.into();
    }
    option
}

fn choice(id: String, placeholder: &str, min: usize, max: usize, options: Vec<Value>) -> Value {
    let select = json!({
        "type": 3, "custom_id": id, "placeholder": cut(placeholder, most::PLACEHOLDER),
        "min_values": min, "max_values": max, "options": options,
    });
    json!({ "type": 1, "components": [select] })
}

fn tick_choice(items: &[&ItemLine]) -> Option<Value> {
    let deployment = deployment(items)?;
    let ticked = |item: &ItemLine| item.state == Shown::Ticked;
    let shown: Vec<String> = items.iter().filter(|i| ticked(i)).map(|i| i.number.to_string()).collect();
    let id = items_id(deployment, items.first()?.number.section(), &shown);
    let options: Vec<Value> = items.iter().map(|item| option(item, Some(ticked(item)))).collect();
    Some(choice(id, "Tick or untick…", 0, options.len(), options))
}

fn show_choice(items: &[&ItemLine]) -> Option<Value> {
    let deployment = deployment(items)?;
    let options: Vec<Value> = items.iter().map(|item| option(item, None)).collect();
    Some(choice(format!("{SHOW}{deployment}"), "Fail, skip, block, assign…", 1, 1, options))
}

/// The deployment the items' buttons name.
fn deployment(items: &[&ItemLine]) -> Option<u64> {
    let command = &items.first()?.buttons.first()?.command;
    command.strip_prefix('#')?.split(' ').next()?.parse().ok()
}

/// `items:12/3:1,4.2`: in section 3 of #12, 3.1 and 3.4.2 were shown ticked; of other sections in full. Where they are
/// too many for an id, `*`: as the message's own options say.
fn items_id(deployment: u64, section: u32, ticked: &[String]) -> String {
    let own = format!("{section}.");
    let short = ticked.iter().map(|n| n.strip_prefix(&own).map_or_else(|| format!("={n}"), str::to_owned));
    let id = format!("{ITEMS}{deployment}/{section}:{}", short.collect::<Vec<_>>().join(","));
    if length(&id) <= most::CUSTOM_ID { id } else { format!("{ITEMS}{deployment}/{section}:*") }
}

/// Reads an id of [`items_id`]: the deployment, and the numbers that were shown ticked where it says so.
pub fn items_shown(id: &str) -> Option<(u64, Option<Vec<String>>)> {
    let (place, ticked) = id.strip_prefix(ITEMS)?.split_once(':')?;
    let (deployment, section) = place.split_once('/')?;
    if ticked == "*" {
        return Some((deployment.parse().ok()?, None));
    }
    let full = |n: &str| n.strip_prefix('=').map_or_else(|| format!("{section}.{n}"), str::to_owned);
    let ticked = ticked.split(',').filter(|n| !n.is_empty()).map(full).collect();
    Some((deployment.parse().ok()?, Some(ticked)))
}
