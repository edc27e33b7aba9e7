//! Whether writing works again after it has failed.

use super::StoreError;
use super::open::Store;

/// More than one page, so that room is really asked for.
const SIZE: i64 = 16_384;

impl Store {
    /// Writes something and takes it away again: an error as long as nothing can be recorded.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let conn = writer.conn.as_mut().ok_or(StoreError::Closed)?;
        let written = async {
            sqlx::query(
                "INSERT INTO meta (key, value) VALUES ('probe', hex(zeroblob(?1)))
                 ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            )
            .bind(SIZE)
            .execute(&mut *conn)
            .await?;
            sqlx::query("DELETE FROM meta WHERE key = 'probe'").execute(&mut *conn).await
        };
        written.await.map(|_| ()).map_err(|e| self.error(e))
    }
}
