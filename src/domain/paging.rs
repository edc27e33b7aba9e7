//! Pages: calls to people who must act, which climb until somebody has them.

use serde::{Deserialize, Serialize};

/// How far a page has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageState {
    /// It climbs: nobody has it.
    Open,
    /// Somebody has it.
    Acknowledged,
    /// It is dealt with.
    Resolved,
}

/// How much a page matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// Now, whatever the hour.
    #[default]
    High,
    /// It may wait for office hours.
    Low,
}
