//! Pages that answer a post of a campaign at risk, each at an address that works once.
//!
//! If the answer to a post is a page, the browser stores the post's body, for Reload and for restoring the session;
//! Back and Reload would then show what was typed. So such a post is answered by `303 See Other`, and the browser gets
//! the page by a GET. Pages are in the memory of this process only: if several instances share one address, the proxy
//! must send a client to the same one again.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand;
use standwith::envelope::encode;
use tokio::time::Instant;

use super::Rendered;
use crate::compression::{quickly, unpacked};

/// How long a page waits to be requested.
const WAITS: Duration = Duration::from_secs(120);
/// How many bytes of compressed pages wait at most. The network with the most bytes loses its oldest pages first.
const MOST_BYTES: usize = 32 * 1024 * 1024;
/// How many of these bytes one network may have; beyond that its own oldest pages are dropped.
const MOST_OF_NETWORK: usize = MOST_BYTES / 16;

/// The pages that wait.
#[derive(Debug, Default)]
pub(crate) struct OneTimePages(Mutex<Waiting>);

/// The oldest first.
#[derive(Debug, Default)]
struct Waiting(VecDeque<Page>);

#[derive(Debug)]
struct Page {
    token: String,
    until: Instant,
    /// Identifies the network that requested it, if that network is not shared.
    network: Option<u64>,
    packed: PackedPage,
}

/// A page in its compressed form: a form is then a tenth of its size.
#[derive(Debug)]
pub(crate) struct PackedPage {
    rendered: Rendered,
    is_packed: bool,
}

impl PackedPage {
    /// Compresses a page.
    pub(crate) fn of(rendered: Rendered) -> Self {
        match quickly(rendered.body()) {
            Some(packed) => {
                PackedPage { rendered: rendered.map(|_| packed.into()), is_packed: true }
            }
            None => PackedPage { rendered, is_packed: false },
        }
    }

    /// Decompresses the page.
    ///
    /// # Errors
    /// It can't be decompressed.
    pub(crate) fn unpack(self) -> io::Result<Rendered> {
        if !self.is_packed {
            return Ok(self.rendered);
        }
        let body = unpacked(self.rendered.body())?;
        Ok(self.rendered.map(|_| body.into()))
    }

    fn size(&self) -> usize {
        self.rendered.body().len()
    }
}

