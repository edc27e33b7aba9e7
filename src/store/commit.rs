//! One unit of work: a [`Batch`], written whole or not at all.

use super::error::{Clash, StoreError};
use super::open::Store;
use super::{Batch, Delivered, DeliveryOutcome, Hash, Reaction, Summary, chain, journal, names};
use crate::domain::checklist::Checklist;
use crate::domain::command::Timer;
use crate::domain::time::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Either, Executor};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_stream::StreamExt;

/// How long the answer to a request is remembered.
const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many answers one call of [`Store::prune`] forgets at most.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// Why a unit of work was given up.
enum Trouble {
    Database(sqlx::Error),
    Clash(Clash),
    /// The unit of work contradicts itself or what is stored.
    Nonsense(String),
}

impl From<sqlx::Error> for Trouble {
    fn from(e: sqlx::Error) -> Self {
        Self::Database(e)
    }
}

impl Store {
    /// Writes all of the batch durably, or nothing. An event whose place is taken, a lock somebody holds and a request
    /// answered already are [`StoreError::Conflict`]. The store can be used again after any error, and after a call
    /// that was dropped half-way (which may or may not have been written: the inbox key tells).
    pub async fn commit(&self, batch: &Batch) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut writer = self.writer().await?;
        // Taken under the writer's lock, so that later units of work have later generations.
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        let plan = Plan::of(batch, generation).map_err(|t| self.trouble(t))?;
        writer.dirty = true;
        let conn = writer.conn.as_mut().ok_or(StoreError::Closed)?;
        match unit(conn, plan, &batch.reactions).await {
            Ok(()) => {
                writer.dirty = false;
                Ok(())
            }
            Err(trouble) => {
                // SQLite may have rolled back by itself; then there is nothing left to roll back. Where it stays
                // unclear, `dirty` stays set and the connection is replaced.
                let undone = conn.execute("ROLLBACK").await;
                writer.dirty = undone.is_err() && !nothing_to_undo(&undone);
                Err(self.trouble(trouble))
            }
        }
    }

    /// Forgets answers older than seven days, a bounded number at once. Tells how many.
    pub async fn prune(&self, now: Timestamp) -> Result<u64, StoreError> {
        let before = now.0.saturating_sub(REMEMBERED_MS);
        let mut writer = self.writer().await?;
        let conn = writer.conn.as_mut().ok_or(StoreError::Closed)?;
        let done = sqlx::query(
            "DELETE FROM inbox WHERE rowid IN (SELECT rowid FROM inbox WHERE at < ?1 ORDER BY at LIMIT ?2)",
        )
        .bind(before)
        .bind(FORGOTTEN_AT_ONCE)
        .execute(conn)
        .await
        .map_err(|e| self.error(e))?;
        Ok(done.rows_affected())
    }

    fn trouble(&self, trouble: Trouble) -> StoreError {
        match trouble {
            Trouble::Database(e) => self.error(e),
            Trouble::Clash(clash) => StoreError::Conflict(clash),
            Trouble::Nonsense(detail) => StoreError::Other { path: self.path.clone(), detail },
        }
    }
}

fn nothing_to_undo<T>(undone: &Result<T, sqlx::Error>) -> bool {
    matches!(undone, Err(sqlx::Error::Database(e)) if e.message().contains("no transaction is active"))
}

impl Batch {
    /// True when there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.checklists.is_empty()
            && self.deployments.is_empty()
            && self.locks.is_empty()
            && self.events.is_empty()
            && self.timers.is_empty()
            && self.outbox.is_empty()
            && self.delivered.is_empty()
            && self.reactions.is_empty()
            && self.inbox.is_empty()
            && self.rulings.is_empty()
    }
}

/// A part of a unit of work: what is written, its rows, and how many it must change, where it must change all.
struct Part {
    sql: &'static str,
    rows: String,
    must: Option<u64>,
}

/// A unit of work before the database is touched: the parts that have rows.
#[derive(Default)]
struct Plan {
    parts: Vec<Part>,
}

