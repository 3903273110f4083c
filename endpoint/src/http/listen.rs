//! Taking connections, in bounds: so many at once, headers within a time, and at the end those that
//! are under way finish first.

use std::pin::pin;
use std::sync::Arc;
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
use tokio::sync::Semaphore;

use super::Peer;

/// How many connections are open at once. Further ones wait in the system's backlog.
pub const CONNECTIONS: usize = 4096;
/// How long the headers of a request may take, which is also how long an idle connection is kept.
const HEADERS: Duration = Duration::from_secs(20);
/// The longest head of a request, in bytes.
const HEAD: usize = 32 * 1024;
/// How long those under way may take to finish when the endpoint stops.
const FAREWELL: Duration = Duration::from_secs(15);
/// How long to wait after the system refused a connection, for want of file descriptors mostly.
const BREATH: Duration = Duration::from_millis(100);

/// Serves connections until `stop` comes true; then takes no more, and returns when those that
/// are under way have been answered.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(HEAD);
    let (places, under_way) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    let mut stop = pin!(stop);
    loop {
        let next = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, stream, peer) = tokio::select! {
            biased;
            () = &mut stop => break,
            (place, accepted) = next => match accepted {
                Ok((stream, peer)) => (place, stream, Peer(peer.ip())),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not taken");
                    tokio::time::sleep(BREATH).await;
                    continue;
                }
            },
        };
        // Small answers should not wait for more to come.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            service.call(request)
        });
        let connection = http.serve_connection(TokioIo::new(stream), service);
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            // Broken connections are the other side's affair.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, under_way.shutdown()).await.is_err() {
        tracing::warn!("some connections were cut off");
    }
}
