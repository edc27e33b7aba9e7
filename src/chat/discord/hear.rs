//! What Discord tells → what was meant. Pure.

use super::commands::{self, Chosen};
use super::show::{ANSWER, ASK, NEVER_MIND, SAY, SHOW, SURE, items_shown};
use serenity::model::application::{
    ActionRow, ActionRowComponent, ButtonKind, CommandDataOption, CommandDataOptionValue as Given, CommandInteraction,
    ComponentInteraction, ComponentInteractionDataKind, Interaction, ModalInteraction,
};
use serenity::model::channel::{Message, MessageFlags, PartialChannel, Reaction, ReactionType};
use serenity::model::guild::Member;
use serenity::model::user::User;

/// Somebody on Discord.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub id: u64,
    /// As the server shows them.
    pub name: String,
    /// The server's roles they have, where Discord tells them.
    pub roles: Option<Vec<u64>>,
}

/// One interaction: somebody wants something and waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    pub id: u64,
    /// Lets us answer. Never logged.
    pub token: String,
    pub who: Who,
    pub channel: u64,
    /// The channel of the thread it came from, where Discord says so.
    pub parent: Option<u64>,
    /// The message it was pressed on.
    pub on: Option<On>,
    pub wants: Wants,
}

/// A message with something to press.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On {
    pub message: u64,
    /// Only one person sees it.
    pub ephemeral: bool,
    /// It is a question of ours, with a way to say no.
    pub question: bool,
}

/// What somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wants {
    /// To say words of the grammar.
    Say(String),
    /// To tick and untick these: what was chosen, less what they saw ticked, and the other way round.
    Items { deployment: u64, tick: Vec<String>, untick: Vec<String> },
    /// To be asked for the rest of the words. `label`: what they pressed.
    Ask { words: String, label: String },
    /// To be asked whether they are sure.
    Sure { words: String, label: String },
    /// The question to go away.
    NeverMind,
    /// To know what could be typed.
    Complete(Chosen),
    /// Something of another time or another bot.
    Unknown,
}

/// Reads an interaction; none: nothing that anybody waits for.
pub fn interaction(interaction: &Interaction) -> Option<Heard> {
    match interaction {
        Interaction::Command(command) => {
            let wants = chosen(command).map_or(Wants::Unknown, |chosen| Wants::Say(commands::words(&chosen)));
            Some(heard_command(command, wants))
        }
        Interaction::Autocomplete(command) => {
            let chosen = chosen(command)?;
            Some(heard_command(command, Wants::Complete(chosen)))
        }
        Interaction::Component(component) => Some(heard_component(component)),
        Interaction::Modal(modal) => Some(heard_modal(modal)),
        _ => None,
    }
}

fn heard_command(c: &CommandInteraction, wants: Wants) -> Heard {
    Heard {
        id: c.id.get(),
        token: c.token.clone(),
        who: who(&c.user, c.member.as_deref()),
        channel: c.channel_id.get(),
        parent: parent(c.channel.as_ref()),
        on: None,
        wants,
    }
}

fn heard_component(c: &ComponentInteraction) -> Heard {
    Heard {
        id: c.id.get(),
        token: c.token.clone(),
        who: who(&c.user, c.member.as_ref()),
        channel: c.channel_id.get(),
        parent: parent(c.channel.as_ref()),
        on: Some(on(&c.message)),
        wants: pressed(c),
    }
}

fn heard_modal(m: &ModalInteraction) -> Heard {
    let answer = m.data.components.iter().flat_map(|row| &row.components).find_map(|c| match c {
        ActionRowComponent::InputText(input) if input.custom_id == ANSWER => input.value.as_deref(),
        _ => None,
    });
    let wants = match (m.data.custom_id.strip_prefix(ASK), answer) {
        (Some(words), Some(answer)) => Wants::Say(format!("{words} {}", answer.trim())),
        _ => Wants::Unknown,
    };
    Heard {
        id: m.id.get(),
        token: m.token.clone(),
        who: who(&m.user, m.member.as_ref()),
        channel: m.channel_id.get(),
        parent: parent(m.channel.as_ref()),
        on: m.message.as_deref().map(on),
        wants,
    }
}

fn on(message: &Message) -> On {
    let ephemeral = message.flags.is_some_and(|flags| flags.contains(MessageFlags::EPHEMERAL));
    let question = button_label(&message.components, NEVER_MIND).is_some();
    On { message: message.id.get(), ephemeral, question }
}

fn parent(channel: Option<&PartialChannel>) -> Option<u64> {
    let channel = channel?;
    // Of a channel it would be its category.
    let thread = matches!(u8::from(channel.kind), 10..=12);
    channel.parent_id.filter(|_| thread).map(|id| id.get())
}

/// Somebody, by the name the server shows.
pub fn who(user: &User, member: Option<&Member>) -> Who {
    let nick = member.and_then(|m| m.nick.as_deref());
    let name = nick.or(user.global_name.as_deref()).unwrap_or(&user.name);
    let roles = member.map(|m| m.roles.iter().map(|r| r.get()).collect());
    Who { id: user.id.get(), name: clean(name), roles }
}

/// A name as the house may show it: somebody chose it.
pub fn clean(name: &str) -> String {
    let name: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() { "somebody".into() } else { name }
}

fn chosen(command: &CommandInteraction) -> Option<Chosen> {
    if command.data.name != commands::COMMAND {
        return None;
    }
    let mut options = &command.data.options;
    loop {
        let first = options.first()?;
        match &first.value {
            Given::SubCommandGroup(inner) => options = inner,
            Given::SubCommand(inner) => return Some(given(&first.name, inner)),
            _ => return None,
        }
    }
}

