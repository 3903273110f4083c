//! The interface of every store of actions, campaign versions and jobs.
//!
//! [`Store`] is the trait, and `contract` its tests, which every store must pass: the one on SQLite and the one on
//! PostgreSQL.

mod action;
mod batch;
#[cfg(test)]
mod contract;

mod error;
mod job;
pub mod lifecycle;
mod postgres;
mod settings;
mod sqlite;
mod writer;

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

pub use self::action::{
    Content, DamagedRow, ExportRow, ExportedAction, Inserted, NewAction, StoredAction, Transitioned,
};
pub use self::error::StoreError;
pub use self::job::{Job, JobKind, JobOutcome, NewJob};
pub use self::lifecycle::{State, Transition};
pub use self::postgres::PgStore;
pub use self::settings::{Settings, Synchronised};
pub use self::sqlite::SqliteStore;
pub(crate) use self::sqlite::with_ending;

/// A store. What it has acknowledged is durable when the method returns.
#[async_trait]
pub trait Store: Debug + Send + Sync {
    /// Stores an action with its jobs in one transaction, unless its identity is used.
    ///
    /// # Errors
    /// The queue is full, or the database fails. The action is not stored then; if the database failed at the very end,
    /// it may be: sending the same action again is safe.
    async fn insert(&self, action: NewAction, jobs: Vec<NewJob>) -> Result<Inserted, StoreError>;

    /// Applies a transition to identities of a campaign, all in one transaction, as [`lifecycle::next`] allows it. The
    /// count changes with the states; open jobs of withdrawn actions are deleted. Returns one result for each identity.
    /// [`Transition::Insert`] changes nothing here: it needs an action.
    ///
    /// # Errors
    /// The database fails; nothing is changed then.
    async fn transition(
        &self,
        campaign: &str,
        identities: &[String],
        transition: Transition,
    ) -> Result<Vec<Transitioned>, StoreError>;

    /// Removes the last bytes of deleted actions from the database's files. Returns whether none are left: other
    /// processes that read the database can prevent it. Waits for them for some seconds, without a lock.
    ///
    /// # Errors
    /// The database fails.
    async fn erase_deleted(&self) -> Result<bool, StoreError>;

    /// Returns the action that is stored under an identity. It is durable: its receipt can be given again.
    ///
    /// # Errors
    /// The database fails.
    async fn get(&self, campaign: &str, jti: &str) -> Result<Option<StoredAction>, StoreError>;

    /// Returns how many actions count in a campaign.
    ///
    /// # Errors
    /// The database fails.
    async fn count(&self, campaign: &str) -> Result<i64, StoreError>;

    /// Compares the count of each campaign with its actions, at one moment, and corrects it if `apply` is true.
    /// Returns those that differ.
    ///
    /// # Errors
    /// The database fails.
    async fn recount(&self, apply: bool) -> Result<Vec<Miscount>, StoreError>;

    /// Returns how many actions are stored, of all campaigns.
    ///
    /// # Errors
    /// The database fails.
    async fn total(&self) -> Result<i64, StoreError>;

    /// Returns whether the campaign ever existed.
    ///
    /// # Errors
    /// The database fails.
    async fn knows(&self, campaign: &str) -> Result<bool, StoreError>;

    /// Begins to export a campaign's actions, as they are at this moment.
    ///
    /// # Errors
    /// The database fails.
    async fn export(&self, campaign: &str) -> Result<Box<dyn Export>, StoreError>;

