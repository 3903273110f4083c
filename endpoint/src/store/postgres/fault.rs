//! Errors of PostgreSQL inside the store, where the kind of error decides what happens next.
//!
//! Codes are those of the PostgreSQL manual, appendix A. The first two characters are the class.

use sqlx::migrate::MigrateError;

use crate::store::StoreError;

/// A fault inside the store, before the database is named.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The address is malformed.
    #[error("{0}")]
    Address(String),
    /// The database lacks steps of the schema.
    #[error(
        "the database has no schema yet, or an older one (step {found} of {wanted}): run `standwith migrate --database \
         URL` once, over a direct connection"
    )]
    SchemaOld {
        /// The last step in the database.
        found: i64,
        /// The last step that this program knows.
        wanted: i64,
    },
    /// The database has steps of the schema that this program does not know.
    #[error(
        "the database's schema (step {found}) is newer than this program (step {wanted}): update this program"
    )]
    SchemaNew {
        /// The last step in the database.
        found: i64,
        /// The last step that this program knows.
        wanted: i64,
    },
    /// A setting of the server that loses or changes data.
    #[error("{0}")]
    Setting(String),
    /// The error of the database.
    #[error("database: {}", reason(.0))]
    Database(#[from] sqlx::Error),
    /// The schema can't be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] MigrateError),
}

/// What to do after a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Repeat it on the same connection: it met another transaction.
    Repeat,
    /// Repeat it on a new connection: the server is gone, restarts, or is no longer the primary. The commit may have
    /// succeeded; (campaign, jti) makes the repetition harmless.
    Reconnect,
    /// Try the halves: the database refuses a value.
    Split,
    /// Nothing: only the operator can do something about it.
    None,
}

/// Returns what to do after this error.
pub(super) fn remedy(error: &sqlx::Error) -> Remedy {
    let sqlx::Error::Database(error) = error else {
        return match error {
            // No connection of the pool was free, or none could be made, for seconds.
            sqlx::Error::Configuration(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut => {
                Remedy::None
            }
            sqlx::Error::Encode(_) => Remedy::Split,
            // The connection broke, or is in an unknown state.
            _ => Remedy::Reconnect,
        };
    };
    let code = error.code().unwrap_or_default();
    match &*code {
        // Serialization failure, deadlock, and waits for a lock that took too long.
        "40001" | "40P01" | "55P03" | "57014" => Remedy::Repeat,
        // Read-only transaction (a former primary), a transaction or session in an unexpected state, a commit with
        // an unknown result, too many connections, and the server's start, stop and crash.
        "25006" | "25P02" | "25P03" | "25P04" | "40003" | "53300" | "57P01" | "57P02" | "57P03"
        | "57P05" => Remedy::Reconnect,
        _ => match code.get(..2) {
            // Connection exceptions.
            Some("08") => Remedy::Reconnect,
            // Data exceptions, violated constraints, and limits such as the length of an index entry.
            Some("22" | "23" | "54") => Remedy::Split,
            _ => Remedy::None,
        },
    }
}

impl Fault {
    /// Whether the database may be there in a moment.
    pub(super) fn may_pass(&self) -> bool {
        use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
        match self {
            Fault::Database(sqlx::Error::Io(error)) => {
                [BrokenPipe, ConnectionReset, UnexpectedEof].contains(&error.kind())
            }
            // A connection that breaks while it is opened.
            Fault::Database(sqlx::Error::Protocol(_)) => true,
            Fault::Database(sqlx::Error::Database(error)) => {
                let code = error.code().unwrap_or_default();
                // A pooler says 08 of a server that is away.
                code.starts_with("08") || ["53300", "57P01", "57P02", "57P03"].contains(&&*code)
            }
            _ => false,
        }
    }

    /// The error for callers of the store. A database error names the database.
    pub(super) fn of(self, place: &str) -> StoreError {
        let reason = match self {
            Fault::Database(error) => reason(&error),
            Fault::Schema(MigrateError::Execute(error)) => reason(&error),
            Fault::Schema(error) => error.to_string(),
            fault => return StoreError::other(fault.to_string()),
        };
        StoreError::other(format!("database {place}: {reason}"))
    }
}

/// The text of the server or the system, without the words that sqlx puts around it. The server's detail is left out:
/// it quotes values, which are personal data.
pub(super) fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => match error.code() {
            Some(code) => format!("{} ({code})", error.message()),
            None => error.message().to_owned(),
        },
        sqlx::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
