//! Rotations: who is on call when.

use super::command::Person;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Somebody stands in for whoever a rotation names, for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cover {
    /// The rotation's name.
    pub rotation: String,
    pub person: Person,
    pub from: Timestamp,
    /// From this moment on the rotation holds again.
    pub until: Timestamp,
}
