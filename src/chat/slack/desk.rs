//! What was heard goes to the engine, and what it answers comes back: in the acknowledgement, to the address the
//! request came with, or as a message only that person sees.
//!
//! What may change something is acknowledged when it is durable and never before: where that takes longer than Slack
//! waits, Slack tells the person that it did not work, and what it came to is told them when it is known. What only looks
//! is acknowledged after [`PATIENCE`] at the latest. Whatever is delivered twice has one key, is done once and answered
//! once.

use super::hear::{self, Heard, Spoken, Unknown, What};
use super::modal::{self, Carried, Question};
use super::{PLATFORM, Slack, home};
use crate::card::{Button, Reply, compose};
use crate::chat::recorded;
use crate::domain::command::{Person, Via};
use crate::engine::{Envelope, Input};
use crate::markdown::inline;
use crate::words::slack as words;
use serde_json::Value;
use std::future::Future;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long an acknowledgement waits for what changes nothing. Slack waits three seconds.
pub const PATIENCE: Duration = Duration::from_millis(2_200);

/// What is sent back with an acknowledgement.
pub type Ack = Option<Value>;

/// Something as it came in, in JSON.
#[derive(Clone, Debug)]
pub enum Payload {
    Command(String),
    Interaction(String),
    Event(String),
}

/// Takes a payload in. The future it gives is done when the payload may be acknowledged; it need not be awaited for the
/// work to be done. Payloads of one caller reach the engine in the order of the calls.
pub fn take(slack: &Arc<Slack>, payload: Payload) -> impl Future<Output = Ack> + Send + 'static {
    let heard = match payload {
        Payload::Command(p) => hear::command(&p).map(Some),
        Payload::Interaction(p) => hear::interaction(&p).map(Some),
        Payload::Event(p) => hear::event(&p, &slack.bot()),
    };
    let heard = heard.unwrap_or_else(|Unknown(what)| {
        tracing::info!(what, "Slack sent something that means nothing here");
        None
    });
    let (answer, acknowledged) = oneshot::channel();
    let looks = heard.as_ref().is_none_or(|h| matches!(h.what, What::Closed { .. } | What::StartModal | What::Home));
    if let Some(heard) = heard {
        let slack = slack.clone();
        let mut work = Box::pin(async move {
            let cell = slack.once.cell(&heard.key);
            let ack = cell.get_or_init(|| work(&slack, &heard)).await.clone();
            _ = answer.send(ack);
        });
        // The first step is taken here and now, so that clicks reach the engine in the order they came.
        let mut first = std::task::Context::from_waker(std::task::Waker::noop());
        if work.as_mut().poll(&mut first) == Poll::Pending {
            tokio::spawn(work);
        }
    } else {
        _ = answer.send(None);
    }
    async move {
        if looks {
            return tokio::time::timeout(PATIENCE, acknowledged).await.ok().and_then(Result::ok).flatten();
        }
        acknowledged.await.ok().flatten()
    }
}

async fn work(slack: &Arc<Slack>, heard: &Heard) -> Ack {
    match &heard.what {
        What::Said { text } => {
            if modal::wants_start(text) && heard.trigger.is_some() {
                open_start(slack, heard).await;
                return None;
            }
            let reply = say(slack, heard, text, &heard.channel, "").await;
            tell_later(slack, heard, reply, false);
        }
        What::Pressed { words, listed, message, ephemeral } => {
            if let Some(question) = question(slack, heard, words, *listed, message.as_deref()).await {
                let carried = Carried {
                    words: words.clone(),
                    channel: heard.channel.clone(),
                    thread: heard.thread.clone(),
                    message: message.clone().filter(|_| !ephemeral),
                };
                open(slack, heard, modal::ask(&question, &carried)).await;
                return None;
            }
            let reply = say(slack, heard, &super::text::escape(words), &heard.channel, "").await;
            if *ephemeral || !is_quiet(&reply) {
                tell_later(slack, heard, reply, *ephemeral);
            }
        }
        What::Boxes { seen, chosen, message } => {
            let mut seen = seen.clone();
            seen.ticked = slack.chosen.before(&heard.user, message, &seen.to_id(), &seen.ticked, chosen);
            for (i, words) in seen.words(chosen).iter().enumerate() {
                let reply = say(slack, heard, words, &heard.channel, if i == 0 { "" } else { "/2" }).await;
                if !reply.ok {
                    redraw_later(slack, &heard.channel, message);
                }
                if !is_quiet(&reply) {
                    tell_later(slack, heard, reply, false);
                }
            }
        }
        What::Closed { metadata } => {
            let carried = Carried::read(metadata);
            if let Some(message) = &carried.message {
                redraw_later(slack, &carried.channel, message);
            }
            return None;
        }
        What::StartModal => open_start(slack, heard).await,
        What::Submitted { callback, metadata, values } => {
            return submitted(slack, heard, callback, &Carried::read(metadata), values).await;
        }
        What::Reacted { emoji, message, present, ours } => {
            reacted(slack, heard, emoji, (message, *ours), *present).await;
        }
        What::Joined => _ = handle(slack, heard, &heard.channel, "", Input::Joined, Vec::new()).await,
        What::Home => {}
    }
    // What is done in somebody's home shows there.
    if heard.channel.is_empty() {
        // What was pressed there is durable: its acknowledgement waits for no drawing.
        let (slack, user) = (slack.clone(), heard.user.clone());
        tokio::spawn(async move { home::publish(&slack, &user).await });
    }
    None
}

