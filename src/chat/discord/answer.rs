//! Answers whoever typed or pressed: within three seconds, and only what is durably recorded.

use super::client::{Trouble, code};
use super::commands::{Chosen, Typed, typed};
use super::hear::{Heard, On, Wants};
use super::{Discord, PLATFORM, Place, show};
use crate::card::fit::cut;
use crate::card::fit::discord as most;
use crate::card::{Button, Reply, compose};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// Discord gives up on an answer after three seconds. What takes longer than this is answered with "wait" first.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// When the last try of a first answer begins.
const LAST_TRY: Duration = Duration::from_millis(2_500);
/// Between two tries.
const AGAIN: Duration = Duration::from_millis(150);
/// How long a deferred answer is tried for.
const DEFERRED_TRIES: u32 = 5;

/// Kinds of a first answer.
const MESSAGE: u8 = 4;
const WAIT: u8 = 5;
const WAIT_QUIETLY: u8 = 6;
const UPDATE: u8 = 7;
const CHOICES: u8 = 8;
const MODAL: u8 = 9;
/// Only the one who asked sees it.
const EPHEMERAL: u64 = 1 << 6;

/// How the one who asked is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// With a message only they see.
    Alone,
    /// In place of the message they pressed on, which only they see.
    InPlace,
    /// Not at all where all went well: what they pressed on shows it.
    Quietly,
}

impl Manner {
    fn of(heard: &Heard) -> Self {
        match (&heard.wants, heard.on) {
            (_, Some(On { ephemeral: true, .. })) => Manner::InPlace,
            (Wants::Items { .. }, _) => Manner::Quietly,
            _ => Manner::Alone,
        }
    }

    fn wait(self) -> Value {
        match self {
            Manner::Alone => json!({ "type": WAIT, "data": { "flags": EPHEMERAL } }),
            Manner::InPlace | Manner::Quietly => json!({ "type": WAIT_QUIETLY }),
        }
    }
}

impl Discord {
    /// Does what somebody wants and tells them, once what the same person wanted before is done.
    pub(super) async fn heed(self: Arc<Self>, heard: Heard, before: Option<oneshot::Receiver<()>>) {
        let since = Instant::now();
        match &heard.wants {
            Wants::Complete(chosen) => {
                let choices = self.choices(&heard, chosen).await;
                self.first(&heard, &json!({ "type": CHOICES, "data": { "choices": choices } }), since).await;
            }
            Wants::Ask { words, label } => {
                let question = self.offered(words).await.and_then(|b| b.ask);
                let modal = show::modal(words, label, &question.unwrap_or_else(|| label.clone()));
                self.first(&heard, &json!({ "type": MODAL, "data": modal }), since).await;
            }
            Wants::Sure { words, label } => {
                let question = self.offered(words).await.and_then(|b| b.confirm);
                let data = show::sure(&question.unwrap_or_else(|| format!("{label}?")), words, label);
                self.first(&heard, &said(&data, Manner::of(&heard)), since).await;
            }
            Wants::NeverMind => {
                let reply = show::reply(&Reply::ok("Nothing was done."), &|_| None);
                let body = match Manner::of(&heard) {
                    Manner::InPlace => said(&reply, Manner::InPlace),
                    _ => json!({ "type": WAIT_QUIETLY }),
                };
                self.first(&heard, &body, since).await;
            }
            Wants::Unknown => {
                let reply =
                    Reply::refused("That is from another time. Use the newest message, or type `/deploy help`.");
                self.first(&heard, &said(&show::reply(&reply, &|_| None), Manner::Alone), since).await;
            }
            Wants::Say(_) | Wants::Items { .. } => self.act(&heard, before, since).await,
        }
        // A question in a thread is answered: it goes.
        if let Some(On { message, question: true, ephemeral: false }) = heard.on {
            _ = self.rest.delete(heard.channel, message).await;
        }
    }

