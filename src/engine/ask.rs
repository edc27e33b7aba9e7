//! What an envelope wants, which deployment it means, and the answers to questions.

use super::stage::{Stage, no_such};
use super::{Engine, Envelope, Inner, Input, lock, page_test};
use crate::card::{Block, Button, Card, Fact, Reply, Tone, compose};
use crate::config::Config;
use crate::domain::checklist::Number;
use crate::domain::command::{Command, ItemRef, Person};
use crate::domain::deployment::Deployment;
use crate::domain::resolve;
use crate::domain::text::Rich;
use crate::domain::time::span;
use crate::grammar::{self, Query, Request};
use crate::markdown::escape;
use crate::near;
use crate::store::{StoreError, Summary};
use crate::words::{paging as words, refusals};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// What an envelope wants.
pub(super) enum Wanted {
    Answer {
        target: Option<u64>,
        query: Query,
    },
    Act {
        target: Option<u64>,
        command: Command,
    },
    Start(grammar::Start),
    Order(grammar::Order),
    Reschedule {
        target: Option<u64>,
        when: grammar::When,
    },
    Joined,
    React(Reacted),
    Due,
    /// Prove that somebody can be reached.
    Test(String),
    /// Such a test was answered.
    Heard(u32),
}

/// What became of a question.
pub(super) enum Answered {
    Reply(Box<Reply>),
    /// What it asks for is to be opened first.
    Open {
        id: u64,
        section: u32,
    },
}

/// A reaction on one of our messages.
pub(super) struct Reacted {
    pub(super) message: String,
    pub(super) emoji: String,
    pub(super) present: bool,
    pub(super) deployment: u64,
    /// Section and part, where the message shows a section.
    pub(super) section: Option<(u32, u32)>,
    pub(super) meaning: Meaning,
}

/// What an emoji means on a section's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Keycap(u8),
    All,
    Nothing,
}

/// The chats whose channels may follow a deployment.
const PLATFORMS: [&str; 2] = ["slack", "discord"];

/// Names that stand for no person.
const NOBODY: [&str; 4] = ["rollcall", "everyone", "here", "channel"];

/// Bytes of an idempotency key; of an emoji.
const MAX_KEY: usize = 200;
const MAX_EMOJI: usize = 64;

/// Reads an envelope. What cannot be understood is answered at once and changes nothing.
pub(super) fn understand(envelope: &Envelope, config: &Config) -> Result<Wanted, Reply> {
    if envelope.key.as_ref().is_some_and(|k| k.is_empty() || k.len() > MAX_KEY) {
        return Err(Reply::refused(format!("The request's key must have 1 to {MAX_KEY} bytes. Nothing was recorded.")));
    }
    if !matches!(envelope.input, Input::Due { .. } | Input::SetBack { .. }) {
        known_channel(&envelope.channel, config)?;
    }
    match &envelope.input {
        Input::Due { .. } | Input::SetBack { .. } => Ok(Wanted::Due),
        Input::Joined => Ok(Wanted::Joined),
        Input::React { message, emoji, present } => reaction(message, emoji, *present).map(Wanted::React),
        Input::Say(text) => match grammar::parse(text) {
            Ok(parsed) => Ok(match parsed.request {
                Request::Start(mut start) => {
                    for channel in &mut start.follow {
                        *channel = followed(channel, envelope, config)?;
                    }
                    Wanted::Start(start)
                }
                Request::Act(command) => {
                    Wanted::Act { target: parsed.deployment, command: in_full(command, envelope, config)? }
                }
                Request::Test { whom } => Wanted::Test(whom),
                Request::Heard { test } => Wanted::Heard(test),
                Request::Order(order) => Wanted::Order(in_full_too(order, envelope)),
                Request::Reschedule(when) => Wanted::Reschedule { target: parsed.deployment, when },
                Request::Query(query) => Wanted::Answer { target: parsed.deployment, query },
            }),
            Err(problem) => Err(Reply::refused(problem.to_string())),
        },
    }
}

