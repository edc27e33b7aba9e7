//! Goes through the log link by link and names the first row of each deployment that does not fit. What a deployment's
//! row says beside its log is told anew from its events.

use super::chain::{self, Parts};
use super::open::Store;
use super::read::{json, select, summary};
use super::{Hash, StoreError, Summary, journal, names};
use crate::domain::checklist::Checklist;
use crate::domain::command::Person;
use crate::domain::deployment::Deployment;
use crate::domain::event::{Event, Recorded};
use crate::domain::plan::Plan;
use crate::domain::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use tokio_stream::StreamExt;

/// Deployments looked at in one go: between two, the bot may tidy up its file.
const AT_ONCE: u32 = 256;
/// Findings told in full.
const FINDINGS: usize = 1000;

/// What going through the log found.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct AuditReport {
    /// How many deployments and events were looked at.
    pub deployments: u64,
    pub events: u64,
    /// And rulings of the house's journal; its findings have the number 0.
    pub rulings: u64,
    /// The first fault of each deployment that has one; at most 1000.
    pub findings: Vec<Finding>,
    /// Checklists (by hash) that are not what was copied; at most 1000.
    pub checklists: Vec<String>,
    /// Deployments with faults beyond those.
    pub more: u64,
}

impl AuditReport {
    /// True when every event and checklist is where and as it was recorded, and lists say what the events say.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.checklists.is_empty() && self.more == 0
    }
}

fn many(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (deployments, events) = (many(self.deployments, "deployment"), many(self.events, "event"));
        if self.is_sound() {
            let rulings = match self.rulings {
                0 => String::new(),
                n => format!(" and {} of the house", many(n, "ruling")),
            };
            return writeln!(f, "Sound: {events} of {deployments}{rulings}: all as recorded.");
        }
        writeln!(f, "NOT SOUND. Looked at {events} of {deployments}.")?;
        for finding in &self.findings {
            writeln!(f, "  {finding}")?;
        }
        for hash in &self.checklists {
            writeln!(f, "  The checklist {hash} is not as it was copied.")?;
        }
        if self.more > 0 {
            writeln!(f, "  and {}.", many(self.more, "more deployment"))?;
        }
        writeln!(f, "Keep the file as it is, and restore the newest backup that is sound beside it.")
    }
}

/// A row that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    pub deployment: u64,
    /// The event's place; where one is missing, its place.
    pub seq: u64,
    pub fault: Fault,
}

/// How it does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The row is not what was recorded.
    Changed,
    /// The row does not follow the one before it: one of the two was replaced.
    Unlinked,
    /// There is a row after it but none here.
    Missing,
    /// The newest rows are gone.
    CutShort,
    /// The row is newer than the newest that was recorded, or another one.
    Added,
    /// The deployment itself is gone.
    Orphan,
    /// The row is as it was recorded and means nothing to this Rollcall.
    Unreadable,
    /// What lists say of the deployment (status, version, people, times, checklist) is not what its events say.
    Summary,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deployment, seq, fault } = self;
        let (whose, event) = match *deployment {
            journal::HOUSE => ("the house's journal".to_owned(), "ruling"),
            number => (format!("#{number}"), "event"),
        };
        match fault {
            Fault::Changed => write!(f, "{whose}, {event} {seq}: not what was recorded"),
            Fault::Unlinked => write!(f, "{whose}, {event} {seq}: does not follow the event before it"),
            Fault::Missing => write!(f, "{whose}, {event} {seq}: missing"),
            Fault::CutShort => write!(f, "{whose}, {event} {seq}: missing, with every event after it"),
            Fault::Added => write!(f, "{whose}, {event} {seq}: not the last event that was recorded"),
            Fault::Orphan => write!(f, "{whose}, {event} {seq}: belongs to no deployment"),
            Fault::Unreadable => write!(f, "{whose}, {event} {seq}: cannot be understood by this Rollcall"),
            Fault::Summary => write!(f, "#{deployment}: what lists say of it is not what its {seq} events say"),
        }
    }
}

