//! The file: found or made, checked, brought up to date, opened once for writing and twice for reading.

use super::error::StoreError;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

/// The steps that make a database of this version, in order.
pub(super) static STEPS: Migrator = sqlx::migrate!();

/// The file's name where only its folder is given.
const FILE: &str = "rollcall.db";
/// No database is smaller. SQLite takes smaller files for empty ones and would write over them.
const SMALLEST: u64 = 512;
/// "Roll": the mark of our files. The first step sets it.
const MARK: i64 = 1_383_034_988;
/// How long to wait for another program's lock.
const PATIENCE: Duration = Duration::from_secs(2);
/// Connections for reading.
const READERS: u32 = 2;
/// How long a reader waits for one of them.
const READER_PATIENCE: Duration = Duration::from_secs(10);
/// Prepared statements kept per connection.
const STATEMENTS: usize = 64;
/// Page caches, in KiB.
const WRITER_CACHE: u32 = 2048;
const READER_CACHE: u32 = 512;
/// What the write-ahead log is cut back to, in bytes.
const LOG_LIMIT: &str = "16777216";

/// The database.
#[derive(Debug)]
pub struct Store {
    pub(super) path: PathBuf,
    pub(super) readers: SqlitePool,
    pub(super) writer: Mutex<Writer>,
    /// The next generation of an outbox row; never used twice while the process lives.
    pub(super) generation: AtomicI64,
    /// The last place taken in the outbox when the file was opened: whether those up to it were sent is not known.
    pub(super) waiting_at_open: i64,
}

/// The one connection that writes.
#[derive(Debug)]
pub(super) struct Writer {
    pub(super) conn: Option<SqliteConnection>,
    /// A unit of work was begun and not seen to its end: the connection is not to be trusted.
    pub(super) dirty: bool,
    state: State,
    pages: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Writing,
    Reading,
    Closed,
}

impl Store {
    /// Opens the database for the process that owns it: makes it where there is none, brings an older one up to date,
    /// and refuses a newer one or another program's without touching it. `path` is the file or its folder.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let path = file_of(path);
        let path = path.as_path();
        let fresh = match std::fs::metadata(path) {
            Ok(meta) if (1..SMALLEST).contains(&meta.len()) => {
                return Err(StoreError::Foreign { path: path.to_path_buf() });
            }
            Ok(meta) => meta.len() == 0,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                create(path)?;
                true
            }
            Err(e) => return Err(StoreError::from_io(&e, path)),
        };
        if !fresh {
            recover(path).await?;
        }
        let current = !fresh && is_current(path).await?;
        if !current {
            bring_up_to_date(path).await?;
        }
        let mut conn = connect(path).await?;
        let (newest, waiting_at_open) = prepare(&mut conn).await.map_err(|e| StoreError::from_sqlx(e, path))?;
        Ok(Self {
            path: path.to_path_buf(),
            readers: readers(path).await?,
            writer: Mutex::new(Writer { conn: Some(conn), dirty: false, state: State::Writing, pages: None }),
            generation: AtomicI64::new(newest.saturating_add(1)),
            waiting_at_open,
        })
    }

    /// Opens a database that is there, for reading only, beside the bot that may be writing it. Makes and changes
    /// nothing; the database must be of exactly this version.
    pub async fn open_existing(path: &Path) -> Result<Self, StoreError> {
        let path = file_of(path);
        let path = path.as_path();
        match std::fs::metadata(path) {
            Ok(meta) if meta.len() < SMALLEST => return Err(StoreError::Foreign { path: path.to_path_buf() }),
            Ok(_) => (),
            Err(e) => return Err(StoreError::from_io(&e, path)),
        }
        if !is_current(path).await? {
            return Err(StoreError::Older { path: path.to_path_buf() });
        }
        Ok(Self {
            path: path.to_path_buf(),
            readers: readers(path).await?,
            writer: Mutex::new(Writer { conn: None, dirty: false, state: State::Reading, pages: None }),
            generation: AtomicI64::new(1),
            waiting_at_open: 0,
        })
    }

    /// The database's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what is in the log beside the file into the file and lets go of it. Nothing can be asked or written
    /// afterwards. Not calling it loses nothing.
    pub async fn close(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        writer.state = State::Closed;
        self.readers.close().await;
        let Some(mut conn) = writer.conn.take() else { return Ok(()) };
        // A reader of another process may keep this from finishing: the log stays, and nothing is lost.
        let folded = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await;
        let closed = conn.close().await;
        folded.and(closed).map_err(|e| self.error(e))
    }

    /// Bounds the file to so many pages of 4 KiB, or takes the bound away. Writing beyond it fails as on a full disk,
    /// which is what this is for: to rehearse one.
    pub async fn limit_pages(&self, pages: Option<u32>) -> Result<(), StoreError> {
        let mut writer = self.writer.lock().await;
        writer.pages = pages;
        writer.ready(&self.path).await?;
        let conn = writer.conn.as_mut().ok_or(StoreError::Closed)?;
        limit(conn, pages.unwrap_or(u32::MAX - 1)).await.map_err(|e| self.error(e))
    }

    pub(super) fn error(&self, error: sqlx::Error) -> StoreError {
        StoreError::from_sqlx(error, &self.path)
    }

    /// The writer, with a sound connection in it.
    pub(super) async fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let mut writer = self.writer.lock().await;
        writer.ready(&self.path).await?;
        Ok(writer)
    }
}