    async fn act(self: &Arc<Self>, heard: &Heard, before: Option<oneshot::Receiver<()>>, since: Instant) {
        let manner = Manner::of(heard);
        // Once begun it is done, whatever becomes of the answer.
        let work = {
            let (this, heard) = (self.clone(), heard.clone());
            tokio::spawn(async move {
                if let Some(before) = before {
                    _ = before.await;
                }
                this.done(&heard).await
            })
        };
        tokio::pin!(work);
        let broken = || Reply::refused("Rollcall failed inside. Look before you repeat it.");
        let in_time = tokio::select! {
            reply = &mut work => Some(reply.unwrap_or_else(|_| broken())),
            () = sleep_until(since + PATIENCE) => None,
        };
        let accounts = |person: &str| self.account(person);
        match in_time {
            Some(reply) if manner == Manner::Quietly && is_plain(&reply) => {
                self.first(heard, &json!({ "type": WAIT_QUIETLY }), since).await;
            }
            Some(reply) => {
                let manner = if manner == Manner::Quietly { Manner::Alone } else { manner };
                self.first(heard, &said(&show::reply(&reply, &accounts), manner), since).await;
            }
            None => {
                let heard_at_all = self.first(heard, &manner.wait(), since).await;
                let reply = work.await.unwrap_or_else(|_| broken());
                if heard_at_all && !(manner == Manner::Quietly && is_plain(&reply)) {
                    self.later(heard, &reply, manner).await;
                }
            }
        }
    }

    /// What was wanted, done.
    async fn done(&self, heard: &Heard) -> Reply {
        let place = self.place(heard.channel, heard.parent).await;
        let key = format!("{PLATFORM}:{}", heard.id);
        match &heard.wants {
            Wants::Say(words) => {
                let envelope = self.envelope(key, &heard.who, &place, words).await;
                self.engine.handle(envelope).await
            }
            Wants::Items { deployment, tick, untick } => {
                let mut told: Vec<Reply> = Vec::new();
                for (word, items) in [("tick", tick), ("untick", untick)] {
                    if items.is_empty() {
                        continue;
                    }
                    let words = format!("#{deployment} {word} {}", items.join(", "));
                    let envelope = self.envelope(format!("{key}:{word}"), &heard.who, &place, &words).await;
                    told.push(self.engine.handle(envelope).await);
                }
                let mut reply = joined(told);
                // A list only they see shows what is next now.
                if heard.on.is_some_and(|on| on.ephemeral) && is_plain(&reply) {
                    let words = format!("#{deployment} next");
                    let next = self.envelope(format!("{key}:next"), &heard.who, &place, &words).await;
                    reply.card = self.engine.handle(next).await.card;
                }
                reply
            }
            _ => Reply::ok(""),
        }
    }

    /// The button a message offers for these words.
    async fn offered(&self, words: &str) -> Option<Button> {
        let id = words.strip_prefix('#')?.split(' ').next()?.parse().ok()?;
        let d = self.engine.deployment(id).await.ok()??;
        compose::offered(&d, words)
    }