// The parts of a unit of work, in the order they are written. Each takes its rows from one JSON array of arrays: one
// text and one parameter however many rows there are, and all parts go to the connection's thread together.

/// An answer given before is a conflict.
const INBOX: &str = "
INSERT INTO inbox (key, at, reply) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?);";

const CHECKLISTS: &str = "
INSERT INTO checklists (hash, body) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
ON CONFLICT (hash) DO NOTHING;";

const DEPLOYMENTS: &str = "
INSERT INTO deployments (id, version, checklist, title, checklist_hash, service, environment, channel, rehearsal,
    status, deployer, opened_at, started_at, ended_at, archived, over, also)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
    value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13, value ->> 14, value ->> 15,
    value ->> 16
FROM json_each(?) WHERE true
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, checklist = excluded.checklist, title = excluded.title,
    checklist_hash = excluded.checklist_hash, service = excluded.service, environment = excluded.environment,
    channel = excluded.channel, rehearsal = excluded.rehearsal, status = excluded.status,
    deployer = excluded.deployer, opened_at = excluded.opened_at, started_at = excluded.started_at,
    ended_at = excluded.ended_at, archived = excluded.archived, over = excluded.over,
    also = excluded.also
WHERE (version, checklist, title, checklist_hash, service, environment, channel, rehearsal, status, deployer,
       opened_at, started_at, ended_at, archived, also)
   IS NOT (excluded.version, excluded.checklist, excluded.title, excluded.checklist_hash, excluded.service,
       excluded.environment, excluded.channel, excluded.rehearsal, excluded.status, excluded.deployer,
       excluded.opened_at, excluded.started_at, excluded.ended_at, excluded.archived, excluded.also);";

/// Locks given back go first, so that one can change hands within a unit of work.
const LOCKS_GIVEN: &str = "
UPDATE deployments SET lock = NULL FROM json_each(?) AS j WHERE deployments.id = j.value;";

const LOCKS_TAKEN: &str = "
UPDATE deployments SET lock = j.value ->> 1 FROM json_each(?) AS j WHERE deployments.id = j.value ->> 0;";

/// Heads of logs move on from exactly where the batch takes them to stand.
const HEADS: &str = "
UPDATE deployments SET head_seq = j.value ->> 3, head_hash = unhex(j.value ->> 4) FROM json_each(?) AS j
WHERE deployments.id = j.value ->> 0 AND head_seq = j.value ->> 1 AND head_hash = unhex(j.value ->> 2);";

const EVENTS: &str = "
INSERT INTO events (deployment, seq, at, by_id, by_name, via, body, prev, hash)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
    unhex(value ->> 7), unhex(value ->> 8)
FROM json_each(?);";

const DISARM: &str = "
DELETE FROM timers WHERE (deployment, name) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?));";

const ARM: &str = "
INSERT INTO timers (deployment, name, due) SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
ON CONFLICT (deployment, name) DO UPDATE SET due = excluded.due;";

const SHOW: &str = "
INSERT INTO messages (key, deployment, channel, thread, what, card, posted, posted_at, reposted)
SELECT o.key, o.deployment, o.channel, o.thread, o.what, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4
FROM json_each(?) AS j CROSS JOIN outbox AS o ON o.key = j.value ->> 0 ORDER BY j.key
ON CONFLICT (key) DO UPDATE SET what = excluded.what, card = excluded.card, posted = excluded.posted,
    edited_at = excluded.posted_at, reposted = max(reposted, excluded.reposted);";

/// What was asked for anew in the meantime (another generation) stays.
const SETTLE: &str = "
DELETE FROM outbox WHERE ord IN (
    SELECT o.ord FROM json_each(?) AS j CROSS JOIN outbox AS o
    ON o.key = j.value ->> 0 AND o.generation = j.value ->> 1);";

const REVIVE: &str = "
UPDATE outbox SET attempts = 0, failing_since = NULL, error = NULL, failed = 0
FROM json_each(?) AS j WHERE outbox.key = j.value ->> 0;";

const RETRY: &str = "
UPDATE outbox SET due = j.value ->> 1, attempts = attempts + 1,
    failing_since = coalesce(failing_since, j.value ->> 2), error = j.value ->> 3
