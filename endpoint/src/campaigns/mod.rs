//! The campaign files that are served: every `*.json` in one folder, each known by the `id` inside.
//!
//! Changed files are read again. A version with a fault is never served: the last good one stays, and the log describes
//! the fault. Each version is in the database before a browser can see it, so that any action can be validated by the
//! version that its supporter saw.

mod faults;
pub mod first_paint;
mod past;
mod snapshot;
mod version;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use standwith::campaign::Strictness;

pub(crate) use self::faults::fault_of_id;
pub use self::faults::{faults, in_words, located};
use self::past::PastVersions;
use self::snapshot::{Snapshot, look};
pub use self::version::Version;
use crate::characters::escaped;
use crate::store::{Store, StoreError};
use crate::workers::Workers;

/// The reason why no campaigns can be opened.
#[derive(Debug, thiserror::Error)]
pub enum CampaignsError {
    /// The folder or a file in it can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The path of the folder or file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The versions can't be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The campaigns that are served now.
#[derive(Debug)]
pub struct Campaigns {
    folder: PathBuf,
    /// Ids that no campaign can have.
    reserved: &'static [&'static str],
    store: Arc<dyn Store>,
    workers: Workers,
    snapshot: RwLock<Snapshot>,
    /// Versions that are no longer served but were requested.
    past: PastVersions,
}

impl Campaigns {
    /// Reads all campaign files of a folder and stores their versions. Those with faults are left out:
    /// [`faults`](Self::faults) names them. No campaign may have an id in `reserved`.
    ///
    /// # Errors
    /// The folder can't be read, or the versions can't be stored.
    pub async fn open(
        folder: &Path,
        reserved: &'static [&'static str],
        store: Arc<dyn Store>,
        workers: Workers,
    ) -> Result<Self, CampaignsError> {
        let (folder, snapshot) = (folder.to_owned(), RwLock::default());
        let past = PastVersions::default();
        let campaigns = Campaigns { folder, reserved, store, workers, snapshot, past };
        campaigns.refresh().await?;
        Ok(campaigns)
    }

    /// Reads what has changed since the last time. Returns a line for each new fault; files with faults keep their last
    /// good versions.
    ///
    /// # Errors
    /// The folder can't be read, or a version can't be stored. Nothing is changed then.
    pub async fn refresh(&self) -> Result<Vec<String>, CampaignsError> {
        let before = self.snapshot().clone();
        let folder = self.folder.clone();
        let (known, reserved) = (before.clone(), self.reserved);
        // Reading and compressing files would block an async thread.
        let looked = tokio::task::spawn_blocking(move || look(&folder, reserved, known)).await;
        let Some(snapshot) = looked.unwrap_or(Ok(None))? else { return Ok(Vec::new()) };
        for version in snapshot.versions() {
            let id = version.id();
            if before.get(id).is_none_or(|known| !Arc::ptr_eq(known, version)) {
                let Version { digest, bytes, .. } = &**version;
                self.store.put_version(id, digest, bytes).await?;
                let file = snapshot.owner(id).map(|file| escaped(&file.display().to_string()));
                tracing::info!(campaign = id, file, "campaign loaded: new version");
            }
        }
        for id in before.ids().filter(|id| snapshot.owner(id).is_none()) {
            tracing::warn!(campaign = id, "campaign removed: its file is gone");
        }
        let old: Vec<&String> = before.faults().collect();
        let fresh = snapshot.faults().filter(|fault| !old.contains(fault)).cloned().collect();
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(fresh)
    }

    /// Returns a line for each fault of the campaign files as they are.
    pub fn faults(&self) -> Vec<String> {
        self.snapshot().faults().cloned().collect()
    }

    /// Returns how many campaigns are served, and how many files have faults.
    pub fn tally(&self) -> (usize, usize) {
        self.snapshot().tally()
    }

    fn snapshot(&self) -> RwLockReadGuard<'_, Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the current version of the campaign with this id.
    pub fn get(&self, id: &str) -> Option<Arc<Version>> {
        self.snapshot().get(id).cloned()
    }

    /// Returns the version of a campaign with this digest, if it was ever served and can still be read. A version that
    /// is no longer served is read from the database and parsed by the workers.
    ///
    /// Parsing a file takes time and memory: call this only for digests that come from a form of this endpoint or are
    /// signed.
    ///
    /// # Errors
    /// The database or the workers fail.
    pub async fn version(
        &self,
        campaign: &str,
        digest: &str,
    ) -> Result<Option<Arc<Version>>, StoreError> {
        let known = || {
            let served = self.get(campaign).filter(|version| version.is(campaign, digest));
            served.or_else(|| self.past.get(campaign, digest))
        };
        if let Some(version) = known() {
            return Ok(Some(version));
        }
        let _turn = self.past.turn(digest).await;
        // Another request may have loaded it meanwhile.
        if let Some(version) = known() {
            return Ok(Some(version));
        }
        let Some(bytes) = self.store.version(campaign, digest).await? else { return Ok(None) };
        // It passed the strict check when it was first served.
        let parsed = self.workers.run(move || Version::read(bytes, Strictness::Lenient)).await;
        let Ok(version) = parsed.map_err(|_| StoreError::busy())? else { return Ok(None) };
        let version = Arc::new(version);
        self.past.insert(version.clone());
        Ok(Some(version))
    }

    /// All campaigns, in the order of their ids.
    pub fn all(&self) -> Vec<Arc<Version>> {
        self.snapshot().versions().cloned().collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::signature::digest;
    use crate::store::{Settings, SqliteStore};

    /// A campaign file with this title.
    pub(super) fn file(title: &str) -> Vec<u8> {
        format!(
            r#"{{"id": "a", "title": "{title}", "message": {{"subjects": ["S"], "body": "B"}},
                "targets": [{{"id": "t", "name": "T", "email": "t@government.invalid"}}]}}"#
        )
        .into_bytes()
    }

    // Each of many posts that named an old version used to parse it anew, on an async thread.
    #[tokio::test]
    async fn requests_at_once_parse_a_past_version_once_on_the_workers() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let store = Arc::new(SqliteStore::open(&url, Settings::default()).await.unwrap());
        let campaigns = Campaigns::open(dir.path(), &[], store.clone(), Workers::default());
        let campaigns = campaigns.await.unwrap();
        let old = file("Old");
        let digest = digest(&old);
        store.put_version("a", &digest, &old).await.unwrap();
        let ask = || campaigns.version("a", &digest);
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        let [first, second, third] = [first, second, third].map(|found| found.unwrap().unwrap());
        assert!(Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&first, &third));
        assert!(campaigns.version("a", "unknown").await.unwrap().is_none());
        store.close().await;
    }
}
