//! The one door: whatever happens comes in as an [`Envelope`], and what is answered is durably recorded.

use crate::card::Card;
use crate::domain::command::{Person, Timer, Via};
use crate::domain::text::Rich;
use crate::domain::time::Timestamp;
pub use crate::grammar::Completion;
use crate::store::{Message, Summary};

/// One thing that came in, from whichever surface.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// Names this very request: the same key is the same request, answered the same, done once. At most 200 bytes.
    pub key: Option<String>,
    pub by: Person,
    pub via: Via,
    /// The channel it came from, with its platform: `console:deployments`.
    pub channel: String,
    /// The deployment whose thread or page it came from, if any.
    pub deployment: Option<u64>,
    pub input: Input,
}

/// What came in.
#[derive(Clone, Debug)]
pub enum Input {
    /// Words, with or without the leading `/deploy`. A button's press says its words.
    Say(String),
    /// A reaction put on (`present`) or taken off a message, by its key. Emoji as Unicode: `1️⃣` … `🔟`, `✅`.
    React { message: String, emoji: String, present: bool },
    /// A timer fell due.
    Due { deployment: u64, timer: Timer, due: Timestamp },
}

/// What surfaces are told when something they may be showing has changed.
#[derive(Clone, Debug)]
pub enum Notice {
    /// A message was posted or edited, or its reactions changed.
    Message(Box<Message>),
    /// A deployment changed: pages about it are stale.
    Deployment(u64),
}

/// A deployment's page: everything about it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Page {
    pub summary: Summary,
    pub board: Card,
    /// Every section with items, in walk order; a card holds at most ten items.
    pub sections: Vec<PageSection>,
    /// Newest last. At most 500; `timeline_cut` says how many older ones are not here.
    pub timeline: Vec<TimelineLine>,
    pub timeline_cut: usize,
    pub people: Vec<PagePerson>,
    /// Label, value (none: open), target.
    pub fields: Vec<PageField>,
    /// Messages that could not be shown, with why.
    pub undelivered: Vec<(String, String)>,
}

/// A section of a deployment's page.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PageSection {
    pub number: u32,
    pub phase: String,
    pub title: Rich,
    /// `rollback`, `follow-up` … or empty for the forward walk; and why it is closed, if it is.
    pub branch: String,
    pub closed: Option<String>,
    pub done: u32,
    pub total: u32,
    /// It is the section the walk stands in.
    pub current: bool,
    pub notes: Vec<Rich>,
    pub cards: Vec<Card>,
}

/// One line of the record.
#[derive(Clone, Debug, serde::Serialize)]
pub struct TimelineLine {
    pub seq: u64,
    pub at: Timestamp,
    pub who: String,
    pub via: Via,
    pub text: Rich,
}

/// Somebody's part in a deployment.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PagePerson {
    pub name: String,
    /// Items they ticked and that stand.
    pub ticked: u32,
    /// Open items assigned to them.
    pub assigned: u32,
    pub deployer: bool,
    pub last_seen: Timestamp,
}

/// A blank of the page and what stands in it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct PageField {
    pub label: String,
    pub value: Option<String>,
    pub target: Option<String>,
    pub choices: Vec<String>,
    /// Filled by Rollcall itself (date, deployer, version …).
    pub automatic: bool,
}