impl OneTimePages {
    /// Stores a page for a client of this network. Returns the token by which it can be fetched once.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(crate) fn keep(
        &self,
        packed: PackedPage,
        network: Option<u64>,
    ) -> Result<String, Unspecified> {
        let mut bits = [0; 16];
        rand::fill(&mut bits)?;
        let (token, until) = (encode(&bits), Instant::now() + WAITS);
        let mut waiting = self.lock();
        waiting.0.push_back(Page { token: token.clone(), until, network, packed });
        if network.is_some() {
            waiting.shorten_network(network, MOST_OF_NETWORK);
        }
        waiting.purge();
        Ok(token)
    }

    /// The page of this token, if it has not been taken yet.
    pub(crate) fn take(&self, token: &str) -> Option<PackedPage> {
        let mut waiting = self.lock();
        waiting.purge();
        let at = waiting.0.iter().position(|page| page.token == token)?;
        waiting.0.remove(at).map(|page| page.packed)
    }

    /// Drops the pages that no browser requested in time.
    pub(crate) fn purge(&self) {
        self.lock().purge();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn purge(&mut self) {
        let now = Instant::now();
        self.0.retain(|page| page.until > now);
        self.shorten();
    }

    /// Drops the oldest pages of the network that has the most bytes, until all pages together are small enough. Clients
    /// without a network of their own count as one network.
    fn shorten(&mut self) {
        let mut bytes = HashMap::new();
        for page in &self.0 {
            *bytes.entry(page.network).or_insert(0) += page.packed.size();
        }
        let mut sum: usize = bytes.values().sum();
        while sum > MOST_BYTES {
            let size = |page: &Page| bytes.get(&page.network).copied().unwrap_or(0);
            // Of several such networks, the one with the oldest page.
            let oldest = (0..self.0.len()).rev().max_by_key(|at| size(&self.0[*at]));
            let Some(page) = oldest.and_then(|at| self.0.remove(at)) else { return };
            sum -= page.packed.size();
            bytes.entry(page.network).and_modify(|bytes| *bytes -= page.packed.size());
        }
    }

    /// Drops the oldest pages of a network, until the rest have at most this many bytes.
    fn shorten_network(&mut self, network: Option<u64>, most: usize) {
        let is_one = |page: &Page| page.network == network;
        let mut bytes: usize =
            self.0.iter().filter(|page| is_one(page)).map(|page| page.packed.size()).sum();
        self.0.retain(|page| {
            let stays = !is_one(page) || bytes <= most;
            bytes -= if stays { 0 } else { page.packed.size() };
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A page of this many bytes that can't be compressed.
    fn page(bytes: usize) -> PackedPage {
        let rendered = Rendered::new(vec![b'x'; bytes].into());
        PackedPage { rendered, is_packed: false }
    }

    #[tokio::test(start_paused = true)]
    async fn a_page_can_be_had_once_and_for_a_while() {
        let pages = OneTimePages::default();
        let [first, second] = [1, 2].map(|bytes| pages.keep(page(bytes), None).unwrap());
        assert_eq!(pages.take(&second).map(|page| page.size()), Some(2));
        assert!(pages.take(&second).is_none() && pages.take("").is_none());
        tokio::time::advance(WAITS - Duration::from_secs(1)).await;
        let third = pages.keep(page(3), None).unwrap();
        tokio::time::advance(Duration::from_secs(1)).await;
        pages.purge();
        assert_eq!(pages.lock().0.len(), 1);
        assert!(pages.take(&first).is_none() && pages.take(&third).is_some());
    }

    #[tokio::test]
    async fn the_oldest_make_room() {
        let pages = OneTimePages::default();
        let keep = |bytes| pages.keep(page(bytes), None).unwrap();
        let tokens: Vec<String> = (0..5).map(|_| keep(MOST_BYTES / 4)).collect();
        assert!(pages.take(&tokens[0]).is_none());
        assert!(tokens[1..].iter().all(|token| pages.take(token).is_some()));
        // A page that is larger than the limit is not stored.
        let token = keep(MOST_BYTES + 1);
        assert!(pages.take(&token).is_none() && pages.lock().0.is_empty());
    }

    // One network's posts used to drop everybody's pages, each the only copy of what a supporter had typed.
    #[tokio::test]
    async fn a_network_takes_away_its_own_pages_first() {
        let pages = OneTimePages::default();
        let other = pages.keep(page(1000), Some(2)).unwrap();
        let flood: Vec<String> =
            (0..100).map(|_| pages.keep(page(MOST_OF_NETWORK / 3), Some(1)).unwrap()).collect();
        assert!(pages.take(&other).is_some());
        let left = flood.iter().filter(|token| pages.take(token).is_some()).count();
        assert_eq!(left, 3);
    }

    // Seventeen networks, each within its limit, used to drop everybody's pages.
    #[tokio::test]
    async fn many_networks_take_away_their_own_pages_first() {
        let pages = OneTimePages::default();
        let honest = pages.keep(page(1000), Some(1000)).unwrap();
        let proxied = pages.keep(page(1000), None).unwrap();
        for round in 0..10 {
            for network in 0..100 {
                pages.keep(page(MOST_OF_NETWORK / 8), Some(network)).unwrap();
            }
            assert!(pages.lock().0.iter().any(|page| page.token == honest), "{round}");
        }
        assert!(pages.take(&honest).is_some() && pages.take(&proxied).is_some());
        let bytes: usize = pages.lock().0.iter().map(|page| page.packed.size()).sum();
        assert!(bytes <= MOST_BYTES, "{bytes}");
    }

    #[test]
    fn a_page_is_packed_while_it_waits() {
        let text = "a form with many words in it. ".repeat(1000);
        let packed = PackedPage::of(Rendered::new(text.clone().into()));
        assert!(packed.size() * 10 < text.len());
        assert_eq!(packed.unpack().unwrap().body(), text.as_bytes());
        let short = PackedPage::of(Rendered::new("x".into()));
        assert_eq!(short.unpack().unwrap().body(), "x".as_bytes());
    }
}
