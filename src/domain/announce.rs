//! The communication timeline: what is announced at moments around a deployment.

use super::deployment::Deployment;
use super::status::Status;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Announcements one checklist may have.
pub const MAX_ANNOUNCEMENTS: usize = 50;

/// Farthest from what it counts from, in milliseconds: a year before the start, and while the deployment is walkable
/// after its outcome.
pub const FARTHEST_MS: i64 = 366 * 86_400_000;

/// What an announcement counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occurrence {
    /// The start it is scheduled for.
    Scheduled,
    /// The start itself.
    Start,
    /// A success, in whole or in part.
    Success,
    /// A rollback that is through.
    Rollback,
    /// Any outcome but a cancelled start.
    Outcome,
}

impl Occurrence {
    /// As people call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Scheduled => "the scheduled start",
            Self::Start => "the start",
            Self::Success => "success",
            Self::Rollback => "a rollback",
            Self::Outcome => "the outcome",
        }
    }
}

/// When something is announced: so many milliseconds after an occurrence, before it where negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct When {
    pub offset_ms: i64,
    pub of: Occurrence,
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of.label();
        match self.offset_ms {
            0 => write!(f, "at {of}"),
            ms @ ..0 => write!(f, "{} before {of}", super::meaning::offset(-ms)),
            ms => write!(f, "{} after {of}", super::meaning::offset(ms)),
        }
    }
}

/// One announcement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    pub when: When,
    /// A template of its own; none: the product's text for announcements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Only there, with its platform; none: everywhere the deployment is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Line in the file, from 1.
    #[serde(default)]
    pub line: u32,
}

/// What is still to be announced, with when, in the order of the page. What would have been before the start was
/// planned is not; nor is anything before a start that has happened.
pub fn waited_for(d: &Deployment) -> impl Iterator<Item = (u32, &Announcement, Timestamp)> {
    let entries = d.plan.checklist.timeline.iter().zip(1u32..);
    entries.filter(|(_, n)| !d.announced.contains(n)).filter_map(|(a, n)| {
        let anchor = anchor(d, a.when.of)?;
        let at = anchor.plus_ms(a.when.offset_ms);
        (at >= d.planned_at).then_some((n, a, at))
    })
}

/// The moment it counts from, where that is known and still to come or has happened.
fn anchor(d: &Deployment, of: Occurrence) -> Option<Timestamp> {
    let over = |which: &[Status]| d.ended_at.filter(|_| which.contains(&d.status));
    match of {
        Occurrence::Scheduled => d.start_at.filter(|_| matches!(d.status, Status::Scheduled | Status::Queued)),
        Occurrence::Start => d.started_at.filter(|_| d.status != Status::Cancelled),
        Occurrence::Success => over(&[Status::Succeeded, Status::Partial]),
        Occurrence::Rollback => over(&[Status::RolledBack]),
        Occurrence::Outcome => over(&[Status::Succeeded, Status::Partial, Status::RolledBack]),
    }
}