/// How far a deployment's log has been followed.
struct Walk {
    /// Where it should end.
    head: (u64, Vec<u8>),
    /// What the deployment's row says; none where it says nothing that we understand.
    says: Option<Summary>,
    /// What its events add up to, without the items: they are not told in the row.
    told: Option<Deployment>,
    seq: u64,
    hash: Hash,
    fault: Option<(u64, Fault)>,
}

impl Store {
    /// Goes through the log of one deployment or of all. Holds a bounded part of it in memory and disturbs nobody.
    pub async fn audit(&self, deployment: Option<u64>) -> Result<AuditReport, StoreError> {
        self.walk(deployment).await.map_err(|e| self.error(e))
    }

    async fn walk(&self, only: Option<u64>) -> Result<AuditReport, sqlx::Error> {
        let mut report = AuditReport::default();
        let (first, last) = only.map_or((i64::MIN, i64::MAX), |id| (id.cast_signed(), id.cast_signed()));
        let mut from = first;
        loop {
            let mut moment = self.readers.begin().await?;
            let rows = sqlx::query(select!("WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT ?3"))
                .bind(from)
                .bind(last)
                .bind(AT_ONCE)
                .fetch_all(&mut *moment)
                .await?;
            let mut walks: BTreeMap<i64, Walk> = BTreeMap::new();
            for row in &rows {
                walks.insert(row.try_get(0)?, Walk::new(row)?);
            }
            // The last portion reaches to the end: events of deployments that are gone are found on the way.
            let full = rows.len() == AT_ONCE as usize;
            let to = walks.keys().next_back().copied().filter(|_| full).unwrap_or(last);
            let titles = titles(&mut moment, from, to).await?;
            let mut orphans: HashSet<i64> = HashSet::new();
            {
                let mut events = sqlx::query(
                    "SELECT deployment, seq, at, by_id, by_name, via, body, prev, hash FROM events
                     WHERE deployment BETWEEN ?1 AND ?2 ORDER BY deployment, seq",
                )
                .bind(from)
                .bind(to)
                .fetch(&mut *moment);
                while let Some(row) = events.next().await {
                    let row = row?;
                    let id: i64 = row.try_get(0)?;
                    report.events += 1;
                    match walks.get_mut(&id) {
                        Some(walk) => walk.step(id, &row)?,
                        None if orphans.len() < FINDINGS && orphans.insert(id) => {
                            report.note(id, row.try_get::<i64, _>(1)?.cast_unsigned(), Fault::Orphan);
                        }
                        None => (),
                    }
                }
            }
            report.deployments += walks.len() as u64;
            for (id, walk) in walks {
                if let Some((seq, fault)) = walk.end(&titles) {
                    report.note(id, seq, fault);
                }
            }
            if !full || to == last {
                break;
            }
            from = to.saturating_add(1);
        }
        if only.is_none() {
            let mut moment = self.readers.begin().await?;
            let (count, fault) = journal::walk(&mut moment).await?;
            report.rulings = count;
            if let Some((seq, fault)) = fault {
                report.note(journal::HOUSE.cast_signed(), seq, fault);
            }
        }
        report.findings.sort_by_key(|f| f.deployment);
        let mut lists = sqlx::query(
            "SELECT hash, body FROM checklists
             WHERE ?1 IS NULL OR hash = (SELECT checklist_hash FROM deployments WHERE id = ?1) ORDER BY hash",
        )
        .bind(only.map(u64::cast_signed))
        .fetch(&self.readers);
        while let Some(row) = lists.next().await {
            let row = row?;
            let (hash, body): (String, &[u8]) = (row.try_get(0)?, row.try_get(1)?);
            if hash != chain::content_hash(body) && report.checklists.len() < FINDINGS {
                report.checklists.push(hash);
            }
        }
        drop(lists);
        Ok(report)
    }
}

impl AuditReport {
    fn note(&mut self, id: i64, seq: u64, fault: Fault) {
        if self.findings.len() < FINDINGS {
            self.findings.push(Finding { deployment: id.cast_unsigned(), seq, fault });
        } else {
            self.more += 1;
        }
    }
}