FROM json_each(?) AS j WHERE outbox.key = j.value ->> 0;";

const FAIL: &str = "
UPDATE outbox SET failed = (generation = j.value ->> 1), attempts = attempts + 1,
    failing_since = coalesce(failing_since, j.value ->> 2), error = j.value ->> 3
FROM json_each(?) AS j WHERE outbox.key = j.value ->> 0;";

/// Asking anew keeps the place, the pause after a failure, and the sooner of two moments; it revives what was given up,
/// which may stand there all the same unless it was refused at once.
const ASK: &str = "
INSERT INTO outbox (key, deployment, channel, thread, what, card, due, generation)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 8
FROM json_each(?) AS j
WHERE NOT value ->> 7 OR EXISTS (SELECT 1 FROM messages AS m WHERE m.key = j.value ->> 0)
    OR EXISTS (SELECT 1 FROM outbox AS o WHERE o.key = j.value ->> 0)
ORDER BY j.key
ON CONFLICT (key) DO UPDATE SET
    generation = max(outbox.generation + 1, excluded.generation),
    what = excluded.what, card = excluded.card,
    due = CASE WHEN failed = 1 THEN excluded.due WHEN attempts > 0 THEN due ELSE min(due, excluded.due) END,
    attempts = CASE WHEN failed = 1 THEN attempts > 1 ELSE attempts END,
    failing_since = CASE WHEN failed = 1 THEN NULL ELSE failing_since END,
    error = CASE WHEN failed = 1 THEN NULL ELSE error END,
    failed = 0;";

fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|e| Trouble::Nonsense(e.to_string()))
}

impl Plan {
    /// `generation`: of what is asked for in this unit of work.
    fn of(batch: &Batch, generation: i64) -> Result<Self, Trouble> {
        let bodies: Vec<String> = batch
            .events
            .iter()
            .map(|e| chain::body(&e.recorded.event).map_err(|e| Trouble::Nonsense(e.to_string())))
            .collect::<Result<_, _>>()?;
        let heads = heads(batch, &bodies)?;
        // The last word on each lock and timer counts.
        let locks: BTreeMap<u64, Option<&str>> = batch.locks.iter().map(|(id, lock)| (*id, lock.as_deref())).collect();
        let given = locks.iter().filter(|(_, l)| l.is_none()).map(|(id, _)| id.cast_signed());
        let taken = locks.iter().filter_map(|(id, l)| Some((id.cast_signed(), (*l)?)));
        let timers: BTreeMap<(u64, Timer), Option<i64>> =
            batch.timers.iter().map(|(d, t, due)| ((*d, *t), due.map(|d| d.0))).collect();
        let armed = timers.iter().filter_map(|((id, t), due)| Some((id.cast_signed(), names::timer(*t), (*due)?)));
        let disarmed = timers.iter().filter(|(_, due)| due.is_none());
        let settled = |d: &&Delivered| matches!(d.outcome, DeliveryOutcome::Shown { .. } | DeliveryOutcome::Dropped);
        let came_through = |d: &&Delivered| settled(d) || matches!(d.outcome, DeliveryOutcome::Stands { .. });
        let mut plan = Self::default();
        plan.add(INBOX, inbox(batch)?)?;
        plan.add(CHECKLISTS, checklists(batch)?)?;
        plan.add(DEPLOYMENTS, deployments(batch))?;
        plan.add_all(LOCKS_GIVEN, given)?;
        plan.add_all(LOCKS_TAKEN, taken)?;
        plan.add_all(
            HEADS,
            heads.iter().map(|h| {
                let id = h.deployment.cast_signed();
                (id, h.from.0.cast_signed(), hex::encode(h.from.1), h.to.0.cast_signed(), hex::encode(h.to.1))
            }),
        )?;
        plan.add(
            EVENTS,
            batch.events.iter().zip(&bodies).map(|(e, body)| {
                let (r, id, seq) = (&e.recorded, e.deployment.cast_signed(), e.recorded.seq.cast_signed());
                let (prev, hash) = (hex::encode(e.prev), hex::encode(e.hash));
                (id, seq, r.at.0, &*r.by.id, &*r.by.name, names::via(r.via), body.as_str(), prev, hash)
            }),
        )?;
        plan.add(DISARM, disarmed.map(|((id, t), _)| (id.cast_signed(), names::timer(*t))))?;
        plan.add(ARM, armed)?;
        plan.add(SHOW, shown(batch)?)?;
        plan.add(SETTLE, batch.delivered.iter().filter(settled).map(|d| (&d.key, d.generation)))?;
        plan.add(REVIVE, batch.delivered.iter().filter(came_through).map(|d| [&d.key]))?;
        plan.add(
            RETRY,
            batch.delivered.iter().filter_map(|d| match &d.outcome {
                DeliveryOutcome::Retry { due, why } | DeliveryOutcome::Stands { due, why, .. } => {
                    Some((&d.key, due.0, d.at.0, why))
                }
                _ => None,
            }),
        )?;
        plan.add(
            FAIL,
            batch.delivered.iter().filter_map(|d| match &d.outcome {
                DeliveryOutcome::Failed { why } => Some((&d.key, d.generation, d.at.0, why)),
                _ => None,
            }),
        )?;
        plan.add(ASK, outbox(batch, generation)?)?;
        let (head, rulings) = journal::rows(&batch.rulings).map_err(Trouble::Nonsense)?;
        plan.add_all(journal::HEAD, head)?;
        plan.add(journal::RULINGS, rulings)?;
        Ok(plan)
    }

