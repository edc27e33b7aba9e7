//! Discord: the same product with its own habits, through serenity.
//!
//! Reading order: [`setup`] is what the environment says; [`hear`] and [`show`] are the two halves of a surface, both
//! pure, with [`markup`] and [`commands`] beside them; [`client`] asks Discord for something, no sooner than `rates` says;
//! `answer` answers whoever pressed or typed, `reactions` puts keycaps on and heeds them, `gateway` keeps the
//! connection, `watch` notices when it is dead.
//!
//! A message's id here is `channel/message`: a section's stands in the thread on the announcement, and Discord finds a
//! message only together with the channel it stands in.
//!
//! # What Discord does not offer, and what is done instead
//!
//! * A command has at most 25 subcommands: those of every day are subcommands, the others are in the group `more`.
//! * Nobody can be told something alone in answer to a reaction. Why a reaction was taken off is told in a direct
//!   message, or, where somebody takes none, in the thread for half a minute. ✅ is answered in the thread with a button,
//!   for a minute: the button says what it ticks, and whoever presses it has said so.

mod answer;
pub mod client;
pub mod commands;
pub mod examine;
mod gateway;
pub mod hear;
pub mod markup;
mod post;
mod rates;
mod reactions;
pub mod setup;
pub mod show;
mod watch;

use crate::card::fit::{self, Limits};
use crate::chat::recorded::Meanwhile;
use crate::domain::command::{Person, Via};
use crate::engine::{Engine, Envelope, Input};
use crate::ports::{Chat, ChatError, Delivery, Pace, Pending};
use client::Rest;
use hear::Who;
use setup::Setup;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{Notify, mpsc};

/// The platform's prefix of Discord's channels.
pub const PLATFORM: &str = "discord";

/// Discord takes five messages or edits in five seconds in a channel.
const PACE: Pace = Pace { every_ms: 1_000, burst: 5 };

/// The bounds of what is kept or waits.
mod limits {
    /// Events read from the gateway and not yet acted on.
    pub const EVENTS: usize = 10_000;
    /// Messages waiting for their reactions.
    pub const SEEDS: usize = 4_096;
    /// People a text may name by mention.
    pub const MENTIONS: usize = 10;
    /// Channels, messages and people remembered.
    pub const KEPT: usize = 10_000;
}

/// Discord as a place to show messages, and to hear from.
pub struct Discord {
    rest: Rest,
    setup: Setup,
    engine: Engine,
    /// The bot's user and its application, once known.
    me: OnceLock<Me>,
    /// Threads and channels as places of the house.
    places: Kept<u64, Place>,
    /// The thread on a message.
    threads: Kept<u64, u64>,
    /// The channels of direct messages, by user.
    direct: Kept<u64, u64>,
    /// Messages deleted by somebody: key → what it was before.
    gone: Kept<String, String>,
    /// Which reactions of ours stand on a message.
    seeded: Kept<String, Vec<String>>,
    seeds: mpsc::Sender<reactions::Seed>,
    waiting_seeds: Mutex<Option<mpsc::Receiver<reactions::Seed>>>,
    /// A reaction could not be heeded: what stands there is compared again.
    missed: Arc<Notify>,
    /// What was heard while something is compared.
    meanwhile: Meanwhile,
    /// Refused reactions that still stand there, by message, emoji and person.
    refused: Kept<(u64, String, u64), ()>,
    /// Events that could not be read.
    unread: std::sync::atomic::AtomicU64,
}

/// Who the bot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Me {
    user: u64,
    application: u64,
}

/// Where something was said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    /// The channel, with its platform; a thread's is the one it belongs to.
    channel: String,
    /// The deployment whose thread it is.
    deployment: Option<u64>,
}

impl Place {
    /// A channel of which nothing else is known.
    fn itself(channel: u64) -> Self {
        Self { channel: format!("{PLATFORM}:{channel}"), deployment: None }
    }
}

/// What is remembered, up to a bound; beyond it everything is looked up anew.
struct Kept<K, V>(Mutex<HashMap<K, V>>);

impl<K: std::hash::Hash + Eq, V: Clone> Kept<K, V> {
    fn new() -> Self {
        Self(Mutex::new(HashMap::new()))
    }

    fn get<Q: std::hash::Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: K, value: V) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= limits::KEPT {
            kept.clear();
        }
        kept.insert(key, value);
    }

    fn remove<Q: std::hash::Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