/// A key is the same request only with the same input: other words under a used key are another request, not
/// answered with what the first one did.
pub(super) fn name_by_what_it_says(envelope: &mut Envelope) {
    if let Some(key) = &mut envelope.key {
        let said = match &envelope.input {
            Input::Say(text) => Sha256::digest(text),
            Input::React { message, emoji, present } => Sha256::digest(format!("{message} {emoji} {present}")),
            Input::Due { .. } | Input::SetBack { .. } | Input::Joined => return,
        };
        key.push('#');
        key.push_str(&hex::encode(&said[..8]));
    }
}

/// The console's channels are those of the configuration: what is said in another nobody would see.
pub(super) fn known_channel(channel: &str, config: &Config) -> Result<(), Reply> {
    let Some(name) = channel.strip_prefix("console:").filter(|n| !config.channels.contains_key(*n)) else {
        return Ok(());
    };
    let names: Vec<&str> = config.channels.keys().map(String::as_str).collect();
    let there = match near::nearest(name, names.iter().copied()) {
        Some(near) => format!("Did you mean `{near}`?"),
        None => format!("There is {}.", escape(&names.join(", "))),
    };
    Err(Reply::refused(format!("There is no channel “{}”. {there} Nothing was recorded.", escape(name))))
}

/// A channel that people typed, with its platform.
fn followed(channel: &str, envelope: &Envelope, config: &Config) -> Result<String, Reply> {
    let full = match channel.split_once(':') {
        None if channel.is_empty() => envelope.channel.clone(),
        None => format!("console:{channel}"),
        Some(("console", _)) => channel.to_owned(),
        Some((platform, id)) if PLATFORMS.contains(&platform) && id.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            return Ok(channel.to_owned());
        }
        Some(_) => {
            return Err(Reply::refused(format!(
                "“{}” is no channel: `slack:C0123ABCD`, `discord:1234567890` or a channel of the console. Nothing was \
                 recorded.",
                escape(channel)
            )));
        }
    };
    known_channel(&full, config).map(|()| full)
}

/// What people typed, with what it means where they are: people whom the directory or the surface knows, `me`, the
/// channel here.
fn in_full(mut command: Command, envelope: &Envelope, config: &Config) -> Result<Command, Reply> {
    if let Command::Follow { channel } | Command::Unfollow { channel } = &mut command {
        *channel = followed(channel, envelope, config)?;
    }
    if let Command::Assign { to, .. } | Command::Handover { to } = &mut command {
        if NOBODY.contains(&&*to.id) {
            return Err(Reply::refused(format!("{} is nobody who could do it. Name a person.", escape(&to.name))));
        }
        let mentioned = envelope.mentioned.iter().find(|p| p.id.eq_ignore_ascii_case(&to.name));
        *to = match mentioned {
            Some(person) => person.clone(),
            None if to.name.eq_ignore_ascii_case("me") => envelope.by.clone(),
            None => config.identify(&to.name),
        };
    }
    if let Command::Page { whom: Some(whom), .. } = &mut command {
        let name = whom.trim_start_matches('@');
        if name.eq_ignore_ascii_case("me") {
            *whom = envelope.by.id.to_string();
        } else if let Some(person) = envelope.mentioned.iter().find(|p| p.id.eq_ignore_ascii_case(name)) {
            *whom = person.id.to_string();
        }
    }
    if let Some(text) = command.text_mut() {
        named(text, &envelope.mentioned);
    }
    Ok(command)
}

/// Somebody by id, as the directory names them.
pub(super) fn person_by_id(config: &Config, id: &str) -> Person {
    config.person(id).unwrap_or_else(|| Person { id: id.into(), name: id.into() })
}

/// Who is mentioned in the reason of an order, by name.
fn in_full_too(mut order: grammar::Order, envelope: &Envelope) -> grammar::Order {
    if let grammar::Order::Freeze { reason, .. } = &mut order {
        named(reason, &envelope.mentioned);
    }
    order
}