impl Writer {
    /// Makes sure of a sound connection: one that was left in the middle of its work is thrown away, which undoes the
    /// work, and replaced.
    async fn ready(&mut self, path: &Path) -> Result<(), StoreError> {
        match self.state {
            State::Writing => (),
            State::Reading => return Err(StoreError::ForReading { path: path.to_path_buf() }),
            State::Closed => return Err(StoreError::Closed),
        }
        if self.dirty {
            self.conn = None;
            self.dirty = false;
        }
        if self.conn.is_none() {
            let mut conn = connect(path).await?;
            if let Some(pages) = self.pages {
                limit(&mut conn, pages).await.map_err(|e| StoreError::from_sqlx(e, path))?;
            }
            self.conn = Some(conn);
        }
        Ok(())
    }
}

fn file_of(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(FILE) } else { path.to_path_buf() }
}

/// An empty file that only its owner may read; what SQLite puts beside it takes over its permissions.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(StoreError::MissingFolder { path: path.to_path_buf() }),
        Err(e) => Err(StoreError::from_io(&e, path)),
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(STATEMENTS)
        .pragma("trusted_schema", "OFF")
        .disable_statement_logging()
}

fn writing(path: &Path) -> SqliteConnectOptions {
    options(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", format!("-{WRITER_CACHE}"))
        .pragma("journal_size_limit", LOG_LIMIT)
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    writing(path).connect().await.map_err(|e| StoreError::from_sqlx(e, path))
}

pub(super) fn reading(path: &Path) -> SqliteConnectOptions {
    options(path).read_only(true).pragma("query_only", "ON").pragma("cache_size", format!("-{READER_CACHE}"))
}

/// For copying the whole file: `query_only` would forbid writing the copy too.
pub(super) fn copying(path: &Path) -> SqliteConnectOptions {
    options(path).read_only(true)
}

async fn readers(path: &Path) -> Result<SqlitePool, StoreError> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(READER_PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(reading(path))
        .await
        .map_err(|e| StoreError::from_sqlx(e, path))
}

/// Does the steps that are missing, each whole or not at all.
async fn bring_up_to_date(path: &Path) -> Result<(), StoreError> {
    // A pool, because only with one is the future of this `Send`.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(writing(path)).await;
    let pool = pool.map_err(|e| StoreError::from_sqlx(e, path))?;
    let done = STEPS.run(&pool).await.map_err(|e| migrate_error(e, path));
    pool.close().await;
    done
}

/// Shows that the file can be written, and tells the newest generation and the last place in the outbox.
async fn prepare(conn: &mut SqliteConnection) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *conn).await?;
    // On a file that can only be read, `BEGIN IMMEDIATE` quietly begins to read: only a change shows it.
    let written = sqlx::query("UPDATE meta SET value = value WHERE key = 'chain'").execute(&mut *conn).await;
    let newest = match written {
        Ok(_) => {
            let newest = "SELECT coalesce(max(generation), 0), coalesce(max(ord), 0) FROM outbox";
            sqlx::query_as(newest).fetch_one(&mut *conn).await
        }
        Err(error) => Err(error),
    };
    sqlx::query("ROLLBACK").execute(&mut *conn).await?;
    newest
}

