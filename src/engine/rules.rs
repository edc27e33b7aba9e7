//! What the configuration means for a deployment, compiled once and kept.

use super::{Link, lock};
use crate::config::Config;
use crate::domain::checklist::Checklist;
use crate::domain::deployment::Deployment;
use crate::domain::directory::Entry;
use crate::domain::remind::Reminding;
use crate::domain::schedule;
use crate::domain::time::Timestamp;
use crate::words::Texts;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex};

/// What the configuration means, compiled and kept by checklist.
pub(super) struct Rules {
    pub(super) config: Arc<Config>,
    groups: Arc<Mutex<Groups>>,
    /// By the checklist's hash.
    texts: Mutex<HashMap<String, Arc<Texts>>>,
    /// By the checklist's hash, the channel and the environment.
    schedules: Mutex<HashMap<(String, String, String), Arc<schedule::Compiled>>>,
    reminding: Arc<Reminding>,
    links: Arc<Mutex<Links>>,
}

/// How the platforms are connected.
pub(super) type Links = BTreeMap<&'static str, Link>;

/// Compiled texts and schedules kept at once; older ones are compiled again when needed.
const KEPT_TEXTS: usize = 32;
const KEPT_SCHEDULES: usize = 1024;

/// Role → ids of people.
pub(super) type Roles = BTreeMap<String, BTreeSet<String>>;

/// People whose groups are remembered.
const KEPT_GROUPS: usize = 10_000;

/// Who is in which group of a chat (`slack:S0123`, `discord:8001`), as its surface has last seen.
#[derive(Default)]
pub(super) struct Groups {
    of: HashMap<String, BTreeSet<String>>,
    /// What it means for the roles, until it changes.
    roles: Option<Arc<Roles>>,
}

impl Groups {
    /// Remembers a person's groups on one platform, in place of those there before.
    pub(super) fn see(&mut self, platform: &str, person: &str, groups: BTreeSet<String>) {
        if self.of.len() >= KEPT_GROUPS && !self.of.contains_key(person) {
            self.of.clear();
        }
        let known = self.of.entry(person.to_owned()).or_default();
        let elsewhere = known.iter().filter(|g| g.split(':').next() != Some(platform)).cloned();
        let all: BTreeSet<String> = elsewhere.chain(groups).collect();
        if *known != all {
            *known = all;
            self.roles = None;
        }
    }
}

impl Rules {
    pub(super) fn new(config: Arc<Config>, groups: Arc<Mutex<Groups>>, links: Arc<Mutex<Links>>) -> Self {
        let reminding = Arc::new(config.reminding.clone());
        Self { config, groups, texts: Mutex::default(), schedules: Mutex::default(), reminding, links }
    }

    /// Ids of the people who are outside their office hours at that moment.
    pub(super) fn off_hours(&self, at: Timestamp) -> Arc<BTreeSet<String>> {
        let off = |(id, entry): (&String, &Entry)| {
            entry.office_hours.is_some_and(|hours| !hours.hold(at)).then(|| id.clone())
        };
        Arc::new(self.config.directory.people.iter().filter_map(off).collect())
    }

    /// When what waits is reminded of.
    pub(super) fn reminding(&self) -> Arc<Reminding> {
        self.reminding.clone()
    }

    /// The platforms that are connected, or will be again by themselves.
    pub(super) fn connected(&self) -> Vec<&'static str> {
        let links = lock(&self.links);
        links.iter().filter(|(_, link)| !matches!(link, Link::Off(_))).map(|(platform, _)| *platform).collect()
    }

    /// Who has which role: people named, and those in a group named.
    pub(super) fn roles(&self) -> Arc<Roles> {
        let groups = &mut *lock(&self.groups);
        let of = &groups.of;
        let roles = groups.roles.get_or_insert_with(|| {
            let people = |named: &Vec<String>| {
                let inside = of.iter().filter(|(_, has)| named.iter().any(|n| has.contains(n))).map(|(p, _)| p);
                named.iter().chain(inside).cloned().collect()
            };
            Arc::new(self.config.roles.iter().map(|(role, named)| (role.clone(), people(named))).collect())
        });
        roles.clone()
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
        let key = (d.plan.hash.clone(), d.channel.clone(), d.environment.clone());
        kept(&self.schedules, KEPT_SCHEDULES, key, || {
            schedule_of(&self.config, &d.channel, &d.environment, &d.plan.checklist).unwrap_or_else(|problem| {
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

/// When progress is posted for a checklist in a channel and an environment: the checklist's word, then the channel's,
/// then the environment's, then the house's.
pub(super) fn schedule_of(
    config: &Config,
    channel: &str,
    environment: &str,
    checklist: &Checklist,
) -> Result<schedule::Compiled, String> {
    if let Some(own) = &checklist.progress {
        return schedule::parse(own, config.timezone);
    }
    let channel = config.channel(channel).and_then(|c| c.progress.as_ref());
    let progress = channel.or_else(|| config.environment(environment)?.progress.as_ref()).unwrap_or(&config.progress);
    Ok(progress.compiled.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_of_a_chat_gives_a_role_while_it_lasts() {
        let text = "[people.ana]\nname = \"Ana\"\n[roles]\nlead = [\"ana\", \"discord:8001\", \"slack:S01\"]";
        let config = Arc::new(Config::parse(text, std::path::Path::new("")).unwrap());
        let groups = Arc::new(Mutex::new(Groups::default()));
        let rules = Rules::new(config, groups.clone(), Arc::default());
        let has = |person: &str| rules.roles()["lead"].contains(person);
        assert!(has("ana") && !has("discord:3002"));
        let set = |group: &[&str]| group.iter().map(|g| (*g).to_owned()).collect::<BTreeSet<_>>();
        lock(&groups).see("discord", "discord:3002", set(&["discord:8000", "discord:8001"]));
        assert!(has("discord:3002"));
        lock(&groups).see("slack", "discord:3002", set(&["slack:S02"]));
        assert!(has("discord:3002"), "another chat says nothing about this one");
        lock(&groups).see("discord", "discord:3002", set(&[]));
        assert!(!has("discord:3002") && has("ana"));
    }
}
