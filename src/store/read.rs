//! Look-ups. Each sees everything committed before it was asked.

use super::open::Store;
use super::shown::keys;
use super::{Hash, StoreError, Summary, chain, names};
use crate::card::Reply;
use crate::domain::checklist::Checklist;
use crate::domain::command::{Person, Timer};
use crate::domain::deployment::Deployment;
use crate::domain::event::Recorded;
use crate::domain::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// The most rows of one list.
const LIST: u32 = 1000;
/// How far back to look for versions that were used.
const VERSIONS_WITHIN: u32 = 500;

/// A deployment with everything that happened to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Log {
    pub summary: Summary,
    /// In order.
    pub events: Vec<Recorded>,
    /// The last event's link ([`chain::ROOT`] where there is none): the next one's `prev`.
    pub head: Hash,
}

/// Which deployments a list holds, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Those without an outcome.
    Open,
    /// Those with one, older than `before_id`.
    Over { before_id: Option<u64>, limit: u32 },
}

/// How much there is, for logs and gauges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    pub deployments: i64,
    /// Of them, without an outcome.
    pub open: i64,
    pub events: i64,
    pub timers: i64,
    pub messages: i64,
    /// Messages on their way, and given up.
    pub waiting: i64,
    pub failed: i64,
    /// Answers remembered.
    pub inbox: i64,
}

/// The columns of [`summary`], in its order, then those only the audit looks at.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, version, checklist, title, checklist_hash, service, environment, channel, rehearsal, status, ",
            "deployer, opened_at, started_at, ended_at, archived, over, head_seq, head_hash, also FROM deployments ",
            $rest
        )
    };
}
pub(super) use select;

impl Summary {
    /// What a deployment's row says, told from its events.
    pub fn of(d: &Deployment) -> Self {
        Self {
            id: d.id,
            version: d.version.clone(),
            checklist: d.plan.checklist.name.clone(),
            title: d.plan.checklist.title.clone(),
            checklist_hash: d.plan.hash.clone(),
            service: d.service.clone(),
            environment: d.environment.clone(),
            channel: d.channel.clone(),
            also: d.also.clone(),
            rehearsal: d.rehearsal,
            status: d.status,
            deployer: d.deployer().name.to_string(),
            opened_at: d.opened_at,
            started_at: d.started_at,
            ended_at: d.ended_at,
            archived: d.archived,
        }
    }

    /// Whether it is followed there.
    pub fn is_in(&self, channel: &str) -> bool {
        self.channel == channel || self.also.iter().any(|c| c == channel)
    }
}

impl Store {
    /// A deployment and its whole log, as of one moment.
    pub async fn deployment_log(&self, id: u64) -> Result<Option<Log>, StoreError> {
        let log = async {
            let mut moment = self.readers.begin().await?;
            let row = sqlx::query(select!("WHERE id = ?1")).bind(id.cast_signed()).fetch_optional(&mut *moment).await?;
            let Some(row) = row else { return Ok(None) };
            let rows = sqlx::query(
                "SELECT seq, at, by_id, by_name, via, body, hash FROM events WHERE deployment = ?1 ORDER BY seq",
            )
            .bind(id.cast_signed())
            .fetch_all(&mut *moment)
            .await?;
            let head = rows.last().map(|r| r.try_get::<&[u8], _>(6)).transpose()?.map(hash).transpose()?;
            Ok(Some(Log {
                summary: summary(&row)?,
                events: rows.iter().map(recorded).collect::<Result<_, _>>()?,
                head: head.unwrap_or(chain::ROOT),
            }))
        };
        log.await.map_err(|e| self.error(e))
    }

    /// What a deployment's row says, without its log.
    pub async fn summary(&self, id: u64) -> Result<Option<Summary>, StoreError> {
        let row = sqlx::query(select!("WHERE id = ?1")).bind(id.cast_signed()).fetch_optional(&self.readers).await;
        row.and_then(|row| row.as_ref().map(summary).transpose()).map_err(|e| self.error(e))
    }

