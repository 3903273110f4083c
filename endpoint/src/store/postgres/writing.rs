//! A connection that writes actions, and what it does after a failure.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::time::{Instant, sleep, timeout};

use super::connect::{ATTEMPT, begin, sign_of_life};
use super::fault::{Fault, Remedy, reason, remedy};
use super::rows;
use crate::store::writer::{Database, Insertion};
use crate::store::{Inserted, StoreError, Synchronised};

/// How long a batch is repeated: a server that restarts, or a standby that takes over, needs some seconds. Posts wait a
/// little longer than this.
const PATIENCE: Duration = Duration::from_secs(6);
/// The longest pause before a batch is repeated; pauses begin at a sixty-fourth of it.
const LONGEST_PAUSE: Duration = Duration::from_millis(640);
/// How long a commit may take. Without its standby, it waits at the server even if the connection is closed: with a
/// shorter time, new connections would soon use up all that the server has.
const COMMIT: Duration = Duration::from_secs(20);

/// A connection that writes.
pub(super) struct Writing {
    /// `None` after a failure, until a new one is open.
    pub(super) connection: Option<PgConnection>,
    pub(super) options: PgConnectOptions,
    pub(super) synchronised: Synchronised,
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
            let again = matches!(remedy(&error), Remedy::Repeat | Remedy::Reconnect);
            if remedy(&error) != Remedy::Repeat {
                // It may be in a transaction that has failed, or lead to a server that is gone.
                self.connection = None;
            }
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
        // Without a connection until the end: one on which an attempt was given up may still be at it.
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => within(ATTEMPT, self.options.connect()).await?,
        };
        let written = write(&mut connection, insertions, self.synchronised, self.slot);
        let inserted = match within(ATTEMPT, written).await {
            Ok(inserted) => inserted,
            Err(error) => {
                // After a conflict it is as good as new.
                if remedy(&error) == Remedy::Repeat
                    && within(ATTEMPT, rollback(&mut connection)).await.is_ok()
                {
                    self.connection = Some(connection);
                }
                return Err(error);
            }
        };
        within(COMMIT, sqlx::raw_sql("COMMIT").execute(&mut connection)).await?;
        self.connection = Some(connection);
        Ok(inserted)
    }
}

/// Gives up after a time.
async fn within<T>(
    time: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
    timeout(time, work).await.unwrap_or_else(|_| Err(late()))
}

async fn rollback(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("ROLLBACK").execute(connection).await.map(drop)
}

/// Writes all actions in one transaction, up to its COMMIT. If no action is new, it writes a row without meaning: what
/// is acknowledged again may be known to this server only, and a COMMIT without a change does not wait for its standby.
async fn write(
    connection: &mut PgConnection,
    insertions: &[Insertion],
    synchronised: Synchronised,
    slot: i16,
) -> Result<Vec<Inserted>, sqlx::Error> {
    sqlx::raw_sql(begin(synchronised)).execute(&mut *connection).await?;
    let inserted = match insertions {
        [] => Vec::new(),
        insertions => rows::insert(connection, insertions, slot).await?,
    };
    if !inserted.iter().any(|one| matches!(one, Inserted::New { .. })) {
        sign_of_life(connection, slot).await?;
    }
    Ok(inserted)
}
