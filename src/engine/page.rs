//! Everything about one deployment, for its page and its record.

use super::{CalledPage, Engine, Page, PageField, PagePerson, PageSection, TimelineLine, TrailLine};
use crate::card::{compose, kinds, page as page_card};
use crate::domain::checklist::Field;
use crate::domain::command::Mark;
use crate::domain::deployment::Deployment;
use crate::domain::event::Recorded;
use crate::domain::fields::is_automatic;
use crate::domain::judge::judge;
use crate::domain::paging;
use crate::domain::time::Timestamp;
use crate::store::{StoreError, Summary};
use crate::words::{replies, ways};
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
        let undelivered =
            store.failed_deliveries(Some(id)).await?.into_iter().map(|u| (ways::message(&u.key), u.why)).collect();
        let mut page = page(&d, &log, undelivered, whole, self.now());
        self.add_freeze(&d, &mut page.board);
        Ok(Some(page))
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
        pages: d.pages.iter().map(|p| called(p)).collect(),
    }
}

fn called(p: &paging::Page) -> CalledPage {
    let trail = page_card::trail(p).into_iter();
    let resolved = p.trail.iter().rev().find(|t| t.what == paging::Traced::Resolved);
    CalledPage {
        number: p.number,
        message: p.message.clone(),
        state: p.state,
        urgency: p.urgency,
        policy: p.policy.clone(),
        by: p.by.name.to_string(),
        at: p.at,
        count: p.count,
        has: p.has.as_ref().map(|(who, _)| who.name.to_string()),
        has_since: p.has.as_ref().map(|(_, at)| *at),
        resolved_by: resolved.map(|t| t.by.name.to_string()),
        resolved_at: resolved.map(|t| t.at),
        trail: trail.map(|(at, text)| TrailLine { at, text: text.to_plain() }).collect(),
    }
}

fn sections(d: &Deployment) -> Vec<PageSection> {
    let current = d.current_section();
    let phases = d.plan.checklist.phases.iter();
    phases
        .flat_map(|p| p.sections.iter().map(move |s| (p, s)))
        .filter_map(|(phase, section)| {
            let stretch = d.plan.stretch(section.number);
            let tally = d.tally_of(stretch.map_or(0..0, |s| s.leaves.clone()));
            let cards: Vec<_> = (1..=stretch.map_or(1, |s| s.parts))
                .map(|p| compose::section_part(d, section.number, p))
                .filter(|c| !c.blocks.is_empty())
                .collect();
            let closed = if d.applies(section.environment.as_deref()) {
                // What is only to be read or filled in is closed to nobody.
                stretch.and_then(|s| d.closed_in(s.number, s.branch)).map(|why| compose::closed_words(why).to_owned())
            } else {
                Some(format!("For {} only.", section.environment.as_deref().unwrap_or_default()))
            };
            (!cards.is_empty()).then(|| PageSection {
                number: section.number,
                phase: phase.title.to_plain(),
                title: section.title.clone(),
                branch: compose::branch_word(section.branch).into(),
                kinds: kinds::section_words(section),
                closed,
                done: tally.done,
                total: tally.total,
                current: current == Some(section.number),
                notes: section.notes.clone(),
                cards,
            })
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
    let field = |f: &Field| {
        let value = kinds::value(d, f, now);
        PageField {
            label: f.label.clone(),
            automatic: is_automatic(&f.label),
            verdict: value.as_deref().and_then(|v| judge(f, v)),
            value,
            target: f.target.clone(),
            choices: f.choices.clone(),
        }
    };
    d.plan.fields().map(field).collect()
}
