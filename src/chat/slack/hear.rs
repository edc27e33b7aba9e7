//! Payload → what it asks for. Read with structs of our own in which everything may be missing: one field that cannot
//! be decoded never loses a click.

use super::boxes::Boxes;
use super::show::{ITEMS, SAY};
use crate::card::fit::slack as limits;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// Something that came in, understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Slack's id of whoever did it, and what Slack calls them here.
    pub user: String,
    pub name: String,
    /// Slack's id of the channel; empty where there is none.
    pub channel: String,
    /// The thread it happened in.
    pub thread: Option<String>,
    /// Names this very request, for ever.
    pub key: String,
    /// Opens a modal for three seconds.
    pub trigger: Option<String>,
    /// It happened in a modal, over which another is laid.
    pub in_modal: bool,
    /// Where that person can be answered.
    pub response_url: Option<String>,
    pub what: What,
}

/// What it asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Words, as Slack sends them: after the slash command, or after the bot's name.
    Said { text: String },
    /// A button, or one of a list, by the words it says; on which message, and whether only that person sees it.
    Pressed { words: String, listed: bool, message: Option<String>, ephemeral: bool },
    /// Boxes: as they were seen, and which are ticked now.
    Boxes { seen: Boxes, chosen: Vec<String>, message: String },
    /// The button that opens the modal for starting.
    StartModal,
    /// A modal sent in: which, what it carries, and what was written, by action.
    Submitted { callback: String, metadata: String, values: HashMap<String, Vec<String>> },
    /// A modal closed without being sent in.
    Closed { metadata: String },
    /// A reaction, by Slack's name. `ours`: it is to a message of ours.
    Reacted { emoji: String, message: String, present: bool, ours: bool },
    /// Somebody joined the channel.
    Joined,
    /// Somebody looks at the app's home.
    Home,
}

/// Where a payload that means nothing to us came from, to be logged: a type's name, and never contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown(pub String);

/// The action that opens the modal for starting.
pub const START: &str = "start";

