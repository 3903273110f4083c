//! The one task that writes actions. Whatever waits goes into one transaction, because it is the
//! synchronising of the disk that takes the time, and nobody is answered before it has returned.

use std::sync::Mutex;
use std::time::Duration;

use sqlx::Connection;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::sqlite::kept;
use super::{Content, NewAction, Recorded, StoreFault};
use crate::metrics::Metrics;

/// How many actions may wait. At 10 KB each they take 20 MB.
const QUEUE: usize = 2048;
/// How many actions go into one transaction at most.
const BATCH: usize = 128;
/// How often a transaction is begun anew when the database is locked by another process.
const TRIES: u32 = 3;

struct Job {
    action: NewAction,
    answer: oneshot::Sender<Result<Recorded, StoreFault>>,
}

#[derive(Debug)]
pub(super) struct Writer {
    /// Taken away when the store closes, which ends the task once the queue is empty.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    task: Mutex<Option<JoinHandle<()>>>,
    metrics: Metrics,
}

impl std::fmt::Debug for Job {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Job")
    }
}

impl Writer {
    pub(super) fn start(connection: SqliteConnection, metrics: Metrics) -> Self {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let task = tokio::spawn(write(connection, jobs, metrics.clone()));
        Writer { queue: Mutex::new(Some(queue)), task: Mutex::new(Some(task)), metrics }
    }

    pub(super) async fn record(&self, action: NewAction) -> Result<Recorded, StoreFault> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.lock().ok().and_then(|queue| queue.clone());
        let queue = queue.ok_or(StoreFault::Busy)?;
        queue.try_send(Job { action, answer }).map_err(|_| StoreFault::Busy)?;
        self.metrics.set_queue(QUEUE - queue.capacity());
        // Kept open across the wait, the sender would keep the task from ending.
        drop(queue);
        answered.await.unwrap_or(Err(StoreFault::Busy))
    }

    pub(super) fn is_at_work(&self) -> bool {
        let task = self.task.lock();
        task.is_ok_and(|task| task.as_ref().is_some_and(|task| !task.is_finished()))
    }

    pub(super) async fn finish(&self) {
        drop(self.queue.lock().ok().and_then(|mut queue| queue.take()));
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        if let Some(task) = task
            && task.await.is_err()
        {
            tracing::error!("the writing task ended badly");
        }
    }
}

async fn write(mut connection: SqliteConnection, mut jobs: mpsc::Receiver<Job>, metrics: Metrics) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.recv_many(&mut batch, BATCH).await > 0 {
        metrics.set_queue(jobs.len());
        let (actions, answers): (Vec<_>, Vec<_>) =
            batch.drain(..).map(|job| (job.action, job.answer)).unzip();
        match commit_patiently(&mut connection, &actions).await {
            Ok(recorded) => {
                metrics.committed(actions.len());
                for (answer, recorded) in answers.into_iter().zip(recorded) {
                    // Whoever asked may have gone away meanwhile.
                    let _ = answer.send(Ok(recorded));
                }
            }
            Err(error) => {
                tracing::error!(%error, actions = actions.len(), "a batch was not committed");
                for answer in answers {
                    let _ = answer.send(Err(StoreFault::Busy));
                }
            }
        }
    }
    if let Err(error) = connection.close().await {
        tracing::error!(%error, "the database did not close well");
    }
}

async fn commit_patiently(
    connection: &mut SqliteConnection,
    actions: &[NewAction],
) -> Result<Vec<Recorded>, sqlx::Error> {
    let mut tries = 1;
    loop {
        match commit(connection, actions).await {
            Err(error) if tries < TRIES => {
                tracing::warn!(%error, "trying once more to commit");
                tokio::time::sleep(Duration::from_millis(100) * tries).await;
                tries += 1;
            }
            done => return done,
        }
    }
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
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
        let row = row.bind(&action.campaign).bind(&action.jti).fetch_one(connection).await?;
        return Ok(Recorded::Taken { kept: Box::new(kept(&row)?), count: 0 });
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
