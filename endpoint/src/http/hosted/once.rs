//! Pages that answer a post where somebody may be at risk, each under an address that works once.
//!
//! A page that is the answer to a post makes the browser keep the body of the post, for Reload and for restoring the
//! session; after it, Back and Reload would bring back what was typed. So such a post is answered by `303 See Other`,
//! and the browser gets the page by a GET. Pages wait in memory alone, of this process alone: where several
//! instances stand behind one address, the proxy must send a client to the same one again.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use standwith::envelope::encode;
use tokio::time::Instant;

use super::Rendered;

/// How long a page waits for the browser that was told its address.
const WAITS: Duration = Duration::from_secs(120);
/// How many bytes of pages wait at most. The oldest make room.
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The pages that wait.
#[derive(Debug, Default)]
pub(super) struct OneTimePages(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    pages: VecDeque<Page>,
    bytes: usize,
}

#[derive(Debug)]
struct Page {
    token: String,
    until: Instant,
    rendered: Rendered,
}

impl OneTimePages {
    /// Keeps a page, and gives the token by which it can be had once.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(super) fn keep(&self, rendered: Rendered) -> Result<String, Unspecified> {
        let mut bits = [0; 16];
        rand::fill(&mut bits)?;
        let (token, until) = (encode(&bits), Instant::now() + WAITS);
        let mut waiting = self.lock();
        waiting.bytes += rendered.body().len();
        waiting.pages.push_back(Page { token: token.clone(), until, rendered });
        waiting.purge();
        Ok(token)
    }

    /// The page of this token, if it has not been taken yet.
    pub(super) fn take(&self, token: &str) -> Option<Rendered> {
        let mut waiting = self.lock();
        waiting.purge();
        let at = waiting.pages.iter().position(|page| page.token == token)?;
        let page = waiting.pages.remove(at)?;
        waiting.bytes -= page.rendered.body().len();
        Some(page.rendered)
    }

    /// Forgets the pages that nobody asked for in time.
    pub(super) fn purge(&self) {
        self.lock().purge();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn purge(&mut self) {
        let now = Instant::now();
        while self.bytes > MOST_BYTES || self.pages.front().is_some_and(|page| page.until <= now) {
            let Some(page) = self.pages.pop_front() else { return };
            self.bytes -= page.rendered.body().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(bytes: usize) -> Rendered {
        Rendered::new(vec![b'x'; bytes].into())
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_can_be_had_once_and_for_a_while() {
        let pages = OneTimePages::default();
        let [first, second] = [1, 2].map(|bytes| pages.keep(page(bytes)).unwrap());
        assert_eq!(pages.take(&second).map(|page| page.body().len()), Some(2));
        assert!(pages.take(&second).is_none() && pages.take("").is_none());
        tokio::time::advance(WAITS - Duration::from_secs(1)).await;
        let third = pages.keep(page(3)).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        pages.purge();
        assert_eq!(pages.lock().bytes, 3);
        assert!(pages.take(&first).is_none() && pages.take(&third).is_some());
        assert_eq!(pages.lock().bytes, 0);
    }

    #[tokio::test]
    async fn the_oldest_make_room() {
        let pages = OneTimePages::default();
        let tokens: Vec<String> =
            (0..5).map(|_| pages.keep(page(MOST_BYTES / 4)).unwrap()).collect();
        assert!(pages.take(&tokens[0]).is_none());
        assert!(tokens[1..].iter().all(|token| pages.take(token).is_some()));
        // One that is larger than all of the room is not kept at all.
        let token = pages.keep(page(MOST_BYTES + 1)).unwrap();
        assert!(pages.take(&token).is_none() && pages.lock().bytes == 0);
    }
}
