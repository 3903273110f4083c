//! The store on SQLite.
//!
//! One connection writes, in a task of its own (see [`writer`](super::writer)); a few others read.
//! The journal is a write-ahead log, synchronised at each commit: a commit that has returned
//! survives a loss of power.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Row};
use standwith::answer::Status;
use tokio::time::Instant;

use super::files::{Files, with_ending};
use super::writer::{Writer, is_locked};
use super::{
    Content, DamagedRow, Exported, NewAction, OutboxEntry, Recorded, StoreFault, Synchronised,
    Withdrawn,
};
use crate::metrics::Metrics;

/// How many rows an export reads at a time: between pages it holds no lock and little memory.
const PAGE: i64 = 500;
/// How long a reader may wait for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait for other processes that start on a database in the same folder.
const LOCKED: Duration = Duration::from_secs(10);
/// How long clearing the log may keep others from writing.
const MOMENT: Duration = Duration::from_millis(100);
/// How often, and after which time, a withdrawal tries to clear the log while others read the database.
const CLEARING: (u32, Duration) = (20, Duration::from_millis(100));

/// The database.
#[derive(Debug)]
pub struct Store {
    file: PathBuf,
    readers: SqlitePool,
    writer: Option<Writer>,
    files: Option<Arc<Files>>,
    lacks_log: bool,
    has_old_log: bool,
    is_new: bool,
}

impl Store {
    /// Opens the database at this address, which is made and brought up to date as needed.
    ///
    /// # Errors
    /// The address names no store that there is, or the database can't be opened or changed.
    pub async fn open(url: &str, metrics: Metrics) -> Result<Self, StoreFault> {
        Self::open_synchronised(url, Synchronised::AtEachCommit, metrics).await
    }

