//! The store on SQLite.
//!
//! One connection writes actions, in a task of its own (see [`writing`]); a few others read, and perform rare writes.
//! The journal is a write-ahead log, synchronised at each commit: a commit that has returned survives a power loss.

mod connect;
mod export;
mod fault;
mod files;
mod jobs;
mod log;
#[cfg(test)]
mod migrations;
mod rows;
mod transitions;
mod writing;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use self::connect::{begin, existing, options, readable, readers};
use self::export::SqliteExport;
use self::fault::{Fault, located};
use self::files::Files;
pub(crate) use self::files::with_ending;
use self::log::{lacks_log, truncate_log};
use self::writing::Writing;
use super::writer::Writer;
use super::{
    Export, Inserted, Job, JobKind, JobOutcome, Migrated, Miscount, NewAction, NewJob, Settings,
    Store, StoreError, StoredAction, Synchronised, Transition, Transitioned,
};
use crate::clock::Clock;

/// How many times, and at which interval, clearing the log is tried while others read the database.
const CLEARING: (u32, Duration) = (20, Duration::from_millis(100));

/// A SQLite database.
#[derive(Debug)]
pub struct SqliteStore {
    file: PathBuf,
    readers: SqlitePool,
    writer: Option<Writer>,
    files: Option<Arc<Files>>,
    clock: Arc<dyn Clock>,
    lacks_log: bool,
    has_unerased: bool,
    is_new: bool,
}

impl SqliteStore {
    /// Opens the database at this address, which is created and brought up to date as needed.
    ///
    /// # Errors
    /// The address names no SQLite database, or it can't be opened or changed.
    pub async fn open(url: &str, settings: Settings) -> Result<Self, StoreError> {
        let options = options(url).map_err(|fault| fault.of(Path::new(url)))?;
        let options = match settings.synchronised {
            Synchronised::AtEachCommit => options,
            Synchronised::NowAndThen => options.synchronous(SqliteSynchronous::Normal),
        };
        let file = options.get_filename().to_owned();
        located(&file.clone(), Self::open_with(file, options, settings)).await
    }

    async fn open_with(
        file: PathBuf,
        options: SqliteConnectOptions,
        settings: Settings,
    ) -> Result<Self, Fault> {
        let (mut connection, is_new) = begin(&file, &options).await?;
        // A missing file is not created again: actions would go into a file that no program reads.
        let options = options.create_if_missing(false);
        let readers = readers().connect_with(options.clone()).await?;
        let files = Arc::new(Files::of(&file)?);
        // Creates the log, so that its path is known from now on.
        sqlx::query("UPDATE sign_of_life SET count = count").execute(&mut connection).await?;
        // A withdrawal may have left bytes there, because others read the database.
        let has_unerased = !truncate_log(&file).await?;
        files.check()?;
        let Settings { metrics, clock, .. } = settings;
        let writing = Writing { connection: Some(connection), options, files: files.clone() };
        let writer = Some(Writer::start(vec![writing], metrics));
        let (files, lacks_log) = (Some(files), false);
        Ok(SqliteStore { file, readers, writer, files, clock, lacks_log, has_unerased, is_new })
    }

    /// Opens an existing database, as [`open`](Self::open) does.
    ///
    /// # Errors
    /// It does not exist, or as those of [`open`](Self::open).
    pub async fn open_existing(url: &str, settings: Settings) -> Result<Self, StoreError> {
        let is_there = options(url).and_then(|options| existing(options.get_filename()));
        is_there.map_err(|fault| fault.of(Path::new(url)))?;
        Self::open(url, settings).await
    }

