//! The one connection that writes actions.
//!
//! A connection on which a transaction failed is closed and reopened: after a full disk or an I/O error it could
//! stay in a state in which nothing can be committed any more.

use std::sync::Arc;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::fault::Fault;
use super::files::Files;
use super::rows;
use crate::store::writer::{Database, Insertion};
use crate::store::{Inserted, StoreError};

/// How often a transaction is retried while another process locks the database.
const TRIES: u32 = 3;

/// The connection that writes.
pub(super) struct Writing {
    /// `None` after a failure, until a new one is open.
    pub(super) connection: Option<SqliteConnection>,
    pub(super) options: SqliteConnectOptions,
    pub(super) files: Arc<Files>,
}

impl Database for Writing {
    /// Waits for other processes that hold the lock.
    async fn commit(
        &mut self,
        insertions: &[Insertion],
    ) -> Result<Vec<Result<Inserted, StoreError>>, StoreError> {
        let mut tries = 1;
        loop {
            match self.commit_once(insertions).await {
                Ok(inserted) => return Ok(inserted.into_iter().map(Ok).collect()),
                Err(error) if tries < TRIES && error.is_locked() => tries += 1,
                Err(error) => return Err(error.of(self.files.path())),
            }
        }
    }

    async fn close(self) {
        let Some(connection) = self.connection else { return };
        if let Err(error) = connection.close().await {
            tracing::error!(%error, "database: closing failed");
        }
    }
}

impl Writing {
    async fn commit_once(&mut self, insertions: &[Insertion]) -> Result<Vec<Inserted>, Fault> {
        self.files.check()?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let committed = match insertions {
            [] => sign_of_life(&mut connection).await.map(|()| Vec::new()),
            insertions => commit(&mut connection, insertions).await,
        };
        match committed {
            Ok(inserted) => {
                self.connection = Some(connection);
                // The file may have disappeared meanwhile, with what was committed.
                self.files.check()?;
                Ok(inserted)
            }
            Err(error) => {
                // It may hold a transaction that can be neither committed nor rolled back.
                let _ = connection.close_hard().await;
                Err(error.into())
            }
        }
    }
}

/// Writes a row without meaning: only a commit shows that the disk accepts writes.
async fn sign_of_life(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let write = "INSERT INTO sign_of_life (id, count) VALUES (1, 1)
                 ON CONFLICT (id) DO UPDATE SET count = count + 1";
    sqlx::query(write).execute(connection).await.map(drop)
}

/// Writes all actions in one transaction. Those whose identity is used change nothing.
async fn commit(
    connection: &mut SqliteConnection,
    insertions: &[Insertion],
) -> Result<Vec<Inserted>, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let inserted = rows::insert(&mut transaction, insertions).await?;
    transaction.commit().await?;
    Ok(inserted)
}
