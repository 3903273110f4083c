//! The tasks that write actions. All waiting actions go into one transaction, because making it durable takes most of
//! the time, and nothing is answered before the transaction is committed.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::{Inserted, NewAction, NewJob, StoreError};
use crate::metrics::Metrics;

/// How many actions may wait in the queue. At 10 KB each they take 20 MB.
pub(super) const QUEUE: usize = 2048;
/// The maximum number of actions in one transaction.
pub(super) const BATCH: usize = 128;
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
pub(super) struct Insertion {
    pub(super) action: NewAction,
    pub(super) jobs: Vec<NewJob>,
}

/// A connection that writes.
pub(super) trait Database: Send + 'static {
    /// Commits actions in one transaction; without any, a sign of life. Returns one result for each action: an action
    /// that the database refuses must not keep others from being stored.
    ///
    /// # Errors
    /// Nothing was committed, or it is unknown whether it was.
    fn commit(
        &mut self,
        insertions: &[Insertion],
    ) -> impl Future<Output = Result<Vec<Result<Inserted, StoreError>>, StoreError>> + Send;

    /// Closes the connection.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// The queue of actions, and a task for each connection.
#[derive(Debug)]
pub(super) struct Writer {
    /// Set to `None` when the store closes, which ends the tasks once the queue is empty.
    queue: Mutex<Option<mpsc::Sender<Task>>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
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
    /// Starts a task for each connection. While one waits for its commit, the next batch forms for another.
    pub(super) fn start<D: Database>(databases: Vec<D>, metrics: Metrics) -> Self {
        metrics.set_ready(true);
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        let commits = LastCommits { succeeded: Instant::now(), failing: false };
        let health = Arc::new(Health(Mutex::new(commits)));
        let start = |database| {
            tokio::spawn(write(database, waiting.clone(), metrics.clone(), health.clone()))
        };
        let tasks = databases.into_iter().map(start).collect();
        Writer { queue: Mutex::new(Some(queue)), tasks: Mutex::new(tasks), metrics, health }
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
        // If it were held during the wait, this sender would keep the tasks from ending.
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
            // If the queue is full, the tasks are committing anyway.
            let _ = queue.try_send(Task::Probe);
        }
    }

    /// Whether no task has ended.
    pub(super) fn is_at_work(&self) -> bool {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        !tasks.is_empty() && !tasks.iter().any(JoinHandle::is_finished)
    }

    /// Whether the last commit succeeded recently.
    pub(super) fn is_ready(&self) -> bool {
        let commits = self.health.lock();
        self.is_at_work() && !commits.failing && commits.succeeded.elapsed() < STALE + PROBE
    }

    /// Waits until everything in the queue is committed; insertions are busy from now on.
    pub(super) async fn finish(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            if task.await.is_err() {
                tracing::error!("database: a writer task failed");
            }
        }
    }

    fn queue(&self) -> Option<mpsc::Sender<Task>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The tasks of all connections take turns to receive, each as many as wait.
type Waiting = Arc<tokio::sync::Mutex<mpsc::Receiver<Task>>>;

async fn write(
    mut database: impl Database,
    waiting: Waiting,
    metrics: Metrics,
    health: Arc<Health>,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let mut turn = waiting.lock().await;
        if turn.recv_many(&mut batch, BATCH).await == 0 {
            break;
        }
        metrics.set_queue(turn.len());
        drop(turn);
        let (mut insertions, mut answers) = (Vec::new(), Vec::new());
        for task in batch.drain(..) {
            if let Task::Insert(insertion, answer) = task {
                insertions.push(*insertion);
                answers.push(answer);
            }
        }
        match database.commit(&insertions).await {
            Ok(results) => {
                health.succeeded();
                metrics.set_ready(true);
                if !insertions.is_empty() {
                    metrics.committed(insertions.len());
                }
                for (answer, result) in answers.into_iter().zip(results) {
                    // The request may have ended meanwhile.
                    let _ = answer.send(result);
                }
            }
            Err(error) => {
                health.failed(&error);
                metrics.set_ready(false);
                let error = if error.is_gone() { error } else { StoreError::failing() };
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
    database.close().await;
}