/// Done, and everybody sees that it is: nothing needs to be said.
fn is_quiet(reply: &Reply) -> bool {
    reply.ok && reply.card.is_none() && reply.choices.is_empty()
}

/// Says words, written in Slack's way, to the engine.
async fn say(slack: &Slack, heard: &Heard, text: &str, channel: &str, part: &str) -> Reply {
    let Spoken { text, people } = hear::spoken(text);
    let mut mentioned: Vec<Person> = Vec::with_capacity(people.len());
    for (id, called) in people.iter().take(MENTIONED) {
        mentioned.push(slack.person(id, called.as_deref().unwrap_or_default()).await);
    }
    handle(slack, heard, channel, part, Input::Say(text), mentioned).await
}

/// People named in one command, at most.
const MENTIONED: usize = 10;

async fn handle(
    slack: &Slack,
    heard: &Heard,
    channel: &str,
    part: &str,
    input: Input,
    mentioned: Vec<Person>,
) -> Reply {
    let by = slack.person(&heard.user, &heard.name).await;
    // What comes from a person's home comes from no channel.
    let channel = if channel.is_empty() { &heard.user } else { channel };
    let channel = format!("{PLATFORM}:{channel}");
    let deployment = match &heard.thread {
        Some(thread) => slack.threads.deployment(slack.engine.store(), &channel, thread).await,
        None => None,
    };
    let key = Some(format!("{}{part}", heard.key));
    slack.engine.handle(Envelope { key, by, via: Via::Slack, channel, deployment, input, mentioned }).await
}

/// What is asked before a button's words are said: what the deployment asks by now, what the card asks where these words
/// are no longer offered, and what the words need where nothing else is known.
async fn question(slack: &Slack, heard: &Heard, words: &str, listed: bool, message: Option<&str>) -> Option<Question> {
    let deployment = words.strip_prefix('#').and_then(|w| w.split(' ').next()?.parse().ok());
    if let Some(id) = deployment
        && let Ok(Some(d)) = slack.engine.deployment(id).await
        && let Some(button) = compose::offered(&d, words)
    {
        return Question::of(&button, listed);
    }
    // A message to one person is known by whom it is to.
    for place in [&heard.channel, &format!("@{}", heard.user)] {
        if let Some(ts) = message
            && let Ok(Some(m)) = slack.engine.store().message_posted(&format!("{PLATFORM}:{place}"), ts).await
            && let Some(button) = pressed(&m.card, words)
        {
            return Question::of(button, listed);
        }
    }
    Question::completing(words)
}

fn pressed<'a>(card: &'a crate::card::Card, words: &str) -> Option<&'a Button> {
    let of_items = card.blocks.iter().filter_map(|b| match b {
        crate::card::Block::Item { item } => Some(&item.buttons),
        _ => None,
    });
    of_items.flatten().chain(&card.buttons).find(|b| b.command == words)
}

async fn open_start(slack: &Slack, heard: &Heard) {
    let channel = format!("{PLATFORM}:{}", heard.channel);
    let vocabulary = slack.engine.vocabulary(&channel, None).await;
    let carried = Carried { channel: heard.channel.clone(), ..Carried::default() };
    let view = modal::start(&vocabulary, slack.engine.config().channel(&channel), &carried);
    open(slack, heard, view).await;
}

