//! What earlier deployments say about this one.

use super::{Store, StoreError};

impl Store {
    /// How long a checklist usually takes for a service, in milliseconds: the median of its last `count` successes.
    /// Rehearsals do not count. None: it has never succeeded.
    pub async fn usual_duration(&self, checklist: &str, service: &str, count: u32) -> Result<Option<i64>, StoreError> {
        let rows: Result<Vec<i64>, sqlx::Error> = sqlx::query_scalar(
            "SELECT ended_at - started_at FROM deployments
             WHERE checklist = ?1 AND service = ?2 AND status = 'succeeded' AND rehearsal = 0 AND started_at IS NOT NULL
             ORDER BY id DESC LIMIT ?3",
        )
        .bind(checklist)
        .bind(service)
        .bind(count)
        .fetch_all(&self.readers)
        .await;
        let mut took = rows.map_err(|e| self.error(e))?;
        took.sort_unstable();
        Ok(took.get(took.len() / 2).copied())
    }
}