    /// The same, where it is said when the disk is synchronised.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    pub async fn open_synchronised(
        url: &str,
        synchronised: Synchronised,
        metrics: Metrics,
    ) -> Result<Self, StoreFault> {
        let options = match synchronised {
            Synchronised::AtEachCommit => options(url)?,
            Synchronised::NowAndThen => options(url)?.synchronous(SqliteSynchronous::Normal),
        };
        let file = options.get_filename().to_owned();
        located(&file.clone(), Self::open_with(file, options, metrics)).await
    }

    async fn open_with(
        file: PathBuf,
        options: SqliteConnectOptions,
        metrics: Metrics,
    ) -> Result<Self, StoreFault> {
        let (mut connection, is_new) = begin(&file, &options).await?;
        let readers = readers();
        // A file that is gone is not made anew: actions would go where nobody looks.
        let options = options.create_if_missing(false);
        let readers = readers.connect_with(options.clone()).await?;
        let files = Arc::new(Files::of(&file)?);
        // Makes the log, so that its place is known from now on.
        sqlx::query("UPDATE sign_of_life SET count = count").execute(&mut connection).await?;
        // A withdrawal may have left its bytes there, because others read the database.
        let has_old_log = !truncate_log(&file).await?;
        files.check()?;
        let writer = Writer::start(connection, options, files.clone(), metrics);
        let (writer, files) = (Some(writer), Some(files));
        Ok(Store { file, readers, writer, files, lacks_log: false, has_old_log, is_new })
    }

    /// Opens a database that is there, as [`open`](Self::open) does.
    ///
    /// # Errors
    /// There is none, or as those of [`open`](Self::open).
    pub async fn open_existing(url: &str, metrics: Metrics) -> Result<Self, StoreFault> {
        existing(options(url)?.get_filename())?;
        Self::open(url, metrics).await
    }

    /// Opens a database that is there, to read only, while another process may write. Nothing of it is changed, so it
    /// may stand on a medium that can't be written to.
    ///
    /// # Errors
    /// The address names no store that there is, or the database can't be opened.
    pub async fn open_to_read(url: &str) -> Result<Self, StoreFault> {
        let options = readable(url)?.create_if_missing(false).read_only(true);
        let file = options.get_filename().to_owned();
        existing(&file)?;
        let lacks_log = lacks_log(&file);
        // Beside a log, SQLite wants to write shared memory, and would make both files anew.
        let options = options.immutable(lacks_log);
        let readers = SqlitePoolOptions::new().max_connections(1).connect_with(options);
        let readers = located(&file, async { Ok(readers.await?) }).await?;
        let (writer, files, has_old_log, is_new) = (None, None, false, false);
        Ok(Store { file, readers, writer, files, lacks_log, has_old_log, is_new })
    }

    /// Whether the file, when it was opened, said that a log belongs to it, and there was none.
    pub fn lacks_log(&self) -> bool {
        self.lacks_log
    }

    /// Whether the log that was there could not be cleared when the database was opened, because others read it.
    pub fn has_old_log(&self) -> bool {
        self.has_old_log
    }

    /// Whether opening it made the database.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// How many actions there are, of all campaigns.
    ///
    /// # Errors
    /// The database fails.
    pub async fn actions(&self) -> Result<i64, StoreFault> {
        located(&self.file, async {
            Ok(sqlx::query_scalar("SELECT count(*) FROM action").fetch_one(&self.readers).await?)
        })
        .await
    }

    /// Writes a copy of the database into an empty file. It is of one moment, and needs no log.
    ///
    /// # Errors
    /// The database fails, or the file can't be written.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreFault> {
        located(&self.file, async {
            let copy = sqlx::query("VACUUM INTO ?").bind(file.to_string_lossy().into_owned());
            copy.execute(&self.readers).await?;
            File::open(file).and_then(|copy| copy.sync_all()).map_err(sqlx::Error::Io)?;
            Ok(())
        })
        .await
    }

    /// Deletes actions of a campaign, and takes them out of its count; their identities stay used. All of it, or
    /// nothing. Where `note` says so, identities of which there is no action are used from now on, too. Then clears the
    /// log, also of what was withdrawn before; waits some seconds for others that read the database, without a lock.
    ///
    /// # Errors
    /// The database fails.
    pub async fn withdraw(
        &self,
        campaign: &str,
        identities: &[String],
        note: bool,
        now: i64,
    ) -> Result<Withdrawn, StoreFault> {
        located(&self.file, async {
            let mut transaction = self.readers.begin_with("BEGIN IMMEDIATE").await?;
            let mut withdrawn = Withdrawn::default();
            for jti in identities {
                let delete = "DELETE FROM action WHERE campaign = ? AND jti = ? RETURNING counted";
                let delete = sqlx::query_scalar(delete).bind(campaign).bind(jti);
                let counted: Option<bool> = delete.fetch_optional(&mut *transaction).await?;
                if let Some(counted) = counted {
                    let count = "UPDATE campaign_count SET count = count - ? WHERE campaign = ?";
                    let count = sqlx::query(count).bind(i64::from(counted)).bind(campaign);
                    count.execute(&mut *transaction).await?;
                    withdrawn.deleted += 1;
                } else {
                    let used =
                        "SELECT EXISTS (SELECT 1 FROM withdrawal WHERE campaign = ? AND jti = ?)";
                    let used = sqlx::query_scalar(used).bind(campaign).bind(jti);
                    if used.fetch_one(&mut *transaction).await? {
                        withdrawn.before += 1;
                        continue;
                    }
                    withdrawn.unknown += 1;
                    if !note {
                        continue;
                    }
                }
                let used = "INSERT INTO withdrawal (campaign, jti, withdrawn_at) VALUES (?, ?, ?)
                            ON CONFLICT DO NOTHING";
                let used = sqlx::query(used).bind(campaign).bind(jti).bind(now);
                used.execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            // What was deleted is still in the log, until its frames are written back and it is cut.
            let (tries, pause) = CLEARING;
            for _ in 1..tries {
                if truncate_log(&self.file).await? {
                    withdrawn.is_erased = true;
                    return Ok(withdrawn);
                }
                tokio::time::sleep(pause).await;
            }
            withdrawn.is_erased = truncate_log(&self.file).await?;
            Ok(withdrawn)
        })
        .await
    }

    /// Writes the log back into the database and empties it, unless others read or write at this moment. Returns
    /// whether it is empty: then no bytes are left of what was deleted.
    ///
    /// # Errors
    /// The database fails.
    pub async fn clear_log(&self) -> Result<bool, StoreFault> {
        located(&self.file, truncate_log(&self.file)).await
    }

    /// The database's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Keeps an action, unless its identity is taken. It is on disk when this returns.
    ///
    /// # Errors
    /// The queue is full, or the database fails: the action is not kept then, or, if the
    /// database failed in the very end, perhaps.
    pub async fn record(&self, action: NewAction) -> Result<Recorded, StoreFault> {
        self.writer.as_ref().ok_or(StoreFault::Busy)?.record(action).await
    }

    /// What is kept under this identity.
    ///
    /// # Errors
    /// The database fails.
    pub async fn find(&self, campaign: &str, jti: &str) -> Result<Option<OutboxEntry>, StoreFault> {
        located(&self.file, async {
            let row = sqlx::query(
                "SELECT status, jws, claims, action_digest, receipt FROM action
             WHERE campaign = ? AND jti = ?",
            );
            let row = row.bind(campaign).bind(jti).fetch_optional(&self.readers).await?;
            Ok(row.as_ref().map(kept).transpose()?)
        })
        .await
    }

    /// How many actions count in a campaign.
    ///
    /// # Errors
    /// The database fails.
    pub async fn count(&self, campaign: &str) -> Result<i64, StoreFault> {
        located(&self.file, async {
            let count = sqlx::query_scalar("SELECT count FROM campaign_count WHERE campaign = ?");
            Ok(count.bind(campaign).fetch_optional(&self.readers).await?.unwrap_or(0))
        })
        .await
    }

    /// Keeps a version of a campaign file, if it is new.
    ///
    /// # Errors
    /// The database fails.
    pub async fn keep_version(
        &self,
        campaign: &str,
        digest: &str,
        bytes: &[u8],
        now: i64,
    ) -> Result<(), StoreFault> {
        located(&self.file, async {
            let insert = sqlx::query(
                "INSERT INTO campaign_version (campaign, digest, first_served, bytes)
             VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            );
            let insert = insert.bind(campaign).bind(digest).bind(now).bind(bytes);
            insert.execute(&self.readers).await?;
            Ok(())
        })
        .await
    }

    /// The bytes of a version of a campaign file.
    ///
    /// # Errors
    /// The database fails.
    pub async fn version(
        &self,
        campaign: &str,
        digest: &str,
    ) -> Result<Option<Vec<u8>>, StoreFault> {
        located(&self.file, async {
            let bytes = sqlx::query_scalar(
                "SELECT bytes FROM campaign_version WHERE campaign = ? AND digest = ?",
            );
            Ok(bytes.bind(campaign).bind(digest).fetch_optional(&self.readers).await?)
        })
        .await
    }

    /// The version of a campaign file that was new last when an action came at this time: by it an action
    /// is validated that names none that was ever served.
    ///
    /// # Errors
    /// The database fails.
    pub async fn version_at(
        &self,
        campaign: &str,
        time: i64,
    ) -> Result<Option<Vec<u8>>, StoreFault> {
        located(&self.file, async {
            let bytes = sqlx::query_scalar(
                "SELECT bytes FROM campaign_version WHERE campaign = ? AND first_served <= ?
             ORDER BY first_served DESC, rowid DESC LIMIT 1",
            );
            Ok(bytes.bind(campaign).bind(time).fetch_optional(&self.readers).await?)
        })
        .await
    }

    /// Whether actions can ever be kept again: the writing task is at work, on the files that were opened.
    pub fn is_writing(&self) -> bool {
        let files = self.files.as_ref().is_some_and(|files| files.check().is_ok());
        files && self.writer.as_ref().is_some_and(Writer::is_at_work)
    }

    /// Has a commit tried where none was for a while, so that [`is_ready`](Self::is_ready) is true to the disk.
    pub fn probe(&self) {
        self.writer.iter().for_each(Writer::probe);
    }

    /// Whether actions can be kept now: the last commit succeeded, not long ago, and the database answers.
    pub async fn is_ready(&self) -> bool {
        let answers = sqlx::query("SELECT 1 FROM campaign_count").execute(&self.readers);
        let is_ready = self.is_writing() && self.writer.as_ref().is_some_and(Writer::is_ready);
        is_ready && answers.await.is_ok()
    }

    /// A page of a campaign's actions in the order of arrival, from behind this one on. The page
    /// after the last is empty.
    ///
    /// # Errors
    /// The database fails.
    pub async fn page(
        &self,
        campaign: &str,
        after: i64,
    ) -> Result<Vec<Result<Exported, DamagedRow>>, StoreFault> {
        located(&self.file, async {
        let rows = sqlx::query(
            "SELECT id, received_at, digest_known, status, jws, claims, action_digest, receipt FROM action
             WHERE campaign = ? AND id > ? ORDER BY id LIMIT ?",
        );
        let rows = rows.bind(campaign).bind(after).bind(PAGE).fetch_all(&self.readers).await?;
        let exported = |row: &SqliteRow| {
            let id = row.try_get("id")?;
            Ok(self::exported(id, row).map_err(|_| DamagedRow(id)))
        };
        rows.iter().map(exported).collect()
        })
        .await
    }

    /// Whether there ever was such a campaign.
    ///
    /// # Errors
    /// The database fails.
    pub async fn knows(&self, campaign: &str) -> Result<bool, StoreFault> {
        located(&self.file, async {
            let known = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM campaign_version WHERE campaign = ?)
                 OR EXISTS (SELECT 1 FROM action WHERE campaign = ?)",
            );
            Ok(known.bind(campaign).bind(campaign).fetch_one(&self.readers).await?)
        })
        .await
    }

    /// Waits until everything in the queue is on disk, then closes the database.
    pub async fn close(&self) {
        let Some(writer) = &self.writer else { return self.readers.close().await };
        writer.finish().await;
        self.readers.close().await;
        self.files.iter().for_each(|files| files.release());
        // A copy of the file alone is whole from now on, and says so. Another process may have it open; then it
        // stays as it is.
        let options = SqliteConnectOptions::new().filename(&self.file).create_if_missing(false);
        let is_there = self.files.as_ref().is_some_and(|files| files.is_database());
        if is_there
            && let Ok(last) = options.journal_mode(SqliteJournalMode::Delete).connect().await
        {
            let _ = last.close().await;
        }
    }
}