    fn add<T: Serialize>(&mut self, sql: &'static str, rows: impl IntoIterator<Item = T>) -> Result<usize, Trouble> {
        let rows: Vec<T> = rows.into_iter().collect();
        if !rows.is_empty() {
            self.parts.push(Part { sql, rows: json(&rows)?, must: None });
        }
        Ok(rows.len())
    }

    /// Every row must find what it changes.
    fn add_all<T: Serialize>(&mut self, sql: &'static str, rows: impl IntoIterator<Item = T>) -> Result<(), Trouble> {
        let count = self.add(sql, rows)?;
        if let Some(part) = self.parts.last_mut().filter(|_| count > 0) {
            part.must = Some(count as u64);
        }
        Ok(())
    }
}

fn inbox(batch: &Batch) -> Result<Vec<impl Serialize>, Trouble> {
    batch.inbox.iter().map(|(key, at, reply)| Ok((key, at.0, json(reply)?))).collect()
}

fn checklists(batch: &Batch) -> Result<Vec<impl Serialize>, Trouble> {
    let named = |(hash, list): &(String, Arc<Checklist>)| {
        let body = json(list.as_ref())?;
        if *hash != chain::content_hash(body.as_bytes()) {
            return Err(Trouble::Nonsense(format!("the checklist {hash} is not called by its content")));
        }
        Ok((hash.clone(), body))
    };
    batch.checklists.iter().map(named).collect()
}

fn deployments(batch: &Batch) -> impl Iterator<Item = impl Serialize> {
    // The last of each deployment's rows counts.
    let last: BTreeMap<u64, &Summary> = batch.deployments.iter().map(|s| (s.id, s)).collect();
    last.into_values().map(|s| {
        serde_json::json!([
            s.id.cast_signed(),
            s.version,
            s.checklist,
            s.title,
            s.checklist_hash,
            s.service,
            s.environment,
            s.channel,
            s.rehearsal,
            s.status.word(),
            s.deployer,
            s.opened_at.0,
            s.started_at.map(|t| t.0),
            s.ended_at.map(|t| t.0),
            s.archived,
            s.status.is_over(),
            serde_json::to_string(&s.also).unwrap_or_default(),
        ])
    })
}

fn shown(batch: &Batch) -> Result<Vec<impl Serialize>, Trouble> {
    let mut shown = Vec::with_capacity(batch.delivered.len());
    for d in &batch.delivered {
        if let DeliveryOutcome::Shown { posted, card, reposted }
        | DeliveryOutcome::Stands { posted, card, reposted, .. } = &d.outcome
        {
            shown.push((&d.key, json(card)?, posted, d.at.0, reposted));
        }
    }
    Ok(shown)
}

