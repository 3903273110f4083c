//! Places for bodies that take longer than a moment: a maximum in total and for one network. If all are taken, the
//! oldest body of the network with the most places gives way to one whose network has fewer.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::network::{Client, Network};
use crate::throttle::OnceAMinute;

/// The kinds of slow bodies. Each kind has places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A post below the limits.
    Admitted,
    /// A post above them, with a proof that is not verified yet.
    WithProof,
}

impl Waiting {
    /// The number of places.
    fn most(self) -> usize {
        match self {
            Waiting::Admitted => 1024,
            Waiting::WithProof => 256,
        }
    }
}

/// The number of places of both kinds together for one network: a /24 of IPv4, a /48 of IPv6; a /64 has a quarter of
/// it.
const FROM_NETWORK: usize = 128;

/// Limits the log lines that say that all places are taken.
static FULL: OnceAMinute = OnceAMinute::new();

/// The places for slow bodies.
#[derive(Debug, Default)]
pub(crate) struct SlowBodies(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    /// The oldest first.
    admitted: Vec<Arc<Slow>>,
    with_proof: Vec<Arc<Slow>>,
    /// How many places of both kinds each network has.
    networks: HashMap<Network, usize>,
}

/// A body that has a place.
#[derive(Debug)]
struct Slow {
    waiting: Waiting,
    /// The narrowest first.
    networks: Vec<Network>,
    /// Notified when it loses its place.
    given_up: Notify,
}

/// A place, freed when this is dropped.
#[derive(Debug)]
pub(crate) struct SlowPlace<'a> {
    bodies: &'a SlowBodies,
    slow: Arc<Slow>,
}

impl SlowPlace<'_> {
    /// Returns when the place is given to another body.
    pub(crate) async fn lost(&self) {
        self.slow.given_up.notified().await;
    }
}

impl SlowBodies {
    /// Takes a place for a body from this client. Returns `None` if its network has all of its share, or if all places
    /// of the kind are taken and no network has more of them than its own.
    pub(crate) fn take(&self, waiting: Waiting, client: Option<Client>) -> Option<SlowPlace<'_>> {
        let networks = client.map_or_else(Vec::new, Client::networks);
        let mut taken = self.lock();
        let has_place = networks.iter().all(|(network, part)| {
            let most = FROM_NETWORK / *part as usize;
            taken.networks.get(network).is_none_or(|count| *count < most)
        });
        if !has_place {
            return None;
        }
        let networks: Vec<Network> = networks.into_iter().map(|(network, _)| network).collect();
        if taken.of(waiting).len() >= waiting.most() {
            if FULL.is_due() {
                tracing::warn!(
                    kind = ?waiting,
                    networks = taken.networks.len(),
                    "slow bodies: all places are taken; the oldest of the fullest networks are given up"
                );
            }
            let oldest = taken.of_the_fullest(waiting, networks.last().copied())?;
            taken.remove(&oldest);
            oldest.given_up.notify_one();
        }
        for network in &networks {
            *taken.networks.entry(*network).or_default() += 1;
        }
        let slow = Arc::new(Slow { waiting, networks, given_up: Notify::new() });
        taken.of(waiting).push(slow.clone());
        drop(taken);
        Some(SlowPlace { bodies: self, slow })
    }

    /// A poisoned lock guards only lists and numbers, which are still valid.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn of(&mut self, waiting: Waiting) -> &mut Vec<Arc<Slow>> {
        match waiting {
            Waiting::Admitted => &mut self.admitted,
            Waiting::WithProof => &mut self.with_proof,
        }
    }

    /// Returns the body that gives way to one from this network: the oldest one of the network with the most places of
    /// the kind, if it has more than this one. Bodies without a network of their own come last, and do not make room
    /// for each other.
    fn of_the_fullest(&mut self, waiting: Waiting, newcomer: Option<Network>) -> Option<Arc<Slow>> {
        let bodies = self.of(waiting);
        let mut counts: HashMap<Option<Network>, usize> = HashMap::new();
        for slow in bodies.iter() {
            *counts.entry(slow.networks.last().copied()).or_default() += 1;
        }
        let count = |network: Option<Network>| counts.get(&network).copied().unwrap_or(0);
        let own = newcomer.map_or(0, |network| count(Some(network)));
        let network = |slow: &Arc<Slow>| slow.networks.last().copied();
        let fuller = bodies.iter().filter(|slow| network(slow) != newcomer);
        let fuller = fuller.filter(|slow| count(network(slow)) > own);
        // `min_by_key` returns the first of several minima, which is the oldest.
        fuller.min_by_key(|slow| (network(slow).is_none(), Reverse(count(network(slow))))).cloned()
    }

    /// Frees the place of a body, if it still has one.
    fn remove(&mut self, slow: &Arc<Slow>) {
        let bodies = self.of(slow.waiting);
        let Some(at) = bodies.iter().position(|other| Arc::ptr_eq(other, slow)) else { return };
        bodies.remove(at);
        for network in &slow.networks {
            if let Some(count) = self.networks.get_mut(network) {
                *count -= 1;
                if *count == 0 {
                    self.networks.remove(network);
                }
            }
        }
    }
}