fn exported(id: i64, row: &SqliteRow) -> Result<Exported, sqlx::Error> {
    Ok(Exported {
        id,
        received_at: row.try_get("received_at")?,
        version_known: row.try_get("digest_known")?,
        kept: kept(row)?,
    })
}

/// What is kept, from a row with these five columns.
pub(super) fn kept(row: &SqliteRow) -> Result<OutboxEntry, sqlx::Error> {
    let content = match row.try_get("jws")? {
        Some(jws) => Content::Signed(jws),
        None => Content::Bare(row.try_get("claims")?),
    };
    Ok(OutboxEntry {
        action_digest: row.try_get("action_digest")?,
        status: Status::of(row.try_get("status")?).unwrap_or_default(),
        receipt: row.try_get("receipt")?,
        content,
    })
}

/// Opens the connection that writes, and brings the schema up to date. Of several processes that start at once, one
/// does it after the other: SQLite changes its journal mode and sqlx its schema without a lock of their own. Returns also whether the file was missing.
async fn begin(
    file: &Path,
    options: &SqliteConnectOptions,
) -> Result<(SqliteConnection, bool), StoreFault> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new(".")).to_owned();
    let locked = lock(&folder).await?;
    if !file.exists() && with_ending(file, "-wal").exists() {
        return Err(StoreFault::LogAlone(file.display().to_string()));
    }
    let is_new = make_private(file).map_err(sqlx::Error::Io)?;
    let mut connection = options.connect().await?;
    sqlx::migrate!().run(&mut connection).await?;
    drop(locked);
    Ok((connection, is_new))
}

