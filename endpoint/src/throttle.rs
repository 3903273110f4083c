//! Log lines that anybody could make the endpoint write often, written rarely.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// How long a line is not repeated, in seconds.
const INTERVAL: i64 = 60;

/// Allows one line a minute.
#[derive(Debug)]
pub(crate) struct OnceAMinute(AtomicI64);

impl OnceAMinute {
    pub(crate) const fn new() -> Self {
        OnceAMinute(AtomicI64::new(i64::MIN))
    }

    /// Whether a line may be written at `now` (seconds since 1970).
    pub(crate) fn is_due(&self, now: i64) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        // A clock that was set back must not silence the line for longer.
        let is_due = now < last || now.saturating_sub(last) >= INTERVAL;
        // Of several threads at once, the one that changes the time writes.
        is_due && self.0.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
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

    #[test]
    fn allows_one_line_a_minute() {
        let line = OnceAMinute::new();
        let due: Vec<bool> = [0, 1, 59, 60, 61, 10, 11].map(|now| line.is_due(now)).into();
        assert_eq!(due, [true, false, false, true, false, true, false]);
        let line = Once::new();
        assert!(line.is_due() && !line.is_due());
    }
}