    /// The checklist of that content hash.
    pub async fn checklist(&self, hash: &str) -> Result<Option<Checklist>, StoreError> {
        let body: Option<String> = sqlx::query_scalar("SELECT body FROM checklists WHERE hash = ?1")
            .bind(hash)
            .fetch_optional(&self.readers)
            .await
            .map_err(|e| self.error(e))?;
        body.as_deref().map(json).transpose().map_err(|e| self.error(e))
    }

    /// The answers to those of the requests that were answered already.
    pub async fn answered(&self, requests: &[String]) -> Result<HashMap<String, Reply>, StoreError> {
        if requests.is_empty() {
            return Ok(HashMap::new());
        }
        let rows = sqlx::query("SELECT key, reply FROM inbox WHERE key IN (SELECT value FROM json_each(?1))")
            .bind(keys(requests.iter().map(String::as_str)))
            .fetch_all(&self.readers)
            .await;
        rows.and_then(|rows| rows.iter().map(|r| Ok((r.try_get(0)?, json(r.try_get(1)?)?))).collect())
            .map_err(|e| self.error(e))
    }

    /// Who holds the lock `service/environment`.
    pub async fn lock_holder(&self, lock: &str) -> Result<Option<u64>, StoreError> {
        let id: Option<i64> = sqlx::query_scalar("SELECT id FROM deployments WHERE lock = ?1")
            .bind(lock)
            .fetch_optional(&self.readers)
            .await
            .map_err(|e| self.error(e))?;
        Ok(id.map(i64::cast_unsigned))
    }

    /// The number of the next deployment, from 1.
    pub async fn next_id(&self) -> Result<u64, StoreError> {
        let last: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM deployments")
            .fetch_one(&self.readers)
            .await
            .map_err(|e| self.error(e))?;
        Ok(last.cast_unsigned().saturating_add(1))
    }

    /// A channel's deployments without an outcome, newest first.
    pub async fn open_in_channel(&self, channel: &str) -> Result<Vec<Summary>, StoreError> {
        let query = sqlx::query(select!(
            "INDEXED BY deployments_open WHERE over = 0 AND channel = ?1 ORDER BY id DESC LIMIT ?2"
        ));
        self.summaries(query.bind(channel).bind(LIST).fetch_all(&self.readers).await)
    }

    /// A channel's newest deployments, with an outcome or without, newest first.
    pub async fn recent_in_channel(&self, channel: &str, limit: u32) -> Result<Vec<Summary>, StoreError> {
        let query = sqlx::query(select!(
            "WHERE channel = ?1 OR (also <> '[]' AND ?1 IN (SELECT value FROM json_each(also))) ORDER BY id DESC LIMIT ?2"
        ));
        self.summaries(query.bind(channel).bind(limit.min(LIST)).fetch_all(&self.readers).await)
    }

    /// A channel's newest deployments that have an outcome, newest first.
    pub async fn ended_in_channel(&self, channel: &str, limit: u32) -> Result<Vec<Summary>, StoreError> {
        let query = sqlx::query(select!("WHERE channel = ?1 AND over = 1 ORDER BY id DESC LIMIT ?2"));
        self.summaries(query.bind(channel).bind(limit.min(LIST)).fetch_all(&self.readers).await)
    }

    /// All deployments without an outcome, oldest first.
    pub async fn under_way(&self) -> Result<Vec<Summary>, StoreError> {
        let query = sqlx::query(select!("INDEXED BY deployments_open WHERE over = 0 ORDER BY id"));
        self.summaries(query.fetch_all(&self.readers).await)
    }

    /// Deployments for a list, newest first, at most 1000.
    pub async fn list(&self, which: Past) -> Result<Vec<Summary>, StoreError> {
        let rows = match which {
            Past::Open => {
                let query = select!("INDEXED BY deployments_open WHERE over = 0 ORDER BY id DESC LIMIT ?1");
                sqlx::query(query).bind(LIST).fetch_all(&self.readers).await
            }
            Past::Over { before_id, limit } => {
                sqlx::query(select!("WHERE over = 1 AND id < ?1 ORDER BY id DESC LIMIT ?2"))
                    .bind(before_id.map_or(i64::MAX, u64::cast_signed))
                    .bind(limit.min(LIST))
                    .fetch_all(&self.readers)
                    .await
            }
        };
        self.summaries(rows)
    }

