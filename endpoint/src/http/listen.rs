//! Taking connections, in bounds: so many at once and from one network, headers and answers within a time, and at the
//! end those that are under way finish first.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_io_timeout::TimeoutStream;

use super::Peer;
use crate::rate_limit::{Network, Proxies, networks_of};
use crate::throttle::OnceAMinute;

/// How many connections are open at once. A further one is closed, unless another has to give way to it.
pub const CONNECTIONS: usize = 4096;
/// The longest head of a request, in bytes.
const HEAD: usize = 32 * 1024;
/// How long those under way may take to finish when the endpoint stops.
const SHUTDOWN: Duration = Duration::from_secs(15);
/// How many connections that gave way may be closing while others have their places already.
const CLOSING: usize = 64;
/// Limits the log lines that say that all places are taken.
static FULL: OnceAMinute = OnceAMinute::new();
/// How long to wait after the system refused a connection, for want of file descriptors mostly.
const RETRY: Duration = Duration::from_millis(100);

/// What a connection may take.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many connections are open at once. Where all places are taken, a newcomer takes that of a connection that
    /// waits or is slow, of the network with the most connections, if that has more than its own.
    pub connections: usize,
    /// How many of them may come from one network (a /24 of IPv4, a /48 of IPv6; a quarter of them from a /64).
    /// Those from trusted proxies, this machine and private networks count in the total only, and give way last.
    pub from_network: usize,
    /// How long the head of a request may take, from its first byte on; that of the first one, from the connection on.
    pub head: Duration,
    /// How long a connection is kept on which nothing more comes. Longer than load balancers keep theirs, mostly 60 s.
    pub idle: Duration,
    /// How long a write may make no progress.
    pub stalled: Duration,
    /// How long an exchange may take, from one request's head until its answer is written.
    pub exchange: Duration,
    /// How long an exchange keeps its place where others of its network find none.
    pub yielding: Duration,
    /// Whose connections carry other people's requests.
    pub proxies: Proxies,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connections: CONNECTIONS,
            from_network: CONNECTIONS / 8,
            head: Duration::from_secs(20),
            idle: Duration::from_secs(75),
            stalled: Duration::from_secs(20),
            exchange: Duration::from_secs(300),
            yielding: Duration::from_secs(20),
            proxies: Proxies::default(),
        }
    }
}

/// Serves connections until `stop` comes true; then takes no more, and returns when those that
/// are under way have been answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD);
    // Its own limit for heads begins when the connection is idle: here only the last resort.
    http.timer(TokioTimer::new()).header_read_timeout(bounds.idle + bounds.head);
    // Bounds the open files: a connection that gave way is closed a moment later.
    let open = Arc::new(Semaphore::new(bounds.connections.saturating_add(CLOSING)));
    let (places, under_way) = (Places::new(&bounds), GracefulShutdown::new());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let file = open.clone().acquire_owned().await.ok();
            (file, listener.accept().await)
        };
        let (file, stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            (file, accepted) = next => match accepted {
                Ok((stream, peer)) => (file, stream, peer.ip()),
                Err(error) => {
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            },
        };
        let is_proxy = bounds.proxies.trusts(peer.to_canonical());
        let networks = if is_proxy { Vec::new() } else { networks_of(peer) };
        // Its network has its part already, or all places are taken, and none of them is to be had.
        let Some(place) = places.take(networks) else { continue };
        // Small answers should not wait for more to come.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(bounds.stalled));
        let open_one = place.open.clone();
        let phases = open_one.phase.subscribe();
        let stream = Watched { stream: Box::pin(stream), open: open_one.clone() };
        let service = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            open_one.phase.send_replace(Phase::Exchange(Instant::now()));
            request.extensions_mut().insert(Peer(peer));
            let (answer, open) = (service.call(request), open_one.clone());
            async move {
                let answer = answer.await?;
                Ok::<_, Infallible>(answer.map(|body| Answer { body, open }))
            }
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = under_way.watch(connection);
        let limits = bounds.clone();
        tokio::spawn(async move {
            tokio::select! {
                // Broken connections are the other side's affair.
                _ = connection => {}
                () = overdue(phases, &limits) => {}
                () = place.open.given_up.notified() => {}
            }
            drop((place, file));
        });
    }
    drop(listener);
    if timeout(SHUTDOWN, under_way.shutdown()).await.is_err() {
        tracing::warn!("shutdown: some connections were closed before they were finished");
    }
}