    /// Stores a version of a campaign file, if it is new.
    ///
    /// # Errors
    /// The database fails.
    async fn put_version(
        &self,
        campaign: &str,
        digest: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError>;

    /// Returns the bytes of a version of a campaign file.
    ///
    /// # Errors
    /// The database fails.
    async fn version(&self, campaign: &str, digest: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns the newest version of a campaign file at a time (seconds since 1970): an action that names no known
    /// version is validated by it.
    ///
    /// # Errors
    /// The database fails.
    async fn version_at(&self, campaign: &str, time: i64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Notes the names of an endpoint's keys, which sign receipts of this database or signed earlier ones. Returns the
    /// names of others that are noted and that the endpoint lacks. If there are any, nothing is noted, unless `replace`
    /// is true: then its own replace them.
    ///
    /// # Errors
    /// The database fails.
    async fn share_signing_keys(
        &self,
        ours: &[String],
        replace: bool,
    ) -> Result<Vec<String>, StoreError>;

    /// Claims at most this many due jobs of these kinds; those due longest come first. No other worker gets them while
    /// the lease lasts, which is counted in whole seconds.
    ///
    /// # Errors
    /// The database fails.
    async fn claim_jobs(
        &self,
        kinds: &[JobKind],
        most: u32,
        lease: Duration,
    ) -> Result<Vec<Job>, StoreError>;

    /// Ends an attempt. Returns false, and changes nothing, if the claim is no longer valid: the attempt was ended
    /// before, another worker has claimed the job since, or the action was withdrawn.
    ///
    /// # Errors
    /// The database fails.
    async fn finish_job(&self, job: &Job, outcome: JobOutcome) -> Result<bool, StoreError>;

    /// Tries a commit if there was none for a while, so that [`is_ready`](Self::is_ready) reflects the state of the
    /// disk.
    fn probe(&self);

    /// Returns whether anything can ever be stored again. If not, the process should stop.
    fn is_writing(&self) -> bool;

    /// Returns whether actions can be stored now: the last commit succeeded recently, and the database answers.
    async fn is_ready(&self) -> bool;

    /// Waits until everything in the queue is durable, then closes the database. Insertions are busy from now on.
    async fn close(&self);
}

/// An export: the actions of a campaign at one moment, in the order of their arrival. It holds that moment's snapshot
/// until it is dropped, so drop it before the store is closed.
#[async_trait]
pub trait Export: Send {
    /// Returns the next rows; none at the end.
    ///
    /// # Errors
    /// The database fails.
    async fn next(&mut self) -> Result<Vec<ExportRow>, StoreError>;
}

/// How a database is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read and write; it is created and brought up to date as needed.
    Create,
    /// To read and write; it must exist.
    Existing,
    /// To read only; it must exist, and is not changed.
    Read,
}

/// A count that differs from the number of actions that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Miscount {
    /// The campaign.
    pub campaign: String,
    /// Its count.
    pub counted: i64,
    /// How many of its actions count.
    pub actual: i64,
}

/// A store, and the findings of opening it.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The database's place, for messages.
    pub place: String,
    /// The database's file, if it is one file on this machine.
    pub file: Option<PathBuf>,
    /// Whether opening it created the database.
    pub is_new: bool,
    /// Whether bytes of deleted actions may be left, because another process read the database.
    pub has_unerased: bool,
    /// Whether the newest actions may be missing: the file was copied without its log.
    pub lacks_log: bool,
}

/// The steps of a schema, before and after a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The database's place, for messages.
    pub place: String,
    /// The last step before; 0 in a new database.
    pub from: i64,
    /// The last step now.
    pub to: i64,
}

/// The kinds of stores, by the scheme of their addresses.
enum Scheme {
    Sqlite,
    Postgres,
}

impl Scheme {
    fn of(url: &str) -> Result<Self, StoreError> {
        match url.split_once(':').map_or("", |(scheme, _)| scheme) {
            "sqlite" => Ok(Scheme::Sqlite),
            "postgres" | "postgresql" => Ok(Scheme::Postgres),
            _ => Err(StoreError::other(
                "expected the database's address to be sqlite:FILE or postgres://USER@HOST/DATABASE".to_owned(),
            )),
        }
    }
}

/// Opens the store at an address such as `sqlite:FILE` or `postgres://USER@HOST/DATABASE`.
///
/// # Errors
/// There is no store for the address, or the database can't be opened.
pub async fn open(url: &str, access: Access, settings: Settings) -> Result<Opened, StoreError> {
    match Scheme::of(url)? {
        Scheme::Sqlite => {
            let sqlite = match access {
                Access::Create => SqliteStore::open(url, settings).await?,
                Access::Existing => SqliteStore::open_existing(url, settings).await?,
                Access::Read => SqliteStore::open_to_read(url).await?,
            };
            Ok(Opened {
                place: sqlite.file().display().to_string(),
                file: Some(sqlite.file().to_owned()),
                is_new: sqlite.is_new(),
                has_unerased: sqlite.has_unerased(),
                lacks_log: sqlite.lacks_log(),
                store: Arc::new(sqlite),
            })
        }
        Scheme::Postgres => {
            let postgres = PgStore::open(url, access, settings).await?;
            Ok(Opened {
                place: postgres.place().to_owned(),
                file: None,
                is_new: false,
                has_unerased: false,
                lacks_log: false,
                store: Arc::new(postgres),
            })
        }
    }
}

/// Brings the schema of the database at an address up to date; a missing SQLite file is created.
///
/// # Errors
/// There is no store for the address, or the database can't be opened or changed.
pub async fn migrate(url: &str) -> Result<Migrated, StoreError> {
    match Scheme::of(url)? {
        Scheme::Sqlite => SqliteStore::migrate(url).await,
        Scheme::Postgres => PgStore::migrate(url).await,
    }
}
