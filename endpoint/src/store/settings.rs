//! What a store needs from outside.

use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::metrics::Metrics;

/// When writes are synchronised to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronised {
    /// At each commit, before it returns: a power loss takes nothing that was acknowledged.
    #[default]
    AtEachCommit,
    /// Now and then. A power loss takes acknowledged actions. No command offers it: it exists for the test that must
    /// detect this.
    NowAndThen,
}

/// The external dependencies of a store.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When the disk is synchronised.
    pub synchronised: Synchronised,
    /// The counters of commits and of the queue.
    pub metrics: Metrics,
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            synchronised: Synchronised::default(),
            metrics: Metrics::default(),
            clock: Arc::new(SystemClock),
        }
    }
}