    /// Brings the schema of the database at this address up to date; a missing file is created.
    ///
    /// # Errors
    /// As those of [`open`](Self::open).
    pub async fn migrate(url: &str) -> Result<Migrated, StoreError> {
        let options = options(url).map_err(|fault| fault.of(Path::new(url)))?;
        let file = options.get_filename().to_owned();
        located(&file.clone(), async {
            let from = match file.exists() {
                true => connect::last_step(&file).await?,
                false => 0,
            };
            let (connection, _) = begin(&file, &options).await?;
            connection.close().await?;
            let to = connect::last_step(&file).await?;
            // The file is complete without a log, and its head says so.
            let options = SqliteConnectOptions::new().filename(&file).create_if_missing(false);
            if let Ok(last) = options.journal_mode(SqliteJournalMode::Delete).connect().await {
                let _ = last.close().await;
            }
            Ok(Migrated { place: file.display().to_string(), from, to })
        })
        .await
    }

    /// Opens an existing database read-only, while another process may write. It is not changed, so it may be on a
    /// read-only medium.
    ///
    /// # Errors
    /// The address names no SQLite database, or it can't be opened.
    pub async fn open_to_read(url: &str) -> Result<Self, StoreError> {
        let options = readable(url).map_err(|fault| fault.of(Path::new(url)))?;
        let options = options.create_if_missing(false).read_only(true);
        let file = options.get_filename().to_owned();
        existing(&file).map_err(|fault| fault.of(&file))?;
        let lacks_log = lacks_log(&file);
        // With a log, SQLite would need to write shared memory, and would create both files.
        let options = options.immutable(lacks_log);
        // An export uses one, and looks up campaign versions with the other.
        let readers = SqlitePoolOptions::new().max_connections(2).connect_with(options);
        let readers = located(&file, async { Ok(readers.await?) }).await?;
        let Settings { clock, .. } = Settings::default();
        let (writer, files, has_unerased, is_new) = (None, None, false, false);
        Ok(SqliteStore { file, readers, writer, files, clock, lacks_log, has_unerased, is_new })
    }

    /// Whether the file, when it was opened, said that a log belongs to it, but there was none.
    pub fn lacks_log(&self) -> bool {
        self.lacks_log
    }

    /// Whether the log that was there could not be cleared when the database was opened, because others read it.
    pub fn has_unerased(&self) -> bool {
        self.has_unerased
    }