/// People whom a text mentions, by name: nobody reads `@slack:U02BOB`.
fn named(text: &mut String, mentioned: &[Person]) {
    // Where one id begins with another, the longer one first.
    let mut people: Vec<&Person> = mentioned.iter().collect();
    people.sort_by_key(|p| std::cmp::Reverse(p.id.len()));
    for person in people {
        *text = text.replace(&format!("@{}", person.id), &format!("@{}", person.name));
    }
}

/// A message's key names what it shows: `12/section/3/1@console:deployments`.
fn reaction(message: &str, emoji: &str, present: bool) -> Result<Reacted, Reply> {
    let unknown = || Reply::refused("That message is none of Rollcall's.");
    if emoji.is_empty() || emoji.len() > MAX_EMOJI || emoji.chars().any(char::is_control) {
        return Err(Reply::refused("That is not an emoji."));
    }
    let path = message.split('@').next().unwrap_or_default();
    let mut parts = path.split('/');
    let deployment = parts.next().and_then(|id| id.parse().ok()).ok_or_else(unknown)?;
    let section = match (parts.next(), parts.next(), parts.next()) {
        (Some("section"), Some(n), Some(p)) => n.parse().ok().zip(p.parse().ok()),
        _ => None,
    };
    let meaning = emoji_meaning(emoji);
    Ok(Reacted { message: message.into(), emoji: emoji.into(), present, deployment, section, meaning })
}

fn emoji_meaning(emoji: &str) -> Meaning {
    // Keycaps are a digit, an optional variation selector, and U+20E3.
    let plain: String = emoji.chars().filter(|c| *c != '\u{fe0f}').collect();
    let mut chars = plain.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(digit @ '1'..='9'), Some('\u{20e3}'), None) => {
            Meaning::Keycap(u8::try_from(u32::from(digit) - u32::from('0')).unwrap_or(0))
        }
        (Some('🔟'), None, None) => Meaning::Keycap(10),
        (Some('✅'), None, None) => Meaning::All,
        _ => Meaning::Nothing,
    }
}

/// The deployment a command means: the one it names, the one of its thread or page, else the one in its channel.
/// Where several could be, the answer is a picker, not a guess.
pub(super) async fn target(
    inner: &Arc<Inner>,
    stage: &Stage<'_>,
    envelope: &Envelope,
    named: Option<u64>,
) -> Result<Result<u64, Reply>, StoreError> {
    if let Some(id) = named.or(envelope.deployment) {
        return Ok(Ok(id));
    }
    choose(inner, stage.open(|s| s.is_in(&envelope.channel)), envelope).await
}

async fn choose(inner: &Inner, open: Vec<Summary>, envelope: &Envelope) -> Result<Result<u64, Reply>, StoreError> {
    let under_way: Vec<&Summary> = open.iter().filter(|s| s.status.is_under_way()).collect();
    let candidates = if under_way.is_empty() { open.iter().collect() } else { under_way };
    match candidates.as_slice() {
        [one] => Ok(Ok(one.id)),
        [] => {
            let last = inner.store.recent_in_channel(&envelope.channel, 1).await?;
            Ok(match last.first() {
                Some(s) if !s.archived => Ok(s.id),
                _ => Err(nothing_here()),
            })
        }
        many => {
            let said = match &envelope.input {
                Input::Say(text) => text.trim().trim_start_matches("/deploy").trim(),
                _ => "status",
            };
            let choices = many
                .iter()
                .take(10)
                .map(|s| {
                    Button::new(
                        format!(
                            "#{} {} {} → {}{}",
                            s.id,
                            s.service,
                            s.version,
                            s.environment,
                            if s.rehearsal { " (rehearsal)" } else { "" }
                        ),
                        format!("#{} {said}", s.id),
                    )
                })
                .collect();
            Ok(Err(Reply::refused("Several deployments are under way here. Which one?").with_choices(choices)))
        }
    }
}

fn nothing_here() -> Reply {
    Reply::refused("Nothing is being deployed in this channel. Start: `/deploy start v1.2.0`.")
}

