//! Threads for CPU-bound work of milliseconds: proofs of work, hosted forms, campaign files. On an async thread it would
//! block other requests. Actions are verified and validated there all the same: they take a tenth of a millisecond.

use std::sync::Arc;

use tokio::sync::Semaphore;

/// Runs CPU-bound work, as many pieces at once as there are processors. The number of connections limits how many wait.
/// Clones share the threads.
#[derive(Clone, Debug)]
pub struct Workers(Arc<Semaphore>);

/// The work panicked, or the runtime is shutting down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkFailed;

impl Default for Workers {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Workers(Arc::new(Semaphore::new(processors)))
    }
}

impl Workers {
    /// Runs a piece of work on a thread of its own.
    ///
    /// # Errors
    /// [`WorkFailed`]: it gave no result.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, WorkFailed> {
        let turn = self.0.clone().acquire_owned().await.map_err(|_| WorkFailed)?;
        let running = tokio::task::spawn_blocking(move || {
            // The turn ends with the work, even if the request has ended before.
            let _turn = turn;
            work()
        });
        running.await.map_err(|_| WorkFailed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn goes_on_after_work_that_panics() {
        let workers = Workers::default();
        for _ in 0..100 {
            assert_eq!(workers.run(|| panic!("on purpose")).await, Err::<(), _>(WorkFailed));
        }
        assert_eq!(workers.run(|| 1).await, Ok(1));
    }
}
