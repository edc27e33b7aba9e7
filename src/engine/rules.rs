//! What the configuration means for a deployment, compiled once and kept.

use super::lock;
use crate::config::Config;
use crate::domain::checklist::Checklist;
use crate::domain::deployment::Deployment;
use crate::domain::schedule;
use crate::words::Texts;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// What the configuration means, compiled and kept by checklist.
pub(super) struct Rules {
    pub(super) config: Arc<Config>,
    pub(super) roles: Arc<BTreeMap<String, BTreeSet<String>>>,
    /// By the checklist's hash.
    texts: Mutex<HashMap<String, Arc<Texts>>>,
    /// By the checklist's hash and the channel.
    schedules: Mutex<HashMap<(String, String), Arc<schedule::Compiled>>>,
}

/// Compiled texts and schedules kept at once; older ones are compiled again when needed.
const KEPT_TEXTS: usize = 32;
const KEPT_SCHEDULES: usize = 1024;

impl Rules {
    pub(super) fn new(config: Arc<Config>) -> Self {
        let roles =
            config.roles.iter().map(|(role, people)| (role.clone(), people.iter().cloned().collect())).collect();
        Self { config, roles: Arc::new(roles), texts: Mutex::default(), schedules: Mutex::default() }
    }

    /// The texts of a deployment. What was valid when it started and no longer is falls back to the product's own, with
    /// a warning: a running deployment is never stopped by an edit of the configuration.
    pub(super) fn texts(&self, d: &Deployment) -> Arc<Texts> {
        kept(&self.texts, KEPT_TEXTS, d.plan.hash.clone(), || {
            Texts::new(&self.config.templates, &d.plan.checklist.templates).unwrap_or_else(|problem| {
                tracing::warn!(deployment = d.id, %problem, "templates fall back to the product's own");
                Texts::default()
            })
        })
    }

    /// When progress is posted, likewise.
    pub(super) fn schedule(&self, d: &Deployment) -> Arc<schedule::Compiled> {
        kept(&self.schedules, KEPT_SCHEDULES, (d.plan.hash.clone(), d.channel.clone()), || {
            schedule_of(&self.config, &d.channel, &d.plan.checklist).unwrap_or_else(|problem| {
                tracing::warn!(deployment = d.id, %problem, "progress falls back to every hour");
                schedule::Compiled::hourly(self.config.timezone)
            })
        })
    }
}

/// What is kept under a key, made where it is not there.
fn kept<K: Eq + Hash, V>(all: &Mutex<HashMap<K, Arc<V>>>, most: usize, key: K, make: impl FnOnce() -> V) -> Arc<V> {
    let mut all = lock(all);
    if let Some(found) = all.get(&key) {
        return found.clone();
    }
    if all.len() >= most {
        all.clear();
    }
    let made = Arc::new(make());
    all.insert(key, made.clone());
    made
}

/// When progress is posted for a checklist in a channel: the checklist's word, then the channel's, then the house's.
pub(super) fn schedule_of(config: &Config, channel: &str, checklist: &Checklist) -> Result<schedule::Compiled, String> {
    match (&checklist.progress, config.channel(channel).and_then(|c| c.progress.as_ref())) {
        (Some(own), _) => schedule::parse(own, config.timezone),
        (None, Some(channel)) => Ok(channel.compiled.clone()),
        (None, None) => Ok(config.progress.compiled.clone()),
    }
}
