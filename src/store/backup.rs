//! A copy of the database while it is written.

use super::StoreError;
use super::open::{self, Store};
use sqlx::{ConnectOptions, Connection};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Tells backups of one process apart.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// Takes an unfinished copy away again.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already where all went well.
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Store {
    /// Writes a copy, as of now, to a file that must not be there yet. The bot goes on meanwhile. The copy is whole
    /// and on the disk before it has its name; only its owner may read it.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        if to.symlink_metadata().is_ok() {
            return Err(StoreError::Exists { path: to.to_path_buf() });
        }
        let mut name = to.file_name().ok_or_else(|| StoreError::Exists { path: to.to_path_buf() })?.to_os_string();
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        name.push(format!(".{}-{count}.partial", std::process::id()));
        let partial = to.with_file_name(name);
        open::create(&partial).map_err(|e| e.about(to))?;
        let unfinished = Unfinished(partial.clone());
        self.copy(&partial, to).await?;
        let to = to.to_path_buf();
        let done = tokio::task::spawn_blocking(move || {
            let named = name_it(&unfinished.0, &to);
            drop(unfinished);
            named
        });
        done.await.map_err(|e| StoreError::Other { path: self.path.clone(), detail: e.to_string() })?
    }

    async fn copy(&self, partial: &Path, to: &Path) -> Result<(), StoreError> {
        if self.readers.is_closed() {
            return Err(StoreError::Closed);
        }
        let Some(target) = partial.to_str() else {
            return Err(StoreError::Other { path: partial.to_path_buf(), detail: "a name that is not UTF-8".into() });
        };
        let mut conn = open::copying(&self.path).connect().await.map_err(|e| self.error(e))?;
        let copied = sqlx::query("VACUUM INTO ?1").bind(target).execute(&mut conn).await;
        let closed = conn.close().await;
        copied.map_err(|e| match self.error(e) {
            e @ (StoreError::Full { .. } | StoreError::ReadOnly { .. } | StoreError::Denied { .. }) => e.about(to),
            e => e,
        })?;
        closed.map_err(|e| self.error(e))
    }
}

/// Makes sure that the copy is on the disk, then gives it its name, unless somebody else has taken it.
fn name_it(partial: &Path, to: &Path) -> Result<(), StoreError> {
    let fault = |e| StoreError::from_io(&e, to);
    std::fs::File::open(partial).and_then(|f| f.sync_all()).map_err(fault)?;
    match std::fs::hard_link(partial, to) {
        Ok(()) => std::fs::remove_file(partial).map_err(fault)?,
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Err(fault(e)),
        // A disk without hard links.
        Err(_) => std::fs::rename(partial, to).map_err(fault)?,
    }
    #[cfg(unix)]
    {
        let folder = to.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::File::open(folder).and_then(|f| f.sync_all()).map_err(fault)?;
    }
    Ok(())
}
