//! The write-ahead log: whether it exists, and emptying it, so that no bytes of deleted actions are left.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

use super::fault::Fault;
use super::files::with_ending;

/// How long emptying the log may block other writers.
const MOMENT: Duration = Duration::from_millis(100);

/// Writes the log back into the database and empties it. Returns false if others read or write. Waits for the write
/// lock, and for readers, only for a moment: SQLite waits for readers with the lock held, so the endpoint could not
/// commit.
pub(super) async fn truncate_log(file: &Path) -> Result<bool, Fault> {
    let truncate = async {
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
        let options = options.busy_timeout(MOMENT).disable_statement_logging();
        let mut connection = options.connect().await?;
        // Most of the work, without the write lock.
        sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").execute(&mut connection).await?;
        let truncate = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)");
        let busy: i64 = truncate.fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok(busy == 0)
    };
    match truncate.await.map_err(Fault::Database) {
        Err(fault) if fault.is_locked() => Ok(false),
        done => done,
    }
}

/// Whether a database's head says that a log belongs to it, but there is none. The head of one that was closed
/// properly, or copied by [`SqliteStore::copy_into`](super::SqliteStore::copy_into), names no log.
pub(super) fn lacks_log(file: &Path) -> bool {
    // Read version 2 is a write-ahead log (SQLite's file format, section 1.3.3).
    let mut head = [0; 20];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[19] == 2 && !with_ending(file, "-wal").exists()
}