    /// Who waits for the lock `service/environment`, spelled as in their summaries; lowest number first.
    pub async fn queued_for(&self, lock: &str) -> Result<Vec<u64>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar(
            "SELECT id FROM deployments WHERE status = 'queued' AND service || '/' || environment = ?1 ORDER BY id",
        )
        .bind(lock)
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(e))?;
        Ok(ids.into_iter().map(i64::cast_unsigned).collect())
    }

    /// The versions last deployed in a channel, each once, newest first.
    pub async fn used_versions(&self, channel: &str, limit: u32) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT version FROM
                 (SELECT version, id FROM deployments WHERE channel = ?1 ORDER BY id DESC LIMIT ?2)
             GROUP BY version ORDER BY max(id) DESC LIMIT ?3",
        )
        .bind(channel)
        .bind(VERSIONS_WITHIN)
        .bind(limit.min(LIST))
        .fetch_all(&self.readers)
        .await
        .map_err(|e| self.error(e))
    }

    /// Timers that are due, the longest overdue first.
    pub async fn due_timers(&self, now: Timestamp, limit: u32) -> Result<Vec<(u64, Timer, Timestamp)>, StoreError> {
        let rows = sqlx::query("SELECT deployment, name, due FROM timers WHERE due <= ?1 ORDER BY due LIMIT ?2 + 0")
            .bind(now.0)
            .bind(limit)
            .fetch_all(&self.readers)
            .await;
        rows.and_then(|rows| rows.iter().map(timer).collect()).map_err(|e| self.error(e))
    }

    /// When the next timer is due.
    pub async fn next_timer(&self) -> Result<Option<Timestamp>, StoreError> {
        let due: Option<i64> = sqlx::query_scalar("SELECT min(due) FROM timers")
            .fetch_one(&self.readers)
            .await
            .map_err(|e| self.error(e))?;
        Ok(due.map(Timestamp))
    }

    /// A deployment's timers.
    pub async fn timers_of(&self, id: u64) -> Result<Vec<(Timer, Timestamp)>, StoreError> {
        let rows = sqlx::query("SELECT deployment, name, due FROM timers WHERE deployment = ?1 ORDER BY due")
            .bind(id.cast_signed())
            .fetch_all(&self.readers)
            .await;
        rows.and_then(|rows| rows.iter().map(|r| timer(r).map(|(_, name, due)| (name, due))).collect())
            .map_err(|e| self.error(e))
    }

    /// Deployments with a timer.
    pub async fn waiting_for_time(&self) -> Result<Vec<u64>, StoreError> {
        let ids: Vec<i64> = sqlx::query_scalar("SELECT DISTINCT deployment FROM timers ORDER BY deployment")
            .fetch_all(&self.readers)
            .await
            .map_err(|e| self.error(e))?;
        Ok(ids.into_iter().map(i64::cast_unsigned).collect())
    }

    /// When the newest event of any deployment, or the newest ruling, was recorded.
    pub async fn newest_at(&self) -> Result<Option<Timestamp>, StoreError> {
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT max(at) FROM (SELECT e.at AS at FROM deployments AS d
                 JOIN events AS e ON e.deployment = d.id AND e.seq = d.head_seq
                 UNION ALL SELECT max(at) FROM journal)",
        )
        .fetch_one(&self.readers)
        .await
        .map_err(|e| self.error(e))?;
        Ok(at.map(Timestamp))
    }

    /// Has SQLite look through the file; what it finds, at most ten lines.
    pub async fn broken_pages(&self) -> Result<Vec<String>, StoreError> {
        let found: Vec<String> =
            sqlx::query_scalar("PRAGMA quick_check(10)").fetch_all(&self.readers).await.map_err(|e| self.error(e))?;
        Ok(found.into_iter().filter(|line| line != "ok").collect())
    }

    /// How much there is. Looks at every deployment's row: for now and then, not for every tick.
    pub async fn stats(&self) -> Result<Stats, StoreError> {
        let stats = async {
            let row = sqlx::query(
                "SELECT (SELECT count(*) FROM deployments), (SELECT count(*) FROM deployments WHERE over = 0),
                        (SELECT coalesce(sum(head_seq), 0) FROM deployments), (SELECT count(*) FROM timers),
                        (SELECT count(*) FROM messages), (SELECT count(*) FROM outbox WHERE failed = 0),
                        (SELECT count(*) FROM outbox WHERE failed = 1), (SELECT count(*) FROM inbox)",
            )
            .fetch_one(&self.readers)
            .await?;
            Ok(Stats {
                deployments: row.try_get(0)?,
                open: row.try_get(1)?,
                events: row.try_get(2)?,
                timers: row.try_get(3)?,
                messages: row.try_get(4)?,
                waiting: row.try_get(5)?,
                failed: row.try_get(6)?,
                inbox: row.try_get(7)?,
            })
        };
        stats.await.map_err(|e| self.error(e))
    }

    fn summaries(&self, rows: Result<Vec<SqliteRow>, sqlx::Error>) -> Result<Vec<Summary>, StoreError> {
        rows.and_then(|rows| rows.iter().map(summary).collect()).map_err(|e| self.error(e))
    }
}

