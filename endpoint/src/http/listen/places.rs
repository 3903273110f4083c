//! The places for connections: a maximum in total and for one network, and which connection gives way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Bounds;
use super::connection::Open;
use crate::rate_limit::Network;
use crate::throttle::OnceAMinute;

/// Limits the log lines that say that all places are taken.
static FULL: OnceAMinute = OnceAMinute::new();
/// The places for connections, and the connections that have them.
#[derive(Clone, Debug)]
pub(super) struct Places {
    /// The maximum in total.
    connections: usize,
    /// The maximum for one network.
    from_network: usize,
    /// How long an exchange may hold its place if others find none.
    yielding: Duration,
    taken: Arc<Mutex<ByNetwork>>,
}

/// The connections that are open.
#[derive(Debug, Default)]
struct ByNetwork {
    count: usize,
    /// Those of each network.
    networks: HashMap<Network, Vec<Arc<Open>>>,
    /// Those without a network of their own.
    shared: Vec<Arc<Open>>,
}

/// A connection's places, freed when this is dropped.
#[derive(Debug)]
pub(super) struct Taken {
    places: Places,
    pub(super) open: Arc<Open>,
}

impl Places {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let Bounds { connections, from_network, yielding, .. } = *bounds;
        Places { connections, from_network, yielding, taken: Arc::default() }
    }

    /// Takes a place for a connection from these networks, each with its divisor of a network's maximum.
    ///
    /// If one of its networks has all of its share, or all places are taken, another connection gives way: the one that
    /// waits for a request longest, or else one whose exchange lasts longer than `yielding`. So one client can't shut
    /// out its neighbours by waiting or by being slow. Returns `None` if there is no such connection.
    pub(super) fn take(&self, networks: Vec<(Network, u32)>) -> Option<Taken> {
        let mut taken = self.lock();
        let mut given_up: Vec<Arc<Open>> = Vec::new();
        for (network, part) in &networks {
            let most = (self.from_network / *part as usize).max(1);
            let Some(open) = taken.networks.get(network) else { continue };
            let leaves = |open: &Arc<Open>| given_up.iter().any(|left| Arc::ptr_eq(left, open));
            if open.len() - open.iter().filter(|open| leaves(open)).count() < most {
                continue;
            }
            given_up.push(self.gives_way(open.iter().filter(|open| !leaves(open)))?);
        }
        let is_full = taken.count >= self.connections;
        let gives_way = match is_full && given_up.is_empty() {
            false => Some(given_up),
            true => self.of_the_fullest(&taken, networks.last()).map(|open| vec![open]),
        };
        let place = gives_way.map(|given_up| {
            for open in given_up {
                taken.remove(&open);
                open.given_up.notify_one();
            }
            let networks = networks.into_iter().map(|(network, _)| network).collect();
            let open = Arc::new(Open::new(networks));
            taken.add(&open);
            Taken { places: self.clone(), open }
        });
        let (count, networks) = (taken.count, taken.networks.len());
        drop(taken);
        if is_full && FULL.is_due() {
            tracing::warn!(
                connections = count,
                networks,
                "connections: all places are taken; new ones replace waiting ones of the fullest networks, or are closed"
            );
        }
        place
    }

    /// Returns the connection that gives way to one from this network if all places are taken: one of the network with
    /// the most, if that has more than this one. Connections without a network come last.
    fn of_the_fullest(
        &self,
        taken: &ByNetwork,
        newcomer: Option<&(Network, u32)>,
    ) -> Option<Arc<Open>> {
        let newcomer = newcomer.map(|(network, _)| network);
        let own = newcomer.and_then(|network| taken.networks.get(network)).map_or(0, Vec::len);
        // Only the widest network of each connection counts here.
        let is_widest = |network: &Network, open: &[Arc<Open>]| {
            open.first().is_some_and(|open| open.networks.last() == Some(network))
        };
        let fuller = taken.networks.iter();
        let fuller = fuller.filter(|(network, open)| open.len() > own && is_widest(network, open));
        let mut fuller: Vec<&Vec<Arc<Open>>> = fuller.map(|(_, open)| open).collect();
        fuller.sort_by_key(|open| std::cmp::Reverse(open.len()));
        // Of several such networks, the one with the connection that waits longest.
        let of_networks = fuller
            .chunk_by(|open, next| open.len() == next.len())
            .find_map(|equal| self.gives_way(equal.iter().copied().flatten()));
        of_networks.or_else(|| match taken.shared.len() > own {
            true => self.gives_way(taken.shared.iter()),
            false => None,
        })
    }

    /// Returns the one of these connections that gives way first, if any does.
    fn gives_way<'a>(&self, open: impl Iterator<Item = &'a Arc<Open>>) -> Option<Arc<Open>> {
        let yielding = open.filter_map(|open| Some((open.yields(self.yielding)?, open)));
        yielding.min_by_key(|(order, _)| *order).map(|(_, open)| open.clone())
    }

    fn lock(&self) -> MutexGuard<'_, ByNetwork> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ByNetwork {
    fn add(&mut self, open: &Arc<Open>) {
        self.count += 1;
        for network in &open.networks {
            self.networks.entry(*network).or_default().push(open.clone());
        }
        if open.networks.is_empty() {
            self.shared.push(open.clone());
        }
    }

    /// Frees the place of a connection, if it still has one.
    fn remove(&mut self, open: &Arc<Open>) {
        let was_there = match open.networks.first() {
            Some(network) => self.networks.get(network),
            None => Some(&self.shared),
        };
        if !was_there.is_some_and(|open_ones| open_ones.iter().any(|one| Arc::ptr_eq(one, open))) {
            return;
        }
        self.count -= 1;
        self.shared.retain(|other| !Arc::ptr_eq(other, open));
        for network in &open.networks {
            if let Some(others) = self.networks.get_mut(network) {
                others.retain(|other| !Arc::ptr_eq(other, open));
                if others.is_empty() {
                    self.networks.remove(network);
                }
            }
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.places.lock().remove(&self.open);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Context;

    use tokio::time::Instant;

    use super::*;
    use crate::http::listen::connection::Phase;
    use crate::rate_limit::networks_of;

    const HOUR: Duration = Duration::from_secs(3600);

    /// This many places, of which a network has eight.
    fn places_of(connections: usize, yielding: Duration) -> Places {
        Places::new(&Bounds { connections, from_network: 8, yielding, ..Bounds::default() })
    }

    fn take(places: &Places, address: &str) -> Option<Taken> {
        places.take(networks_of(address.parse().unwrap()))
    }

    fn has_given_way(taken: &Taken) -> bool {
        let mut told = std::pin::pin!(taken.open.given_up.notified());
        let mut context = Context::from_waker(std::task::Waker::noop());
        told.as_mut().poll(&mut context).is_ready()
    }

    fn busy(taken: &Taken) {
        taken.open.phase.send_replace(Phase::Exchange(Instant::now()));
    }

    #[tokio::test]
    async fn no_network_has_more_than_its_part() {
        let places = places_of(1000, HOUR);
        let take = |address: &str| take(&places, address);
        let held: Vec<_> = (0..8).map(|n| take(&format!("192.0.2.{n}")).unwrap()).collect();
        held.iter().for_each(busy);
        assert!(take("192.0.2.99").is_none());
        let other = take("198.51.100.1");
        assert!(other.is_some());
        drop(held);
        assert!(take("192.0.2.99").is_some());
        // A /64 has a quarter.
        let held: Vec<_> = (0..2).map(|n| take(&format!("2001:db8::{n}")).unwrap()).collect();
        held.iter().for_each(busy);
        assert!(take("2001:db8::9").is_none() && take("2001:db8:0:1::9").is_some());
        drop((held, other));
        // Connections through a proxy have no share of their own.
        let held: Vec<_> = (0..99).map(|_| take("127.0.0.1").unwrap()).collect();
        assert_eq!(held.len(), 99);
        drop(held);
        assert!(places.lock().count == 0);
    }

    // With idle connections, one client used to shut out all of its /24.
    #[tokio::test]
    async fn a_connection_that_only_waits_makes_room() {
        let places = places_of(1000, HOUR);
        let held: Vec<_> = (0..8).map(|_| take(&places, "192.0.2.1").unwrap()).collect();
        busy(&held[0]);
        let new: Vec<_> = (0..7).map(|_| take(&places, "192.0.2.2").unwrap()).collect();
        // The oldest first, except the one that is being answered.
        for old in &held[1..] {
            old.open.given_up.notified().await;
        }
        drop(held);
        assert_eq!(places.lock().networks.values().next().map(Vec::len), Some(7));
        drop(new);
        assert!(places.lock().count == 0);
    }

    // With slow bodies, or by reading answers slowly, one client used to shut out all of its /24.
    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_slow_makes_room() {
        let places = places_of(1000, Duration::from_secs(20));
        let take = || take(&places, "192.0.2.1");
        let held: Vec<_> = (0..8).map(|_| take().unwrap()).collect();
        for slow in &held[..4] {
            busy(slow);
            slow.open.change(|_| Some(Phase::Flush(Instant::now())));
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        held[4..].iter().for_each(busy);
        let new = take();
        held[0].open.given_up.notified().await;
        new.iter().for_each(busy);
        assert!(take().is_none());
    }

    // The client used to lose a connection of the /64, and then found no place in the /48.
    #[tokio::test]
    async fn no_connection_makes_room_for_nothing() {
        let places = places_of(1000, HOUR);
        let held: Vec<_> =
            (0..8).map(|n| take(&places, &format!("2001:db8:0:{}::1", n / 2)).unwrap()).collect();
        held[2..].iter().for_each(busy);
        // One connection makes room in both.
        let new = take(&places, "2001:db8:0:0::1").unwrap();
        held[0].open.given_up.notified().await;
        let count = |places: &Places| {
            places
                .lock()
                .networks
                .iter()
                .find(|(network, _)| network.length() == 48)
                .unwrap()
                .1
                .len()
        };
        assert_eq!(count(&places), 8);
        busy(&held[1]);
        busy(&new);
        assert!(take(&places, "2001:db8:0:9::1").is_none());
        assert_eq!(count(&places), 8);
    }

    // Eight networks, each with all its places, used to shut out all others.
    #[tokio::test]
    async fn the_fullest_network_makes_room_where_all_places_are_taken() {
        let places = places_of(20, HOUR);
        let one: Vec<_> = (0..8).map(|_| take(&places, "192.0.2.1").unwrap()).collect();
        let two: Vec<_> = (0..7).map(|_| take(&places, "198.51.100.1").unwrap()).collect();
        let proxy: Vec<_> = (0..5).map(|_| take(&places, "10.0.0.1").unwrap()).collect();
        one[0].open.phase.send_replace(Phase::Exchange(Instant::now()));
        let new = take(&places, "203.0.113.1").unwrap();
        assert!(has_given_way(&one[1]) && !has_given_way(&one[0]));
        assert_eq!(places.lock().count, 20);
        // A connection that ends after it gave way frees no place.
        places.lock().remove(&one[1].open);
        assert_eq!(places.lock().count, 20);
        // Both have the same number now: the connection that waits longest gives way.
        let more = take(&places, "203.0.113.1").unwrap();
        assert!(has_given_way(&one[2]));
        // A network with as many as the fullest one may not take its places.
        let last: Vec<_> = (0..3).map(|_| take(&places, "203.0.113.1").unwrap()).collect();
        assert!(take(&places, "203.0.113.1").is_none());
        assert!(proxy.iter().all(|taken| !has_given_way(taken)));
        let few = [new, more];
        [&one[..], &two, &last, &few].into_iter().flatten().for_each(busy);
        // If nothing else waits, a connection through a proxy gives way.
        assert!(take(&places, "2001:db8::1").is_some() && has_given_way(&proxy[0]));
        proxy.iter().for_each(busy);
        assert_eq!(places.lock().count, 19);
        let filled = take(&places, "2001:db8::1").unwrap();
        busy(&filled);
        assert!(take(&places, "2001:db8:9::1").is_none());
    }
}
