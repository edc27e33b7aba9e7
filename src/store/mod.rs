//! The only room that says `sqlx`: one SQLite file, written by one unit of work at a time.
//!
//! Everything a moment changes goes into one [`Batch`] and is committed whole or not at all. One process owns the
//! writing; others may read beside it. Read on in `open` (the file), `commit` (writing), `read` (look-ups), `outbox`
//! (what is to be shown), `chain` and `audit` (the log cannot be changed unnoticed).

mod audit;
mod backup;
pub mod chain;
mod commit;
mod error;
mod journal;
mod names;
mod open;
mod outbox;
mod paged;
mod past;
mod probe;
mod read;
mod shown;
#[cfg(test)]
mod tests;

pub use audit::{AuditReport, Fault, Finding};
pub use error::{Clash, StoreError};
pub use journal::NewRuling;
pub use open::Store;
pub use outbox::Undelivered;
pub use read::{Log, Past, Stats};

use crate::card::Reply;
use crate::domain::checklist::Checklist;
use crate::domain::command::Timer;
use crate::domain::event::Recorded;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

/// A SHA-256 digest: the link of an event to the one before it.
pub type Hash = [u8; 32];

/// What lists and look-ups need of a deployment without replaying it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    pub id: u64,
    pub version: String,
    /// The checklist's name, title and content hash.
    pub checklist: String,
    pub title: String,
    pub checklist_hash: String,
    pub service: String,
    pub environment: String,
    /// With its platform: `console:deployments`.
    pub channel: String,
    /// The channels that follow besides it.
    pub also: Vec<String>,
    pub rehearsal: bool,
    pub status: Status,
    pub deployer: String,
    pub opened_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// No longer walkable.
    pub archived: bool,
}

/// Everything one unit of work writes.
#[derive(Debug, Default)]
pub struct Batch {
    /// Checklists copied into deployments, by [`chain::checklist_hash`]; writing one again changes nothing.
    pub checklists: Vec<(String, std::sync::Arc<Checklist>)>,
    /// New or changed deployments: the whole row, replaced by id.
    pub deployments: Vec<Summary>,
    /// Locks taken (`Some`) or given back (`None`): deployment, `service/environment`. Unique among deployments. Those
    /// given back go first.
    pub locks: Vec<(u64, Option<String>)>,
    /// Events in order.
    pub events: Vec<NewEvent>,
    /// Timers armed (upsert) or, with no moment, taken away.
    pub timers: Vec<(u64, Timer, Option<Timestamp>)>,
    /// Messages to be shown.
    pub outbox: Vec<NewDelivery>,
    /// What became of messages.
    pub delivered: Vec<Delivered>,
    /// Reactions, in order, that stand (`true`) or were taken away.
    pub reactions: Vec<Reaction>,
    /// Rulings in order.
    pub rulings: Vec<NewRuling>,
    /// Requests answered: dedupe key, when, the answer.
    pub inbox: Vec<(String, Timestamp, Reply)>,
}

/// An event as it is added.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub deployment: u64,
    pub recorded: Recorded,
    /// The link of the event before it (zeroes for the first).
    pub prev: Hash,
    /// Its own link: `chain::link(prev, deployment, recorded)`.
    pub hash: Hash,
}

/// A message to be shown, or shown anew.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// Unique: `12/board@console:deployments`. A second one with the same key bumps the generation and keeps
    /// the place in the channel's order, its channel and thread, and the pause after a failed attempt; without a
    /// failed attempt the sooner moment counts. One that had been given up is tried again.
    pub key: String,
    pub deployment: u64,
    /// With its platform.
    pub channel: String,
    /// The key of the message whose thread it belongs in.
    pub thread: Option<String>,
    /// What to draw at sending time: `board`, `section/3/1`; for fixed posts `post`.
    pub what: String,
    /// The card of a fixed post.
    pub card: Option<crate::card::Card>,
    pub due: Timestamp,
    /// Only if this message has been posted or is about to be: an edit that never posts. Always false when claimed.
    pub only_if_shown: bool,
}

/// A message waiting to be shown, claimed by the outbox loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    pub delivery: NewDelivery,
    /// Larger for whatever was asked later; never used twice for one key while the process lives.
    pub generation: i64,
    /// Failures so far, and the moment of the first.
    pub attempts: i64,
    pub failing_since: Option<Timestamp>,
    /// The platform's id when it has been posted.
    pub posted: Option<String>,
    /// The platform's id of the thread's first message.
    pub thread_posted: Option<String>,
    /// The platform's id of the deployment's announcement in this channel.
    pub announcement: Option<String>,
    /// It was posted anew already, after somebody had deleted it.
    pub reposted: bool,
    /// It waited already when this process began: whether it was sent is not known.
    pub from_before: bool,
    /// A call of a page, `page/1/3`. Views want their order and grow together; a call stands for itself: it waits for
    /// nothing else in its channel, and nothing waits for it.
    pub call: bool,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivered {
    pub key: String,
    pub generation: i64,
    pub at: Timestamp,
    pub outcome: DeliveryOutcome,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum DeliveryOutcome {
    /// Shown: the platform's id and the card that is there now. The row goes unless a newer generation stands.
    Shown { posted: String, card: std::sync::Arc<crate::card::Card>, reposted: bool },
    /// Not for this place: nothing is shown, and nothing is wrong.
    Dropped,
    /// Found standing there, as it may have been drawn before: recorded like one that is shown, and edited at `due`.
    Stands { posted: String, card: std::sync::Arc<crate::card::Card>, reposted: bool, due: Timestamp, why: String },
    /// Again at `due`.
    Retry { due: Timestamp, why: String },
    /// Given up; kept as a visible failure, unless a newer generation stands: that one is tried.
    Failed { why: String },
}

/// A message as it was last shown: what the console's channel consists of.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Message {
    pub key: String,
    /// Order in which messages were first shown.
    pub id: i64,
    pub deployment: u64,
    pub channel: String,
    pub thread: Option<String>,
    pub what: String,
    pub card: crate::card::Card,
    pub posted_at: Timestamp,
    pub edited_at: Option<Timestamp>,
    /// emoji → people (names), in order.
    pub reactions: Vec<(String, Vec<String>)>,
}

/// A section's message that can still be walked, with the reactions that stand on it: what a surface compares with what
/// it finds there after it was away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSection {
    pub key: String,
    pub deployment: u64,
    /// With its platform.
    pub channel: String,
    /// The platform's id.
    pub posted: String,
    /// The platform's id of the thread's first message.
    pub thread_posted: Option<String>,
    /// Emoji and the person's id.
    pub reactions: Vec<(String, String)>,
}

/// One person's reaction on one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reaction {
    pub message: String,
    pub emoji: String,
    pub person: crate::domain::command::Person,
    pub present: bool,
    pub at: Timestamp,
}
