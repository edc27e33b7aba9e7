//! One unit of work: a [`Batch`], written whole or not at all.

use super::error::{Clash, StoreError};
use super::open::Store;
use super::{Batch, Delivered, DeliveryOutcome, Hash, NewDelivery, Reaction, Summary, chain, names};
use crate::domain::command::Timer;
use crate::domain::time::Timestamp;
use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Executor, QueryBuilder};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;

/// How long the answer to a request is remembered.
const REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How many answers one call of [`Store::prune`] forgets at most.
const FORGOTTEN_AT_ONCE: i64 = 1000;

/// Rows in one statement, largest first. Few different numbers, so that few different statements are kept prepared;
/// 64 rows of the widest table stay below every limit on bound values.
const ROWS: [usize; 4] = [64, 16, 4, 1];

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
        let plan = Plan::of(batch).map_err(|t| self.trouble(t))?;
        let mut writer = self.writer().await?;
        writer.dirty = true;
        let conn = writer.conn.as_mut().ok_or(StoreError::Closed)?;
        // Taken under the writer's lock, so that later units of work have later generations.
        let generation = self.generation.fetch_add(1, Ordering::Relaxed);
        match unit(conn, batch, &plan, generation).await {
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
    }
}

/// What can be worked out before the database is touched: every text it will be given.
struct Plan {
    checklists: Vec<(String, String)>,
    /// The last of each deployment's rows.
    deployments: Vec<usize>,
    bodies: Vec<String>,
    heads: Vec<Head>,
    armed: Vec<(u64, Timer, i64)>,
    disarmed: Vec<(u64, Timer)>,
    shown: Vec<Option<String>>,
    outbox: Vec<Ask>,
    inbox: Vec<String>,
}

/// How a deployment's log grows: from where to where.
struct Head {
    deployment: u64,
    from: (u64, Hash),
    to: (u64, Hash),
}

/// A delivery asked for: its place in the batch, its card, and whether it must be on its way already.
struct Ask {
    index: usize,
    card: Option<String>,
    only_if_shown: bool,
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Trouble> {
    serde_json::to_string(value).map_err(|e| Trouble::Nonsense(e.to_string()))
}

impl Plan {
    fn of(batch: &Batch) -> Result<Self, Trouble> {
        let bodies: Vec<String> = batch
            .events
            .iter()
            .map(|e| chain::body(&e.recorded.event).map_err(|e| Trouble::Nonsense(e.to_string())))
            .collect::<Result<_, _>>()?;
        let mut checklists = Vec::with_capacity(batch.checklists.len());
        for (hash, list) in &batch.checklists {
            let body = json(list.as_ref())?;
            if *hash != chain::content_hash(body.as_bytes()) {
                return Err(Trouble::Nonsense(format!("the checklist {hash} is not called by its content")));
            }
            checklists.push((hash.clone(), body));
        }
        let timers: BTreeMap<(u64, Timer), Option<i64>> =
            batch.timers.iter().map(|(d, t, due)| ((*d, *t), due.map(|d| d.0))).collect();
        let last: HashMap<u64, usize> = batch.deployments.iter().enumerate().map(|(i, s)| (s.id, i)).collect();
        let mut shown = Vec::with_capacity(batch.delivered.len());
        for delivered in &batch.delivered {
            shown.push(match &delivered.outcome {
                DeliveryOutcome::Shown { card, .. } => Some(json(card)?),
                _ => None,
            });
        }
        // An edit of what is posted in the same unit of work belongs to that post.
        let mut asked = HashSet::new();
        let mut outbox = Vec::with_capacity(batch.outbox.len());
        for (index, ask) in batch.outbox.iter().enumerate() {
            let only_if_shown = ask.only_if_shown && !asked.contains(ask.key.as_str());
            if !only_if_shown {
                asked.insert(ask.key.as_str());
            }
            outbox.push(Ask { index, card: ask.card.as_ref().map(json).transpose()?, only_if_shown });
        }
        Ok(Self {
            checklists,
            deployments: batch
                .deployments
                .iter()
                .enumerate()
                .filter(|(i, s)| last.get(&s.id) == Some(i))
                .map(|(i, _)| i)
                .collect(),
            heads: heads(batch, &bodies)?,
            bodies,
            armed: timers.iter().filter_map(|((d, t), due)| due.map(|due| (*d, *t, due))).collect(),
            disarmed: timers.iter().filter(|(_, due)| due.is_none()).map(|(k, _)| *k).collect(),
            shown,
            outbox,
            inbox: batch.inbox.iter().map(|(_, _, reply)| json(reply)).collect::<Result<_, _>>()?,
        })
    }
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

async fn unit(conn: &mut SqliteConnection, batch: &Batch, plan: &Plan, generation: i64) -> Result<(), Trouble> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    inbox(conn, batch, plan).await?;
    checklists(conn, plan).await?;
    deployments(conn, batch, plan).await?;
    locks(conn, batch).await?;
    advance(conn, plan).await?;
    events(conn, batch, plan).await?;
    timers(conn, plan).await?;
    for (delivered, card) in batch.delivered.iter().zip(&plan.shown) {
        deliver(conn, delivered, card.as_deref()).await?;
    }
    outbox(conn, batch, plan, generation).await?;
    reactions(conn, &batch.reactions).await?;
    sqlx::query("COMMIT").execute(conn).await?;
    Ok(())
}

/// The rows in portions of [`ROWS`].
fn portions<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = ROWS.into_iter().find(|size| *size <= rows.len())?;
        let (portion, rest) = rows.split_at_checked(size)?;
        rows = rest;
        Some(portion)
    })
}

