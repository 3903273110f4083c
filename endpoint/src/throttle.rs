//! Limits on log lines that a client could trigger often.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a line is not repeated.
const INTERVAL: Duration = Duration::from_secs(60);

/// Allows one line a minute.
#[derive(Debug)]
pub(crate) struct OnceAMinute(Mutex<Option<Instant>>);

impl OnceAMinute {
    pub(crate) const fn new() -> Self {
        OnceAMinute(Mutex::new(None))
    }

    /// Whether a line may be written now. If so, the next one is due in a minute.
    pub(crate) fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| now.saturating_duration_since(last) >= INTERVAL);
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

/// Allows one line in the life of the process.
#[derive(Debug)]
pub(crate) struct Once(AtomicBool);

impl Once {
    pub(crate) const fn new() -> Self {
        Once(AtomicBool::new(false))
    }

    /// Whether the line has not been written yet.
    pub(crate) fn is_due(&self) -> bool {
        !self.0.load(Ordering::Relaxed) && !self.0.swap(true, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn allows_one_line_a_minute() {
        let line = OnceAMinute::new();
        let mut due = Vec::new();
        for seconds in [0, 1, 58, 1, 1, 60] {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            due.push(line.is_due());
        }
        assert_eq!(due, [true, false, false, true, false, true]);
        let line = Once::new();
        assert!(line.is_due() && !line.is_due());
    }
}
