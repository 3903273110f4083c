//! Taking connections, in bounds: so many at once and from one network, headers and answers within a time, and at the
//! end those that are under way finish first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_io_timeout::TimeoutStream;

use super::Peer;
use crate::brake::{Network, Proxies, networks_of};

/// How many connections are open at once. Further ones wait in the system's backlog.
pub const CONNECTIONS: usize = 4096;
/// How long the headers of a request may take, which is also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(20);
/// The longest head of a request, in bytes.
const HEAD: usize = 32 * 1024;
/// How long those under way may take to finish when the endpoint stops.
const SHUTDOWN: Duration = Duration::from_secs(15);
/// How long to wait after the system refused a connection, for want of file descriptors mostly.
const RETRY: Duration = Duration::from_millis(100);

/// What a connection may take.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many connections are open at once.
    pub connections: usize,
    /// How many of them may come from one network (a /24 of IPv4, a /48 of IPv6; a quarter of them from a /64).
    /// Those from trusted proxies, this machine and private networks are not counted.
    pub from_network: usize,
    /// How long a write may make no progress.
    pub stalled: Duration,
    /// How long an exchange may take, from one request's head to the next.
    pub exchange: Duration,
    /// Whose connections carry other people's requests.
    pub proxies: Proxies,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connections: CONNECTIONS,
            from_network: CONNECTIONS / 8,
            stalled: Duration::from_secs(20),
            exchange: Duration::from_secs(300),
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
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEAD);
    let open = Arc::new(Semaphore::new(bounds.connections));
    let (places, under_way) = (Places::default(), GracefulShutdown::new());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = open.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            (place, accepted) = next => match accepted {
                Ok((stream, peer)) => (place, stream, peer.ip()),
                Err(error) => {
                    tracing::warn!(%error, "connection not taken");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            },
        };
        let is_proxy = bounds.proxies.trusts(peer.to_canonical());
        let most = if is_proxy { usize::MAX } else { bounds.from_network };
        // Its network has its part already, and all of it is in use.
        let Some(of_network) = places.take(peer, most) else { continue };
        // Small answers should not wait for more to come.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(bounds.stalled));
        let (begun, exchange) = watch::channel(None);
        let service = TowerToHyperService::new(router.clone());
        let open_one = of_network.open.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            begun.send_replace(Some(Instant::now()));
            request.extensions_mut().insert(Peer(peer));
            let (answering, exchange) = (service.call(request), open_one.exchange());
            async move {
                let answer = answering.await;
                drop(exchange);
                answer
            }
        });
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = under_way.watch(connection);
        let longest = bounds.exchange;
        tokio::spawn(async move {
            tokio::select! {
                // Broken connections are the other side's affair.
                _ = connection => {}
                () = overdue(exchange, longest) => {}
                () = of_network.open.given_up.notified() => {}
            }
            drop((place, of_network));
        });
    }
    drop(listener);
    if timeout(SHUTDOWN, under_way.shutdown()).await.is_err() {
        tracing::warn!("some connections were cut off");
    }
}

/// Returns when an exchange has taken longer than it may. A connection on which no further request comes is closed
/// by the limit for headers long before.
async fn overdue(mut exchange: watch::Receiver<Option<Instant>>, longest: Duration) {
    loop {
        let begun = *exchange.borrow_and_update();
        let changed = exchange.changed();
        let ended = match begun {
            None => changed.await,
            Some(begun) => match timeout_at(begun + longest, changed).await {
                Ok(ended) => ended,
                Err(_) => return,
            },
        };
        if ended.is_err() {
            // The connection is gone: it ends by itself.
            return std::future::pending().await;
        }
    }
}

/// The connections of each network, the oldest first.
#[derive(Clone, Debug, Default)]
struct Places(Arc<Mutex<HashMap<Network, Vec<Arc<Open>>>>>);

/// A connection that is open.
#[derive(Debug, Default)]
struct Open {
    /// How many requests on it are being answered.
    exchanges: AtomicUsize,
    /// Whether it has to make room.
    given_up: Notify,
}

