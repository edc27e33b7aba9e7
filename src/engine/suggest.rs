//! What the composer offers while somebody types.

use super::{Completion, Engine, lock};
use crate::card::{Shown, compose};
use crate::domain::deployment::Deployment;
use crate::domain::paging::PageState;
use crate::grammar::{ItemWord, Vocabulary, complete};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Versions used before that are offered.
const VERSIONS: u32 = 10;

impl Engine {
    /// How `text` could go on in a channel, or about a deployment; best first.
    pub async fn complete(&self, channel: &str, deployment: Option<u64>, text: &str) -> Vec<Completion> {
        complete(text, &self.vocabulary(channel, deployment).await)
    }

    /// What there is to choose from in a channel, or about a deployment.
    pub async fn vocabulary(&self, channel: &str, deployment: Option<u64>) -> Vocabulary {
        let d = self.meant(channel, deployment).await;
        let mut vocabulary = self.known();
        // Offering less because a look-up failed is better than offering nothing.
        vocabulary.versions = self.inner.store.used_versions(channel, VERSIONS).await.unwrap_or_default();
        if let Some(d) = &d {
            about(d, &mut vocabulary);
        }
        vocabulary
    }

    async fn meant(&self, channel: &str, deployment: Option<u64>) -> Option<Arc<Deployment>> {
        let id = match deployment {
            Some(id) => id,
            None => {
                let here = self.inner.house.open(|s| s.is_in(channel));
                here.iter().find(|s| s.status.is_under_way()).or(here.first())?.id
            }
        };
        self.deployment(id).await.ok().flatten()
    }

    fn known(&self) -> Vocabulary {
        let config = &self.inner.config;
        let open = self.inner.house.open(|_| true);
        let (mut services, mut environments) =
            (BTreeSet::new(), BTreeSet::from(["production".to_owned(), "staging".into()]));
        for s in open.iter().rev().take(200) {
            services.insert(s.service.clone());
            environments.insert(s.environment.clone());
        }
        let channels = config.channels.values();
        for c in channels {
            services.extend(c.service.clone());
            environments.extend(c.environment.clone());
        }
        Vocabulary {
            checklists: lock(&self.inner.library).names(),
            environments: environments.into_iter().collect(),
            services: services.into_iter().collect(),
            channels: config.channels.keys().chain(config.elsewhere.keys()).cloned().collect(),
            people: config.people.values().map(|p| p.name.clone()).collect(),
            teams: config
                .directory
                .roles
                .keys()
                .chain(config.directory.rotations.keys())
                .chain(config.directory.policies.keys())
                .cloned()
                .collect(),
            rotations: config.directory.rotations.keys().cloned().collect(),
            ..Vocabulary::default()
        }
    }
}

fn about(d: &Deployment, vocabulary: &mut Vocabulary) {
    vocabulary.deployment = true;
    vocabulary.fields = d.plan.fields().map(|f| f.label.clone()).collect();
    let open = d.pages.iter().filter(|p| p.state != PageState::Resolved);
    vocabulary.pages = open.map(|p| (p.number.to_string(), p.message.clone())).collect();
    let walked: BTreeSet<u32> = d.walk().map(|s| s.number).collect();
    let word = |i: usize| ItemWord {
        number: d.plan.leaves[i].number.to_string(),
        text: d.plan.leaves[i].text.clone(),
        open: compose::shown(d, i) == Shown::Open,
    };
    // What is walked now comes first.
    let (now, later): (Vec<usize>, Vec<usize>) =
        (0..d.plan.leaves.len()).partition(|&i| walked.contains(&d.plan.leaves[i].section));
    vocabulary.items = now.into_iter().chain(later).map(word).collect();
    let present = d.people.iter().filter(|p| &*p.person.id != "rollcall").map(|p| p.person.name.to_string());
    let known: BTreeSet<String> = vocabulary.people.drain(..).chain(present).collect();
    vocabulary.people = known.into_iter().collect();
}
