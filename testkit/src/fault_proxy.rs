//! A proxy between browser and endpoint: forwards and records all requests, and fails on demand.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HeaderValue;
use hyper::{Request, Response};

use super::server::{self, Answer, Server};

/// A fault.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connection breaks before anything arrives.
    Break,
    /// The request arrives, but the answer gets lost.
    LoseAnswer,
    /// The answer is delayed by this time.
    Wait(Duration),
    /// The request is held until the fault is replaced or cleared; no browser caches the answer, so that the next
    /// request can be held again.
    Hold,
    /// The proxy answers instead of the endpoint.
    Answer(Answer),
}

/// A recorded request.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The address without origin and query.
    pub path: String,
    /// The body's content type.
    pub content_type: String,
    /// The body.
    pub body: Bytes,
}

/// The one address under which browsers reach the endpoint.
#[derive(Debug)]
pub struct FaultProxy {
    /// Its origin.
    pub origin: String,
    state: Arc<State>,
    _server: Server,
}

#[derive(Debug, Default)]
struct State {
    /// The endpoint's own address.
    endpoint: Mutex<String>,
    /// Ends of paths that have a fault.
    faults: Mutex<Vec<(String, Fault)>>,
    seen: Mutex<Vec<Seen>>,
    /// Answered paths, with their status.
    answered: Mutex<Vec<(String, u16)>>,
    client: reqwest::Client,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FaultProxy {
    /// Starts it, without an endpoint yet.
    pub async fn open() -> Result<Self> {
        // Redirects are left to the browser.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let state = Arc::new(State { client: client.build()?, ..State::default() });
        let server = server::serve({
            let state = state.clone();
            move |request| handle(state.clone(), request)
        });
        let server = server.await?;
        Ok(FaultProxy {
            origin: format!("http://127.0.0.1:{}", server.port),
            state,
            _server: server,
        })
    }

    /// Sets the endpoint's origin.
    pub fn lead_to(&self, endpoint: &str) {
        endpoint.clone_into(&mut lock(&self.state.endpoint));
    }

    /// Sets a fault for paths with this ending, in place of any other fault.
    pub fn break_down(&self, path_end: &str, fault: Fault) {
        // In one step: held requests see no moment without a fault.
        *lock(&self.state.faults) = vec![(path_end.to_owned(), fault)];
    }

    /// Clears all faults.
    pub fn clear_faults(&self) {
        lock(&self.state.faults).clear();
    }

    /// All recorded requests.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.state.seen).clone()
    }

    /// All recorded posts.
    pub fn posted(&self) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.method == "POST").collect()
    }

    /// Number of requests whose path has this ending.
    pub fn asked(&self, path_end: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path.ends_with(path_end)).count()
    }

    /// The status of each answer to paths with this ending.
    pub fn answered(&self, path_end: &str) -> Vec<u16> {
        let answered = lock(&self.state.answered);
        let ending = answered.iter().filter(|(path, _)| path.ends_with(path_end));
        ending.map(|(_, status)| *status).collect()
    }
}

async fn handle(state: Arc<State>, request: Request<Bytes>) -> Option<Answer> {
    let path = request.uri().path().to_owned();
    let content_type = request.headers().get("Content-Type").and_then(|value| value.to_str().ok());
    lock(&state.seen).push(Seen {
        method: request.method().to_string(),
        path: path.clone(),
        content_type: content_type.unwrap_or_default().to_owned(),
        body: request.body().clone(),
    });
    let fault = || {
        let faults = lock(&state.faults);
        faults.iter().find(|(end, _)| path.ends_with(end)).map(|(_, fault)| fault.clone())
    };
    let mut now = fault();
    let held = matches!(now, Some(Fault::Hold));
    while matches!(now, Some(Fault::Hold)) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        now = fault();
    }
    let mut answer = match now {
        None | Some(Fault::Hold) => hand_on(&state, request).await,
        Some(Fault::Break) => None,
        Some(Fault::LoseAnswer) => {
            hand_on(&state, request).await;
            None
        }
        Some(Fault::Wait(duration)) => {
            tokio::time::sleep(duration).await;
            hand_on(&state, request).await
        }
        Some(Fault::Answer(mut answer)) => {
            // As a reverse proxy in front of the endpoint would.
            answer
                .headers_mut()
                .insert("Access-Control-Allow-Origin", HeaderValue::from_static("*"));
            Some(answer)
        }
    }?;
    if held {
        answer.headers_mut().insert("Cache-Control", HeaderValue::from_static("no-store"));
    }
    lock(&state.answered).push((path, answer.status().as_u16()));
    Some(answer)
}

async fn hand_on(state: &State, request: Request<Bytes>) -> Option<Answer> {
    let (head, body) = request.into_parts();
    let endpoint = lock(&state.endpoint).clone();
    let rest = head.uri.path_and_query().map_or("/", |rest| rest.as_str());
    let sent = state.client.request(head.method, format!("{endpoint}{rest}"));
    // The connection to the endpoint is a separate one.
    let mut headers = head.headers;
    headers.remove("Host");
    headers.remove("Connection");
    let answer = sent.headers(headers).body(body).send().await.ok()?;
    let mut made = Response::builder().status(answer.status());
    if let Some(headers) = made.headers_mut() {
        headers.clone_from(answer.headers());
        headers.remove("Transfer-Encoding");
    }
    made.body(Full::new(answer.bytes().await.ok()?)).ok()
}