fn outbox(batch: &Batch, generation: i64) -> Result<Vec<impl Serialize>, Trouble> {
    // An edit of what is posted in the same unit of work belongs to that post.
    let mut asked = HashSet::new();
    let mut asks = Vec::with_capacity(batch.outbox.len());
    for d in &batch.outbox {
        let only_if_shown = d.only_if_shown && !asked.contains(d.key.as_str());
        if !only_if_shown {
            asked.insert(d.key.as_str());
        }
        let card = d.card.as_ref().map(json).transpose()?;
        let (id, due) = (d.deployment.cast_signed(), d.due.0);
        asks.push((&d.key, id, &d.channel, &d.thread, &d.what, card, due, only_if_shown, generation));
    }
    Ok(asks)
}

/// How a deployment's log grows: from where to where.
struct Head {
    deployment: u64,
    from: (u64, Hash),
    to: (u64, Hash),
}

/// Checks that the batch's events link up among themselves; that they link to what is stored is checked in writing.
fn heads(batch: &Batch, bodies: &[String]) -> Result<Vec<Head>, Trouble> {
    let mut heads: Vec<Head> = Vec::new();
    let mut index: HashMap<u64, usize> = HashMap::new();
    for (event, body) in batch.events.iter().zip(bodies) {
        let (id, seq) = (event.deployment, event.recorded.seq);
        let at = *index.entry(id).or_insert(heads.len());
        if at == heads.len() {
            let from = (seq.saturating_sub(1), event.prev);
            heads.push(Head { deployment: id, from, to: from });
        }
        let fits = heads.get_mut(at).filter(|h| seq == h.to.0 + 1 && event.prev == h.to.1);
        let linked = chain::link_parts(&event.prev, &chain::parts(id, &event.recorded, body));
        match fits {
            Some(head) if linked == event.hash => head.to = (seq, event.hash),
            _ => return Err(Trouble::Nonsense(format!("event {seq} of deployment {id} does not link up"))),
        }
    }
    Ok(heads)
}

async fn unit(conn: &mut SqliteConnection, plan: Plan, new: &[Reaction]) -> Result<(), Trouble> {
    let mut text = String::from("BEGIN IMMEDIATE;");
    plan.parts.iter().for_each(|part| text.push_str(part.sql));
    // Only the texts above, in few combinations: each is prepared once.
    let mut write = sqlx::query(AssertSqlSafe(text));
    let mut musts = vec![(None, "")];
    for part in plan.parts {
        write = write.bind(part.rows);
        musts.push((part.must, part.sql));
    }
    {
        let (mut results, mut musts) = (conn.fetch_many(write), musts.into_iter());
        while let Some(result) = results.next().await {
            let Either::Left(done) = result? else { continue };
            match musts.next() {
                Some((Some(must), sql)) if done.rows_affected() != must => {
                    return Err(if sql == HEADS || sql == journal::HEAD {
                        Trouble::Clash(Clash::Event)
                    } else {
                        Trouble::Nonsense("a lock for a deployment that is not there".into())
                    });
                }
                _ => (),
            }
        }
    }
    reactions(conn, new).await?;
    sqlx::query("COMMIT").execute(conn).await?;
    Ok(())
}

async fn reactions(conn: &mut SqliteConnection, reactions: &[Reaction]) -> Result<(), Trouble> {
    for r in reactions {
        let query = if r.present {
            sqlx::query(
                "INSERT INTO reactions (message, emoji, person_id, person, at) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (message, emoji, person_id) DO NOTHING",
            )
        } else {
            sqlx::query(
                "DELETE FROM reactions WHERE message = ?1 AND emoji = ?2 AND person_id = ?3
                 AND ?4 IS NOT NULL AND ?5 IS NOT NULL",
            )
        };
        query
            .bind(r.message.as_str())
            .bind(r.emoji.as_str())
            .bind(&*r.person.id)
            .bind(&*r.person.name)
            .bind(r.at.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
