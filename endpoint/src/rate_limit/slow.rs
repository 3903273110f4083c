//! Places for bodies that take longer than a moment: so many in all, and so many from one network.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::network::{Client, Network};

/// Who may wait for a slow body. Each kind has places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// A post below the limits.
    Admitted,
    /// A post above them, with a proof that is not verified yet.
    WithProof,
}

impl Waiting {
    /// How many places there are.
    fn most(self) -> usize {
        match self {
            Waiting::Admitted => 1024,
            Waiting::WithProof => 256,
        }
    }
}

/// How many places of both kinds together one network has: a /24 of IPv4, a /48 of IPv6; of a /64 a quarter of it.
const FROM_NETWORK: usize = 128;

/// The places for slow bodies.
#[derive(Debug, Default)]
pub(crate) struct SlowBodies(Mutex<Taken>);

#[derive(Debug, Default)]
struct Taken {
    admitted: usize,
    with_proof: usize,
    networks: HashMap<Network, usize>,
}

/// A place, free again when this is dropped.
#[derive(Debug)]
pub(crate) struct SlowPlace<'a> {
    bodies: &'a SlowBodies,
    waiting: Waiting,
    networks: Vec<(Network, u32)>,
}

impl SlowBodies {
    /// A place for a body from this client; none where all of its kind, or all of its network, are taken.
    pub(crate) fn take(&self, waiting: Waiting, client: Option<Client>) -> Option<SlowPlace<'_>> {
        let networks = client.map_or_else(Vec::new, Client::networks);
        let mut taken = self.lock();
        let has_place = networks.iter().all(|(network, part)| {
            let most = FROM_NETWORK / *part as usize;
            taken.networks.get(network).is_none_or(|count| *count < most)
        });
        let count = taken.of(waiting);
        if !has_place || *count >= waiting.most() {
            return None;
        }
        *count += 1;
        for (network, _) in &networks {
            *taken.networks.entry(*network).or_default() += 1;
        }
        Some(SlowPlace { bodies: self, waiting, networks })
    }

    /// A poisoned lock guards numbers only, which are as good as before.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken {
    fn of(&mut self, waiting: Waiting) -> &mut usize {
        match waiting {
            Waiting::Admitted => &mut self.admitted,
            Waiting::WithProof => &mut self.with_proof,
        }
    }
}

impl Drop for SlowPlace<'_> {
    fn drop(&mut self) {
        let mut taken = self.bodies.lock();
        *taken.of(self.waiting) -= 1;
        for (network, _) in &self.networks {
            if let Some(count) = taken.networks.get_mut(network) {
                *count -= 1;
                if *count == 0 {
                    taken.networks.remove(network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // One client with half a thousand slow bodies shut out all of its /24.
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
        // Of a /64 a quarter.
        let held: Vec<_> =
            (0..32).map(|n| take(Waiting::Admitted, &format!("2001:db8::{n}")).unwrap()).collect();
        assert!(take(Waiting::Admitted, "2001:db8::99").is_none());
        assert!(take(Waiting::Admitted, "2001:db8:0:1::9").is_some());
        drop((other, held));
        // Clients without a network of their own share only what there is in all.
        let held: Vec<_> =
            (0..256).map(|_| bodies.take(Waiting::WithProof, None).unwrap()).collect();
        assert!(bodies.take(Waiting::WithProof, None).is_none());
        assert!(bodies.take(Waiting::Admitted, None).is_some());
        drop(held);
        let taken = bodies.lock();
        assert_eq!((taken.admitted, taken.with_proof, taken.networks.len()), (0, 0, 0));
    }
}