/// Counts a request while it is answered.
struct Exchange(Arc<Open>);

/// A connection's places, free again when this is dropped.
#[derive(Debug)]
struct Taken {
    places: Places,
    networks: Vec<Network>,
    open: Arc<Open>,
}

impl Open {
    fn exchange(self: &Arc<Self>) -> Exchange {
        self.exchanges.fetch_add(1, Ordering::Relaxed);
        Exchange(self.clone())
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.0.exchanges.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Places {
    /// A place for a connection from this address. Where one of its networks has its part of `most` already, the oldest
    /// one on which nothing is being answered makes room, so that nobody shuts their neighbours out by connections
    /// that only wait; none where there is no such connection.
    fn take(&self, peer: IpAddr, most: usize) -> Option<Taken> {
        let mut all = self.lock();
        let networks = networks_of(peer);
        for (network, part) in &networks {
            let most = (most / *part as usize).max(1);
            let Some(open) = all.get_mut(network).filter(|open| open.len() >= most) else {
                continue;
            };
            let idle = open.iter().position(|open| open.exchanges.load(Ordering::Relaxed) == 0)?;
            // Of its other networks it takes itself away when it ends.
            open.remove(idle).given_up.notify_one();
        }
        let networks: Vec<Network> = networks.into_iter().map(|(network, _)| network).collect();
        let open = Arc::new(Open::default());
        for network in &networks {
            all.entry(*network).or_default().push(open.clone());
        }
        drop(all);
        Some(Taken { places: self.clone(), networks, open })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Network, Vec<Arc<Open>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.places.lock();
        for network in &self.networks {
            if let Some(open) = all.get_mut(network) {
                open.retain(|open| !Arc::ptr_eq(open, &self.open));
                if open.is_empty() {
                    all.remove(network);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Body, Bytes, HttpBody};
    use axum::routing::get;
    use hyper::body::Frame;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    #[test]
    fn no_network_has_more_than_its_part() {
        let places = Places::default();
        let take = |address: &str| places.take(address.parse().unwrap(), 8);
        let held: Vec<_> = (0..8).map(|n| take(&format!("192.0.2.{n}")).unwrap()).collect();
        let busy: Vec<_> = held.iter().map(|taken| taken.open.exchange()).collect();
        assert!(take("192.0.2.99").is_none());
        let other = take("198.51.100.1");
        assert!(other.is_some());
        drop(busy);
        drop(held);
        assert!(take("192.0.2.99").is_some());
        // Of a /64 a quarter.
        let held: Vec<_> = (0..2).map(|n| take(&format!("2001:db8::{n}")).unwrap()).collect();
        let busy: Vec<_> = held.iter().map(|taken| taken.open.exchange()).collect();
        assert!(take("2001:db8::9").is_none() && take("2001:db8:0:1::9").is_some());
        drop((busy, held, other));
        // What comes through something that stands between has no part of its own.
        let held: Vec<_> = (0..99).map(|_| take("127.0.0.1").unwrap()).collect();
        assert_eq!(held.len(), 99);
        assert!(places.lock().is_empty());
    }

    // With connections that only waited, one client shut out all of its /24.
    #[tokio::test]
    async fn a_connection_that_only_waits_makes_room() {
        let places = Places::default();
        let take = |address: &str| places.take(address.parse().unwrap(), 8);
        let held: Vec<_> = (0..8).map(|_| take("192.0.2.1").unwrap()).collect();
        let busy = held[0].open.exchange();
        let new: Vec<_> = (0..7).map(|_| take("192.0.2.2").unwrap()).collect();
        // The oldest first, but for the one that is being answered.
        for old in &held[1..] {
            old.open.given_up.notified().await;
        }
        drop(held);
        assert_eq!(places.lock().values().next().map(Vec::len), Some(7));
        drop((busy, new));
        assert!(places.lock().is_empty());
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
}
