//! A small HTTP server in the tests' own process.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// An answer of the server.
pub type Answer = Response<Full<Bytes>>;

/// A server, which ends when dropped.
#[derive(Debug)]
pub struct Server {
    /// Its port on this machine.
    pub port: u16,
    accepting: JoinHandle<Infallible>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Listens on a port that no server of this process had before: browsers store files and more for each port, and tests
/// must not share them.
async fn listen() -> Result<(TcpListener, u16)> {
    static HAD: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        if HAD.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok((listener, port));
        }
    }
}

/// Serves on a free port. If `answer` returns `None`, the connection breaks.
pub async fn serve<F, Answering>(answer: F) -> Result<Server>
where
    F: Fn(Request<Bytes>) -> Answering + Clone + Send + 'static,
    Answering: Future<Output = Option<Answer>> + Send + 'static,
{
    let (listener, port) = listen().await?;
    let accepting = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            // Sends small answers at once; if it fails, they are only slower.
            let _ = stream.set_nodelay(true);
            let answer = answer.clone();
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let answer = answer.clone();
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
                    let broken = || io::Error::other("told to break");
                    answer(Request::from_parts(head, body)).await.ok_or_else(broken)
                }
            });
            // Broken connections are expected here.
            connections
                .spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Server { port, accepting })
}

/// An answer with a body of this content type.
pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let made = Response::builder().status(status).header("Content-Type", content_type);
    // Our own status and content type are always valid.
    made.body(Full::new(body.into())).unwrap_or_default()
}