/// Locks a folder for as long as the returned file is open. Whoever may read the folder can hold the lock.
async fn lock(folder: &Path) -> Result<File, StoreFault> {
    let (file, begun) = (File::open(folder).map_err(sqlx::Error::Io)?, Instant::now());
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(sqlx::Error::Io(error).into()),
            Err(TryLockError::WouldBlock) if begun.elapsed() >= LOCKED => {
                return Err(StoreFault::FolderLocked(folder.display().to_string()));
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(MOMENT).await,
        }
    }
}

/// Writes the log back into the database and empties it. Returns false where others read or write. Waits for the
/// write lock, and for readers, only for a moment: SQLite waits for readers with the lock held, so the endpoint
/// could not commit.
async fn truncate_log(file: &Path) -> Result<bool, StoreFault> {
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
    match truncate.await.map_err(StoreFault::Database) {
        Err(fault) if is_locked(&fault) => Ok(false),
        done => done,
    }
}

/// Whether a database's head says that a log belongs to it, and there is none. One that was closed well, or copied by
/// [`Store::copy_into`], says nothing of a log.
fn lacks_log(file: &Path) -> bool {
    // Read version 2 is a write-ahead log (SQLite's file format, section 1.3.3).
    let mut head = [0; 20];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[19] == 2 && !with_ending(file, "-wal").exists()
}

