//! What the configuration says about a deployment, and what only the house around it can know.

use crate::domain::schedule::Compiled;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rules that apply to one deployment.
#[derive(Clone, Debug)]
pub struct Policy {
    /// When progress is posted.
    pub progress: Arc<Compiled>,
    /// Roles that may finish with required items open.
    pub may_override: Vec<String>,
    /// Role → ids of the people who have it.
    pub roles: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// The deployment that holds the lock this one needs, if another does.
    pub lock_held_by: Option<u64>,
}

impl Policy {
    /// That person has one of these roles.
    pub fn has_role(&self, person: &str, roles: &[String]) -> bool {
        roles.iter().any(|r| self.roles.get(r).is_some_and(|people| people.contains(person)))
    }
}