/// What a connection waits for, and since when.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// The rest of a request's head.
    Head(Instant),
    /// The rest of a request, or that its answer is written.
    Exchange(Instant),
    /// That what hyper has taken of the answer, all of it, is written. The exchange began then.
    Flush(Instant),
    /// Another request.
    Idle(Instant),
}

/// Returns when a connection has been in a phase for longer than it may.
async fn overdue(mut phases: watch::Receiver<Phase>, bounds: &Bounds) {
    loop {
        let end = match *phases.borrow_and_update() {
            Phase::Head(since) => since + bounds.head,
            Phase::Exchange(since) | Phase::Flush(since) => since + bounds.exchange,
            Phase::Idle(since) => since + bounds.idle,
        };
        match timeout_at(end, phases.changed()).await {
            Ok(Ok(())) => {}
            // The connection is gone: it ends by itself.
            Ok(Err(_)) => return std::future::pending().await,
            Err(_) => return,
        }
    }
}

/// A connection that tells when a head begins and when an answer is written: hyper has one limit for waiting for a head
/// and for reading it, and keeps what it has taken of an answer in a buffer of its own.
struct Watched<S> {
    stream: S,
    open: Arc<Open>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.open.change(|phase| match phase {
                Phase::Idle(_) => Some(Phase::Head(Instant::now())),
                _ => None,
            });
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        // Hyper flushes the stream when its own buffer is empty.
        if flushed.is_ready() {
            self.open.change(|phase| match phase {
                Phase::Flush(_) => Some(Phase::Idle(Instant::now())),
                _ => None,
            });
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of an answer. When it is dropped, hyper has taken all of it, or the client is gone.
struct Answer {
    body: Body,
    open: Arc<Open>,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.open.change(|phase| match phase {
            Phase::Exchange(since) => Some(Phase::Flush(since)),
            _ => None,
        });
    }
}

/// The places for connections, and who has them.
#[derive(Clone, Debug)]
struct Places {
    /// How many there are.
    connections: usize,
    /// How many of them one network has.
    from_network: usize,
    /// How long an exchange keeps its place where others find none.
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

/// A connection that is open.
#[derive(Debug)]
struct Open {
    /// The narrowest first; none for trusted proxies, this machine and private networks.
    networks: Vec<Network>,
    phase: watch::Sender<Phase>,
    /// Whether it has to make room.
    given_up: Notify,
}

/// A connection's places, free again when this is dropped.
#[derive(Debug)]
struct Taken {
    places: Places,
    open: Arc<Open>,
}

impl Open {
    fn new(networks: Vec<Network>) -> Self {
        let phase = watch::Sender::new(Phase::Head(Instant::now()));
        Open { networks, phase, given_up: Notify::new() }
    }

    /// Goes on to another phase, if there is one after this.
    fn change(&self, next: impl FnOnce(Phase) -> Option<Phase>) {
        self.phase.send_if_modified(|phase| match next(*phase) {
            None => false,
            Some(next) => {
                *phase = next;
                true
            }
        });
    }

    /// Since when nothing is being answered on it, or the same exchange has lasted for so long.
    fn yields(&self, yielding: Duration) -> Option<(bool, Instant)> {
        match *self.phase.borrow() {
            Phase::Head(since) | Phase::Idle(since) => Some((false, since)),
            Phase::Exchange(since) | Phase::Flush(since) => {
                (since.elapsed() >= yielding).then_some((true, since))
            }
        }
    }
}

impl Places {
    fn new(bounds: &Bounds) -> Self {
        let Bounds { connections, from_network, yielding, .. } = *bounds;
        Places { connections, from_network, yielding, taken: Arc::default() }
    }