/// Name and title of the checklists that deployments say they carry, by hash; without those that are no JSON.
async fn titles(
    moment: &mut SqliteConnection,
    from: i64,
    to: i64,
) -> Result<HashMap<String, (String, String)>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT hash, coalesce(body ->> '$.name', ''), coalesce(body ->> '$.title', '') FROM checklists
         WHERE json_valid(body) AND hash IN (SELECT checklist_hash FROM deployments WHERE id BETWEEN ?1 AND ?2)",
    )
    .bind(from)
    .bind(to)
    .fetch_all(moment)
    .await?;
    rows.iter().map(|r| Ok((r.try_get(0)?, (r.try_get(1)?, r.try_get(2)?)))).collect()
}

impl Walk {
    fn new(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let (over, seq): (bool, i64) = (row.try_get(15)?, row.try_get(16)?);
        let says = summary(row).ok().filter(|s| s.status.is_over() == over);
        let head = (seq.cast_unsigned(), row.try_get(17)?);
        Ok(Self { head, says, told: None, seq: 0, hash: chain::ROOT, fault: None })
    }

    /// Takes the next row. After the first fault nothing more is said about this deployment.
    fn step(&mut self, id: i64, row: &SqliteRow) -> Result<(), sqlx::Error> {
        if self.fault.is_some() {
            return Ok(());
        }
        let seq = row.try_get::<i64, _>(1)?.cast_unsigned();
        let (prev, stored): (&[u8], &[u8]) = (row.try_get(7)?, row.try_get(8)?);
        let parts = Parts {
            deployment: id.cast_unsigned(),
            seq,
            at: row.try_get(2)?,
            by_id: row.try_get(3)?,
            by_name: row.try_get(4)?,
            via: row.try_get(5)?,
            body: row.try_get(6)?,
        };
        let expected = self.seq + 1;
        let claimed: Hash = prev.try_into().unwrap_or(chain::ROOT);
        let own = chain::link_parts(&claimed, &parts);
        self.fault = match () {
            () if seq != expected => Some((expected, Fault::Missing)),
            () if prev != self.hash => Some((seq, Fault::Unlinked)),
            () if stored != own => Some((seq, Fault::Changed)),
            () if self.tell(&parts).is_none() => Some((seq, Fault::Unreadable)),
            () => None,
        };
        (self.seq, self.hash) = (seq, own);
        Ok(())
    }

    /// Takes what the next event says. None: it cannot be understood, or not there.
    fn tell(&mut self, parts: &Parts<'_>) -> Option<()> {
        let text = |bytes| str::from_utf8(bytes).ok();
        let recorded = Recorded {
            seq: parts.seq,
            at: Timestamp(parts.at),
            by: Person { id: text(parts.by_id)?.into(), name: text(parts.by_name)?.into() },
            via: names::via_named(text(parts.via)?)?,
            event: json(text(parts.body)?).ok()?,
        };
        if let Event::Opened { checklist, .. } = &recorded.event
            && self.told.is_none()
        {
            let plan = Plan::new(Arc::new(Checklist::default()), checklist.clone());
            self.told = Deployment::open(parts.deployment, Arc::new(plan), &recorded);
        }
        self.told.as_mut()?.evolve(&recorded);
        Some(())
    }

    /// Holds the end of the log against the head kept with the deployment, and what it adds up to against the row.
    fn end(self, titles: &HashMap<String, (String, String)>) -> Option<(u64, Fault)> {
        let (last, hash) = &self.head;
        match () {
            () if self.fault.is_some() => self.fault,
            () if self.seq < *last || self.seq == 0 => Some((self.seq + 1, Fault::CutShort)),
            () if self.seq > *last => Some((last + 1, Fault::Added)),
            () if self.hash.as_slice() != hash => Some((*last, Fault::Added)),
            () if !self.agrees(titles) => Some((*last, Fault::Summary)),
            () => None,
        }
    }

    fn agrees(&self, titles: &HashMap<String, (String, String)>) -> bool {
        let (Some(says), Some(told)) = (&self.says, &self.told) else { return false };
        let mut told = Summary::of(told);
        // A checklist that is no checklist any more is a finding of its own.
        (told.checklist, told.title) = match titles.get(&told.checklist_hash) {
            Some(titles) => titles.clone(),
            None => (says.checklist.clone(), says.title.clone()),
        };
        *says == told
    }
}
