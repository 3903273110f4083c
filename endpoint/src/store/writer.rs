//! The one task that writes actions. Whatever waits goes into one transaction, because synchronising the disk is what
//! takes the time, and nothing is answered before the transaction is committed.
//!
//! A connection on which a transaction failed is closed and opened anew: after a full disk or an I/O error it could
//! stay in a state in which nothing can be committed any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::files::Files;
use super::sqlite::kept;
use super::{Content, NewAction, Recorded, StoreFault};
use crate::metrics::Metrics;

/// How many actions may wait. At 10 KB each they take 20 MB.
const QUEUE: usize = 2048;
/// How many actions go into one transaction at most.
const BATCH: usize = 128;
/// How often a transaction is begun anew while the database is locked by another process.
const TRIES: u32 = 3;
/// How long a post waits to be committed, below what forms and proxies wait for an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long no commit may have succeeded while the store counts as ready.
const STALE: Duration = Duration::from_secs(5);
/// How long after the last commit another one is tried to see whether the database can be written to; at once after
/// a failure.
const PROBE: Duration = Duration::from_secs(3);

enum Job {
    Action(Box<NewAction>, oneshot::Sender<Result<Recorded, StoreFault>>),
    /// Tries whether anything can be committed.
    Probe,
}

#[derive(Debug)]
pub(super) struct Writer {
    /// Taken away when the store closes, which ends the task once the queue is empty.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    metrics: Metrics,
    health: Arc<Health>,
}

/// What the last commits came to.
#[derive(Debug)]
struct Health(Mutex<LastCommits>);

#[derive(Debug)]
struct LastCommits {
    succeeded: Instant,
    /// Whether the last one failed.
    failing: bool,
}

impl Health {
    fn lock(&self) -> std::sync::MutexGuard<'_, LastCommits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn succeeded(&self) {
        let mut commits = self.lock();
        commits.succeeded = Instant::now();
        if std::mem::replace(&mut commits.failing, false) {
            tracing::info!("database: commits succeed again");
        }
    }

    /// Logs once, however many commits fail in a row.
    fn failed(&self, error: &StoreFault) {
        if !std::mem::replace(&mut self.lock().failing, true) {
            tracing::error!(%error, "database: commit failed; no action is accepted until one succeeds");
        }
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Job")
    }
}

impl Writer {
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        files: Arc<Files>,
        metrics: Metrics,
    ) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let commits = LastCommits { succeeded: Instant::now(), failing: false };
        let health = Arc::new(Health(Mutex::new(commits)));
        let database = Database { connection: Some(connection), options, files };
        let task = tokio::spawn(write(database, jobs, metrics.clone(), health.clone()));
        Writer { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)), metrics, health }
    }

    pub(super) async fn record(&self, action: NewAction) -> Result<Recorded, StoreFault> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue().ok_or(StoreFault::Busy)?;
        queue.try_send(Job::Action(Box::new(action), answer)).map_err(|_| StoreFault::Busy)?;
        self.metrics.set_queue(QUEUE - queue.capacity());
        // OutboxEntry open across the wait, the sender would keep the task from ending.
        drop(queue);
        // It may be committed yet: the same action again then gets its receipt.
        match timeout(LONGEST_WAIT, answered).await {
            Ok(answer) => answer.unwrap_or(Err(StoreFault::Busy)),
            Err(_) => Err(StoreFault::Failing),
        }
    }

    /// Has a commit tried where none was for a while, or the last one failed.
    pub(super) fn probe(&self) {
        let commits = self.health.lock();
        let is_due = commits.failing || commits.succeeded.elapsed() >= PROBE;
        drop(commits);
        if is_due && let Some(queue) = self.queue() {
            // A full queue is at work.
            let _ = queue.try_send(Job::Probe);
        }
    }

    pub(super) fn is_at_work(&self) -> bool {
        let task = self.task.lock();
        task.is_ok_and(|task| task.as_ref().is_some_and(|task| !task.is_finished()))
    }

    /// Whether the last commit succeeded, and that not long ago.
    pub(super) fn is_ready(&self) -> bool {
        let commits = self.health.lock();
        self.is_at_work() && !commits.failing && commits.succeeded.elapsed() < STALE + PROBE
    }

    pub(super) async fn finish(&self) {
        drop(self.queue.lock().ok().and_then(|mut queue| queue.take()));
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        if let Some(task) = task
            && task.await.is_err()
        {
            tracing::error!("database: the writer task failed");
        }
    }

    fn queue(&self) -> Option<mpsc::Sender<Job>> {
        self.queue.lock().ok().and_then(|queue| queue.clone())
    }
}

async fn write(
    mut database: Database,
    mut jobs: mpsc::Receiver<Job>,
    metrics: Metrics,
    health: Arc<Health>,
) {
    let file = database.files.path().to_owned();
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        metrics.set_queue(jobs.len());
        let (mut actions, mut answers) = (Vec::new(), Vec::new());
        for job in batch.drain(..) {
            if let Job::Action(action, answer) = job {
                actions.push(*action);
                answers.push(answer);
            }
        }
        match database.commit(&actions).await {
            Ok(recorded) => {
                health.succeeded();
                if !actions.is_empty() {
                    metrics.committed(actions.len());
                }
                for (answer, recorded) in answers.into_iter().zip(recorded) {
                    // The request may be gone meanwhile.
                    let _ = answer.send(Ok(recorded));
                }
            }
            Err(error) => {
                health.failed(&error.of(&file));
                for answer in answers {
                    let _ = answer.send(Err(StoreFault::Failing));
                }
            }
        }
    }
    database.close().await;
}

