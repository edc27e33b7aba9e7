//! Years of history, written straight into a database.

use crate::{Done, client};
use rollcall::domain::checklist::Number;
use rollcall::domain::command::{Mark, Person, Via};
use rollcall::domain::event::{Event, Recorded};
use rollcall::domain::status::Status;
use rollcall::domain::time::Timestamp;
use rollcall::store::{Batch, NewEvent, Store, Summary, chain};
use std::path::Path;
use std::sync::Arc;

/// Deployments written together.
const TOGETHER: u64 = 500;
/// 2024-01-01.
const LONG_AGO: i64 = 1_704_067_200_000;

/// Fills an empty database with deployments that succeeded, of so many events each (at least six).
pub async fn make(data: &Path, count: u64, events_each: u64) -> Done<()> {
    let checklist = rollcall::markdown::read("walk", client::page().as_bytes()).checklist.ok_or("not a checklist")?;
    let (hash, checklist) = (chain::checklist_hash(&checklist), Arc::new(checklist));
    let store = Store::open(data).await?;
    let mut id = store.next_id().await?;
    let last = id + count;
    while id < last {
        let mut batch = Batch { checklists: vec![(hash.clone(), checklist.clone())], ..Batch::default() };
        for _ in 0..TOGETHER.min(last - id) {
            one(&mut batch, id, &hash, events_each);
            id += 1;
        }
        store.commit(&batch).await?;
    }
    store.close().await?;
    Ok(())
}

fn one(batch: &mut Batch, id: u64, hash: &str, events: u64) {
    let at = |seq: u64| Timestamp(LONG_AGO + id as i64 * 600_000 + seq as i64 * 30_000);
    let summary = Summary {
        also: Vec::new(),
        id,
        version: format!("v0.{id}"),
        checklist: "walk".into(),
        title: "Load".into(),
        checklist_hash: hash.into(),
        service: format!("service-{}", id % 200),
        environment: "production".into(),
        channel: format!("console:team-{}", id % 50),
        rehearsal: false,
        status: Status::Succeeded,
        deployer: "Ana".into(),
        opened_at: at(1),
        started_at: Some(at(2)),
        ended_at: Some(at(events - 1)),
        archived: true,
    };
    let opened = Event::Opened {
        version: summary.version.clone(),
        checklist: hash.into(),
        service: summary.service.clone(),
        environment: summary.environment.clone(),
        channel: summary.channel.clone(),
        rehearsal: false,
        start_at: None,
        expected_ms: None,
    };
    let mut prev = chain::ROOT;
    for seq in 1..=events {
        let event = match seq {
            1 => opened.clone(),
            2 => Event::Started { late_ms: 0 },
            3 => Event::SectionOpened { section: 1, late_ms: 0 },
            _ if seq == events => Event::Archived,
            _ if seq == events - 1 => Event::Succeeded { authority: None, open: Vec::new() },
            _ => Event::Marked {
                item: Number::new(vec![1, (seq - 4) as u32 % 10 + 1]),
                mark: Mark::Tick,
                note: None,
                reaction: None,
            },
        };
        let recorded = Recorded { seq, at: at(seq), by: Person::named("Ana"), via: Via::Console, event };
        let hash = chain::link(&prev, id, &recorded);
        batch.events.push(NewEvent { deployment: id, prev, hash, recorded });
        prev = hash;
    }
    batch.deployments.push(summary);
}
