//! What can go wrong with the file, in sentences a person can act on.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the store could not do it. Nothing was half done, and with all but [`StoreError::Unsure`] nothing was done.
///
/// `Display` says what, where and what to do; [`StoreError::detail`] has the engine-room words for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The file was written by a newer Rollcall.
    Newer { path: PathBuf },
    /// The file was written by an older Rollcall and nobody has brought it up to date yet.
    Older { path: PathBuf },
    /// A step this Rollcall knows was done to the file by other instructions than ours, or only in part.
    Altered { path: PathBuf },
    /// The file is no database, or another program's.
    Foreign { path: PathBuf },
    /// The file is a database, and broken.
    Damaged { path: PathBuf, detail: String },
    /// The file, or the disk it is on, can only be read.
    ReadOnly { path: PathBuf },
    /// The store was opened for reading beside a running bot.
    ForReading { path: PathBuf },
    /// Another program keeps the file locked.
    Busy { path: PathBuf },
    /// The disk is full.
    Full { path: PathBuf },
    /// Rollcall's user may not.
    Denied { path: PathBuf },
    /// The folder is not there.
    MissingFolder { path: PathBuf },
    /// The file is not there.
    MissingFile { path: PathBuf },
    /// There is a file already where one was to be written.
    Exists { path: PathBuf },
    /// Somebody else was first.
    Conflict(Clash),
    /// A row does not mean anything to this Rollcall.
    Unreadable { path: PathBuf, detail: String },
    /// Reading or writing the disk failed, before anything counted as written.
    Io { path: PathBuf, detail: String },
    /// The disk failed while a unit of work was being made to last: whether it was, only a look will tell.
    Unsure { path: PathBuf, detail: String },
    /// The store has been closed.
    Closed,
    /// None of these.
    Other { path: PathBuf, detail: String },
}

/// What somebody else was first with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// The place of an event in its deployment's log.
    Event,
    /// The lock of a service and environment.
    Lock,
    /// The answer to a request.
    Request,
}

