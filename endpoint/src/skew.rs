//! Detects a wrong clock of this machine from refused actions: browsers sign with the time of their devices, and many
//! devices that agree on another time are more likely right than one machine.

use std::sync::{Mutex, PoisonError};

use crate::throttle::OnceAMinute;

/// How many refused actions in one direction cause a warning.
const ENOUGH: usize = 8;
/// How many are remembered.
const MOST: usize = 32;

/// Watches how far the times of refused actions are from this machine's.
#[derive(Debug)]
pub(crate) struct ClockWatch {
    /// Seconds by which actions were signed after now (positive) or before. All are of one direction, the last of which
    /// is the newest.
    offsets: Mutex<Vec<i64>>,
    line: OnceAMinute,
}

impl ClockWatch {
    pub(crate) const fn new() -> Self {
        ClockWatch { offsets: Mutex::new(Vec::new()), line: OnceAMinute::new() }
    }

    /// Notes an action whose time is within the bounds: then the clock can't be wrong by that much.
    pub(crate) fn in_time(&self) {
        self.lock().pop();
    }

    /// Notes an action that was refused because it was signed this many seconds from now. Returns the median of the
    /// last ones if a warning is due.
    pub(crate) fn refused(&self, offset: i64) -> Option<i64> {
        let mut offsets = self.lock();
        if offsets.last().is_some_and(|last| last.signum() != offset.signum()) {
            // One device that is wrong in the other direction does not refute many.
            offsets.pop();
            return None;
        }
        if offsets.len() == MOST {
            offsets.remove(0);
        }
        offsets.push(offset);
        if offsets.len() < ENOUGH || !self.line.is_due() {
            return None;
        }
        let mut sorted = offsets.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<i64>> {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_refusals_in_one_direction_give_their_median_once_a_minute() {
        let watch = ClockWatch::new();
        for offset in [3600, 3601, 3599, 90_000, 3600, 3602, 3598] {
            assert_eq!(watch.refused(offset), None);
        }
        assert_eq!(watch.refused(3600), Some(3600));
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(watch.refused(3600), None);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(watch.refused(i64::MAX), Some(3600));
    }

    #[test]
    fn actions_in_time_and_in_the_other_direction_speak_against_it() {
        let watch = ClockWatch::new();
        for _ in 0..100 {
            assert_eq!(watch.refused(-700_000), None);
            watch.in_time();
            assert_eq!(watch.refused(-700_000), None);
            assert_eq!(watch.refused(900), None);
        }
        let warned = (0..MOST).find_map(|_| watch.refused(-700_000));
        assert_eq!(warned, Some(-700_000));
    }
}