impl Engine {
    /// Answers a question.
    pub(super) async fn answer(&self, envelope: &Envelope, named: Option<u64>, query: Query) -> Answered {
        let reply = match self.try_answer(envelope, named, query).await {
            Ok(Answered::Reply(reply)) => *reply,
            Ok(open) => return open,
            Err(error) => {
                tracing::warn!(%error, detail = error.detail(), "a question was not answered");
                Reply::refused(format!("Rollcall cannot look that up now. {error}"))
            }
        };
        Answered::Reply(Box::new(reply))
    }

    async fn try_answer(&self, envelope: &Envelope, named: Option<u64>, query: Query) -> Result<Answered, StoreError> {
        let reply: Result<Reply, StoreError> = match query {
            Query::Help { command } => Ok(match crate::words::help(command.as_deref()) {
                Ok(text) => Reply::ok(text),
                Err(problem) => Reply::refused(problem.to_string()),
            }),
            Query::Checklists => Ok(self.checklists()),
            Query::List => Ok(self.list()),
            Query::Contacts => page_test::overview(&self.inner, self.now()).await,
            Query::OnCall { rotation } => Ok(self.on_call(rotation.as_deref())),
            Query::Freezes => Ok(self.freezes()),
            Query::History => self.history(envelope).await,
            Query::Status | Query::Next | Query::Show { .. } | Query::Record => {
                let id = match named.or(envelope.deployment) {
                    Some(id) => id,
                    None => {
                        let open = self.inner.house.open(|s| s.is_in(&envelope.channel));
                        match choose(&self.inner, open, envelope).await? {
                            Ok(id) => id,
                            Err(reply) => return Ok(Answered::Reply(Box::new(reply))),
                        }
                    }
                };
                let Some(d) = self.deployment(id).await? else {
                    return Ok(Answered::Reply(Box::new(no_such(id))));
                };
                if let Query::Show { item } = &query
                    && let Some(section) = list_meant(&d, item)
                {
                    return Ok(Answered::Open { id, section });
                }
                Ok(self.about(&d, query).about(id))
            }
        };
        reply.map(|reply| Answered::Reply(Box::new(reply)))
    }

    fn about(&self, d: &Deployment, query: Query) -> Reply {
        match query {
            Query::Next => Reply::ok("").with_card(compose::next(d)),
            Query::Show { item } => show(d, &item, self.now(), self.inner.config.timezone),
            Query::Record => {
                let url = self.config().ways.public_url.as_deref().unwrap_or_default();
                Reply::ok(format!(
                    "The record of #{0} is on its page, {url}/d/{0}, and as a file: {url}/d/{0}/record.md and \
                     {url}/d/{0}/record.json. In a terminal: `rollcall record {0} --format md`.",
                    d.id
                ))
            }
            _ => Reply::ok("").with_card(self.board(d)),
        }
    }

    fn on_call(&self, rotation: Option<&str>) -> Reply {
        let config = &self.inner.config;
        let known = |said: &str| config.directory.rotations.keys().any(|r| r.eq_ignore_ascii_case(said));
        if let Some(said) = rotation.filter(|said| !config.directory.rotations.is_empty() && !known(said)) {
            return Reply::refused(words::no_such_rotation(&config.directory, said));
        }
        let covers = self.inner.covers();
        Reply::ok(words::on_call(&config.directory, rotation, &covers, self.now(), config.timezone))
    }

    fn list(&self) -> Reply {
        let open = self.inner.house.open(|_| true);
        if open.is_empty() {
            return Reply::ok("Nothing is being deployed. Start: `/deploy start v1.2.0`.");
        }
        let facts = open.iter().take(20).map(|s| summary_fact(s, self.now())).collect();
        let mut card = plain_card("Under way", vec![Block::Facts { facts }]);
        if open.len() > 20 {
            card.blocks.push(Block::Context { text: Rich::plain(format!("+{} more", open.len() - 20)) });
        }
        Reply::ok("").with_card(card)
    }

    async fn history(&self, envelope: &Envelope) -> Result<Reply, StoreError> {
        let past = self.inner.store.ended_in_channel(&envelope.channel, 20).await?;
        if past.is_empty() {
            return Ok(Reply::ok("No deployment has ended in this channel yet."));
        }
        let facts = past.iter().map(|s| summary_fact(s, self.now())).collect();
        Ok(Reply::ok("").with_card(plain_card("History", vec![Block::Facts { facts }])))
    }

