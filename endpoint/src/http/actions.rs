//! `POST /campaigns/{id}/actions`: one action.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use standwith::proof::PARAMETER;

use super::body;
use super::problem::Problem;
use super::{CampaignId, Client, Quiet};
use crate::app::AppState;
use crate::intake::{Acceptance, Form, LONGEST_BODY, Named, Refusal};
use crate::rate_limit::{self, Kind, Lookup, ProofError, Subject, Waiting};

/// Receives an action.
pub(super) async fn post(
    state: State<Arc<AppState>>,
    campaign: CampaignId,
    Client(client): Client,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let admitted = state.limiter.admit(Kind::Action, client);
    let taken = take(state, campaign, client, admitted, uri, headers, body).await;
    let mut response = taken.into_response();
    if admitted.is_err() && !response.status().is_success() {
        response.extensions_mut().insert(Quiet);
    }
    response
}

async fn take(
    State(state): State<Arc<AppState>>,
    CampaignId(campaign): CampaignId,
    client: Option<rate_limit::Client>,
    admitted: Result<(), u32>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (limiter, now) = (&state.limiter, state.clock.now());
    let shown = proof(&uri).filter(|_| admitted.is_err());
    let shown = shown.map(|proof| limiter.precheck(&proof, &campaign, now).map(|()| proof));
    // Above the limit, the endpoint does not wait for a body without a proof. One with a proof, which may be wrong,
    // takes no place from posts below the limit.
    let waiting = match (&admitted, &shown) {
        (Ok(()), _) => Some(Waiting::Admitted),
        (Err(_), Some(Ok(_))) => Some(Waiting::WithProof),
        _ => None,
    };
    let place = || limiter.slow_place(waiting?, client);
    let (form, body) = (form(&headers), body::read(body, LONGEST_BODY, place).await);
    let mut proved = None;
    if let Err(wait) = admitted {
        let post = form.ok().zip(body.as_deref().ok());
        proved = pass(&state, &campaign, post, shown.as_ref(), wait).await?;
    }
    let body = body?;
    let form = form.map_err(|detail| {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    })?;
    let taken = state.intake.take(&campaign, form, &body, now).await;
    if let (Err(Refusal::Busy), Some(Ok(proof)), Some(jti)) = (&taken, &shown, &proved) {
        limiter.give_back(proof, Subject { campaign: &campaign, jti });
    }
    Ok(answer(&taken?))
}

/// Lets a post above the limit pass: one with a valid proof, whose `jti` is returned, or one that is stored already.
async fn pass(
    state: &AppState,
    campaign: &str,
    post: Option<(Form, &[u8])>,
    shown: Option<&Result<String, ProofError>>,
    wait: u32,
) -> Result<Option<String>, Problem> {
    let (AppState { limiter, intake, .. }, now) = (state, state.clock.now());
    let reads = match shown {
        None => limiter.may_look_up(Lookup::Bare),
        Some(shown) => shown.is_ok(),
    };
    let named = match post.filter(|_| reads) {
        None => None,
        Some((form, body)) => named(state, form, body, shown.is_some()).await?,
    };
    let unproved = match (shown, &named) {
        (Some(Ok(proof)), Some(named)) => {
            let subject = Subject { campaign, jti: &named.jti };
            match limiter.prove(proof, subject, now).await {
                Ok(()) => return Ok(Some(named.jti.clone())),
                Err(unproved) => Some(unproved),
            }
        }
        (Some(Err(unproved)), _) => Some(*unproved),
        _ => None,
    };
    if let Some(named) = &named {
        let looks = match unproved {
            None => true,
            Some(ProofError::Used) => limiter.may_look_up(Lookup::Used),
            Some(_) => false,
        };
        if looks && intake.has(campaign, named).await.map_err(|_| Refusal::Busy)? {
            state.metrics.rate_limited("repeated");
            return Ok(None);
        }
    }
    let Some(detail) = detail(unproved) else { return Err(Problem::rate_limited(wait)) };
    Err(match limiter.issue(campaign, now) {
        Some(challenge) => Problem::proof_required(challenge, detail, wait),
        None => Problem::rate_limited(wait),
    })
}

/// The identity that an action in a body claims; `None` if it can't be read and no proof came with it.
///
/// # Errors
/// It can't be read, and a proof came with it, which may be invalid: the body is not read again.
async fn named(
    state: &AppState,
    form: Form,
    body: &[u8],
    has_proof: bool,
) -> Result<Option<Named>, Problem> {
    let body = body.to_vec();
    let read = state.workers.run(move || Named::of(form, &body)).await;
    match read.map_err(Refusal::from)? {
        Ok(named) => Ok(Some(named)),
        Err(refusal) if has_proof => Err(refusal.into()),
        Err(_) => Ok(None),
    }
}

/// The reason why a post above the limit does not pass; `None` if proofs can't be verified at the moment.
fn detail(unproved: Option<ProofError>) -> Option<&'static str> {
    Some(match unproved {
        None => "rate limit exceeded: send the same request again with a proof of work",
        Some(ProofError::Malformed) => "the proof is malformed",
        Some(ProofError::Foreign) => "the proof's challenge was not issued for this campaign",
        Some(ProofError::Expired) => "the proof's challenge has expired",
        Some(ProofError::TooEasy) => "the proof's challenge is too easy by now",
        Some(ProofError::Wrong) => "the proof does not solve its challenge for this jti",
        Some(ProofError::Used) => "the proof was used before",
        Some(ProofError::Busy) => return None,
    })
}

/// The proof that comes with a post.
fn proof(uri: &Uri) -> Option<String> {
    let mut query = form_urlencoded::parse(uri.query()?.as_bytes());
    query.find(|(name, _)| name == PARAMETER).map(|(_, value)| value.into_owned())
}

/// The answer to the preflight request, which browsers send before they post anything but `text/plain` to another
/// origin.
pub(super) async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The format of a body, by its headers.
///
/// # Errors
/// It can't be read; the reason is in words.
fn form(headers: &HeaderMap) -> Result<Form, &'static str> {
    let header = |name| headers.get(name).map_or(Some(""), |value| value.to_str().ok());
    let is_coded = header(header::CONTENT_ENCODING).is_none_or(|coding| {
        let coding = coding.trim();
        !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")
    });
    if is_coded {
        return Err("compressed bodies are not supported: send without Content-Encoding");
    }
    let content_type = header(header::CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/plain" | "application/jose" => Ok(Form::Jws),
        "application/json" => Ok(Form::Json),
        _ => Err("Content-Type must be text/plain, application/jose or application/json"),
    }
}

/// Answer to an accepted action.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    status: &'static str,
    receipt: &'a str,
    count: i64,
}

fn answer(acceptance: &Acceptance) -> Response {
    let Acceptance { id, status, receipt, count, is_new } = acceptance;
    let answer = Answer { id, status: status.word(), receipt, count: *count };
    let status = if *is_new { StatusCode::CREATED } else { StatusCode::OK };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}
