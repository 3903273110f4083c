//! A connection that writes actions, and what it does after a failure.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, sleep};

use super::connect::{Durability, begin, query};
use super::fault::{Fault, Remedy, reason, remedy};
use super::rows;
use crate::store::writer::{Database, Insertion};
use crate::store::{Inserted, StoreError};

/// How long a batch is repeated: a server that restarts, or a standby that takes over, needs some seconds. Posts wait a
/// little longer than this.
const PATIENCE: Duration = Duration::from_secs(6);
/// The longest pause before a batch is repeated; pauses begin at a sixty-fourth of it.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// How long connecting, or one attempt, may take. A server that does not answer may be a primary that was replaced.
const ATTEMPT: Duration = Duration::from_secs(5);

/// A connection that writes.
pub(super) struct Writing {
    /// `None` after a failure, until a new one is open.
    pub(super) connection: Option<PgConnection>,
    pub(super) options: PgConnectOptions,
    pub(super) durability: Durability,
    /// Its slot in the counts.
    pub(super) slot: i16,
    pub(super) place: String,
}

type Results = Vec<Result<Inserted, StoreError>>;

impl Database for Writing {
    async fn commit(&mut self, insertions: &[Insertion]) -> Result<Results, StoreError> {
        let begun = Instant::now();
        let mut results: Results = Vec::with_capacity(insertions.len());
        // The parts that remain, the first one last: halves of a batch in which a value is refused.
        let mut parts = vec![insertions];
        while let Some(part) = parts.pop() {
            match self.commit_part(part, begun).await {
                Ok(inserted) => results.extend(inserted.into_iter().map(Ok)),
                Err(error) if remedy(&error) == Remedy::Split && part.len() > 1 => {
                    let (first, second) = part.split_at(part.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) if remedy(&error) == Remedy::Split && !part.is_empty() => {
                    let refused = Fault::from(error).of(&self.place);
                    tracing::error!(error = %refused, "database: an action is refused");
                    results.push(Err(refused));
                }
                // What was committed before is answered at the next attempt of the supporter's browser.
                Err(error) => return Err(Fault::from(error).of(&self.place)),
            }
        }
        Ok(results)
    }

    async fn close(self) {
        let Some(connection) = self.connection else { return };
        if let Err(error) = connection.close().await {
            tracing::error!(error = reason(&error), "database: closing failed");
        }
    }
}

impl Writing {
    /// Commits a part of a batch, and repeats it where that can help.
    async fn commit_part(
        &mut self,
        insertions: &[Insertion],
        begun: Instant,
    ) -> Result<Vec<Inserted>, sqlx::Error> {
        let mut pause = LONGEST_PAUSE / 64;
        loop {
            let error = match self.attempt(insertions).await {
                Ok(inserted) => return Ok(inserted),
                Err(error) => error,
            };
            let again = match remedy(&error) {
                Remedy::Repeat => true,
                Remedy::Reconnect => {
                    self.connection = None;
                    true
                }
                Remedy::Split | Remedy::None => false,
            };
            if !again || begun.elapsed() + pause >= PATIENCE {
                return Err(error);
            }
            tracing::debug!(reason = reason(&error), "database: a batch is repeated");
            // Instances that met each other must not meet again.
            sleep(pause.mul_f64(0.5 + fastrand::f64())).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn attempt(&mut self, insertions: &[Insertion]) -> Result<Vec<Inserted>, sqlx::Error> {
        let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => tokio::time::timeout(ATTEMPT, self.options.connect())
                .await
                .map_err(|_| late())??,
        };
        let committed = commit(&mut connection, insertions, self.durability, self.slot);
        let committed = tokio::time::timeout(ATTEMPT, committed).await.map_err(|_| late());
        // A connection on which an attempt was given up may still be at it.
        if committed.is_ok() {
            self.connection = Some(connection);
        }
        committed?
    }
}

/// Writes all actions in one transaction; without any, a row without meaning: only a commit shows that the server
/// accepts writes.
async fn commit(
    connection: &mut PgConnection,
    insertions: &[Insertion],
    durability: Durability,
    slot: i16,
) -> Result<Vec<Inserted>, sqlx::Error> {
    let mut transaction = begin(connection, durability).await?;
    let inserted = match insertions {
        [] => {
            let write = query(
                "INSERT INTO sign_of_life (slot, count) VALUES ($1, 1)
                 ON CONFLICT (slot) DO UPDATE SET count = sign_of_life.count + 1",
            );
            write.bind(slot).execute(&mut *transaction).await?;
            Vec::new()
        }
        insertions => rows::insert(&mut transaction, insertions, slot).await?,
    };
    transaction.commit().await?;
    Ok(inserted)
}
