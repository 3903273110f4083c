//! State of the limiter: buckets, used proofs, and the key for digests of addresses.

use std::net::IpAddr;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;

use super::limits::Kind;
use super::network::Network;
use super::table::Table;

/// A day in microseconds: the lifetime of the key for digests of addresses.
const DAY: u64 = 86_400_000_000;
/// How often posts over the limit are logged, in microseconds.
const REPORTS: u64 = 60_000_000;

/// Mutable state. Times are microseconds since the limiter was made, except in `used`.
#[derive(Debug)]
pub(super) struct State {
    /// The key for digests of addresses.
    salt: hmac::Key,
    salted: u64,
    /// When the bucket of each network will be full.
    pub(super) networks: Table,
    /// Until when each used proof could have been used (seconds since 1970).
    pub(super) used: Table,
    /// When these buckets will be full.
    pub(super) actions: u64,
    pub(super) forms: u64,
    pub(super) bare_lookups: u64,
    pub(super) used_lookups: u64,
    pub(super) pages: u64,
    pub(super) proved: u64,
    /// How many posts were over the limit since that was last logged, and when that was.
    over: u64,
    logged: Option<u64>,
}

impl State {
    /// Returns an empty state.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(super) fn new() -> Result<Self, Unspecified> {
        Ok(State {
            salt: salt()?,
            salted: 0,
            networks: Table::new(),
            used: Table::new(),
            actions: 0,
            forms: 0,
            bare_lookups: 0,
            used_lookups: 0,
            pages: 0,
            proved: 0,
            over: 0,
            logged: None,
        })
    }

    /// Forgets all addresses, once a day.
    pub(super) fn refresh(&mut self, now: u64) {
        if now - self.salted < DAY {
            return;
        }
        // Without randomness the old key stays; it is tried again with the next post.
        if let Ok(salt) = salt() {
            self.salt = salt;
            self.salted = now;
            self.networks.clear();
        }
    }

    /// The key of a network for today.
    pub(super) fn key(&self, kind: Kind, network: Network) -> u64 {
        let mut context = hmac::Context::with_key(&self.salt);
        context.update(&[kind as u8, network.length]);
        match network.first {
            IpAddr::V4(address) => context.update(&address.octets()),
            IpAddr::V6(address) => context.update(&address.octets()),
        }
        first(context.sign().as_ref())
    }

    /// Logs, once in a while, how many posts are over the limit. They have no log lines of their own, which would fill
    /// the disk.
    pub(super) fn tell(&mut self, now: u64) {
        self.over += 1;
        if self.logged.is_none_or(|logged| now - logged >= REPORTS) {
            tracing::warn!(posts = self.over, "rate limit exceeded");
            (self.over, self.logged) = (0, Some(now));
        }
    }
}

pub(super) fn salt() -> Result<hmac::Key, Unspecified> {
    hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
}

/// The first eight bytes of a digest as a number.
pub(super) fn first(digest: &[u8]) -> u64 {
    digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}
