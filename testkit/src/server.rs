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

/// What the server answers.
pub type Answer = Response<Full<Bytes>>;

/// A server, which ends when dropped.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, on this machine.
    pub port: u16,
    accepting: JoinHandle<Infallible>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Listens on a port that no server of this process had before: to a browser a port is a site, of which it keeps
/// files and more, and another test's are not this one's.
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

/// Serves on a free port. Where `answer` gives none, the connection breaks.
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
            // A small answer waits for nothing; without it, it is only slower.
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
            // A broken connection is nobody's fault here.
            connections
                .spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(Server { port, accepting })
}

/// An answer with a body of some type.
pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Answer {
    let made = Response::builder().status(status).header("Content-Type", content_type);
    // A status and a content type of our own are always right.
    made.body(Full::new(body.into())).unwrap_or_default()
}