fn sql(opening: &str) -> QueryBuilder<Sqlite> {
    QueryBuilder::new(opening)
}

async fn inbox(conn: &mut SqliteConnection, batch: &Batch, plan: &Plan) -> Result<(), Trouble> {
    let rows: Vec<_> = batch.inbox.iter().zip(&plan.inbox).collect();
    for portion in portions(&rows) {
        let mut q = sql("INSERT INTO inbox (key, at, reply) ");
        q.push_values(portion, |mut row, ((key, at, _), reply)| {
            row.push_bind(key.as_str()).push_bind(at.0).push_bind(reply.as_str());
        });
        q.build().execute(&mut *conn).await?;
    }
    Ok(())
}

async fn checklists(conn: &mut SqliteConnection, plan: &Plan) -> Result<(), Trouble> {
    for (hash, body) in &plan.checklists {
        sqlx::query("INSERT INTO checklists (hash, body) VALUES (?1, ?2) ON CONFLICT (hash) DO NOTHING")
            .bind(hash)
            .bind(body)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

const UPSERT_DEPLOYMENT: &str = "
ON CONFLICT (id) DO UPDATE SET
    version = excluded.version, checklist = excluded.checklist, title = excluded.title,
    checklist_hash = excluded.checklist_hash, service = excluded.service, environment = excluded.environment,
    channel = excluded.channel, rehearsal = excluded.rehearsal, status = excluded.status,
    deployer = excluded.deployer, opened_at = excluded.opened_at, started_at = excluded.started_at,
    ended_at = excluded.ended_at, archived = excluded.archived, over = excluded.over
WHERE (version, checklist, title, checklist_hash, service, environment, channel, rehearsal, status, deployer,
       opened_at, started_at, ended_at, archived)
   IS NOT (excluded.version, excluded.checklist, excluded.title, excluded.checklist_hash, excluded.service,
       excluded.environment, excluded.channel, excluded.rehearsal, excluded.status, excluded.deployer,
       excluded.opened_at, excluded.started_at, excluded.ended_at, excluded.archived)";

async fn deployments(conn: &mut SqliteConnection, batch: &Batch, plan: &Plan) -> Result<(), Trouble> {
    let rows: Vec<&Summary> = plan.deployments.iter().filter_map(|i| batch.deployments.get(*i)).collect();
    for s in rows {
        let mut q =
            sql("INSERT INTO deployments (id, version, checklist, title, checklist_hash, service, environment, \
             channel, rehearsal, status, deployer, opened_at, started_at, ended_at, archived, over) ");
        q.push_values([s], |mut row, s| {
            row.push_bind(s.id.cast_signed())
                .push_bind(s.version.as_str())
                .push_bind(s.checklist.as_str())
                .push_bind(s.title.as_str())
                .push_bind(s.checklist_hash.as_str())
                .push_bind(s.service.as_str())
                .push_bind(s.environment.as_str())
                .push_bind(s.channel.as_str())
                .push_bind(s.rehearsal)
                .push_bind(s.status.word())
                .push_bind(s.deployer.as_str())
                .push_bind(s.opened_at.0)
                .push_bind(s.started_at.map(|t| t.0))
                .push_bind(s.ended_at.map(|t| t.0))
                .push_bind(s.archived)
                .push_bind(s.status.is_over());
        });
        q.push(UPSERT_DEPLOYMENT);
        q.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// Locks given back first, so that one can change hands within a unit of work.
async fn locks(conn: &mut SqliteConnection, batch: &Batch) -> Result<(), Trouble> {
    let (taken, given): (Vec<_>, Vec<_>) = batch.locks.iter().partition(|(_, lock)| lock.is_some());
    for (id, lock) in given.into_iter().chain(taken) {
        let done = sqlx::query("UPDATE deployments SET lock = ?2 WHERE id = ?1")
            .bind(id.cast_signed())
            .bind(lock.as_deref())
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() == 0 {
            return Err(Trouble::Nonsense(format!("a lock for deployment {id}, which is not there")));
        }
    }
    Ok(())
}

/// Moves the heads of logs on, from exactly where the batch takes them to stand.
async fn advance(conn: &mut SqliteConnection, plan: &Plan) -> Result<(), Trouble> {
    for portion in portions(&plan.heads) {
        let mut q = sql("UPDATE deployments SET head_seq = v.column4, head_hash = v.column5 FROM (");
        q.push_values(portion, |mut row, head| {
            row.push_bind(head.deployment.cast_signed())
                .push_bind(head.from.0.cast_signed())
                .push_bind(head.from.1.as_slice())
                .push_bind(head.to.0.cast_signed())
                .push_bind(head.to.1.as_slice());
        });
        q.push(") AS v WHERE deployments.id = v.column1 AND head_seq = v.column2 AND head_hash = v.column3");
        let done = q.build().execute(&mut *conn).await?;
        if done.rows_affected() != portion.len() as u64 {
            return Err(Trouble::Clash(Clash::Event));
        }
    }
    Ok(())
}

async fn events(conn: &mut SqliteConnection, batch: &Batch, plan: &Plan) -> Result<(), Trouble> {
    let rows: Vec<_> = batch.events.iter().zip(&plan.bodies).collect();
    for portion in portions(&rows) {
        let mut q = sql("INSERT INTO events (deployment, seq, at, by_id, by_name, via, body, prev, hash) ");
        q.push_values(portion, |mut row, (event, body)| {
            let r = &event.recorded;
            row.push_bind(event.deployment.cast_signed())
                .push_bind(r.seq.cast_signed())
                .push_bind(r.at.0)
                .push_bind(&*r.by.id)
                .push_bind(&*r.by.name)
                .push_bind(names::via(r.via))
                .push_bind(body.as_str())
                .push_bind(event.prev.as_slice())
                .push_bind(event.hash.as_slice());
        });
        q.build().execute(&mut *conn).await?;
    }
    Ok(())
}

async fn timers(conn: &mut SqliteConnection, plan: &Plan) -> Result<(), Trouble> {
    for portion in portions(&plan.disarmed) {
        let mut q = sql("DELETE FROM timers WHERE (deployment, name) IN (");
        q.push_values(portion, |mut row, (id, timer)| {
            row.push_bind(id.cast_signed()).push_bind(names::timer(*timer));
        });
        q.push(")");
        q.build().execute(&mut *conn).await?;
    }
    for portion in portions(&plan.armed) {
        let mut q = sql("INSERT INTO timers (deployment, name, due) ");
        q.push_values(portion, |mut row, (id, timer, due)| {
            row.push_bind(id.cast_signed()).push_bind(names::timer(*timer)).push_bind(*due);
        });
        q.push(" ON CONFLICT (deployment, name) DO UPDATE SET due = excluded.due");
        q.build().execute(&mut *conn).await?;
    }
    Ok(())
}

/// What became of one attempt. A row asked for anew in the meantime (another generation) stays.
async fn deliver(conn: &mut SqliteConnection, d: &Delivered, card: Option<&str>) -> Result<(), Trouble> {
    match &d.outcome {
        DeliveryOutcome::Shown { posted, .. } => {
            sqlx::query(
                "INSERT INTO messages (key, deployment, channel, thread, what, card, posted, posted_at)
                 SELECT key, deployment, channel, thread, what, ?2, ?3, ?4 FROM outbox WHERE key = ?1
                 ON CONFLICT (key) DO UPDATE SET what = excluded.what, card = excluded.card,
                     posted = excluded.posted, edited_at = excluded.posted_at",
            )
            .bind(d.key.as_str())
            .bind(card)
            .bind(posted.as_str())
            .bind(d.at.0)
            .execute(&mut *conn)
            .await?;
            let gone = sqlx::query("DELETE FROM outbox WHERE key = ?1 AND generation = ?2")
                .bind(d.key.as_str())
                .bind(d.generation)
                .execute(&mut *conn)
                .await?;
            if gone.rows_affected() == 0 {
                sqlx::query(
                    "UPDATE outbox SET attempts = 0, failing_since = NULL, error = NULL, failed = 0 WHERE key = ?1",
                )
                .bind(d.key.as_str())
                .execute(conn)
                .await?;
            }
        }
        DeliveryOutcome::Retry { due, why } => {
            sqlx::query(
                "UPDATE outbox SET due = ?2, attempts = attempts + 1, failing_since = coalesce(failing_since, ?3),
                     error = ?4
                 WHERE key = ?1",
            )
            .bind(d.key.as_str())
            .bind(due.0)
            .bind(d.at.0)
            .bind(why.as_str())
            .execute(conn)
            .await?;
        }
        // What has been asked for since may fare better.
        DeliveryOutcome::Failed { why } => {
            sqlx::query(
                "UPDATE outbox SET failed = (generation = ?2), attempts = attempts + 1,
                     failing_since = coalesce(failing_since, ?3), error = ?4
                 WHERE key = ?1",
            )
            .bind(d.key.as_str())
            .bind(d.generation)
            .bind(d.at.0)
            .bind(why.as_str())
            .execute(conn)
            .await?;
        }
    }
    Ok(())
}

/// Asking anew keeps the place, the pause after a failure, and the sooner of two moments; it revives what was given up.
const BUMP: &str = "
ON CONFLICT (key) DO UPDATE SET
    generation = max(outbox.generation + 1, excluded.generation),
    what = excluded.what, card = excluded.card,
    due = CASE WHEN failed = 1 THEN excluded.due WHEN attempts > 0 THEN due ELSE min(due, excluded.due) END,
    attempts = CASE WHEN failed = 1 THEN 0 ELSE attempts END,
    failing_since = CASE WHEN failed = 1 THEN NULL ELSE failing_since END,
    error = CASE WHEN failed = 1 THEN NULL ELSE error END,
    failed = 0";

async fn outbox(conn: &mut SqliteConnection, batch: &Batch, plan: &Plan, generation: i64) -> Result<(), Trouble> {
    let rows: Vec<(&NewDelivery, &Ask)> =
        plan.outbox.iter().filter_map(|ask| batch.outbox.get(ask.index).map(|d| (d, ask))).collect();
    for portion in portions(&rows) {
        let mut q = sql("INSERT INTO outbox (key, deployment, channel, thread, what, card, due, generation)
             SELECT column1, column2, column3, column4, column5, column6, column7, column8 FROM (");
        q.push_values(portion, |mut row, (d, ask)| {
            row.push_bind(d.key.as_str())
                .push_bind(d.deployment.cast_signed())
                .push_bind(d.channel.as_str())
                .push_bind(d.thread.as_deref())
                .push_bind(d.what.as_str())
                .push_bind(ask.card.as_deref())
                .push_bind(d.due.0)
                .push_bind(generation)
                .push_bind(ask.only_if_shown)
                .push_bind(ask.index.cast_signed() as i64);
        });
        q.push(
            ") WHERE NOT column9 OR EXISTS (SELECT 1 FROM messages m WHERE m.key = column1)
                 OR EXISTS (SELECT 1 FROM outbox o WHERE o.key = column1)
             ORDER BY column10",
        );
        q.push(BUMP);
        q.build().execute(&mut *conn).await?;
    }
    Ok(())
}

async fn reactions(conn: &mut SqliteConnection, reactions: &[Reaction]) -> Result<(), Trouble> {
    for r in reactions {
        let query = if r.present {
            sqlx::query(
                "INSERT INTO reactions (message, emoji, person, at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (message, emoji, person) DO NOTHING",
            )
        } else {
            sqlx::query("DELETE FROM reactions WHERE message = ?1 AND emoji = ?2 AND person = ?3 AND ?4 IS NOT NULL")
        };
        query
            .bind(r.message.as_str())
            .bind(r.emoji.as_str())
            .bind(r.person.as_str())
            .bind(r.at.0)
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