/// Fails unless the file is there.
fn existing(file: &Path) -> Result<(), StoreFault> {
    match fs::metadata(file) {
        // To open a pipe waits until somebody writes to it.
        Ok(about) if !about.is_file() && !about.is_dir() => {
            Err(StoreFault::Address(format!("{} is no regular file", file.display())))
        }
        Ok(_) => Ok(()),
        Err(_) => Err(StoreFault::Address(format!("there is no database {}", file.display()))),
    }
}

/// Options of connections that write.
fn options(url: &str) -> Result<SqliteConnectOptions, StoreFault> {
    Ok(readable(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted is personal: its bytes go, and not only its entry.
        .pragma("secure_delete", "ON"))
}

/// The connections that read beside the one that writes. One of them stays open for ever: where the writer closes the
/// last connection after a failed commit, SQLite deletes the log, as if somebody had removed it.
fn readers() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(4)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .acquire_timeout(PATIENCE)
}

/// Options of connections that read, which change nothing of the database.
fn readable(url: &str) -> Result<SqliteConnectOptions, StoreFault> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    let refused = |problem: &str| Err(StoreFault::Address(problem.to_owned()));
    match scheme {
        "sqlite" if url.contains(":memory:") || url.contains("mode=memory") => {
            refused("a database in memory keeps nothing: say sqlite:FILE")
        }
        "sqlite" => Ok(SqliteConnectOptions::from_str(url)?
            .busy_timeout(Duration::from_secs(10))
            .disable_statement_logging()),
        "postgres" | "postgresql" => {
            refused("this version keeps its data in SQLite only: say sqlite:FILE")
        }
        _ => refused("expected the database's address to be sqlite:FILE"),
    }
}

/// Makes the file if it is missing, for its owner's eyes only: it holds personal data. SQLite gives
/// its log files the same mode. Returns whether it was missing.
fn make_private(file: &Path) -> io::Result<bool> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        made => made.map(|_| true),
    }
}

/// Says of a failing database which file it is.
async fn located<T>(
    file: &Path,
    work: impl Future<Output = Result<T, StoreFault>>,
) -> Result<T, StoreFault> {
    work.await.map_err(|fault| fault.of(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Any user of the machine who may read the folder kept the endpoint from starting, without a word.
    #[tokio::test(start_paused = true)]
    async fn a_folder_that_another_process_locks_is_named_after_a_while() {
        let dir = tempfile::tempdir().unwrap();
        let other = File::open(dir.path()).unwrap();
        other.lock().unwrap();
        let begun = Instant::now();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let fault = Store::open(&url, Metrics::default()).await.unwrap_err();
        assert_eq!(begun.elapsed().as_secs(), LOCKED.as_secs());
        let told = fault.to_string();
        assert!(
            told.contains(&*dir.path().to_string_lossy()) && told.contains("lslocks"),
            "{told}"
        );
        assert!(!dir.path().join("test.sqlite").exists());
    }

    // By default, one that nobody uses is closed after ten minutes, and each after half an hour.
    #[test]
    fn one_reader_is_never_closed() {
        let readers = readers();
        assert!(readers.get_min_connections() >= 1);
        assert_eq!((readers.get_idle_timeout(), readers.get_max_lifetime()), (None, None));
    }
}
