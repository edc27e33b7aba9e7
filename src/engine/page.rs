//! Everything about one deployment, for its page and its record.

use super::{Engine, Page, PageField, PagePerson, PageSection, TimelineLine};
use crate::card::compose;
use crate::domain::command::Mark;
use crate::domain::deployment::Deployment;
use crate::domain::event::Recorded;
use crate::domain::fields::{automatic, is_automatic};
use crate::domain::time::Timestamp;
use crate::store::{StoreError, Summary};
use crate::words::replies;
use std::sync::Arc;

/// Lines of the record a page carries; the record itself has all.
const TIMELINE: usize = 500;

impl Engine {
    /// A deployment's page. `whole`: the timeline uncut, for the record.
    pub async fn page(&self, id: u64, whole: bool) -> Result<Option<Page>, StoreError> {
        let store = &self.inner.store;
        let Some(log) = store.deployment_log(id).await? else { return Ok(None) };
        let log = log.events;
        let d = match self.inner.house.get(id) {
            Some(d) if log.last().is_some_and(|last| last.seq == d.seq) => d,
            _ => Arc::new(self.inner.house.told(store, id, &log).await?),
        };
        let undelivered = store.failed_deliveries(Some(id)).await?.into_iter().map(|u| (u.key, u.why)).collect();
        Ok(Some(page(&d, &log, undelivered, whole, self.now())))
    }
}

fn page(d: &Deployment, log: &[Recorded], undelivered: Vec<(String, String)>, whole: bool, now: Timestamp) -> Page {
    let cut = if whole { 0 } else { log.len().saturating_sub(TIMELINE) };
    Page {
        // Told from the events, as all the rest: not from the row beside them.
        summary: Summary::of(d),
        board: compose::board(d, now),
        sections: sections(d),
        timeline: log[cut..].iter().map(|r| line(d, r)).collect(),
        timeline_cut: cut,
        people: people(d),
        fields: fields(d, now),
        undelivered,
    }
}

fn sections(d: &Deployment) -> Vec<PageSection> {
    let current = d.current_section();
    d.plan
        .sections
        .iter()
        .map(|s| {
            let tally = d.tally_of(s.leaves.clone());
            let section = d.plan.checklist.section(s.number);
            let closed = if d.applies(s.environment.as_deref()) {
                d.closed(s.branch).map(|why| compose::closed_words(why).to_owned())
            } else {
                Some(format!("For {} only.", s.environment.as_deref().unwrap_or_default()))
            };
            PageSection {
                number: s.number,
                phase: s.phase.clone(),
                title: section.map(|s| s.title.clone()).unwrap_or_default(),
                branch: compose::branch_word(s.branch).into(),
                closed,
                done: tally.done,
                total: tally.total,
                current: current == Some(s.number),
                notes: section.map(|s| s.notes.clone()).unwrap_or_default(),
                cards: (1..=s.parts).map(|p| compose::section_part(d, s.number, p)).collect(),
            }
        })
        .collect()
}

fn line(d: &Deployment, r: &Recorded) -> TimelineLine {
    TimelineLine { seq: r.seq, at: r.at, who: r.by.name.to_string(), via: r.via, text: replies::timeline(d, &r.event) }
}

fn people(d: &Deployment) -> Vec<PagePerson> {
    // By id: two people may have one name.
    let ticked = |id: &str| {
        (0..d.plan.leaves.len())
            .filter_map(|leaf| d.marked(leaf))
            .filter(|m| m.mark == Mark::Tick && *d.person(m.by).id == *id)
            .count()
    };
    let assigned = |id: &str| d.assigned().filter(|(_, to)| *to.id == *id).count();
    d.people
        .iter()
        .filter(|p| &*p.person.id != "rollcall")
        .map(|p| PagePerson {
            name: p.person.name.to_string(),
            ticked: u32::try_from(ticked(&p.person.id)).unwrap_or(u32::MAX),
            assigned: u32::try_from(assigned(&p.person.id)).unwrap_or(u32::MAX),
            deployer: p.person.id == d.deployer().id,
            last_seen: p.last_seen,
        })
        .collect()
}

fn fields(d: &Deployment, now: Timestamp) -> Vec<PageField> {
    d.plan
        .checklist
        .fields()
        .map(|f| {
            let filled = d.fields.get(&f.label).cloned();
            let automatic = automatic(d, &f.label, now);
            PageField {
                label: f.label.clone(),
                automatic: is_automatic(&f.label),
                value: automatic.or(filled).or_else(|| f.value.clone()),
                target: f.target.clone(),
                choices: f.choices.clone(),
            }
        })
        .collect()
}
