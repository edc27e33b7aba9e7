//! Where a deployment stands in its life.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// `scheduled → queued → active → (held ⇄ active) → succeeded | partial | rolling back → rolled back | cancelled`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Waits for its time.
    Scheduled,
    /// Waits for the service and environment to be free.
    Queued,
    /// Under way.
    Active,
    /// Paused with a reason.
    Held,
    /// The rollback branch is walked.
    RollingBack,
    /// Ended well.
    Succeeded,
    /// Ended with parts left out, for a reason.
    Partial,
    /// Ended by going back.
    RolledBack,
    /// Ended without an outcome.
    Cancelled,
}

impl Status {
    /// Every status, in the order of a life.
    pub const ALL: [Status; 9] = [
        Status::Scheduled,
        Status::Queued,
        Status::Active,
        Status::Held,
        Status::RollingBack,
        Status::Succeeded,
        Status::Partial,
        Status::RolledBack,
        Status::Cancelled,
    ];

    /// The word the database keeps.
    pub fn word(self) -> &'static str {
        match self {
            Status::Scheduled => "scheduled",
            Status::Queued => "queued",
            Status::Active => "active",
            Status::Held => "held",
            Status::RollingBack => "rolling_back",
            Status::Succeeded => "succeeded",
            Status::Partial => "partial",
            Status::RolledBack => "rolled_back",
            Status::Cancelled => "cancelled",
        }
    }

    /// As people read it.
    pub fn label(self) -> &'static str {
        match self {
            Status::RollingBack => "rolling back",
            Status::RolledBack => "rolled back",
            other => other.word(),
        }
    }

    /// Holds the lock on its service and environment.
    pub fn is_under_way(self) -> bool {
        matches!(self, Status::Active | Status::Held | Status::RollingBack)
    }

    /// Has an outcome.
    pub fn is_over(self) -> bool {
        matches!(self, Status::Succeeded | Status::Partial | Status::RolledBack | Status::Cancelled)
    }
}

impl FromStr for Status {
    type Err = ();
    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.word() == word).ok_or(())
    }
}
