//! The tasks that run beside the requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::Notify;

use crate::app::AppState;

/// How often the campaign files are checked for changes.
const LOOK: Duration = Duration::from_secs(1);

/// How often clearing the log is tried while other processes read the database.
const CLEARING: Duration = Duration::from_secs(60);

/// Clears the log that could not be cleared when the database was opened: it may hold bytes of withdrawn actions. Tries
/// again while others read.
pub(super) async fn erase_deleted(state: Arc<AppState>) {
    let mut ticks = tokio::time::interval(CLEARING);
    ticks.tick().await;
    loop {
        match state.store.erase_deleted().await {
            Ok(true) => return,
            Ok(false) => tracing::warn!(
                "database: the log can't be cleared while another process reads; it may hold withdrawn actions"
            ),
            Err(error) => return tracing::warn!(%error, "database: clearing the log failed"),
        }
        ticks.tick().await;
    }
}

/// Tries regularly whether anything can be committed, even while reading campaign files is blocked.
pub(super) async fn probe(state: Arc<AppState>) {
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        state.store.probe();
        state.hosted.purge();
    }
}

/// Reloads changed campaign files, at once on SIGHUP; stops the endpoint when nothing can be stored any more.
pub(super) async fn look_after(state: Arc<AppState>, stop: Arc<Notify>, mut hangup: Signal) {
    let AppState { campaigns, store, metrics, .. } = &*state;
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        let is_asked = tokio::select! {
            _ = ticks.tick() => false,
            Some(()) = hangup.recv() => true,
        };
        if !store.is_writing() {
            tracing::error!(
                "database: the file was removed or replaced, or overwritten by another program, or the writer ended; stopping"
            );
            return stop.notify_one();
        }
        match campaigns.refresh().await {
            Ok(complaints) => {
                failing = false;
                if is_asked {
                    tracing::info!(campaigns = campaigns.all().len(), "reloaded: SIGHUP");
                }
                for fault in complaints {
                    tracing::error!(%fault, "campaign file rejected: its last valid version stays");
                }
                let (served, faulty) = campaigns.tally();
                metrics.set_campaigns(served, faulty);
            }
            // Log it once only: it is tried again each second.
            Err(error) if !failing => {
                failing = true;
                tracing::error!(%error, "campaign files: cannot read the folder");
            }
            Err(_) => {}
        }
    }
}
