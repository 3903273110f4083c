//! Errors of SQLite inside the store, where the kind of error decides what happens next.

use std::path::Path;

use sqlx::migrate::MigrateError;

use super::files::with_ending;
use crate::store::StoreError;

/// A fault inside the store, before the database's file is named.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// No store supports the address.
    #[error("{0}")]
    Address(String),
    /// There is a log without its database, whose newest actions may be in it.
    #[error(
        "there is no database {0}, but its log {0}-wal: put the database back, or move the log away"
    )]
    LogAlone(String),
    /// Another process holds the lock on the database's folder.
    #[error(
        "the folder {0} has been locked by another process for 10 seconds: `lslocks` shows which; end it, or put the \
         database into a folder that only its owner may read"
    )]
    FolderLocked(String),
    /// The database's file is not the one that was opened, or another program has written over it.
    #[error(
        "the database file was removed or replaced while it was open, or overwritten by another program"
    )]
    FileGone,
    /// The error of the database.
    #[error("database: {}", reason(.0))]
    Database(#[from] sqlx::Error),
    /// The database is of another version, or its schema can't be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] MigrateError),
}

impl Fault {
    /// The error for callers of the store. A database error names the file.
    pub(super) fn of(self, file: &Path) -> StoreError {
        let reason = match self {
            Fault::Database(error) => reason(&error),
            Fault::Schema(MigrateError::Execute(error)) => reason(&error),
            Fault::Schema(error) => error.to_string(),
            Fault::FileGone => return StoreError::gone(self.to_string()),
            fault => return StoreError::other(fault.to_string()),
        };
        let reason = match with_ending(file, "-wal") {
            log if reason.contains("malformed") && log.exists() => format!(
                "{reason}. If a backup was copied over the file, its log {} is that of the older one: move it away, and \
                 put the backup in place again",
                log.display()
            ),
            _ => reason,
        };
        StoreError::other(format!("database {}: {reason}", file.display()))
    }

    /// Whether another process held a lock on the database.
    pub(super) fn is_locked(&self) -> bool {
        // SQLITE_BUSY and SQLITE_LOCKED, in the lower eight bits.
        let Fault::Database(sqlx::Error::Database(error)) = self else { return false };
        let code = error.code().and_then(|code| code.parse::<u32>().ok());
        code.is_some_and(|code| [5, 6].contains(&(code & 0xff)))
    }
}

/// The text of SQLite or the system, without the words that sqlx puts around it.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// Names the database's file in a fault.
pub(super) async fn located<T>(
    file: &Path,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, StoreError> {
    work.await.map_err(|fault| fault.of(file))
}
