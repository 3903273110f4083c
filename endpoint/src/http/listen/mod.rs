//! Accepts connections within bounds: a maximum in total and from one network, and time limits for heads and answers.
//! At shutdown, exchanges that are under way finish first.

mod connection;
mod places;

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;

use self::connection::{Answer, Open, Phase, Watched, overdue};
use self::places::Places;
use super::Peer;
use crate::rate_limit::{Proxies, networks_of};

/// How many connections are open at once. A further one is closed, unless another gives way to it.
pub const CONNECTIONS: usize = 4096;
/// The longest head of a request, in bytes.
const HEAD: usize = 32 * 1024;
/// How long exchanges may take to finish when the endpoint stops.
const SHUTDOWN: Duration = Duration::from_secs(15);
/// How many connections that gave way may still be closing while others have their places already.
const CLOSING: usize = 64;
/// How long to wait after the system refused a connection, mostly for lack of file descriptors.
const RETRY: Duration = Duration::from_millis(100);

/// Limits for connections.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// How many connections are open at once. If all places are taken, a new connection takes that of a waiting or slow
    /// one, of the network with the most connections, if that network has more than the new one's.
    pub connections: usize,
    /// How many of them may come from one network (a /24 of IPv4, a /48 of IPv6; a quarter of them from a /64).
    /// Those from trusted proxies, this machine and private networks count in the total only, and give way last.
    pub from_network: usize,
    /// How long the head of a request may take, from its first byte on; that of the first one, from the connection on.
    pub head: Duration,
    /// How long an idle connection stays open. Longer than load balancers hold theirs, mostly 60 s.
    pub idle: Duration,
    /// How long a write may make no progress.
    pub stalled: Duration,
    /// How long an exchange may take, from one request's head until its answer is written.
    pub exchange: Duration,
    /// How long an exchange may hold its place if others of its network find none.
    pub yielding: Duration,
    /// The trusted proxies, whose connections carry other clients' requests.
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

/// Serves connections until `stop` is true; then accepts no more, and returns when all requests under way have been
/// answered.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let mut http = http1::Builder::new();
    http.max_buf_size(HEAD);
    // Hyper's limit for heads begins when the connection is idle: here it is only the last resort.
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
        // Its network has its share already, or all places are taken, and no connection gives way.
        let Some(place) = places.take(networks) else { continue };
        let phases = place.open.phase.subscribe();
        let connection = connection(&http, stream, peer, router.clone(), &place.open, &bounds);
        let connection = under_way.watch(connection);
        let limits = bounds.clone();
        tokio::spawn(async move {
            tokio::select! {
                // The client is responsible for broken connections.
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

/// A connection that serves requests and reports its phase.
fn connection(
    http: &http1::Builder,
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    open: &Arc<Open>,
    bounds: &Bounds,
) -> impl GracefulConnection<Error = hyper::Error> + Send + 'static {
    // Small answers should not wait for more data.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(bounds.stalled));
    let stream = Watched { stream: Box::pin(stream), open: open.clone() };
    let (service, open) = (TowerToHyperService::new(router), open.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        open.phase.send_replace(Phase::Exchange(Instant::now()));
        request.extensions_mut().insert(Peer(peer));
        let (answer, open) = (service.call(request), open.clone());
        async move {
            let answer = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| Answer { body, open }))
        }
    });
    http.serve_connection(TokioIo::new(stream), service)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use axum::body::{Body, Bytes, HttpBody};
    use axum::routing::get;
    use hyper::body::Frame;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    // The accept loop used to wait for a place, and all clients with it.
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

    /// An endless answer, which notifies when it is dropped.
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

    /// A server of endless answers; returns its address, and the notification that one was dropped.
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

    // A client that never reads used to hold its connection for ever.
    #[tokio::test]
    async fn an_answer_that_is_not_read_is_given_up() {
        let stalled = Duration::from_millis(50);
        let (at, given_up) = endless(Bounds { stalled, ..Bounds::default() }).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
        given_up.notified().await;
        // Only what was sent before arrives.
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
    }

    // A client that reads a little now and then used to hold it as long.
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

    // A limit of 20 seconds for both used to cut off requests of load balancers, which hold connections for 60.
    #[tokio::test]
    async fn a_head_that_has_begun_has_a_limit_of_its_own() {
        let bounds = Bounds { head: Duration::from_secs(1), idle: HOUR, ..Bounds::default() };
        let mut stream = answered(bounds).await;
        stream.write_all(b"GET / HT").await.unwrap();
        // Without this limit it would stay open for an hour.
        assert!(stream.read(&mut [0]).await.is_ok_and(|count| count == 0));
    }

    #[tokio::test]
    async fn an_idle_connection_is_closed() {
        let bounds = Bounds { head: HOUR, idle: Duration::from_secs(1), ..Bounds::default() };
        let mut stream = answered(bounds).await;
        assert!(stream.read(&mut [0]).await.is_ok_and(|count| count == 0));
    }

    /// A body that notifies when hyper has taken all of it.
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

    // An answer larger than the system's buffers used to be cut off as idle while the client read it.
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
        // Once it is written, the connection is idle, and is closed.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.len() > LENGTH, "{} bytes", answer.len());
    }
}
