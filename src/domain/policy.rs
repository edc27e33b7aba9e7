//! What the configuration says about a deployment, and what only the house around it can know.

use crate::domain::directory::Directory;
use crate::domain::freeze::Frozen;
use crate::domain::paging::Recent;
use crate::domain::remind::Reminding;
use crate::domain::rotation::Cover;
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
    /// Who can be reached how.
    pub directory: Arc<Directory>,
    /// Who stands in for whom.
    pub covers: Arc<Vec<Cover>>,
    /// Who was called in the last hour.
    pub recent: Arc<Recent>,
    /// Why it may not start now, if it may not.
    pub frozen: Option<Frozen>,
    /// When, and how often, what waits is reminded of.
    pub reminding: Arc<Reminding>,
    /// Ids of the people who are outside their office hours now: nobody calls them for what can wait.
    pub off_hours: Arc<BTreeSet<String>>,
}

impl Policy {
    /// The first of these roles that the person has.
    pub fn role_of<'a>(&self, person: &str, roles: &'a [String]) -> Option<&'a str> {
        let has = |role: &&String| self.roles.get(*role).is_some_and(|people| people.contains(person));
        roles.iter().find(has).map(String::as_str)
    }
}