impl Discord {
    /// Discord for an engine; nothing is asked of it before [`Discord::run`] or the first message. The error is a
    /// sentence.
    pub fn new(setup: Setup, engine: Engine) -> Result<Arc<Self>, String> {
        let (seeds, waiting) = mpsc::channel(limits::SEEDS);
        Ok(Arc::new(Self {
            rest: Rest::new(&setup)?,
            setup,
            engine,
            me: OnceLock::new(),
            places: Kept::new(),
            threads: Kept::new(),
            direct: Kept::new(),
            gone: Kept::new(),
            seeded: Kept::new(),
            seeds,
            waiting_seeds: Mutex::new(Some(waiting)),
            missed: Arc::new(Notify::new()),
            meanwhile: Meanwhile::default(),
            refused: Kept::new(),
            unread: std::sync::atomic::AtomicU64::new(0),
        }))
    }

    /// Who the bot is, asked once.
    async fn me(&self) -> client::Done<Me> {
        if let Some(me) = self.me.get() {
            return Ok(*me);
        }
        let me = Me { user: self.rest.me().await?, application: self.rest.application().await? };
        Ok(*self.me.get_or_init(|| me))
    }

    /// The Discord user of a person.
    fn account(&self, person: &str) -> Option<String> {
        self.engine.config().account(person, PLATFORM).map(str::to_owned)
    }

    fn person(&self, who: &Who) -> Person {
        self.engine.config().member(PLATFORM, &who.id.to_string(), &who.name)
    }

    /// Somebody who does something now, with the server's roles as they are now.
    fn acting(&self, who: &Who) -> Person {
        let person = self.person(who);
        // In a direct message Discord tells none.
        if let Some(roles) = &who.roles {
            self.engine.belongs(PLATFORM, &person, roles.iter().map(u64::to_string));
        }
        person
    }

    /// Where a channel or thread is, as far as it can be told: for words, which can be said again. `parent`: the channel of
    /// a thread, where Discord told it.
    async fn place(&self, channel: u64, parent: Option<u64>) -> Place {
        self.placed(channel, parent).await.unwrap_or_else(|_| Place::itself(channel))
    }

    /// The same, or why it cannot be told now.
    async fn placed(&self, channel: u64, parent: Option<u64>) -> client::Done<Place> {
        if let Some(known) = self.places.get(&channel) {
            return Ok(known);
        }
        let parent = match parent {
            Some(parent) => Some(parent),
            // A thread that is not known was begun before this process, or by somebody else.
            None => {
                let found = self.rest.channel(channel).await?;
                client::snowflake(&found["parent_id"]).filter(|_| matches!(found["type"].as_u64(), Some(10..=12)))
            }
        };
        let place = match parent {
            None => Place::itself(channel),
            Some(parent) => {
                let home = format!("{PLATFORM}:{parent}");
                let begins_on = self.engine.store().deployment_posted(&home, &format!("{parent}/{channel}")).await;
                Place { channel: home, deployment: begins_on.ok().flatten() }
            }
        };
        self.places.put(channel, place.clone());
        Ok(place)
    }

    /// Words somebody said, as the engine takes them.
    async fn envelope(&self, key: String, who: &Who, place: &Place, words: &str) -> Envelope {
        let mut ids = Vec::new();
        hear::mentions(words, |id| {
            ids.push(id);
            String::new()
        });
        // The directory's people by their id, others by their account and the name Discord has for them.
        let mut names = HashMap::new();
        let mut mentioned = Vec::new();
        for id in ids.into_iter().take(limits::MENTIONS) {
            let account = id.to_string();
            let mut person = self.engine.config().member(PLATFORM, &account, "");
            if person.name.is_empty() {
                let name = self.rest.user_name(id).await.unwrap_or_else(|_| account.clone());
                person = self.engine.config().member(PLATFORM, &account, &hear::clean(&name));
            }
            names.insert(id, person.id.to_string());
            mentioned.push(person);
        }
        let words = hear::mentions(words, |id| names.get(&id).cloned().unwrap_or_else(|| format!("{PLATFORM}:{id}")));
        Envelope {
            key: Some(key),
            by: self.acting(who),
            via: Via::Discord,
            channel: place.channel.clone(),
            deployment: place.deployment,
            mentioned,
            input: Input::Say(words),
        }
    }
}

impl Chat for Discord {
    fn platform(&self) -> &'static str {
        PLATFORM
    }
    fn limits(&self) -> Limits {
        fit::DISCORD
    }
    fn pace(&self) -> Pace {
        PACE
    }
    fn takes_files(&self) -> bool {
        true
    }
    fn show<'a>(&'a self, delivery: &'a Delivery) -> Pending<'a, Result<String, ChatError>> {
        Box::pin(async move {
            let shown = self.deliver(delivery).await;
            if let Ok(posted) | Err(ChatError::Stands { posted, .. }) = &shown {
                self.seed(delivery, posted);
            }
            shown
        })
    }
}