impl Drop for SlowPlace<'_> {
    fn drop(&mut self) {
        self.bodies.lock().remove(&self.slow);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One client with half a thousand slow bodies used to shut out all of its /24.
    #[test]
    fn one_network_has_a_part_of_the_places_for_slow_bodies() {
        let bodies = SlowBodies::default();
        let take = |waiting, address: &str| {
            bodies.take(waiting, Some(Client::Address(address.parse().unwrap())))
        };
        let held: Vec<_> = (0..128)
            .map(|n| {
                let waiting = if n % 2 == 0 { Waiting::Admitted } else { Waiting::WithProof };
                take(waiting, &format!("192.0.2.{n}")).unwrap()
            })
            .collect();
        assert!(take(Waiting::Admitted, "192.0.2.200").is_none());
        assert!(take(Waiting::WithProof, "192.0.2.200").is_none());
        let other = take(Waiting::WithProof, "198.51.100.1");
        assert!(other.is_some());
        drop(held);
        assert!(take(Waiting::Admitted, "192.0.2.200").is_some());
        // A /64 has a quarter.
        let held: Vec<_> =
            (0..32).map(|n| take(Waiting::Admitted, &format!("2001:db8::{n}")).unwrap()).collect();
        assert!(take(Waiting::Admitted, "2001:db8::99").is_none());
        assert!(take(Waiting::Admitted, "2001:db8:0:1::9").is_some());
        drop((other, held));
        // Clients without a network of their own share only the total.
        let held: Vec<_> =
            (0..256).map(|_| bodies.take(Waiting::WithProof, None).unwrap()).collect();
        assert!(bodies.take(Waiting::WithProof, None).is_none());
        assert!(bodies.take(Waiting::Admitted, None).is_some());
        drop(held);
        let taken = bodies.lock();
        assert_eq!((taken.admitted.len(), taken.with_proof.len(), taken.networks.len()), (0, 0, 0));
    }

    // Ten networks with a hundred slow bodies each used to shut out all others.
    #[tokio::test]
    async fn the_oldest_body_of_the_fullest_network_gives_way() {
        let bodies = SlowBodies::default();
        let take = |address: &str| {
            bodies.take(Waiting::WithProof, Some(Client::Address(address.parse().unwrap())))
        };
        let shared: Vec<_> =
            (0..56).map(|_| bodies.take(Waiting::WithProof, None).unwrap()).collect();
        let one: Vec<_> = (0..101).map(|_| take("192.0.2.1").unwrap()).collect();
        let two: Vec<_> = (0..99).map(|_| take("198.51.100.1").unwrap()).collect();
        // The network with the most can't get more.
        assert!(take("192.0.2.2").is_none());
        let new = take("203.0.113.1").unwrap();
        one[0].lost().await;
        let more = take("2001:db8::1").unwrap();
        one[1].lost().await;
        // A body without a network takes a place of a network.
        let last = bodies.take(Waiting::WithProof, None).unwrap();
        one[2].lost().await;
        // A lost place is not freed again.
        assert_eq!(bodies.lock().with_proof.len(), 256);
        drop((shared, one, two, new, more, last));
        let taken = bodies.lock();
        assert_eq!((taken.with_proof.len(), taken.networks.len()), (0, 0));
    }
}