    /// The first answer, tried again while there is time; false: it did not come through.
    async fn first(&self, heard: &Heard, body: &Value, since: Instant) -> bool {
        loop {
            let trouble = match self.rest.answer(heard.id, &heard.token, body).await {
                Ok(()) => return true,
                Err(trouble) => trouble,
            };
            let refused = matches!(trouble, Trouble::Said { .. });
            if refused || since.elapsed() >= LAST_TRY {
                // What was wanted is recorded; only the words did not reach them.
                let late = trouble.code() == Some(code::UNKNOWN_INTERACTION);
                let why = if late { "it came too late".into() } else { trouble.words() };
                tracing::warn!(why, "an answer did not reach Discord");
                return false;
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// The answer that was announced. Discord takes it for a quarter of an hour; after that it is told as what follows a
    /// reaction is.
    async fn later(&self, heard: &Heard, reply: &Reply, manner: Manner) {
        let Ok(me) = self.me().await else { return };
        let data = &show::reply(reply, &|person| self.account(person));
        let mut pause = Duration::from_secs(1);
        for _ in 0..DEFERRED_TRIES {
            let sent = match manner {
                Manner::Quietly => self.rest.follow_up(me.application, &heard.token, &alone(data)).await,
                Manner::Alone | Manner::InPlace => self.rest.edit_answer(me.application, &heard.token, data).await,
            };
            match sent {
                Ok(()) => return,
                Err(trouble @ Trouble::Said { .. }) => {
                    tracing::warn!(why = trouble.words(), "an answer came too late for Discord; it is told directly");
                    return self.tell(heard.who.id, heard.channel, None, reply).await;
                }
                Err(Trouble::Later { after_ms }) => {
                    pause = pause.max(Duration::from_millis(after_ms.unsigned_abs().min(60_000)));
                }
                Err(Trouble::Unsure { .. }) => {}
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// What could be typed.
    async fn choices(&self, heard: &Heard, chosen: &Chosen) -> Vec<Value> {
        // Nothing can be promised here: choices that come late are none.
        let place = self.place(heard.channel, heard.parent);
        let place = tokio::time::timeout(PATIENCE, place).await.unwrap_or_else(|_| Place::itself(heard.channel));
        match typed(chosen) {
            None => Vec::new(),
            Some(Typed::Deployment) => self.deployments(chosen, &place),
            Some(Typed::Line { line, head, list }) => {
                let found = self.engine.complete(&place.channel, place.deployment, &line).await;
                let choices = found.into_iter().filter_map(|c| {
                    let (name, value) = if list {
                        (format!("{} {}", c.label, c.detail), c.text.strip_prefix(&head)?.trim().to_owned())
                    } else {
                        let label = c.label.trim_start_matches('@').to_owned();
                        (label.clone(), label)
                    };
                    // A value that had to be cut would be another one.
                    let fits = !value.is_empty() && value.encode_utf16().count() <= most::OPTION;
                    fits.then(|| json!({ "name": cut(&name, most::OPTION), "value": value }))
                });
                choices.take(most::OPTIONS).collect()
            }
        }
    }

    fn deployments(&self, chosen: &Chosen, place: &Place) -> Vec<Value> {
        let wanted = chosen.focused.as_ref().map(|(_, typed)| typed.trim_start_matches('#').to_lowercase());
        let mut open = self.engine.open_deployments();
        // Those of this channel first.
        open.sort_by_key(|s| !s.is_in(&place.channel));
        open.iter()
            .map(|s| (s.id, format!("#{} {} {} → {}", s.id, s.service, s.version, s.environment)))
            .filter(|(_, name)| wanted.as_ref().is_none_or(|typed| name.to_lowercase().contains(typed)))
            .take(most::OPTIONS)
            .map(|(id, name)| json!({ "name": cut(&name, most::OPTION), "value": id }))
            .collect()
    }
}

/// A first answer with something to read.
fn said(data: &Value, manner: Manner) -> Value {
    match manner {
        Manner::InPlace => json!({ "type": UPDATE, "data": data }),
        Manner::Alone | Manner::Quietly => json!({ "type": MESSAGE, "data": alone(data) }),
    }
}

fn alone(data: &Value) -> Value {
    let mut data = data.clone();
    data["flags"] = EPHEMERAL.into();
    data
}

/// All went well, and there is nothing to see or choose.
fn is_plain(reply: &Reply) -> bool {
    reply.ok && reply.card.is_none() && reply.choices.is_empty()
}

/// What two requests of one choice came to.
fn joined(replies: Vec<Reply>) -> Reply {
    let mut all = Reply::ok("");
    for reply in replies {
        all.ok &= reply.ok;
        all.text = if all.text.is_empty() { reply.text } else { format!("{}\n{}", all.text, reply.text) };
        all.card = reply.card.or(all.card);
        all.choices.extend(reply.choices);
        all.deployment = reply.deployment.or(all.deployment);
    }
    all
}

impl Discord {
    /// Answers an interaction that could not be read.
    pub(super) async fn unread(&self, id: u64, token: &str) {
        let reply =
            Reply::refused("Rollcall could not read that. Nothing was recorded; try again, or type the command.");
        let body = said(&show::reply(&reply, &|_| None), Manner::Alone);
        if let Err(trouble) = self.rest.answer(id, token, &body).await {
            tracing::warn!(why = trouble.words(), "an answer did not reach Discord");
        }
    }
}
