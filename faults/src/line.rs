//! A connection to an endpoint, for sequential requests.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Maximum length of an answer's body, in bytes.
const LONGEST: usize = 1024 * 1024;

/// The address of an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Host and port.
    authority: String,
    /// The prefix of all paths.
    prefix: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u32>,
    pub(crate) body: Bytes,
}

/// An open connection.
#[derive(Debug)]
pub(crate) struct Line {
    place: Place,
    requests: SendRequest<Full<Bytes>>,
    carrier: JoinHandle<()>,
}

impl Place {
    pub(crate) fn of(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no address"))?;
        let (Some("http"), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            bail!("expected an address that begins with http://, not {url}");
        };
        let port = if authority.port().is_none() { ":80" } else { "" };
        Ok(Place {
            authority: format!("{authority}{port}"),
            prefix: uri.path().trim_end_matches('/').to_owned(),
        })
    }

    /// Sends one request, over a connection of its own.
    pub(crate) async fn get(&self, path: &str) -> Result<Bytes> {
        let asked = async { Line::open(self).await?.ask(Method::GET, path, Bytes::new()).await };
        let heard = tokio::time::timeout(Duration::from_secs(30), asked).await??;
        match heard.status {
            200 => Ok(heard.body),
            status => bail!("{}{path} is answered by {status}", self.prefix),
        }
    }
}

impl Line {
    pub(crate) async fn open(place: &Place) -> Result<Self> {
        let stream = TcpStream::connect(&place.authority).await?;
        stream.set_nodelay(true)?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // The caller that waits for an answer learns how it ends.
        let carrier = tokio::spawn(async move { drop(connection.await) });
        Ok(Line { place: place.clone(), requests, carrier })
    }

    /// Posts an action.
    pub(crate) async fn post(&mut self, path: &str, jws: Bytes) -> Result<Heard> {
        self.ask(Method::POST, path, jws).await
    }

    async fn ask(&mut self, method: Method, path: &str, body: Bytes) -> Result<Heard> {
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.place.prefix))
            .header(HOST, &self.place.authority)
            .header(CONTENT_TYPE, "text/plain")
            .body(Full::new(body))?;
        self.requests.ready().await?;
        let (head, body) = self.requests.send_request(request).await?.into_parts();
        let retry_after = head.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
        let body = Limited::new(body, LONGEST).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!(error))?.to_bytes();
        Ok(Heard { status: head.status.as_u16(), retry_after, body })
    }

    /// Whether it can carry another request.
    pub(crate) fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}