    fn checklists(&self) -> Reply {
        let mut library = lock(&self.inner.library);
        library.reload_changed();
        let mut text = String::from("Checklists:\n");
        for entry in library.entries() {
            let line = match &entry.title {
                Some(title) => format!("\n- `{}` — {}, {} items", entry.name, escape(title), entry.items),
                None => {
                    let why = entry.diagnostics.first().map(|d| d.message.clone()).unwrap_or_default();
                    format!("\n- `{}` cannot be used: {}", entry.name, escape(&why))
                }
            };
            text.push_str(&line);
        }
        text.push_str("\n\nUse one: `/deploy start v1.2.0 checklist:NAME`.");
        Reply::ok(text)
    }
}

fn plain_card(title: &str, blocks: Vec<Block>) -> Card {
    Card {
        title: title.into(),
        tone: Tone::Plain,
        rehearsal: false,
        broadcast: false,
        blocks,
        buttons: Vec::new(),
        page: None,
    }
}

fn summary_fact(s: &Summary, now: crate::domain::time::Timestamp) -> Fact {
    let took = match (s.started_at, s.ended_at) {
        (Some(from), Some(to)) => format!(", took {}", span(to.since_ms(from))),
        (Some(from), None) => format!(", for {}", span(now.since_ms(from))),
        _ => String::new(),
    };
    let rehearsal = if s.rehearsal { " (rehearsal)" } else { "" };
    let value = format!(
        "{} {} → {}: {}{took}, {}{rehearsal}",
        s.service,
        s.version,
        s.environment,
        s.status.label(),
        s.deployer
    );
    Fact { label: format!("#{}", s.id), value: Rich::plain(value), at: None }
}

fn show(d: &Deployment, item: &ItemRef, now: crate::domain::time::Timestamp, zone: chrono_tz::Tz) -> Reply {
    if let Some(number) = shown(d, item) {
        return Reply::ok("").with_card(compose::show(d, &number));
    }
    match resolve::item(d, item) {
        Ok((leaf, _)) => Reply::ok("").with_card(compose::show(d, &d.plan.leaves[leaf].number)),
        Err(refusal) => {
            let choices = refusals::choices(d, &refusal)
                .into_iter()
                .map(|(n, line)| Button::new(line, format!("#{} show {n}", d.id)))
                .collect();
            Reply::refused(refusals::refusal(d, &refusal, now, zone)).with_choices(choices)
        }
    }
}

/// What a number, or a section's words, show: an item, a parent, a section with or without items.
fn shown(d: &Deployment, item: &ItemRef) -> Option<Number> {
    match item {
        ItemRef::Number(n) => {
            let section = n.parts().len() == 1 && d.plan.checklist.section(n.section()).is_some();
            (section || d.plan.span(n).is_some()).then(|| n.clone())
        }
        // An item is meant before a section is.
        ItemRef::Words(words) if resolve::item(d, item).is_err() => {
            resolve::section(d, words).map(|n| Number::new(vec![n]))
        }
        _ => None,
    }
}

/// The list on demand that is meant to be shown and has not been opened.
fn list_meant(d: &Deployment, item: &ItemRef) -> Option<u32> {
    let number = shown(d, item).filter(|n| n.parts().len() == 1)?;
    let list = d.on_demand().find(|s| s.number == number.section())?;
    (!d.opened.contains_key(&list.number)).then_some(list.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_mean_what_people_mean() {
        for (emoji, meaning) in [
            ("1️⃣", Meaning::Keycap(1)),
            ("9⃣", Meaning::Keycap(9)),
            ("🔟", Meaning::Keycap(10)),
            ("✅", Meaning::All),
            ("0️⃣", Meaning::Nothing),
            ("🎉", Meaning::Nothing),
        ] {
            assert_eq!(emoji_meaning(emoji), meaning, "{emoji}");
        }
    }
}
