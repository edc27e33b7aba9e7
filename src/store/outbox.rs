//! What waits to be shown, and what could not be.

use super::open::Store;
use super::read::{json, moment};
use super::{NewDelivery, StoreError, Waiting};
use crate::domain::time::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// What is still to be shown, with when it may go: the call of a page ([`Waiting::call`]) when it is due, anything else
/// when all that stands before it in its channel is due, too.
macro_rules! ready {
    () => {
        "WITH ready AS (
            SELECT w.*, max(w.due) OVER (PARTITION BY w.channel, CASE WHEN w.call THEN w.ord END
                                         ORDER BY w.ord ROWS UNBOUNDED PRECEDING) AS at
            FROM (SELECT ord, key, channel, thread, due, attempts, what GLOB 'page/*/*' AS call
                  FROM outbox WHERE failed = 0) w)"
    };
}

/// How many undelivered messages are told at once.
const UNDELIVERED: i64 = 500;

/// A message that could not be shown and is not tried again by itself. Asking for it anew revives it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Undelivered {
    pub key: String,
    pub deployment: u64,
    pub channel: String,
    pub what: String,
    /// As the platform said it.
    pub why: String,
    pub attempts: i64,
    pub failing_since: Option<Timestamp>,
}

impl Store {
    /// What is due now, at most `limit`, nothing of it marked: claiming twice without saying what became of it gives
    /// the same again. Channels take turns; within a channel the order is that of asking. What stands behind a message
    /// of the same channel that is due later waits, and so does a reply whose thread has no first message yet. Calls of
    /// pages wait for nothing; those that have not been tried yet come first among them.
    // `?2 + 0`: a bare parameter as the limit makes SQLite prepare the whole statement anew each time it is bound.
    pub async fn claim(&self, now: Timestamp, limit: u32) -> Result<Vec<Waiting>, StoreError> {
        let rows = sqlx::query(concat!(
            ready!(),
            ", may AS (
                SELECT r.ord, r.channel, r.call,
                       r.call AND (r.attempts > 0 OR EXISTS (SELECT 1 FROM messages p WHERE p.key = r.key)) AS again
                FROM ready r
                WHERE r.at <= ?1
                  AND (r.thread IS NULL OR EXISTS (SELECT 1 FROM messages t WHERE t.key = r.thread))),
             turn AS (
                SELECT ord, call, again, row_number() OVER (PARTITION BY channel ORDER BY again, ord) AS place
                FROM may ORDER BY place, again, ord LIMIT ?2 + 0)
             SELECT o.key, o.deployment, o.channel, o.thread, o.what, o.card, o.due, o.generation, o.attempts,
                    o.failing_since, m.posted, t.posted, a.posted, coalesce(m.reposted, 0), o.ord <= ?3, turn.call
             FROM turn JOIN outbox o ON o.ord = turn.ord
             LEFT JOIN messages m ON m.key = o.key
             LEFT JOIN messages t ON t.key = o.thread
             LEFT JOIN messages a ON a.key = o.deployment || '/start@' || o.channel
             ORDER BY turn.place, turn.again, o.ord",
        ))
        .bind(now.0)
        .bind(limit)
        .bind(self.waiting_at_open)
        .fetch_all(&self.readers)
        .await;
        rows.and_then(|rows| rows.iter().map(waiting).collect()).map_err(|e| self.error(e))
    }

    /// The earliest moment at which [`Store::claim`] has something to give, as things stand.
    pub async fn next_delivery(&self) -> Result<Option<Timestamp>, StoreError> {
        let next: Option<i64> = sqlx::query_scalar(concat!(
            ready!(),
            " SELECT min(r.at) FROM ready r
              WHERE r.thread IS NULL OR EXISTS (SELECT 1 FROM messages t WHERE t.key = r.thread)",
        ))
        .fetch_one(&self.readers)
        .await
        .map_err(|e| self.error(e))?;
        Ok(next.map(Timestamp))
    }

    /// Since when the message has been failing that fails longest and is still tried, and where it goes.
    pub async fn longest_failing(&self) -> Result<Option<(Timestamp, String)>, StoreError> {
        let found: Option<(i64, String)> = sqlx::query_as(
            "SELECT failing_since, channel FROM outbox WHERE failed = 0 AND failing_since IS NOT NULL
             ORDER BY failing_since, ord LIMIT 1",
        )
        .fetch_optional(&self.readers)
        .await
        .map_err(|e| self.error(e))?;
        Ok(found.map(|(since, channel)| (Timestamp(since), channel)))
    }

    /// What could not be shown, of one deployment or of all, oldest first, at most 500: given up, or a reply whose
    /// thread will have no first message.
    pub async fn failed_deliveries(&self, deployment: Option<u64>) -> Result<Vec<Undelivered>, StoreError> {
        let rows = sqlx::query(
            "SELECT o.key, o.deployment, o.channel, o.what,
                    coalesce(o.error, r.error, 'The message it belongs under was never shown.'),
                    o.attempts, coalesce(o.failing_since, r.failing_since)
             FROM outbox o
             LEFT JOIN outbox r ON r.key = o.thread
             LEFT JOIN messages t ON t.key = o.thread
             WHERE (?1 IS NULL OR o.deployment = ?1)
               AND (o.failed = 1 OR (o.thread IS NOT NULL AND t.key IS NULL AND coalesce(r.failed, 1) = 1))
             ORDER BY o.ord LIMIT ?2",
        )
        .bind(deployment.map(u64::cast_signed))
        .bind(UNDELIVERED)
        .fetch_all(&self.readers)
        .await;
        rows.and_then(|rows| rows.iter().map(undelivered).collect()).map_err(|e| self.error(e))
    }
}

fn waiting(row: &SqliteRow) -> Result<Waiting, sqlx::Error> {
    let card: Option<&str> = row.try_get(5)?;
    Ok(Waiting {
        delivery: NewDelivery {
            key: row.try_get(0)?,
            deployment: row.try_get::<i64, _>(1)?.cast_unsigned(),
            channel: row.try_get(2)?,
            thread: row.try_get(3)?,
            what: row.try_get(4)?,
            card: card.map(json).transpose()?,
            due: Timestamp(row.try_get(6)?),
            only_if_shown: false,
        },
        generation: row.try_get(7)?,
        attempts: row.try_get(8)?,
        failing_since: moment(row, 9)?,
        posted: row.try_get(10)?,
        thread_posted: row.try_get(11)?,
        announcement: row.try_get(12)?,
        reposted: row.try_get(13)?,
        from_before: row.try_get(14)?,
        call: row.try_get(15)?,
    })
}

fn undelivered(row: &SqliteRow) -> Result<Undelivered, sqlx::Error> {
    Ok(Undelivered {
        key: row.try_get(0)?,
        deployment: row.try_get::<i64, _>(1)?.cast_unsigned(),
        channel: row.try_get(2)?,
        what: row.try_get(3)?,
        why: row.try_get(4)?,
        attempts: row.try_get(5)?,
        failing_since: moment(row, 6)?,
    })
}