    /// Whether opening it created the database.
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The database's file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Writes a copy of the database into an empty file. It is a snapshot of one moment, and needs no log.
    ///
    /// # Errors
    /// The database fails, or the file can't be written.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        self.located(async {
            let copy = sqlx::query("VACUUM INTO ?").bind(file.to_string_lossy().into_owned());
            copy.execute(&self.readers).await?;
            File::open(file).and_then(|copy| copy.sync_all()).map_err(sqlx::Error::Io)?;
            Ok(())
        })
        .await
    }

    async fn located<T>(
        &self,
        work: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, StoreError> {
        located(&self.file, work).await
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn insert(&self, action: NewAction, jobs: Vec<NewJob>) -> Result<Inserted, StoreError> {
        self.writer.as_ref().ok_or_else(StoreError::busy)?.insert(action, jobs).await
    }

    async fn transition(
        &self,
        campaign: &str,
        identities: &[String],
        transition: Transition,
    ) -> Result<Vec<Transitioned>, StoreError> {
        let now = self.clock.now();
        self.located(async {
            let mut transaction = self.readers.begin_with("BEGIN IMMEDIATE").await?;
            let mut done = Vec::with_capacity(identities.len());
            for jti in identities {
                let applied = transitions::apply(&mut transaction, campaign, jti, transition, now);
                done.push(applied.await?);
            }
            transaction.commit().await?;
            Ok(done)
        })
        .await
    }

    async fn erase_deleted(&self) -> Result<bool, StoreError> {
        self.located(async {
            // Deleted bytes are still in the log, until its frames are written back and it is truncated.
            let (tries, pause) = CLEARING;
            for _ in 1..tries {
                if truncate_log(&self.file).await? {
                    return Ok(true);
                }
                tokio::time::sleep(pause).await;
            }
            truncate_log(&self.file).await
        })
        .await
    }

    async fn get(&self, campaign: &str, jti: &str) -> Result<Option<StoredAction>, StoreError> {
        self.located(async { Ok(rows::get(&self.readers, campaign, jti).await?) }).await
    }

    async fn count(&self, campaign: &str) -> Result<i64, StoreError> {
        self.located(async { Ok(rows::count(&self.readers, campaign).await?) }).await
    }

    async fn recount(&self, apply: bool) -> Result<Vec<Miscount>, StoreError> {
        self.located(async {
            let begin = if apply { "BEGIN IMMEDIATE" } else { "BEGIN" };
            let mut transaction = self.readers.begin_with(begin).await?;
            let found = rows::miscounts(&mut transaction).await?;
            for Miscount { campaign, counted, actual } in found.iter().filter(|_| apply) {
                rows::change_count(&mut transaction, campaign, actual - counted).await?;
            }
            transaction.commit().await?;
            Ok(found)
        })
        .await
    }

    async fn total(&self) -> Result<i64, StoreError> {
        self.located(async {
            Ok(sqlx::query_scalar("SELECT count(*) FROM action").fetch_one(&self.readers).await?)
        })
        .await
    }

    async fn knows(&self, campaign: &str) -> Result<bool, StoreError> {
        self.located(async {
            let known = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM campaign_version WHERE campaign = ?)
                 OR EXISTS (SELECT 1 FROM action WHERE campaign = ?)",
            );
            Ok(known.bind(campaign).bind(campaign).fetch_one(&self.readers).await?)
        })
        .await
    }

    async fn export(&self, campaign: &str) -> Result<Box<dyn Export>, StoreError> {
        let (file, campaign) = (self.file.clone(), campaign.to_owned());
        let export = self.located(SqliteExport::begin(file, &self.readers, campaign));
        Ok(Box::new(export.await?))
    }

    async fn put_version(
        &self,
        campaign: &str,
        digest: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        self.located(async {
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

    async fn version(&self, campaign: &str, digest: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.located(async {
            let bytes = sqlx::query_scalar(
                "SELECT bytes FROM campaign_version WHERE campaign = ? AND digest = ?",
            );
            Ok(bytes.bind(campaign).bind(digest).fetch_optional(&self.readers).await?)
        })
        .await
    }

    async fn version_at(&self, campaign: &str, time: i64) -> Result<Option<Vec<u8>>, StoreError> {
        self.located(async {
            let bytes = sqlx::query_scalar(
                "SELECT bytes FROM campaign_version WHERE campaign = ? AND first_served <= ?
                 ORDER BY first_served DESC, rowid DESC LIMIT 1",
            );
            Ok(bytes.bind(campaign).bind(time).fetch_optional(&self.readers).await?)
        })
        .await
    }

    async fn share_signing_keys(
        &self,
        ours: &[String],
        replace: bool,
    ) -> Result<Vec<String>, StoreError> {
        let now = self.clock.now();
        self.located(async {
            let mut transaction = self.readers.begin_with("BEGIN IMMEDIATE").await?;
            let known = sqlx::query_scalar("SELECT kid FROM signing_key ORDER BY first_used, kid");
            let known: Vec<String> = known.fetch_all(&mut *transaction).await?;
            let lacking: Vec<String> =
                known.into_iter().filter(|kid| !ours.contains(kid)).collect();
            if lacking.is_empty() || replace {
                for kid in &lacking {
                    let delete = sqlx::query("DELETE FROM signing_key WHERE kid = ?").bind(kid);
                    delete.execute(&mut *transaction).await?;
                }
                for kid in ours {
                    let insert = "INSERT INTO signing_key VALUES (?, ?) ON CONFLICT DO NOTHING";
                    sqlx::query(insert).bind(kid).bind(now).execute(&mut *transaction).await?;
                }
            }
            transaction.commit().await?;
            Ok(lacking)
        })
        .await
    }

    async fn claim_jobs(
        &self,
        kinds: &[JobKind],
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Job>, StoreError> {
        let now = self.clock.now();
        let until = now.saturating_add_unsigned(lease.as_secs());
        self.located(async { Ok(jobs::claim(&self.readers, kinds, most, now, until).await?) }).await
    }

    async fn finish_job(&self, job: &Job, outcome: JobOutcome) -> Result<bool, StoreError> {
        let now = self.clock.now();
        self.located(async { Ok(jobs::finish(&self.readers, job, outcome, now).await?) }).await
    }

    fn probe(&self) {
        self.writer.iter().for_each(Writer::probe);
    }

    fn is_writing(&self) -> bool {
        let files = self.files.as_ref().is_some_and(|files| files.check().is_ok());
        files && self.writer.as_ref().is_some_and(Writer::is_at_work)
    }

    async fn is_ready(&self) -> bool {
        let answers = sqlx::query("SELECT 1 FROM campaign_count").execute(&self.readers);
        let is_ready = self.is_writing() && self.writer.as_ref().is_some_and(Writer::is_ready);
        is_ready && answers.await.is_ok()
    }

    async fn close(&self) {
        let Some(writer) = &self.writer else { return self.readers.close().await };
        writer.finish().await;
        self.readers.close().await;
        self.files.iter().for_each(|files| files.release());
        // From now on the file is complete without a log, and its head says so. If another process has it open, it
        // is left unchanged.
        let options = SqliteConnectOptions::new().filename(&self.file).create_if_missing(false);
        let is_there = self.files.as_ref().is_some_and(|files| files.is_database());
        if is_there
            && let Ok(last) = options.journal_mode(SqliteJournalMode::Delete).connect().await
        {
            let _ = last.close().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::store::contract::{Scene, action, contract_of};
    use crate::store::writer;

    async fn scene() -> Scene {
        scene_in(tempfile::tempdir().unwrap()).await
    }

    async fn scene_in(dir: tempfile::TempDir) -> Scene {
        let clock = Arc::new(ManualClock::at(1_790_000_000));
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let settings = Settings { clock: clock.clone(), ..Settings::default() };
        let store = Arc::new(SqliteStore::open(&url, settings).await.unwrap());
        Scene { store, clock, _place: Box::new(dir) }
    }

    contract_of!(scene);

    #[tokio::test]
    async fn insertions_beyond_the_queue_are_busy_and_all_others_are_stored() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let scene = scene_in(dir).await;
        let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        let mut insertions = tokio::task::JoinSet::new();
        for n in 0..3000 {
            let store = scene.store.clone();
            insertions.spawn(async move { store.insert(action(&n.to_string()), Vec::new()).await });
        }
        // The actions that exceed the queue and one batch.
        for _ in 0..3000 - writer::QUEUE - writer::BATCH {
            let error = insertions.join_next().await.unwrap().unwrap().unwrap_err();
            assert!(error.is_busy(), "{error}");
        }
        sqlx::query("COMMIT").execute(&mut other).await.unwrap();
        let mut stored = 0;
        while let Some(inserted) = insertions.join_next().await {
            match inserted.unwrap() {
                Ok(_) => stored += 1,
                Err(error) => assert!(error.is_busy(), "{error}"),
            }
        }
        assert!(stored >= writer::QUEUE, "{stored}");
        assert_eq!(usize::try_from(scene.count().await).unwrap(), stored);
        scene.store.close().await;
    }

    #[tokio::test]
    async fn a_store_whose_file_was_removed_says_that_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("test.sqlite");
        let scene = scene_in(dir).await;
        std::fs::remove_file(file).unwrap();
        let error = scene.store.insert(action("a"), Vec::new()).await.unwrap_err();
        assert!(error.is_gone() && !error.is_busy() && !error.is_failing(), "{error}");
        assert!(!scene.store.is_writing() && !scene.store.is_ready().await);
        scene.store.close().await;
    }
}
