//! The counts of campaigns in memory. Thousands look at a number for each one who sends: the database is asked once a
//! second for each campaign, however many ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::store::{Store, StoreError};

/// How old a count from memory may be.
const FRESH: Duration = Duration::from_secs(1);

/// The counts that were asked for.
#[derive(Debug)]
pub struct Counts {
    store: Arc<dyn Store>,
    campaigns: Mutex<HashMap<String, Arc<Counted>>>,
}

#[derive(Debug, Default)]
struct Counted {
    known: Mutex<Option<Known>>,
    /// Held by the one that asks the database; the others wait for it.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    /// `None` if the database has always failed.
    count: Option<i64>,
    /// When the database was asked for it, or failed.
    at: Instant,
}

impl Counted {
    fn known(&self) -> Option<Known> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn know(&self, count: Option<i64>, at: Instant) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(Known { count, at });
    }
}

impl Counts {
    /// Counts that are read from this store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Counts { store, campaigns: Mutex::default() }
    }

    /// Returns the count of a campaign that is served, at most a second old; an older one if the database fails.
    ///
    /// # Errors
    /// The database fails, and no count is known.
    pub async fn get(&self, campaign: &str) -> Result<i64, StoreError> {
        let counted = self.counted(campaign);
        let fresh = || counted.known().filter(|known| known.at.elapsed() < FRESH);
        if let Some(known) = fresh() {
            return known.count.ok_or_else(StoreError::failing);
        }
        let _turn = counted.asking.lock().await;
        if let Some(known) = fresh() {
            return known.count.ok_or_else(StoreError::failing);
        }
        let (at, old) = (Instant::now(), counted.known().and_then(|known| known.count));
        let asked = self.store.count(campaign);
        let asked = match old {
            // Others wait for the answer: they get the old count soon.
            Some(_) => timeout(FRESH, asked).await.unwrap_or_else(|_| Err(StoreError::failing())),
            None => asked.await,
        };
        // After a failure it is asked again in a second.
        let at = if asked.is_ok() { at } else { Instant::now() };
        counted.know(asked.as_ref().ok().copied().or(old), at);
        asked.or_else(|error| old.ok_or(error))
    }

    /// Notes a count that was read when an action was stored, so that its sender sees it counted.
    pub fn note(&self, campaign: &str, count: i64) {
        let counted = self.counted(campaign);
        if counted.known().and_then(|known| known.count).is_none_or(|known| known < count) {
            counted.know(Some(count), Instant::now());
        }
    }

    fn counted(&self, campaign: &str) -> Arc<Counted> {
        let mut campaigns = self.campaigns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(counted) = campaigns.get(campaign) {
            return counted.clone();
        }
        campaigns.entry(campaign.to_owned()).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Content, NewAction, Settings, SqliteStore};
    use standwith::answer::Status;

    fn action(jti: &str) -> NewAction {
        NewAction {
            campaign: "c".to_owned(),
            jti: jti.to_owned(),
            received_at: 0,
            status: Status::Accepted,
            content: Content::Bare("{}".to_owned()),
            campaign_digest: String::new(),
            digest_known: false,
            counts: true,
            action_digest: String::new(),
            receipt: String::new(),
        }
    }

    #[tokio::test]
    async fn a_count_is_read_once_a_second_and_an_old_one_serves_while_the_database_fails() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let store = Arc::new(SqliteStore::open(&url, Settings::default()).await.unwrap());
        let counts = Counts::new(store.clone());
        assert_eq!(counts.get("c").await.unwrap(), 0);
        store.insert(action("a"), Vec::new()).await.unwrap();
        tokio::time::pause();
        assert_eq!(counts.get("c").await.unwrap(), 0);
        counts.note("c", 1);
        assert_eq!(counts.get("c").await.unwrap(), 1);
        counts.note("c", 0);
        assert_eq!(counts.get("c").await.unwrap(), 1);
        tokio::time::resume();
        store.insert(action("b"), Vec::new()).await.unwrap();
        tokio::time::pause();
        tokio::time::advance(FRESH).await;
        tokio::time::resume();
        assert_eq!(counts.get("c").await.unwrap(), 2);
        store.close().await;
        tokio::time::pause();
        tokio::time::advance(FRESH).await;
        assert_eq!(counts.get("c").await.unwrap(), 2);
        assert!(counts.get("other").await.is_err());
    }
}
