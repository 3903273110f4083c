//! Rate limiting for POST requests: how many are accepted without a proof, and what the others must prove first.
//!
//! ```text
//! a post ── from which networks? ── room in their buckets, and in the one of all? ── looked at
//!                                        └─ no ── a proof with it? ── precheck ── verify ── looked at
//!                                                    └─ no ── 429 with a challenge
//! ```
//!
//! No client is ever shut out: Tor and carrier-grade NAT put many people behind one address, so a client that sends too
//! much from there only makes the others work. A network over its limit takes nothing from the bucket of all networks,
//! so that a flood from one network does not affect the rest.
//!
//! Addresses are stored only in memory, as digests under a random key that is replaced each day. All memory has a fixed
//! size: two tables of [`MEMORY`] bytes each.

mod challenge;
mod limits;
mod network;
mod slow;
mod state;
mod table;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use axum::http::HeaderMap;
use tokio::sync::Semaphore;
use tokio::time::Instant;

pub use self::challenge::{Challenge, Difficulty, ProofError, ProofOfWork, Subject, solve};
pub use self::limits::{Kind, Limits, Lookup};
pub use self::network::{Block, Client, ForwardedHeader, Network, Proxies, networks_of};
use self::slow::SlowBodies;
pub(crate) use self::slow::{SlowPlace, Waiting};
use self::state::{State, first, salt};
pub use self::table::MEMORY;
use self::table::Rate;
use crate::metrics::Metrics;

/// How many proofs may wait for verification. At a fifth of a millisecond each they wait a tenth of a second.
const WAITING: usize = 512;
/// How many posts over the limit are looked up per minute, in case they are stored already: 200 a second.
const LOOKUPS: Rate = Rate(12_000);
/// The shortest and the longest time to wait that a client is given, in seconds.
const WAITS: (u32, u32) = (2, 60);
/// The rate limiter.
#[derive(Debug)]
pub struct RateLimiter {
    limits: Limits,
    proxies: Proxies,
    challenge: Arc<dyn Challenge>,
    metrics: Metrics,
    begun: Instant,
    /// The key for digests of used proofs: no client can choose which entries it displaces.
    used_key: hmac::Key,
    state: Mutex<State>,
    waiting: Semaphore,
    verifying: Semaphore,
    slow_bodies: SlowBodies,
}