impl StoreError {
    /// True when the fault lies in the surroundings and may pass: the same again later may work.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. } | Self::Io { .. } | Self::Unsure { .. })
    }

    /// True when what was to be written may have been written all the same.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Unsure { .. })
    }

    /// True when somebody else was first: read anew, decide anew.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// More for the log than people need; empty where there is no more.
    pub fn detail(&self) -> &str {
        match self {
            Self::Damaged { detail, .. }
            | Self::Unreadable { detail, .. }
            | Self::Io { detail, .. }
            | Self::Unsure { detail, .. }
            | Self::Other { detail, .. } => detail,
            _ => "",
        }
    }

    /// The same, said of another file.
    pub(super) fn about(mut self, file: &Path) -> Self {
        match &mut self {
            Self::Newer { path }
            | Self::Older { path }
            | Self::Altered { path }
            | Self::Foreign { path }
            | Self::Damaged { path, .. }
            | Self::ReadOnly { path }
            | Self::ForReading { path }
            | Self::Busy { path }
            | Self::Full { path }
            | Self::Denied { path }
            | Self::MissingFolder { path }
            | Self::MissingFile { path }
            | Self::Exists { path }
            | Self::Unreadable { path, .. }
            | Self::Io { path, .. }
            | Self::Unsure { path, .. }
            | Self::Other { path, .. } => *path = file.to_path_buf(),
            Self::Conflict(_) | Self::Closed => (),
        }
        self
    }

    pub(super) fn from_io(error: &io::Error, path: &Path) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::NotFound => Self::MissingFile { path },
            io::ErrorKind::PermissionDenied => Self::Denied { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Self::MissingFolder { path },
            _ => Self::Io { path, detail: error.to_string() },
        }
    }

    pub(super) fn from_sqlx(error: sqlx::Error, at: &Path) -> Self {
        let path = at.to_path_buf();
        match error {
            sqlx::Error::Database(e) => {
                let code = e.code().and_then(|c| c.parse().ok()).unwrap_or(0);
                Self::from_code(code, e.message(), at)
            }
            sqlx::Error::Io(e) => Self::from_io(&e, at),
            sqlx::Error::PoolTimedOut => Self::Busy { path },
            sqlx::Error::PoolClosed => Self::Closed,
            // The thread with the connection is gone, in the middle of whatever it did.
            e @ sqlx::Error::WorkerCrashed => Self::Unsure { path, detail: e.to_string() },
            e @ (sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } | sqlx::Error::RowNotFound) => {
                Self::Unreadable { path, detail: e.to_string() }
            }
            e => Self::Other { path, detail: e.to_string() },
        }
    }

    /// SQLite's result code, extended or primary. <https://www.sqlite.org/rescode.html>
    fn from_code(code: i32, message: &str, at: &Path) -> Self {
        let path = at.to_path_buf();
        let detail = || format!("code {code}: {message}");
        match code {
            // A unique value or primary key is taken, or the trigger that guards the log says so.
            1555 | 2067 | 1811 => match () {
                () if message.contains("inbox.") => Self::Conflict(Clash::Request),
                () if message.contains(".lock") => Self::Conflict(Clash::Lock),
                () if message.contains("event taken") || message.contains("events.") => Self::Conflict(Clash::Event),
                () => Self::Other { path, detail: detail() },
            },
            // Writing, or syncing what was written (file, folder, all at once): with a log beside the file, that is
            // COMMIT. Everything else that fails on the disk fails before it.
            778 | 1034 | 1290 | 7690 => Self::Unsure { path, detail: detail() },
            _ => match code & 0xff {
                3 | 23 => Self::Denied { path },
                5 | 6 => Self::Busy { path },
                8 => Self::ReadOnly { path },
                10 => Self::Io { path, detail: detail() },
                11 => Self::Damaged { path, detail: detail() },
                13 => Self::Full { path },
                14 if at.parent().is_some_and(|p| !p.as_os_str().is_empty() && !p.exists()) => {
                    Self::MissingFolder { path }
                }
                14 => Self::Denied { path },
                26 => Self::Foreign { path },
                _ => Self::Other { path, detail: detail() },
            },
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { path } => write!(
                f,
                "The database {} was written by a newer Rollcall. Start that version or a later one; nothing was changed.",
                path.display()
            ),
            Self::Older { path } => write!(
                f,
                "The database {} was written by an older Rollcall. Start the bot of this version once: it brings the \
                 database up to date.",
                path.display()
            ),
            Self::Altered { path } => write!(
                f,
                "The database {} was not made by a released Rollcall, or bringing it up to date was interrupted. \
                 Nothing was changed. Restore the last backup, or start the Rollcall that wrote it.",
                path.display()
            ),
            Self::Foreign { path } => write!(
                f,
                "{} is not a Rollcall database. Check the path in the configuration; nothing was changed.",
                path.display()
            ),
            Self::Damaged { path, .. } => write!(
                f,
                "The database {} is damaged. Stop the bot, keep a copy of the file and of those beside it whose names \
                 begin the same, then restore the last backup.",
                path.display()
            ),
            Self::ReadOnly { path } => write!(
                f,
                "The database {} can only be read. Give Rollcall's user the right to write the file and its folder, \
                 and check that the disk is not mounted read-only.",
                path.display()
            ),
            Self::ForReading { path } => write!(
                f,
                "The database {} was opened for reading only: a command beside the bot changes nothing.",
                path.display()
            ),
            Self::Busy { path } => write!(
                f,
                "Another program keeps the database {} locked. Nothing was changed. Close database tools and backup \
                 jobs that have it open, then try again.",
                path.display()
            ),
            Self::Full { path } => write!(
                f,
                "The disk with {} is full, so nothing was written. Make room there and try again; the bot need not be \
                 restarted.",
                path.display()
            ),
            Self::Denied { path } => write!(
                f,
                "{} cannot be opened. Check that Rollcall's user may read and write the file and its folder, and that \
                 the machine has not run out of open files.",
                path.display()
            ),
            Self::MissingFolder { path } => write!(
                f,
                "There is no folder for {}. Create it, let it belong to Rollcall's user, and try again.",
                path.display()
            ),
            Self::MissingFile { path } => {
                write!(
                    f,
                    "There is no database at {}. Check the path, or start the bot once to create it.",
                    path.display()
                )
            }
            Self::Exists { path } => {
                write!(
                    f,
                    "{} exists already and is not overwritten. Choose another name or move it away.",
                    path.display()
                )
            }
            Self::Conflict(Clash::Event) => {
                f.write_str("Something else happened to this deployment at the same moment. Look at it and try again.")
            }
            Self::Conflict(Clash::Lock) => f.write_str(
                "Another deployment of this service and environment was started at the same moment. Look at it and try \
                 again.",
            ),
            Self::Conflict(Clash::Request) => f.write_str("This very request has been answered already."),
            Self::Unreadable { path, .. } => write!(
                f,
                "A record in the database {} cannot be understood: a newer Rollcall wrote it, or it was changed by hand. \
                 Run an audit; nothing was changed.",
                path.display()
            ),
            Self::Io { path, .. } => write!(
                f,
                "The disk with {} failed to read or write. Check the disk and the system log, then try again.",
                path.display()
            ),
            Self::Unsure { path, .. } => write!(
                f,
                "The disk with {} failed in the middle of writing. Check the disk and the system log.",
                path.display()
            ),
            Self::Closed => {
                f.write_str("Rollcall is shutting down and records nothing more. Try again when it is back.")
            }
            Self::Other { path, .. } => write!(
                f,
                "The database {} could not be used for a reason Rollcall does not know. Nothing was changed; the log \
                 says more.",
                path.display()
            ),
        }
    }
}

impl std::error::Error for StoreError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failed_commit_leaves_anything_open() {
        let at = Path::new("/srv/rollcall.db");
        // Written, or synced.
        for code in [778, 1034, 1290, 7690] {
            let error = StoreError::from_code(code, "disk I/O error", at);
            assert!(error.is_unsure() && error.is_transient() && !error.to_string().contains("nothing"), "{error}");
            assert!(error.detail().contains(&code.to_string()));
        }
        // Read, locked, measured; busy, full, not allowed.
        for code in [10, 266, 522, 3850, 1802, 5, 13, 3, 8, 11, 26, 1] {
            assert!(!StoreError::from_code(code, "disk I/O error", at).is_unsure(), "{code}");
        }
    }
}