    /// Takes a place for a connection from these networks, each with the part that it has in what a network may take.
    ///
    /// Where one of its networks has all of its part already, or all places are taken, another connection gives way:
    /// the one that waits for a request longest, or else one whose exchange lasts for longer than `yielding`. So one
    /// client shuts its neighbours out neither by waiting nor by being slow. Returns `None` where there is no such
    /// connection.
    fn take(&self, networks: Vec<(Network, u32)>) -> Option<Taken> {
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

    /// Returns the connection that gives way to one from this network where all places are taken: one of the network
    /// that has the most, if that has more than this one. Connections without a network come last.
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
        // Of networks that have as many, the one with the connection that waits longest.
        let of_networks = fuller
            .chunk_by(|open, next| open.len() == next.len())
            .find_map(|equal| self.gives_way(equal.iter().copied().flatten()));
        of_networks.or_else(|| match taken.shared.len() > own {
            true => self.gives_way(taken.shared.iter()),
            false => None,
        })
    }

    /// Returns the one of these connections that gives way before the others, if any does.
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

    /// Frees the place of a connection, if it has one still.
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
    use std::net::SocketAddr;

    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// So many places, of which a network has eight.
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
        // Of a /64 a quarter.
        let held: Vec<_> = (0..2).map(|n| take(&format!("2001:db8::{n}")).unwrap()).collect();
        held.iter().for_each(busy);
        assert!(take("2001:db8::9").is_none() && take("2001:db8:0:1::9").is_some());
        drop((held, other));
        // What comes through something that stands between has no part of its own.
        let held: Vec<_> = (0..99).map(|_| take("127.0.0.1").unwrap()).collect();
        assert_eq!(held.len(), 99);
        drop(held);
        assert!(places.lock().count == 0);
    }

    // With connections that only waited, one client shut out all of its /24.
    #[tokio::test]
    async fn a_connection_that_only_waits_makes_room() {
        let places = places_of(1000, HOUR);
        let held: Vec<_> = (0..8).map(|_| take(&places, "192.0.2.1").unwrap()).collect();
        busy(&held[0]);
        let new: Vec<_> = (0..7).map(|_| take(&places, "192.0.2.2").unwrap()).collect();
        // The oldest first, but for the one that is being answered.
        for old in &held[1..] {
            old.open.given_up.notified().await;
        }
        drop(held);
        assert_eq!(places.lock().networks.values().next().map(Vec::len), Some(7));
        drop(new);
        assert!(places.lock().count == 0);
    }

    // With bodies that came slowly, or answers that it read slowly, one client shut out all of its /24.
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

    // It lost a connection of the /64, and found no place in the /48 then.
    #[tokio::test]
    async fn no_connection_makes_room_for_nothing() {
        let places = places_of(1000, HOUR);
        let held: Vec<_> =
            (0..8).map(|n| take(&places, &format!("2001:db8:0:{}::1", n / 2)).unwrap()).collect();
        held[2..].iter().for_each(busy);
        // One makes room in both.
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

    // Eight networks with all they may have shut everybody else out.
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
        // What ends after it gave way frees no place.
        places.lock().remove(&one[1].open);
        assert_eq!(places.lock().count, 20);
        // Both have as many now: the one that waits longest.
        let more = take(&places, "203.0.113.1").unwrap();
        assert!(has_given_way(&one[2]));
        // A network with as many as the fullest one has no right to its places.
        let last: Vec<_> = (0..3).map(|_| take(&places, "203.0.113.1").unwrap()).collect();
        assert!(take(&places, "203.0.113.1").is_none());
        assert!(proxy.iter().all(|taken| !has_given_way(taken)));
        let few = [new, more];
        [&one[..], &two, &last, &few].into_iter().flatten().for_each(busy);
        // Where nothing else waits, one that came through a proxy gives way.
        assert!(take(&places, "2001:db8::1").is_some() && has_given_way(&proxy[0]));
        proxy.iter().for_each(busy);
        assert_eq!(places.lock().count, 19);
        let filled = take(&places, "2001:db8::1").unwrap();
        busy(&filled);
        assert!(take(&places, "2001:db8:9::1").is_none());
    }

