//! Opening a database: addresses, options, the lock on its folder, and the schema.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};
use tokio::time::Instant;

use super::fault::Fault;
use super::files::with_ending;

/// The schema, a step for each released version.
pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// How long a reader may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for other processes that open a database in the same folder.
const LOCKED: Duration = Duration::from_secs(10);
/// How long to wait before the lock is tried again.
const PAUSE: Duration = Duration::from_millis(100);

/// Opens the connection that writes, and brings the schema up to date. Processes that start at once do this one after
/// the other: SQLite changes its journal mode and sqlx its schema without a lock of their own. Also returns whether the
/// file was missing.
pub(super) async fn begin(
    file: &Path,
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, bool), Fault> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let locked = lock(&folder).await?;
    if !file.exists() && with_ending(file, "-wal").exists() {
        return Err(Fault::LogAlone(file.display().to_string()));
    }
    let is_new = make_private(file).map_err(sqlx::Error::Io)?;
    let mut connection = options.connect().await?;
    MIGRATIONS.run(&mut connection).await?;
    drop(locked);
    Ok((connection, is_new))
}

/// The last step of the schema in an existing file; 0 if it has none.
pub(super) async fn last_step(file: &Path) -> Result<i64, Fault> {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(false);
    let mut connection = options.connect().await?;
    let table = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations')";
    let last = match sqlx::query_scalar(table).fetch_one(&mut connection).await? {
        true => {
            let last = "SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success";
            sqlx::query_scalar(last).fetch_one(&mut connection).await?
        }
        false => 0,
    };
    connection.close().await?;
    Ok(last)
}

/// Locks a folder for as long as the returned file is open. Any process that may read the folder can hold the lock.
async fn lock(folder: &Path) -> Result<File, Fault> {
    let (file, begun) = (File::open(folder).map_err(sqlx::Error::Io)?, Instant::now());
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(sqlx::Error::Io(error).into()),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= LOCKED => {
                return Err(Fault::FolderLocked(folder.display().to_string()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Fails unless the file exists.
pub(super) fn existing(file: &Path) -> Result<(), Fault> {
    match fs::metadata(file) {
        // Opening a pipe would wait for a writer.
        Ok(about) if !about.is_file() && !about.is_dir() => {
            Err(Fault::Address(format!("{} is no regular file", file.display())))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::Address(format!("there is no database {}", file.display()))),
    }
}

/// Options of connections that write.
pub(super) fn options(url: &str) -> Result<SqliteConnectOptions, Fault> {
    Ok(readable(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // Deleted data is personal: its bytes are overwritten, not only its entry removed.
        .pragma("secure_delete", "ON"))
}

/// The connections that read beside the one that writes. One of them is never closed: if the writer closes the last
/// connection after a failed commit, SQLite deletes the log, as if it had been removed.
pub(super) fn readers() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
}

/// Options of connections that read and change nothing in the database.
pub(super) fn readable(url: &str) -> Result<SqliteConnectOptions, Fault> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let refused = |problem: &str| Err(Fault::Address(problem.to_owned()));
    match scheme {
        "sqlite" if url.contains(":memory:") || url.contains("mode=memory") => {
            refused("a database in memory keeps nothing: say sqlite:FILE")
        }
        "sqlite" => Ok(SqliteConnectOptions::from_str(url)?
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging()),
        _ => refused("expected the database's address to be sqlite:FILE"),
    }
}

/// Creates the file if it is missing, readable by its owner only: it holds personal data. SQLite gives its log files
/// the same mode. Returns whether it was missing.
fn make_private(file: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        made => made.map(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{Settings, SqliteStore};

    // Any user of the machine who may read the folder used to be able to silently keep the endpoint from starting.
    #[tokio::test(start_paused = true)]
    async fn a_folder_that_another_process_locks_is_named_after_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let other = File::open(dir.path()).unwrap();
        other.lock().unwrap();
        let begun = Instant::now();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let fault = SqliteStore::open(&url, Settings::default()).await.unwrap_err();
        assert_eq!(begun.elapsed().as_secs(), LOCKED.as_secs());
        let told = fault.to_string();
        assert!(
            told.contains(&*dir.path().to_string_lossy()) && told.contains("lslocks"),
            "{told}"
        );
        assert!(!dir.path().join("test.sqlite").exists());
    }

    // By default, an unused one is closed after ten minutes, and each after half an hour.
    #[test]
    fn one_reader_is_never_closed() {
        let readers = readers();
        assert!(readers.get_min_connections() >= 1);
        assert_eq!((readers.get_idle_timeout(), readers.get_max_lifetime()), (None, None));
    }
}
