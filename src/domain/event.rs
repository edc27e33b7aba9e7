//! What happened. Events are only ever added: their stored shape is a promise (`tests/golden/events.jsonl`).

use super::checklist::Number;
use super::command::{Mark, Person, Via};
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// An event with where it stands in its deployment's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// From 1, without gaps.
    pub seq: u64,
    /// When; never earlier than the event before it in this deployment, even if the clock was set back.
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
    },
    Marked {
        item: Number,
        mark: Mark,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        /// A reaction did it: `post emoji`. Only the same reaction, taken away, undoes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reaction: Option<String>,
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
    },
    RollbackCalled {
        reason: String,
    },
    RolledBack,
    /// The walk ended well. `authority` with the open required items where a role vouched for them.
    Succeeded {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authority: Option<String>,
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
}

fn is_zero(n: &i64) -> bool {
    *n == 0
}