    // The accept loop waited for a place, and with it everybody.
    #[tokio::test]
    async fn a_newcomer_is_answered_though_all_places_are_taken() {
        let router = Router::new().route("/", get(async || "small"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let bounds = Bounds { connections: 2, head: HOUR, idle: HOUR, ..Bounds::default() };
        tokio::spawn(serve(listener, router, bounds, std::future::pending()));
        let mut waiting = Vec::new();
        for _ in 0..200 {
            waiting.push(TcpStream::connect(at).await.unwrap());
        }
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("small"), "{answer}");
    }

    /// An answer without an end, which tells when it is dropped.
    struct Endless(Arc<Notify>);

    impl Drop for Endless {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }

    impl HttpBody for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'x'; 64 * 1024])))))
        }
    }

    /// A server of endless answers; where it is, and what tells that one was given up.
    async fn endless(bounds: Bounds) -> (SocketAddr, Arc<Notify>) {
        let given_up = Arc::new(Notify::new());
        let told = given_up.clone();
        let answer = move || async move { Body::new(Endless(told)) };
        let router = Router::new().route("/", get(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, bounds, std::future::pending()));
        (at, given_up)
    }

    // A client that never reads held its connection for ever.
    #[tokio::test]
    async fn an_answer_that_is_not_read_is_given_up() {
        let stalled = Duration::from_millis(50);
        let (at, given_up) = endless(Bounds { stalled, ..Bounds::default() }).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        given_up.notified().await;
        // What was sent before is all there is.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }

    // A client that reads a little now and then held it as long.
    #[tokio::test]
    async fn an_answer_that_is_read_slowly_is_given_up() {
        let exchange = Duration::from_millis(50);
        let (at, given_up) = endless(Bounds { exchange, ..Bounds::default() }).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let reading = async {
            let mut some = [0; 1024];
            while stream.read(&mut some).await.is_ok_and(|count| count > 0) {}
        };
        tokio::join!(given_up.notified(), reading);
    }

    /// A connection to a server of small answers, on which one request has been answered.
    async fn answered(bounds: Bounds) -> TcpStream {
        let router = Router::new().route("/", get(async || "small"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, router, bounds, std::future::pending()));
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"small") {
            assert!(stream.read_buf(&mut answer).await.unwrap() > 0);
        }
        stream
    }

    // A limit of 20 seconds for both cut requests of load balancers off, which keep connections for 60.
    #[tokio::test]
    async fn a_head_that_has_begun_has_a_limit_of_its_own() {
        let bounds = Bounds { head: Duration::from_secs(1), idle: HOUR, ..Bounds::default() };
        let mut stream = answered(bounds).await;
        stream.write_all(b"GET / HT").await.unwrap();
        // Without a limit of its own it would be kept for an hour.
        assert!(stream.read(&mut [0]).await.is_ok_and(|count| count == 0));
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed() {
        let bounds = Bounds { head: HOUR, idle: Duration::from_secs(1), ..Bounds::default() };
        let mut stream = answered(bounds).await;
        assert!(stream.read(&mut [0]).await.is_ok_and(|count| count == 0));
    }

    /// A body that tells when hyper has taken all of it.
    struct Whole(Option<Bytes>, Arc<Notify>);

    impl HttpBody for Whole {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
        }

        fn is_end_stream(&self) -> bool {
            self.0.is_none()
        }
    }

    impl Drop for Whole {
        fn drop(&mut self) {
            self.1.notify_one();
        }
    }

    // An answer that was larger than the system's buffers was cut off as idle while it was read.
    #[tokio::test]
    async fn an_answer_that_is_being_written_is_not_idle() {
        const LENGTH: usize = 16 * 1024 * 1024;
        let taken = Arc::new(Notify::new());
        let told = taken.clone();
        let answer = move || async move { Body::new(Whole(Some(vec![b'x'; LENGTH].into()), told)) };
        let router = Router::new().route("/", get(answer));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let bounds = Bounds { idle: Duration::ZERO, stalled: HOUR, ..Bounds::default() };
        tokio::spawn(serve(listener, router, bounds, std::future::pending()));
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        taken.notified().await;
        let mut answer = Vec::new();
        // When it is written it is idle, and closed.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.len() > LENGTH, "{} bytes", answer.len());
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_time() {
        let bounds = Bounds::default();
        let start = Instant::now();
        for (phase, seconds) in
            [(Phase::Head(start), 20), (Phase::Idle(start), 75), (Phase::Flush(start), 300)]
        {
            let (_phase, phases) = watch::channel(phase);
            overdue(phases, &bounds).await;
            assert_eq!((Instant::now() - start).as_secs(), seconds);
        }
    }
}