/// The connection that writes.
struct Database {
    /// None after a failure, until there is another one.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    files: Arc<Files>,
}

impl Database {
    /// Commits actions, or, without any, a sign of life. Waits for other processes that hold the lock.
    async fn commit(&mut self, actions: &[NewAction]) -> Result<Vec<Recorded>, StoreFault> {
        let mut tries = 1;
        loop {
            match self.commit_once(actions).await {
                Err(error) if tries < TRIES && is_locked(&error) => tries += 1,
                done => return done,
            }
        }
    }

    async fn commit_once(&mut self, actions: &[NewAction]) -> Result<Vec<Recorded>, StoreFault> {
        self.files.check()?;
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let committed = match actions {
            [] => sign_of_life(&mut connection).await.map(|()| Vec::new()),
            actions => commit(&mut connection, actions).await,
        };
        match committed {
            Ok(recorded) => {
                self.connection = Some(connection);
                // It may have gone meanwhile, and what was committed with it.
                self.files.check()?;
                Ok(recorded)
            }
            Err(error) => {
                // It may hold a transaction that can be neither committed nor rolled back.
                let _ = connection.close_hard().await;
                Err(error.into())
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

pub(super) fn is_locked(error: &StoreFault) -> bool {
    // SQLITE_BUSY and SQLITE_LOCKED, in the lower eight bits.
    let StoreFault::Database(sqlx::Error::Database(error)) = error else { return false };
    let code = error.code().and_then(|code| code.parse::<u32>().ok());
    code.is_some_and(|code| [5, 6].contains(&(code & 0xff)))
}

/// Writes a row that says nothing: only a commit shows that the disk takes anything.
async fn sign_of_life(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let write = "INSERT INTO sign_of_life (id, count) VALUES (1, 1)
                 ON CONFLICT (id) DO UPDATE SET count = count + 1";
    sqlx::query(write).execute(connection).await.map(drop)
}

/// Writes all of the actions in one transaction. Those whose identity is taken change nothing.
async fn commit(
    connection: &mut SqliteConnection,
    actions: &[NewAction],
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let mut recorded = Vec::with_capacity(actions.len());
    for action in actions {
        recorded.push(insert(&mut transaction, action).await?);
    }
    // Everybody hears the count as it is after the whole batch.
    let mut counts: Vec<(&str, i64)> = Vec::new();
    for (action, recorded) in actions.iter().zip(&mut recorded) {
        let campaign = action.campaign.as_str();
        let known = counts.iter().find(|(known, _)| *known == campaign);
        let now = match known {
            Some((_, count)) => *count,
            None => {
                let count =
                    sqlx::query_scalar("SELECT count FROM campaign_count WHERE campaign = ?");
                let count = count.bind(campaign).fetch_optional(&mut *transaction).await?;
                counts.push((campaign, count.unwrap_or(0)));
                count.unwrap_or(0)
            }
        };
        match recorded {
            Recorded::New { count } | Recorded::Taken { count, .. } => *count = now,
            Recorded::Withdrawn => {}
        }
    }
    transaction.commit().await?;
    Ok(recorded)
}

async fn insert(
    connection: &mut SqliteConnection,
    action: &NewAction,
) -> Result<Recorded, sqlx::Error> {
    let (jws, claims) = match &action.content {
        Content::Signed(jws) => (Some(jws), None),
        Content::Bare(claims) => (None, Some(claims)),
    };
    let row = sqlx::query(
        "INSERT INTO action (campaign, jti, received_at, status, assurance, campaign_digest,
                             digest_known, jws, claims, action_digest, receipt, counted)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
         WHERE NOT EXISTS (SELECT 1 FROM withdrawal WHERE campaign = ?1 AND jti = ?2)
         ON CONFLICT DO NOTHING RETURNING id",
    );
    let row = row
        .bind(&action.campaign)
        .bind(&action.jti)
        .bind(action.received_at)
        .bind(action.status.word())
        .bind(action.content.assurance())
        .bind(&action.campaign_digest)
        .bind(action.digest_known)
        .bind(jws)
        .bind(claims)
        .bind(&action.action_digest)
        .bind(&action.receipt)
        .bind(action.counts)
        .fetch_optional(&mut *connection)
        .await?;
    if row.is_none() {
        let row = sqlx::query(
            "SELECT status, jws, claims, action_digest, receipt FROM action
             WHERE campaign = ? AND jti = ?",
        );
        let row = row.bind(&action.campaign).bind(&action.jti).fetch_optional(connection).await?;
        return Ok(match row {
            Some(row) => Recorded::Taken { kept: Box::new(kept(&row)?), count: 0 },
            None => Recorded::Withdrawn,
        });
    }
    if action.counts {
        let one_more = sqlx::query(
            "INSERT INTO campaign_count (campaign, count) VALUES (?, 1)
             ON CONFLICT (campaign) DO UPDATE SET count = count + 1",
        );
        one_more.bind(&action.campaign).execute(connection).await?;
    }
    Ok(Recorded::New { count: 0 })
}