#[derive(Deserialize, Default)]
#[serde(default)]
struct Command {
    #[serde(deserialize_with = "lenient")]
    user_id: String,
    #[serde(deserialize_with = "lenient")]
    user_name: String,
    #[serde(deserialize_with = "lenient")]
    channel_id: String,
    #[serde(deserialize_with = "lenient")]
    text: String,
    #[serde(deserialize_with = "lenient")]
    trigger_id: String,
    #[serde(deserialize_with = "lenient")]
    response_url: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Interaction {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    user: User,
    #[serde(deserialize_with = "lenient")]
    channel: Named,
    #[serde(deserialize_with = "lenient")]
    container: Container,
    #[serde(deserialize_with = "lenient")]
    message: Message,
    #[serde(deserialize_with = "lenient")]
    actions: Vec<Box<RawValue>>,
    #[serde(deserialize_with = "lenient")]
    trigger_id: String,
    #[serde(deserialize_with = "lenient")]
    response_url: String,
    #[serde(deserialize_with = "lenient")]
    view: View,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    #[serde(deserialize_with = "lenient")]
    id: String,
    #[serde(deserialize_with = "lenient")]
    username: String,
    #[serde(deserialize_with = "lenient")]
    name: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Named {
    #[serde(deserialize_with = "lenient")]
    id: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Container {
    #[serde(deserialize_with = "lenient")]
    channel_id: String,
    #[serde(deserialize_with = "lenient")]
    message_ts: String,
    #[serde(deserialize_with = "lenient")]
    thread_ts: String,
    #[serde(deserialize_with = "lenient")]
    is_ephemeral: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "lenient")]
    ts: String,
    #[serde(deserialize_with = "lenient")]
    thread_ts: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Action {
    #[serde(deserialize_with = "lenient")]
    action_id: String,
    #[serde(deserialize_with = "lenient")]
    block_id: String,
    #[serde(deserialize_with = "lenient")]
    value: String,
    #[serde(deserialize_with = "lenient")]
    selected_option: Chosen,
    #[serde(deserialize_with = "lenient")]
    selected_options: Vec<Chosen>,
    #[serde(deserialize_with = "lenient")]
    selected_user: String,
    #[serde(deserialize_with = "lenient")]
    selected_conversations: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Chosen {
    #[serde(deserialize_with = "lenient")]
    value: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct View {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    id: String,
    #[serde(deserialize_with = "lenient")]
    hash: String,
    #[serde(deserialize_with = "lenient")]
    callback_id: String,
    #[serde(deserialize_with = "lenient")]
    private_metadata: String,
    #[serde(deserialize_with = "lenient")]
    state: State,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct State {
    #[serde(deserialize_with = "lenient")]
    values: HashMap<String, Box<RawValue>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Push {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    event_id: String,
    #[serde(deserialize_with = "lenient")]
    event: Event,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Event {
    #[serde(rename = "type", deserialize_with = "lenient")]
    kind: String,
    #[serde(deserialize_with = "lenient")]
    user: String,
    #[serde(deserialize_with = "lenient")]
    reaction: String,
    #[serde(deserialize_with = "lenient")]
    item: Item,
    #[serde(deserialize_with = "lenient")]
    item_user: String,
    #[serde(deserialize_with = "lenient")]
    text: String,
    #[serde(deserialize_with = "lenient")]
    channel: String,
    #[serde(deserialize_with = "lenient")]
    thread_ts: String,
    #[serde(deserialize_with = "lenient")]
    bot_id: String,
    #[serde(deserialize_with = "lenient")]
    tab: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Item {
    #[serde(deserialize_with = "lenient")]
    channel: String,
    #[serde(deserialize_with = "lenient")]
    ts: String,
}

/// What is there, or what would be there if nothing were. Whatever else stands there is passed over: a click brings its
/// whole message along.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    Ok(read(<&RawValue>::deserialize(deserializer)?.get()))
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn read<T: Default + serde::de::DeserializeOwned>(payload: &str) -> T {
    serde_json::from_str(payload).unwrap_or_default()
}

/// A slash command.
pub fn command(payload: &str) -> Result<Heard, Unknown> {
    let c: Command = read(payload);
    if c.user_id.is_empty() || c.channel_id.is_empty() || c.trigger_id.is_empty() {
        return Err(Unknown("slash command without user, channel or trigger".into()));
    }
    Ok(Heard {
        user: c.user_id,
        name: c.user_name,
        channel: c.channel_id,
        thread: None,
        key: key(&c.trigger_id),
        trigger: Some(c.trigger_id),
        in_modal: false,
        response_url: some(c.response_url),
        what: What::Said { text: c.text },
    })
}

/// A click, or a modal sent in.
pub fn interaction(payload: &str) -> Result<Heard, Unknown> {
    let i: Interaction = read(payload);
    let what = match &*i.kind {
        "block_actions" => pressed(&i)?,
        "view_submission" => What::Submitted {
            callback: i.view.callback_id,
            metadata: i.view.private_metadata,
            values: values(i.view.state.values),
        },
        "view_closed" => What::Closed { metadata: i.view.private_metadata },
        other => return Err(Unknown(format!("interaction {}", name_of(other)))),
    };
    let id = some(i.trigger_id.clone()).or_else(|| some(format!("{}{}", i.view.id, i.view.hash)));
    let Some(id) = id.filter(|_| !i.user.id.is_empty()) else {
        return Err(Unknown("interaction without user or trigger".into()));
    };
    let thread = some(i.container.thread_ts).or(some(i.message.thread_ts));
    Ok(Heard {
        user: i.user.id,
        name: some(i.user.username).unwrap_or(i.user.name),
        channel: some(i.channel.id).unwrap_or(i.container.channel_id),
        thread,
        key: key(&id),
        trigger: some(i.trigger_id),
        in_modal: i.kind == "block_actions" && i.view.kind == "modal",
        response_url: some(i.response_url),
        what,
    })
}

fn pressed(i: &Interaction) -> Result<What, Unknown> {
    let Some(action) = i.actions.first() else { return Err(Unknown("click without an action".into())) };
    let action: Action = read(action.get());
    let message = some(i.container.message_ts.clone()).or(some(i.message.ts.clone()));
    if action.action_id == ITEMS {
        let chosen = action.selected_options.into_iter().map(|o| o.value).collect();
        let Some(seen) = Boxes::from_id(&action.block_id) else {
            return Err(Unknown("boxes that are not ours".into()));
        };
        return Ok(What::Boxes { seen, chosen, message: message.unwrap_or_default() });
    }
    if action.action_id == START {
        return Ok(What::StartModal);
    }
    if action.action_id.starts_with(SAY) {
        let listed = action.value.is_empty();
        let words = some(action.value).unwrap_or(action.selected_option.value);
        if !words.is_empty() {
            return Ok(What::Pressed { words, listed, message, ephemeral: i.container.is_ephemeral });
        }
    }
    Err(Unknown("an action that is not ours".into()))
}

/// What was written, by action: a text, or what was chosen.
fn values(state: HashMap<String, Box<RawValue>>) -> HashMap<String, Vec<String>> {
    let mut out = HashMap::new();
    for (id, value) in state.into_values().flat_map(|block| read::<HashMap<String, Box<RawValue>>>(block.get())) {
        let v: Action = read(value.get());
        let mut said: Vec<String> =
            [v.value, v.selected_option.value, v.selected_user].into_iter().filter(|s| !s.is_empty()).collect();
        said.extend(v.selected_options.into_iter().map(|o| o.value));
        said.extend(v.selected_conversations);
        said.iter_mut().for_each(|s| *s = crate::card::fit::shortened(s, limits::INPUT));
        out.insert(id, said);
    }
    out
}

/// An event; `bot` is our own id, which we do not answer. None: nothing that concerns us.
pub fn event(payload: &str, bot: &str) -> Result<Option<Heard>, Unknown> {
    let p: Push = read(payload);
    if p.kind != "event_callback" {
        return Err(Unknown(format!("event {}", name_of(&p.kind))));
    }
    let e = p.event;
    if p.event_id.is_empty() || e.user.is_empty() {
        return Err(Unknown(format!("event {} without id or user", name_of(&e.kind))));
    }
    let ours = e.user == bot;
    let (what, channel, thread) = match &*e.kind {
        "reaction_added" | "reaction_removed" if ours || e.item.ts.is_empty() => return Ok(None),
        "reaction_added" | "reaction_removed" => {
            let present = e.kind == "reaction_added";
            let ours = e.item_user == bot && !bot.is_empty();
            (What::Reacted { emoji: e.reaction, message: e.item.ts, present, ours }, e.item.channel, None)
        }
        "app_mention" if ours || !e.bot_id.is_empty() => return Ok(None),
        "app_mention" => {
            let text = e.text.replacen(&format!("<@{bot}>"), " ", 1);
            (What::Said { text }, e.channel, some(e.thread_ts))
        }
        "member_joined_channel" if ours => (What::Joined, e.channel, None),
        "app_home_opened" if e.tab.is_empty() || e.tab == "home" => (What::Home, String::new(), None),
        "member_joined_channel" | "app_home_opened" | "message" => return Ok(None),
        other => return Err(Unknown(format!("event {}", name_of(other)))),
    };
    Ok(Some(Heard {
        user: e.user,
        name: String::new(),
        channel,
        thread,
        key: key(&p.event_id),
        trigger: None,
        in_modal: false,
        response_url: None,
        what,
    }))
}

/// Named by Slack: a trigger or an event happens once, however often it is delivered.
fn key(id: &str) -> String {
    format!("slack/{}", crate::card::fit::shortened(id, 150))
}

/// A type's name as it may be logged.
fn name_of(kind: &str) -> String {
    kind.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(40).collect()
}

/// Somebody or somewhere that words name in Slack's way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// The words as the grammar reads them.
    pub text: String,
    /// Slack's ids of people they name, and what Slack calls them there.
    pub people: Vec<(String, Option<String>)>,
}

/// Slack's way of writing what people typed, read back: `<@U02BOB|bob>` is `@slack:U02BOB`, `<#C02|deploys>` is
/// `slack:C02`, `<https://…|…>` the address.
pub fn spoken(text: &str) -> Spoken {
    let mut out = Spoken::default();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        out.text.push_str(&unescaped(&rest[..start]));
        rest = &rest[start + 1..];
        let Some(end) = rest.find('>') else {
            out.text.push('<');
            break;
        };
        let (inner, after) = (&rest[..end], &rest[end + 1..]);
        let (target, label) = inner.split_once('|').map_or((inner, None), |(t, l)| (t, Some(l)));
        match target.chars().next() {
            Some('@') if is_id(&target[1..]) => {
                out.text.push_str(&format!("@slack:{}", &target[1..]));
                out.people.push((target[1..].to_owned(), label.filter(|l| !l.is_empty()).map(unescaped)));
            }
            Some('#') if is_id(&target[1..]) => out.text.push_str(&format!("slack:{}", &target[1..])),
            // `<!date^…|yesterday>`, `<!subteam^S1|@ops>`, `<!here>`
            Some('!') => out.text.push_str(&unescaped(label.unwrap_or(target.split('^').next().unwrap_or(target)))),
            _ => {
                let mail = target.strip_prefix("mailto:").filter(|m| label == Some(*m));
                out.text.push_str(&unescaped(mail.unwrap_or(target)));
            }
        }
        rest = after;
    }
    out.text.push_str(&unescaped(rest));
    out
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[cfg(test)]
mod tests;