async fn open(slack: &Slack, heard: &Heard, view: Value) {
    let Some(trigger) = &heard.trigger else { return };
    if let Err(failure) = slack.api.open_view(trigger, heard.in_modal, &view).await {
        tracing::warn!(why = failure.sentence(), "a modal could not be opened");
        tell(slack, heard, &Reply::refused(words::NO_MODAL), false).await;
    }
}

async fn submitted(
    slack: &Arc<Slack>,
    heard: &Heard,
    callback: &str,
    carried: &Carried,
    values: &std::collections::HashMap<String, Vec<String>>,
) -> Ack {
    let said = modal::said(callback, carried, values)?;
    let mut heard = heard.clone();
    heard.channel = said.channel.clone();
    heard.thread = carried.thread.clone();
    let began = tokio::time::Instant::now();
    let reply = say(slack, &heard, &said.text, &said.channel, "").await;
    if reply.ok {
        if !is_quiet(&reply) {
            tell_later(slack, &heard, reply, false);
        }
        return None;
    }
    // Too late for the modal: it has been closed.
    if began.elapsed() >= PATIENCE {
        tell(slack, &heard, &reply, false).await;
        return None;
    }
    Some(modal::errors(said.wants(&reply), &plain(&reply.text)))
}

/// Markdown without its markup.
fn plain(markdown: &str) -> String {
    markdown.lines().map(|l| inline(l).to_plain()).filter(|l| !l.is_empty()).collect::<Vec<_>>().join(" ")
}

async fn reacted(slack: &Arc<Slack>, heard: &Heard, emoji: &str, (message, ours): (&str, bool), present: bool) {
    let Some(emoji) = slack.engine.config().slack.emoji(emoji) else { return };
    let channel = format!("{PLATFORM}:{}", heard.channel);
    let m = match recorded::message(&slack.engine, &channel, message, ours).await {
        Ok(Some(m)) => m,
        Ok(None) if !ours => return,
        // What it stands on cannot be told now; it is not let go.
        _ => return slack.missed.notify_one(),
    };
    let mut heard = heard.clone();
    if let Some(first) = &m.thread {
        heard.thread = slack.engine.store().posted(first).await.ok().flatten();
    }
    let input = Input::React { message: m.key.clone(), emoji: emoji.into(), present };
    slack.meanwhile.heard(&m.key);
    let reply = handle(slack, &heard, &heard.channel, "", input, Vec::new()).await;
    slack.meanwhile.heard(&m.key);
    if !is_quiet(&reply) {
        tell_later(slack, &heard, reply, false);
    }
}

fn redraw_later(slack: &Arc<Slack>, channel: &str, message: &str) {
    let (slack, channel, message) = (slack.clone(), channel.to_owned(), message.to_owned());
    tokio::spawn(async move { slack.redraw(&channel, &message).await });
}

/// Answers without keeping anybody waiting for it.
fn tell_later(slack: &Arc<Slack>, heard: &Heard, reply: Reply, replace: bool) {
    let (slack, heard) = (slack.clone(), heard.clone());
    tokio::spawn(async move { tell(&slack, &heard, &reply, replace).await });
}

/// Tells whoever asked, and nobody else. `replace`: instead of what they pressed.
async fn tell(slack: &Slack, heard: &Heard, reply: &Reply, replace: bool) {
    let (text, blocks) = slack.drawn(reply);
    let text = if text.trim().is_empty() { words::DONE.to_owned() } else { text };
    let told = match (&heard.trigger, &heard.response_url) {
        // Nobody can be answered in their home but by a window over it.
        (Some(trigger), _) if heard.channel.is_empty() => {
            slack.api.open_view(trigger, heard.in_modal, &modal::answer(blocks)).await
        }
        (None, _) if heard.channel.is_empty() => return,
        (_, Some(url)) => slack.api.respond(url, replace, &text, &blocks).await,
        (_, None) => slack.api.ephemeral(&heard.channel, heard.thread.as_deref(), &heard.user, &text, &blocks).await,
    };
    if let Err(failure) = told {
        tracing::warn!(why = failure.sentence(), "somebody could not be answered");
    }
}
