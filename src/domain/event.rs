//! What happened. Events are only ever added: their stored shape is a promise (`tests/golden/events.jsonl`).

use super::checklist::Number;
use super::command::{Mark, Person, Via};
use super::paging::PageEvent;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An event with where it stands in its deployment's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// From 1, without gaps.
    pub seq: u64,
    /// When; never earlier than the event before it in this deployment, unless it says that the clock was set back.
    pub at: Timestamp,
    /// Who.
    pub by: Person,
    /// Through which surface.
    pub via: Via,
    /// What.
    pub event: Event,
}

/// One thing that happened to a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// Always the first. `checklist` is the content hash of the copied checklist.
    Opened {
        version: String,
        checklist: String,
        service: String,
        environment: String,
        channel: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        rehearsal: bool,
        /// Asked to start then; none: at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_at: Option<Timestamp>,
        /// How long the same checklist took before, in milliseconds: the median of its last successes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_ms: Option<i64>,
    },
    /// Waits for the lock, which `behind` holds.
    Queued {
        behind: u64,
    },
    Started {
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// A section came up in the walk.
    SectionOpened {
        section: u32,
        /// Its window opened so much earlier.
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    Marked {
        item: Number,
        mark: Mark,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// A reaction did it. Only the same reaction, taken away, undoes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reaction: Option<Reaction>,
    },
    Assigned {
        item: Number,
        to: Person,
    },
    Noted {
        text: String,
    },
    Evidence {
        item: Number,
        text: String,
    },
    Filled {
        field: String,
        value: String,
    },
    Held {
        reason: String,
    },
    Resumed,
    HandedOver {
        to: Person,
    },
    /// A progress post, asked for (`text`) or on schedule.
    Progress {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
        /// The so-manieth in a row on schedule before which nothing happened; 0: something did.
        #[serde(default, skip_serializing_if = "is_none")]
        quiet: u32,
    },
    RollbackCalled {
        reason: String,
    },
    RolledBack,
    /// The walk ended well; with the required items that were open, where somebody vouched for them.
    Succeeded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<Authority>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<Number>,
    },
    Partial {
        reason: String,
    },
    Cancelled {
        reason: String,
    },
    Archived,
    /// A channel follows from now on.
    Followed {
        channel: String,
    },
    Unfollowed {
        channel: String,
    },
    /// Messages cannot be shown in a channel, and why; and that they can be again.
    Undelivered {
        channel: String,
        why: String,
    },
    Redelivered {
        channel: String,
    },
    /// A rollback criterion that the deployment evaluates itself is breached.
    Breached {
        item: Number,
        /// What was measured, in milliseconds.
        measured_ms: i64,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// It is breached no longer.
    Cleared {
        item: Number,
    },
    /// Something happened to one of its pages, which are numbered from 1.
    Page {
        page: u32,
        event: PageEvent,
    },
    /// It may start although these freezes (by name) hold then.
    FreezeOverridden {
        authority: Authority,
        freezes: Vec<String>,
    },
    /// It was to start and waits for a freeze to end.
    Frozen {
        /// The freeze's name.
        freeze: String,
        reason: String,
        /// When it may start; none: nobody knows yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// The scheduled start moved.
    Rescheduled {
        start_at: Timestamp,
    },
    /// An announcement of the communication timeline, counted from 1.
    Announced {
        entry: u32,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// Windows close soon, and something in them is open.
    WindowClosing {
        /// Sections and items that are due then.
        of: Vec<Number>,
        /// What is open, at most [`super::agenda::MOST_NAMED`] of it; and how much in all.
        open: Vec<Number>,
        count: u32,
        until: Timestamp,
        /// Who is called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        call: Vec<Person>,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// Windows closed. Nothing in `open`: all was done.
    WindowClosed {
        of: Vec<Number>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        open: Vec<Number>,
        #[serde(default, skip_serializing_if = "is_none")]
        count: u32,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        call: Vec<Person>,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// People were reminded of what waits.
    Reminded {
        waiting: Vec<Waiting>,
        /// Who is called.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        call: Vec<Person>,
        /// In the channel, for everybody.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        loud: bool,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// It is still held, said for the so-manieth time.
    HoldReminded {
        round: u32,
        /// It has been held for as long as a hold may last.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        expired: bool,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        call: Vec<Person>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        loud: bool,
        #[serde(default, skip_serializing_if = "is_zero")]
        late_ms: i64,
    },
    /// No reminders of an item, or of anything, until then; without a moment, for good.
    Snoozed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Number>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Reminders again.
    Unsnoozed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        item: Option<Number>,
    },
    /// The clock shows an earlier moment than the last that was recorded.
    ClockSetBack {
        was: Timestamp,
    },
}

/// Something that waits: an item for whom it was given to, or a section in which nobody has what is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    pub of: Number,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Person>,
}

/// One person's emoji on one of our messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaction {
    /// The message's key.
    pub message: String,
    pub emoji: String,
    /// Who put it there, by id.
    pub person: String,
}

impl Reaction {
    /// From `message emoji person`. Neither a message's key nor an emoji has a blank; a person's id may.
    pub fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, ' ').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        Self { message: part(), emoji: part(), person: part() }
    }
}

/// On what authority something was done that is not for everybody. Roles may change afterwards: this is what was so then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authority {
    /// The role that may.
    pub role: String,
    /// Why.
    pub reason: String,
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}

fn is_none(n: &u32) -> bool {
    *n == 0
}
