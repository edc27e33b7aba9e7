//! Who was called lately, from the log.

use super::read::json;
use super::{Store, StoreError};
use crate::domain::event::Event;
use crate::domain::paging::PageEvent;
use crate::domain::time::Timestamp;
use sqlx::Row;

/// The last events of each deployment that are looked at: an hour of one that is paged a lot has fewer.
const LAST: i64 = 400;

impl Store {
    /// What happened to pages since then, in deployments that are not archived: people are paged from their follow-up
    /// windows too. For counting calls: what a busy deployment did long before its last events is left out.
    pub async fn paged_since(&self, since: Timestamp) -> Result<Vec<(Timestamp, PageEvent)>, StoreError> {
        let rows = sqlx::query(
            "SELECT e.at, e.body FROM deployments d CROSS JOIN events e ON e.deployment = d.id
             WHERE d.archived = 0 AND d.rehearsal = 0
               -- Time goes one way in a log: where nothing has happened lately, there is nothing to look through.
               AND (SELECT l.at FROM events l WHERE l.deployment = d.id AND l.seq = d.head_seq) >= ?1
               AND e.seq > d.head_seq - ?2 AND e.at >= ?1 AND e.body LIKE '{\"kind\":\"page\"%'
             ORDER BY e.at",
        )
        .bind(since.0)
        .bind(LAST)
        .fetch_all(&self.readers)
        .await;
        let read = |row: &sqlx::sqlite::SqliteRow| -> Result<Option<(Timestamp, PageEvent)>, sqlx::Error> {
            Ok(match json::<Event>(row.try_get(1)?)? {
                Event::Page { event, .. } => Some((Timestamp(row.try_get(0)?), event)),
                _ => None,
            })
        };
        rows.and_then(|rows| rows.iter().filter_map(|row| read(row).transpose()).collect()).map_err(|e| self.error(e))
    }
}
