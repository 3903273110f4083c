//! Where actions are kept. There is one kind of store now, SQLite; what it takes and gives is
//! described here, apart from how.

mod files;
mod sqlite;
mod writer;

pub(crate) use files::with_ending;
pub use sqlite::Store;

use std::path::{Path, PathBuf};

use sqlx::migrate::MigrateError;
use standwith::answer::Status;

/// Why the store did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The address names no store that there is.
    #[error("{0}")]
    Address(String),
    /// More actions wait to be written than the queue holds, or the store is shutting down.
    #[error("write queue full, or shutting down")]
    Busy,
    /// The last commit failed; it is tried again.
    #[error("the last commit failed")]
    Failing,
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
    /// What the database says.
    #[error("database: {}", reason(.0))]
    Database(#[from] sqlx::Error),
    /// The database is of another version, or its schema can't be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] MigrateError),
    /// One of both, and of which file.
    #[error("database {}: {reason}", file.display())]
    Of {
        /// The file.
        file: PathBuf,
        /// What the database says.
        reason: String,
    },
}

impl StoreFault {
    /// The fault with the database's file, where it doesn't say yet which.
    fn of(self, file: &Path) -> Self {
        let reason = match self {
            StoreFault::Database(error) => reason(&error),
            StoreFault::Schema(MigrateError::Execute(error)) => reason(&error),
            StoreFault::Schema(error) => error.to_string(),
            fault => return fault,
        };
        let reason = match with_ending(file, "-wal") {
            log if reason.contains("malformed") && log.exists() => format!(
                "{reason}. If a backup was copied over the file, its log {} is that of the older one: move it away, and \
                 put the backup in place again",
                log.display()
            ),
            _ => reason,
        };
        StoreFault::Of { file: file.to_owned(), reason }
    }
}

/// What SQLite or the system says, without the words that sqlx puts around it.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// When what was written is synchronised to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Synchronised {
    /// At each commit, before it returns: nothing that was answered for is lost with the power.
    AtEachCommit,
    /// Now and then. A loss of power takes actions that were answered for. No command offers it: it is there for
    /// the test that must see this happen.
    NowAndThen,
}

/// An action that was validated and is to be kept.
#[derive(Clone, Debug)]
pub struct NewAction {
    /// The campaign's id.
    pub campaign: String,
    /// The action's identity within the campaign.
    pub jti: String,
    /// When it came: seconds since 1970.
    pub received_at: i64,
    /// What is answered.
    pub status: Status,
    /// What was sent.
    pub content: Content,
    /// The version of the campaign file that it names.
    pub campaign_digest: String,
    /// Whether that version was ever served here.
    pub digest_known: bool,
    /// Whether it counts; a test never does.
    pub counts: bool,
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
    /// The signed receipt.
    pub receipt: String,
}

/// What was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A signed action: the compact JWS.
    Signed(String),
    /// Bare claims, from the hosted form.
    Bare(String),
}

impl Content {
    /// The word for what vouches for it: `signed` or `none`.
    pub fn assurance(&self) -> &'static str {
        match self {
            Content::Signed(_) => "signed",
            Content::Bare(_) => "none",
        }
    }
}

/// An action as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxEntry {
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
    /// What was answered.
    pub status: Status,
    /// The receipt, byte for byte as it was signed.
    pub receipt: String,
    /// What was sent.
    pub content: Content,
}

/// What became of an action.
#[derive(Clone, Debug, PartialEq)]
pub enum Recorded {
    /// It is kept now.
    New {
        /// How many count in its campaign, it included.
        count: i64,
    },
    /// It was withdrawn, and is not kept again.
    Withdrawn,
    /// Its identity was taken already, by the same action or another one.
    Taken {
        /// What is kept under the identity.
        kept: Box<OutboxEntry>,
        /// How many count in its campaign.
        count: i64,
    },
}

/// What became of identities that were to be withdrawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Withdrawn {
    /// Actions that were deleted.
    pub deleted: u64,
    /// Identities that were withdrawn before, or noted.
    pub before: u64,
    /// Identities of which there is no action.
    pub unknown: u64,
    /// Whether the log is empty, so that no bytes are left of what was withdrawn.
    pub is_erased: bool,
}

/// An action as it is exported.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its place in the order of arrival.
    pub id: i64,
    /// When it came: seconds since 1970.
    pub received_at: i64,
    /// Whether the version of the campaign file that it names was ever served here.
    pub version_known: bool,
    /// The action.
    pub kept: OutboxEntry,
}

/// A row that can't be read, by its place in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DamagedRow(pub i64);