fn given(name: &str, options: &[CommandDataOption]) -> Chosen {
    let mut chosen = Chosen { name: name.to_owned(), ..Chosen::default() };
    for option in options {
        let value = match &option.value {
            Given::Autocomplete { value, .. } => {
                chosen.focused = Some((option.name.clone(), value.clone()));
                continue;
            }
            Given::String(text) => text.clone(),
            Given::Integer(n) => n.to_string(),
            Given::Number(n) => n.to_string(),
            Given::Boolean(yes) => yes.to_string(),
            Given::User(id) => format!("<@{id}>"),
            Given::Channel(id) => format!("<#{id}>"),
            _ => continue,
        };
        chosen.options.push((option.name.clone(), value));
    }
    chosen
}

fn pressed(c: &ComponentInteraction) -> Wants {
    let id = c.data.custom_id.as_str();
    let label = || button_label(&c.message.components, id).unwrap_or_else(|| "Go on".into());
    if id == NEVER_MIND {
        return Wants::NeverMind;
    }
    if let ComponentInteractionDataKind::StringSelect { values } = &c.data.kind {
        return chosen_items(id, values, &c.message.components);
    }
    if let Some(words) = id.strip_prefix(SAY) {
        return Wants::Say(words.to_owned());
    }
    if let Some(words) = id.strip_prefix(ASK) {
        return Wants::Ask { words: words.to_owned(), label: label() };
    }
    if let Some(words) = id.strip_prefix(SURE) {
        return Wants::Sure { words: words.to_owned(), label: label() };
    }
    Wants::Unknown
}

fn chosen_items(id: &str, values: &[String], rows: &[ActionRow]) -> Wants {
    if let Some(deployment) = id.strip_prefix(SHOW).and_then(|id| id.parse::<u64>().ok()) {
        return values.first().map_or(Wants::Unknown, |n| Wants::Say(format!("#{deployment} show {n}")));
    }
    let Some((deployment, shown)) = items_shown(id) else { return Wants::Unknown };
    let shown = shown.unwrap_or_else(|| defaults(rows, id));
    let less = |a: &[String], b: &[String]| a.iter().filter(|n| !b.contains(n)).cloned().collect();
    Wants::Items { deployment, tick: less(values, &shown), untick: less(&shown, values) }
}

/// The options a message shows as chosen.
fn defaults(rows: &[ActionRow], id: &str) -> Vec<String> {
    let selects = rows.iter().flat_map(|row| &row.components).filter_map(|c| match c {
        ActionRowComponent::SelectMenu(select) if select.custom_id.as_deref() == Some(id) => Some(select),
        _ => None,
    });
    selects.flat_map(|s| &s.options).filter(|o| o.default).map(|o| o.value.clone()).collect()
}

fn button_label(rows: &[ActionRow], id: &str) -> Option<String> {
    rows.iter().flat_map(|row| &row.components).find_map(|c| match c {
        ActionRowComponent::Button(b) => match &b.data {
            ButtonKind::NonLink { custom_id, .. } if custom_id == id => b.label.clone(),
            _ => None,
        },
        _ => None,
    })
}

/// A reaction put on or taken off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reacted {
    pub channel: u64,
    pub message: u64,
    pub user: u64,
    /// What the event tells of them; when a reaction is taken off, nothing.
    pub who: Option<Who>,
    /// Who wrote the message, where the event tells.
    pub author: Option<u64>,
    pub emoji: String,
    pub present: bool,
}

/// Reads a reaction; none where it cannot mean anything here: an emoji of the server's own.
pub fn reaction(reaction: &Reaction, present: bool) -> Option<Reacted> {
    let ReactionType::Unicode(emoji) = &reaction.emoji else { return None };
    Some(Reacted {
        channel: reaction.channel_id.get(),
        message: reaction.message_id.get(),
        user: reaction.user_id?.get(),
        who: reaction.member.as_ref().map(|m| who(&m.user, Some(m))),
        author: reaction.message_author_id.map(|id| id.get()),
        emoji: emoji.clone(),
        present,
    })
}

/// Mentions in a text, as the grammar knows people and channels: `<@3001>` is `@` and what `name` says for 3001, `<#2001>`
/// is `discord:2001`.
pub fn mentions(text: &str, mut name: impl FnMut(u64) -> String) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        let mention = &rest[at..];
        match mention.find('>').and_then(|end| read_mention(&mention[1..end]).map(|read| (read, end))) {
            Some((Mention::Person(id), end)) => {
                // Whoever typed the sign already meant the same.
                out.push_str(if out.ends_with('@') { "" } else { "@" });
                out.push_str(&name(id));
                rest = &mention[end + 1..];
            }
            Some((Mention::Channel(id), end)) => {
                out.push_str(&format!("discord:{id}"));
                rest = &mention[end + 1..];
            }
            None => {
                out.push('<');
                rest = &mention[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

enum Mention {
    Person(u64),
    Channel(u64),
}

fn read_mention(inner: &str) -> Option<Mention> {
    let id = |digits: &str| digits.parse().ok().filter(|id| *id > 0);
    match inner.strip_prefix("@!").or_else(|| inner.strip_prefix('@')) {
        Some(digits) => id(digits).map(Mention::Person),
        None => id(inner.strip_prefix('#')?).map(Mention::Channel),
    }
}
