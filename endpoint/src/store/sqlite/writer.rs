//! The one task that writes actions. All waiting actions go into one transaction, because synchronising the disk takes
//! most of the time, and nothing is answered before the transaction is committed.
//!
//! A connection on which a transaction failed is closed and reopened: after a full disk or an I/O error it could
//! stay in a state in which nothing can be committed any more.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::fault::Fault;
use super::files::Files;
use super::rows;
use crate::metrics::Metrics;
use crate::store::{Inserted, NewAction, NewJob, StoreError};

/// How many actions may wait in the queue. At 10 KB each they take 20 MB.
pub(super) const QUEUE: usize = 2048;
/// The maximum number of actions in one transaction.
pub(super) const BATCH: usize = 128;
/// How often a transaction is retried while another process locks the database.
const TRIES: u32 = 3;
/// How long a post waits for its commit, less than forms and proxies wait for an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long ago the last commit may be while the store counts as ready.
const STALE: Duration = Duration::from_secs(5);
/// How long after the last commit another one is tried to check that the database is writable; at once after a failure.
const PROBE: Duration = Duration::from_secs(3);

enum Task {
    Insert(Box<Insertion>, oneshot::Sender<Result<Inserted, StoreError>>),
    /// Tries whether a commit succeeds.
    Probe,
}

/// An action that waits to be written, with its jobs.
struct Insertion {
    action: NewAction,
    jobs: Vec<NewJob>,
}

#[derive(Debug)]
pub(super) struct Writer {
    /// Set to `None` when the store closes, which ends the task once the queue is empty.
    queue: Mutex<Option<mpsc::Sender<Task>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    metrics: Metrics,
    health: Arc<Health>,
}

/// The results of the last commits.
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

    /// Logs only the first of several failures in a row.
    fn failed(&self, error: &StoreError) {
        if !std::mem::replace(&mut self.lock().failing, true) {
            tracing::error!(%error, "database: commit failed; no action is accepted until one succeeds");
        }
    }
}

impl std::fmt::Debug for Task {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Task")
    }
}

impl Writer {
    pub(super) fn start(
        connection: SqliteConnection,
        options: SqliteConnectOptions,
        files: Arc<Files>,
        metrics: Metrics,
    ) -> Self {
        let (queue, tasks) = mpsc::channel(QUEUE);
        let commits = LastCommits { succeeded: Instant::now(), failing: false };
        let health = Arc::new(Health(Mutex::new(commits)));
        let database = Database { connection: Some(connection), options, files };
        let task = tokio::spawn(write(database, tasks, metrics.clone(), health.clone()));
        Writer { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)), metrics, health }
    }

    pub(super) async fn insert(
        &self,
        action: NewAction,
        jobs: Vec<NewJob>,
    ) -> Result<Inserted, StoreError> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue().ok_or_else(StoreError::busy)?;
        let task = Task::Insert(Box::new(Insertion { action, jobs }), answer);
        queue.try_send(task).map_err(|_| StoreError::busy())?;
        self.metrics.set_queue(QUEUE - queue.capacity());
        // If it were held during the wait, this sender would keep the task from ending.
        drop(queue);
        // It may still be committed: sending the same action again then returns its receipt.
        match timeout(LONGEST_WAIT, answered).await {
            Ok(answer) => answer.unwrap_or_else(|_| Err(StoreError::busy())),
            Err(_) => Err(StoreError::failing()),
        }
    }

    /// Tries a commit if there was none for a while, or the last one failed.
    pub(super) fn probe(&self) {
        let commits = self.health.lock();
        let is_due = commits.failing || commits.succeeded.elapsed() >= PROBE;
        drop(commits);
        if is_due && let Some(queue) = self.queue() {
            // If the queue is full, the task is committing anyway.
            let _ = queue.try_send(Task::Probe);
        }
    }

    pub(super) fn is_at_work(&self) -> bool {
        let task = self.task.lock();
        task.is_ok_and(|task| task.as_ref().is_some_and(|task| !task.is_finished()))
    }

    /// Whether the last commit succeeded recently.
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

    fn queue(&self) -> Option<mpsc::Sender<Task>> {
        self.queue.lock().ok().and_then(|queue| queue.clone())
    }
}

async fn write(
    mut database: Database,
    mut tasks: mpsc::Receiver<Task>,
    metrics: Metrics,
    health: Arc<Health>,
) {
    let file = database.files.path().to_owned();
    let mut batch = Vec::with_capacity(BATCH);
    while tasks.recv_many(&mut batch, BATCH).await > 0 {
        metrics.set_queue(tasks.len());
        let (mut insertions, mut answers) = (Vec::new(), Vec::new());
        for task in batch.drain(..) {
            if let Task::Insert(insertion, answer) = task {
                insertions.push(*insertion);
                answers.push(answer);
            }
        }
        match database.commit(&insertions).await {
            Ok(inserted) => {
                health.succeeded();
                if !insertions.is_empty() {
                    metrics.committed(insertions.len());
                }
                for (answer, inserted) in answers.into_iter().zip(inserted) {
                    // The request may have ended meanwhile.
                    let _ = answer.send(Ok(inserted));
                }
            }
            Err(error) => {
                let error = error.of(&file);
                health.failed(&error);
                let error = if error.is_gone() { error } else { StoreError::failing() };
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
    database.close().await;
}

/// The connection that writes.
struct Database {
    /// `None` after a failure, until a new one is open.
    connection: Option<SqliteConnection>,
    options: SqliteConnectOptions,
    files: Arc<Files>,
}

impl Database {
    /// Commits actions, or, without any, a sign of life. Waits for other processes that hold the lock.
    async fn commit(&mut self, insertions: &[Insertion]) -> Result<Vec<Inserted>, Fault> {
        let mut tries = 1;
        loop {
            match self.commit_once(insertions).await {
                Err(error) if tries < TRIES && error.is_locked() => tries += 1,
                done => return done,
            }
        }
    }

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

    async fn close(self) {
        let Some(connection) = self.connection else { return };
        if let Err(error) = connection.close().await {
            tracing::error!(%error, "database: closing failed");
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
    let mut done = Vec::with_capacity(insertions.len());
    for Insertion { action, jobs } in insertions {
        done.push(rows::insert(&mut transaction, action, jobs).await?);
    }
    // Every answer has the count after the whole batch.
    let mut counts: Vec<(&str, i64)> = Vec::new();
    for (Insertion { action, .. }, inserted) in insertions.iter().zip(&mut done) {
        let campaign = action.campaign.as_str();
        let known = counts.iter().find(|(known, _)| *known == campaign);
        let now = match known {
            Some((_, count)) => *count,
            None => {
                let count = rows::count(&mut *transaction, campaign).await?;
                counts.push((campaign, count));
                count
            }
        };
        match inserted {
            Inserted::New { count } | Inserted::Existing { count, .. } => *count = now,
            Inserted::Withdrawn => {}
        }
    }
    transaction.commit().await?;
    Ok(done)
}
