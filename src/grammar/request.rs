//! What was asked, as data.

use super::Order;
use super::when::When;
use crate::domain::command::{Command, ItemRef};

/// What was asked, and of which deployment if one was named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// From `#12` before the command or after it.
    pub deployment: Option<u64>,
    pub request: Request,
}

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Open a deployment.
    Start(Start),
    /// Change one.
    Act(Command),
    /// Look at something.
    Query(Query),
    /// Prove that somebody can be reached.
    Test { whom: String },
    /// Answer such a test.
    Heard { test: u32 },
    /// Have something hold for the whole house.
    Order(Order),
    /// Move a scheduled start.
    Reschedule(When),
}

/// `start`, as typed. What is None comes from the channel or the checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    pub version: String,
    pub checklist: Option<String>,
    pub environment: Option<String>,
    pub service: Option<String>,
    pub at: Option<When>,
    /// Channels that show it too, as typed.
    pub follow: Vec<String>,
    /// Wait in line if another deployment holds the place.
    pub queue: bool,
    /// Practice.
    pub rehearse: bool,
    /// Why it may start although a freeze holds.
    pub override_: Option<String>,
}

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    Status,
    List,
    Next,
    Show {
        item: ItemRef,
    },
    Checklists,
    History,
    Freezes,
    Record,
    Help {
        command: Option<String>,
    },
    /// Who is on call, in one rotation or in all.
    OnCall {
        rotation: Option<String>,
    },
    /// Who can be reached how, and when that was last proven.
    Contacts,
}