async fn limit(conn: &mut SqliteConnection, pages: u32) -> Result<(), sqlx::Error> {
    let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
    sqlx::raw_sql(sql).execute(conn).await.map(|_| ())
}

/// Undoes what was cut off in the middle where a rollback journal says so. Our files have none once they are made, but
/// making one, or taking over a backup, may have been cut off; looking at the file cannot do it.
async fn recover(path: &Path) -> Result<(), StoreError> {
    let mut journal = path.as_os_str().to_os_string();
    journal.push("-journal");
    if !Path::new(&journal).exists() {
        return Ok(());
    }
    let fault = |e| StoreError::from_sqlx(e, path);
    let mut conn = options(path).connect().await.map_err(fault)?;
    let looked = sqlx::query("SELECT count(*) FROM sqlite_schema").execute(&mut conn).await.map_err(fault);
    conn.close().await.map_err(fault)?;
    looked.map(|_| ())
}

/// Looks at a file without changing it: is it ours, and of this version? False: an older one, or one whose making was
/// interrupted before anything was in it.
async fn is_current(path: &Path) -> Result<bool, StoreError> {
    let fault = |e| StoreError::from_sqlx(e, path);
    let mut conn = reading(path).connect().await.map_err(fault)?;
    let steps = steps_of(&mut conn).await.map_err(fault);
    conn.close().await.map_err(fault)?;
    let path = path.to_path_buf();
    let Some(done) = steps? else { return Err(StoreError::Foreign { path }) };
    let known: Vec<_> = STEPS.iter().map(|s| (s.version, s.checksum.as_ref())).collect();
    for (version, sum, whole) in &done {
        match known.iter().find(|(v, _)| v == version) {
            _ if !whole => return Err(StoreError::Altered { path }),
            Some((_, known)) if *known == sum.as_slice() => (),
            Some(_) => return Err(StoreError::Altered { path }),
            None if known.iter().any(|(v, _)| v > version) => return Err(StoreError::Altered { path }),
            None => return Err(StoreError::Newer { path }),
        }
    }
    Ok(done.len() == known.len())
}

type Step = (i64, Vec<u8>, bool);

/// The steps done to a file, or none if it is not ours.
async fn steps_of(conn: &mut SqliteConnection) -> Result<Option<Vec<Step>>, sqlx::Error> {
    let mark: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *conn).await?;
    let tables: Vec<String> =
        sqlx::query_scalar("SELECT name FROM sqlite_schema WHERE type = 'table'").fetch_all(&mut *conn).await?;
    if mark != MARK && tables.iter().any(|t| t != "_sqlx_migrations") {
        return Ok(None);
    }
    if !tables.iter().any(|t| t == "_sqlx_migrations") {
        return Ok(Some(Vec::new()));
    }
    let rows = sqlx::query("SELECT version, checksum, success FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&mut *conn)
        .await?;
    rows.iter().map(|r| Ok((r.try_get(0)?, r.try_get(1)?, r.try_get(2)?))).collect::<Result<_, _>>().map(Some)
}

fn migrate_error(error: MigrateError, at: &Path) -> StoreError {
    let path = at.to_path_buf();
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => StoreError::Newer { path },
        MigrateError::VersionMismatch(_) | MigrateError::Dirty(_) => StoreError::Altered { path },
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => StoreError::from_sqlx(e, at),
        e => StoreError::Other { path, detail: e.to_string() },
    }
}
