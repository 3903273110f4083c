//! A bounded cache of versions that are no longer served but were requested.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::version::Version;

/// The maximum number of these versions in memory.
const MOST: usize = 32;
/// The maximum size of these versions in bytes of file text; each language of a file counts as the whole text. A parsed
/// campaign is several times larger than its text. One version always stays, of any size.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// The cache; the version that was requested last is at the end.
#[derive(Debug, Default)]
pub(super) struct PastVersions {
    versions: Mutex<VecDeque<Arc<Version>>>,
    /// Each digest uses one of these locks, by its hash.
    loading: [tokio::sync::Mutex<()>; 4],
}

impl PastVersions {
    /// Returns a version in the cache, and makes it the last one to be dropped.
    pub(super) fn get(&self, campaign: &str, digest: &str) -> Option<Arc<Version>> {
        let mut past = self.lock();
        let at = past.iter().position(|version| version.is(campaign, digest))?;
        let version = past.remove(at)?;
        past.push_back(version.clone());
        Some(version)
    }

    /// Adds a version.
    pub(super) fn insert(&self, version: Arc<Version>) {
        let mut past = self.lock();
        past.push_back(version);
        shorten(&mut past, MOST_BYTES);
    }

    /// Waits for the turn to load a version. While the turn is held, no other request loads the same version, so that
    /// concurrent requests parse it once; and only a few versions are loaded at a time.
    pub(super) async fn turn(&self, digest: &str) -> tokio::sync::MutexGuard<'_, ()> {
        let hash = digest.bytes().fold(0, |sum: usize, byte| sum.wrapping_add(usize::from(byte)));
        self.loading[hash % self.loading.len()].lock().await
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Version>>> {
        self.versions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the versions that were requested longest ago, until the rest are few and small enough.
fn shorten(past: &mut VecDeque<Arc<Version>>, most_bytes: usize) {
    let mut bytes: usize = past.iter().map(|version| version.weight()).sum();
    while past.len() > MOST || (bytes > most_bytes && past.len() > 1) {
        bytes -= past.pop_front().map_or(0, |version| version.weight());
    }
}

#[cfg(test)]
mod tests {
    use standwith::campaign::Strictness;

    use super::*;
    use crate::campaigns::tests::file;

    #[test]
    fn past_versions_are_bounded_in_number_and_bytes() {
        let version = |title: &str| {
            Arc::new(Version::read(file(title), Strictness::Lenient).expect("a campaign"))
        };
        let mut past: VecDeque<_> = (10..50).map(|n| version(&n.to_string())).collect();
        shorten(&mut past, usize::MAX);
        assert_eq!((past.len(), past[MOST - 1].campaign().title.as_str()), (MOST, "49"));
        let size = past[0].weight();
        shorten(&mut past, size * 3);
        assert_eq!((past.len(), past[2].campaign().title.as_str()), (3, "49"));
        shorten(&mut past, size - 1);
        assert_eq!(past.len(), 1);
    }
}