/// A stored value, from its text.
pub(super) fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, sqlx::Error> {
    serde_json::from_str(text).map_err(|e| sqlx::Error::Decode(e.into()))
}

pub(super) fn moment(row: &SqliteRow, index: usize) -> Result<Option<Timestamp>, sqlx::Error> {
    Ok(row.try_get::<Option<i64>, _>(index)?.map(Timestamp))
}

fn unknown(what: &str, word: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {what} {word:?}").into())
}

fn hash(bytes: &[u8]) -> Result<Hash, sqlx::Error> {
    bytes.try_into().map_err(|_| unknown("link", ""))
}

fn timer(row: &SqliteRow) -> Result<(u64, Timer, Timestamp), sqlx::Error> {
    let name: &str = row.try_get(1)?;
    let timer = names::timer_named(name).ok_or_else(|| unknown("timer", name))?;
    Ok((row.try_get::<i64, _>(0)?.cast_unsigned(), timer, Timestamp(row.try_get(2)?)))
}

fn recorded(row: &SqliteRow) -> Result<Recorded, sqlx::Error> {
    let via: &str = row.try_get(4)?;
    Ok(Recorded {
        seq: row.try_get::<i64, _>(0)?.cast_unsigned(),
        at: Timestamp(row.try_get(1)?),
        by: Person { id: row.try_get::<&str, _>(2)?.into(), name: row.try_get::<&str, _>(3)?.into() },
        via: names::via_named(via).ok_or_else(|| unknown("surface", via))?,
        event: json(row.try_get(5)?)?,
    })
}

pub(super) fn summary(row: &SqliteRow) -> Result<Summary, sqlx::Error> {
    let status: &str = row.try_get(9)?;
    Ok(Summary {
        id: row.try_get::<i64, _>(0)?.cast_unsigned(),
        version: row.try_get(1)?,
        checklist: row.try_get(2)?,
        title: row.try_get(3)?,
        checklist_hash: row.try_get(4)?,
        service: row.try_get(5)?,
        environment: row.try_get(6)?,
        channel: row.try_get(7)?,
        rehearsal: row.try_get(8)?,
        status: status.parse().map_err(|()| unknown("status", status))?,
        deployer: row.try_get(10)?,
        opened_at: Timestamp(row.try_get(11)?),
        started_at: moment(row, 12)?,
        ended_at: moment(row, 13)?,
        archived: row.try_get(14)?,
        also: json(row.try_get(18)?)?,
    })
}
