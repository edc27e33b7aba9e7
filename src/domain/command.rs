//! What people and timers ask of one deployment, and who asks.

use super::checklist::Number;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Who did something. One person has one id on every surface.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Person {
    /// Stable: the directory's key, lower case.
    pub id: Arc<str>,
    /// As shown.
    pub name: Arc<str>,
}

impl Person {
    /// Someone known by this name; the id is the name in lower case.
    pub fn named(name: &str) -> Self {
        Self { id: name.to_lowercase().into(), name: name.into() }
    }
    /// The bot itself: what a timer did.
    pub fn rollcall() -> Self {
        Self { id: "rollcall".into(), name: "Rollcall".into() }
    }
}

/// Through which surface it came. Kept with every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Console,
    Terminal,
    Timer,
    Slack,
    Discord,
    /// A pager's own way back: the link in a mail, PagerDuty.
    Pager,
}

/// Which items a command means, as said: `3.2`, `3.1-3.5`, or words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemRef {
    /// Exactly this one, or all of a parent's or a section's.
    Number(Number),
    /// From one to another, both included, in walk order.
    Range(Number, Number),
    /// Words that must match one item.
    Words(String),
}

/// A request that may change one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `mark` one or more items.
    Mark {
        items: Vec<ItemRef>,
        mark: Mark,
        note: Option<String>,
    },
    Assign {
        item: ItemRef,
        to: Person,
    },
    Note {
        text: String,
    },
    Evidence {
        item: ItemRef,
        text: String,
    },
    /// `value` empty: it was not told apart from the label, and `field` holds both.
    Fill {
        field: String,
        value: String,
    },
    Hold {
        reason: String,
    },
    Resume,
    Handover {
        to: Person,
    },
    Progress {
        text: Option<String>,
    },
    Rollback {
        reason: String,
    },
    RolledBack,
    /// `authority`: why the open required items do not count, by someone whose role may say so.
    Finish {
        authority: Option<String>,
    },
    Partial {
        reason: String,
    },
    Cancel {
        reason: String,
    },
    /// A channel, with its platform, is to show it too. Empty: the one where it is said.
    Follow {
        channel: String,
    },
    Unfollow {
        channel: String,
    },
    /// Open a list on demand: its messages are posted.
    Open {
        section: u32,
    },
    /// Call somebody. `whom`: as said, where it was told apart; else the message may begin with them.
    Page {
        whom: Option<String>,
        message: String,
        /// It may wait for office hours.
        low: bool,
    },
    /// Say that one has a page; none: the only one nobody has.
    Ack {
        page: Option<u32>,
    },
    /// Say that a page is dealt with.
    Resolve {
        page: Option<u32>,
    },
    /// Call the next step of a page now.
    Escalate {
        page: Option<u32>,
    },
    /// The scheduled start moves.
    Reschedule {
        at: Timestamp,
    },
    /// Fewer reminders: of one item or section, or of all.
    Snooze {
        item: Option<ItemRef>,
        how: Quiet,
    },
    /// A timer fell due.
    Due {
        timer: Timer,
        due: Timestamp,
    },
}

impl Command {
    /// What somebody typed in their own words: a reason, a note, a value.
    pub fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Mark { note: text, .. } | Self::Progress { text } | Self::Finish { authority: text } => text.as_mut(),
            Self::Note { text }
            | Self::Page { message: text, .. }
            | Self::Evidence { text, .. }
            | Self::Fill { value: text, .. } => Some(text),
            Self::Hold { reason } | Self::Rollback { reason } | Self::Partial { reason } | Self::Cancel { reason } => {
                Some(reason)
            }
            _ => None,
        }
    }
}

/// What is done to an item. `note` of the command is the reason where one is required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    Tick,
    Untick,
    Skip,
    Fail,
    Block,
}

/// How long reminders keep quiet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// For so many milliseconds.
    For(i64),
    /// For good.
    Stop,
    /// They come again.
    Off,
}

/// The timers a deployment may have. Each exists at most once per deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Timer {
    /// A scheduled or queued start.
    Start,
    /// The progress post.
    Progress,
    /// The end of walking after the outcome.
    Archive,
    /// The next rollback criterion that time alone will breach.
    Watch,
    /// The next step of a page, or what else its pages wait for.
    Page,
    /// The next window that opens or closes, and the next announcement of the communication timeline.
    Agenda,
    /// The next reminder of what waits.
    Remind,
}