impl RateLimiter {
    /// Returns a limiter that requires proofs of this kind.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new(
        limits: Limits,
        proxies: Proxies,
        challenge: Arc<dyn Challenge>,
        metrics: Metrics,
    ) -> Result<Self, Unspecified> {
        let state = State::new()?;
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(RateLimiter {
            limits,
            proxies,
            challenge,
            metrics,
            begun: Instant::now(),
            used_key: salt()?,
            state: Mutex::new(state),
            waiting: Semaphore::new(WAITING),
            verifying: Semaphore::new(processors),
            slow_bodies: SlowBodies::default(),
        })
    }

    /// The origin of a request whose connection comes from `peer`.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        self.proxies.client(peer, headers)
    }

    /// Whether a request seems to have come through a proxy that is not trusted.
    pub fn is_untrusted_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        self.proxies.misses(peer, headers)
    }

    /// Whether a request came through a trusted proxy that does not pass the client's address.
    pub fn is_silent_proxy(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        self.proxies.is_silent(peer, headers)
    }

    /// Whether a post is accepted without a proof.
    ///
    /// # Errors
    /// It is not; the value is the number of seconds until it might be.
    pub fn admit(&self, kind: Kind, client: Option<Client>) -> Result<(), u32> {
        let now = self.now();
        let Limits { network: limit, all, .. } = self.limits;
        let mut state = self.lock();
        state.refresh(now);
        let networks = client.map_or_else(Vec::new, Client::networks);
        let admitted = networks.into_iter().try_for_each(|(network, part)| {
            let rate = if limit == 0 { 0 } else { (limit / part).max(1) };
            let key = state.key(kind, network);
            Rate(rate).take(state.networks.until(key), now)
        });
        let admitted = admitted.and_then(|()| match kind {
            Kind::Action => Rate(all).take(&mut state.actions, now),
            Kind::Form => Rate(self.limits.forms()).take(&mut state.forms, now),
        });
        admitted.map_err(|micros| {
            state.tell(now);
            let seconds = u32::try_from(micros.div_ceil(1_000_000)).unwrap_or(u32::MAX);
            seconds.clamp(WAITS.0, WAITS.1)
        })
    }

    /// Returns a challenge for a client over the limit; the more proofs arrive, the harder it is.
    pub fn issue(&self, campaign: &str, now: i64) -> Option<String> {
        let challenge = self.challenge.issue(campaign, self.pressure(), now);
        self.metrics.rate_limited(if challenge.is_some() { "challenged" } else { "sent_away" });
        challenge
    }

    /// The factor by which challenges are harder than usual at the moment.
    fn pressure(&self) -> u32 {
        match Rate::emptiness(self.lock().proved, self.now()) {
            0..50 => 1,
            50..75 => 2,
            75..95 => 4,
            _ => 8,
        }
    }

    /// Checks the cheap part of a proof, before the body has arrived.
    ///
    /// # Errors
    /// The reason why it is invalid.
    pub fn precheck(&self, proof: &str, campaign: &str, now: i64) -> Result<(), ProofError> {
        let fits = self.challenge.precheck(proof, campaign, self.pressure(), now);
        if fits.is_err() {
            self.metrics.rate_limited("unproved");
        }
        fits
    }

    /// Verifies a proof and marks it as used.
    ///
    /// # Errors
    /// The reason why it is invalid.
    pub async fn prove(
        &self,
        proof: &str,
        subject: Subject<'_>,
        now: i64,
    ) -> Result<(), ProofError> {
        let proved = self.verify(proof, subject, now).await;
        self.metrics.rate_limited(if proved.is_ok() { "proved" } else { "unproved" });
        if proved.is_ok() {
            let (rate, now) = (Rate(self.limits.all), self.now());
            // This bucket only determines how hard the next challenges are.
            let _ = rate.take(&mut self.lock().proved, now);
        }
        proved
    }

    async fn verify(&self, proof: &str, subject: Subject<'_>, now: i64) -> Result<(), ProofError> {
        self.challenge.precheck(proof, subject.campaign, self.pressure(), now)?;
        let place = self.waiting.try_acquire().map_err(|_| ProofError::Busy)?;
        // Before verification: a proof that is sent a hundred times at once is verified once, also a wrong one.
        let until = u64::try_from(self.challenge.good_until(proof)).unwrap_or_default();
        let seconds = u64::try_from(now).unwrap_or_default();
        {
            let mut state = self.lock();
            let used = state.used.until(self.used(proof, subject));
            if *used > seconds {
                return Err(ProofError::Used);
            }
            *used = until;
        }
        let turn = self.verifying.acquire().await;
        let (challenge, proof_) = (self.challenge.clone(), proof.to_owned());
        let (campaign, jti) = (subject.campaign.to_owned(), subject.jti.to_owned());
        let verified = tokio::task::spawn_blocking(move || {
            challenge.verify(&proof_, Subject { campaign: &campaign, jti: &jti })
        });
        let verified = verified.await;
        drop((turn, place));
        match verified {
            Ok(true) => Ok(()),
            Ok(false) => Err(ProofError::Wrong),
            Err(_) => {
                self.give_back(proof, subject);
                Err(ProofError::Busy)
            }
        }
    }

    /// Allows a proof to be used again: the endpoint could not store the action.
    pub fn give_back(&self, proof: &str, subject: Subject<'_>) {
        let key = self.used(proof, subject);
        *self.lock().used.until(key) = 0;
    }

    /// Whether there is capacity to look up whether an action is stored already.
    pub fn may_look_up(&self, lookup: Lookup) -> bool {
        let (now, mut state) = (self.now(), self.lock());
        let bucket = match lookup {
            Lookup::Bare => &mut state.bare_lookups,
            Lookup::Used => &mut state.used_lookups,
        };
        LOOKUPS.take(bucket, now).is_ok()
    }

    /// Whether there is capacity to return a hosted form over the limit with all that was typed: as many as are
    /// accepted.
    pub fn may_give_back_page(&self) -> bool {
        self.metrics.rate_limited("sent_away");
        let (rate, now) = (Rate(self.limits.forms()), self.now());
        rate.take(&mut self.lock().pages, now).is_ok()
    }

    /// Returns a place for a slow body, if one is free.
    pub(crate) fn slow_place(
        &self,
        waiting: Waiting,
        client: Option<Client>,
    ) -> Option<SlowPlace<'_>> {
        self.slow_bodies.take(waiting, client)
    }

    /// The key of a used proof.
    fn used(&self, proof: &str, subject: Subject<'_>) -> u64 {
        let text = [proof, "\n", subject.campaign, "\n", subject.jti].concat();
        first(hmac::sign(&self.used_key, text.as_bytes()).as_ref())
    }

    /// The key of a client's network for today; `None` if its network is shared.
    pub(crate) fn network(&self, client: Option<Client>) -> Option<u64> {
        let (network, _) = client?.networks().pop()?;
        Some(self.lock().key(Kind::Form, network))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// A poisoned lock guards only numbers, which are still valid.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const FEW: Limits =
        Limits { network: 4, all: 40, difficulty: Difficulty { iterations: 1, tries: 1 } };
    const ABOUT: Subject<'_> = Subject { campaign: "free-press", jti: "AAAAAAAAAAAAAAAAAAAAAA" };

    fn limiter_with(limits: Limits) -> RateLimiter {
        let challenge = Arc::new(ProofOfWork::new(&[7; 32], limits.difficulty));
        RateLimiter::new(limits, Proxies::default(), challenge, Metrics::default()).unwrap()
    }

    fn from(text: &str) -> Option<Client> {
        Some(Client::Address(text.parse().unwrap()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_network_may_send_again_when_its_bucket_has_filled() {
        let limiter = limiter_with(FEW);
        let admit = || limiter.admit(Kind::Action, from("192.0.2.1"));
        assert!((0..4).all(|_| admit().is_ok()));
        assert_eq!(admit(), Err(15));
        tokio::time::advance(Duration::from_secs(14)).await;
        assert_eq!(admit(), Err(2));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((admit(), admit()), (Ok(()), Err(15)));
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_digested_under_another_key_each_day() {
        let limiter = limiter_with(FEW);
        let network = Network { first: "192.0.2.0".parse().unwrap(), length: 24 };
        let key = || limiter.lock().key(Kind::Action, network);
        let (before, twin) = (key(), limiter_with(FEW).lock().key(Kind::Action, network));
        assert_ne!(before, twin);
        let admit = |limiter: &RateLimiter| limiter.admit(Kind::Action, from("192.0.2.1"));
        tokio::time::advance(Duration::from_secs(86_399)).await;
        while admit(&limiter).is_ok() {}
        assert_eq!(key(), before);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!((0..4).all(|_| admit(&limiter).is_ok()), "what was known is forgotten");
        assert_ne!(key(), before);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_that_many_share_have_the_limit_of_all_alone() {
        let limiter = limiter_with(FEW);
        for shared in [from("127.0.0.1"), from("10.0.0.1"), from("fd00::1"), None] {
            assert!((0..10).all(|_| limiter.admit(Kind::Action, shared).is_ok()), "{shared:?}");
        }
        assert!(limiter.admit(Kind::Action, from("127.0.0.1")).is_err());
        assert!((0..10).all(|_| limiter.admit(Kind::Form, None).is_ok()));
        assert!(limiter.admit(Kind::Form, None).is_err());
        assert!((0..1000).all(|_| limiter_with(Limits::none()).admit(Kind::Form, None).is_ok()));
    }

    #[tokio::test(start_paused = true)]
    async fn clients_whose_address_can_not_be_read_share_one_network() {
        let limiter = limiter_with(FEW);
        let unknown = || limiter.admit(Kind::Form, Some(Client::Unknown));
        assert!((0..4).all(|_| unknown().is_ok()));
        assert_eq!(unknown(), Err(15));
        assert!(limiter.admit(Kind::Form, from("192.0.2.1")).is_ok());
    }

    // One easy challenge used to serve many actions after the others had become hard.
    #[tokio::test(start_paused = true)]
    async fn a_challenge_of_easier_times_is_none_any_more() {
        let limiter = limiter_with(FEW);
        let easy = limiter.issue(ABOUT.campaign, 1000).unwrap();
        let proof = solve(&easy, ABOUT.jti).unwrap();
        for _ in 0..40 {
            let proof = solve(&limiter.issue(ABOUT.campaign, 1000).unwrap(), ABOUT.jti).unwrap();
            limiter.prove(&proof, ABOUT, 1000).await.unwrap();
        }
        assert_eq!(limiter.precheck(&proof, ABOUT.campaign, 1000), Err(ProofError::TooEasy));
        assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Err(ProofError::TooEasy));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Ok(()));
    }

    #[tokio::test]
    async fn a_proof_that_was_given_back_is_as_good_as_before() {
        let limiter = limiter_with(FEW);
        let proof = solve(&limiter.issue(ABOUT.campaign, 1000).unwrap(), ABOUT.jti).unwrap();
        assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Ok(()));
        assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Err(ProofError::Used));
        limiter.give_back(&proof, ABOUT);
        assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn the_more_proofs_there_are_the_harder_they_get() {
        let limiter = limiter_with(FEW);
        let issue = || limiter.issue(ABOUT.campaign, 1000).unwrap();
        let tries = |text: &str| standwith::proof::Challenge::read(text).unwrap().tries;
        assert_eq!(tries(&issue()), 1);
        let mut reached = Vec::new();
        for _ in 0..40 {
            let challenge = issue();
            reached.push(tries(&challenge));
            let proof = solve(&challenge, ABOUT.jti).unwrap();
            assert_eq!(limiter.prove(&proof, ABOUT, 1000).await, Ok(()));
        }
        reached.dedup();
        assert_eq!(reached, [1, 2, 4, 8]);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(tries(&issue()), 1);
    }
}
