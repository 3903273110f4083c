//! `POST /campaigns/{id}/actions`: one action.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use standwith::json::Writer;

use super::body;
use super::problem::Problem;
use super::{CampaignId, Endpoint};
use crate::clock;
use crate::intake::{Acceptance, Form, LONGEST_BODY, Refusal};

/// Takes an action in.
pub(super) async fn post(
    State(endpoint): State<Arc<Endpoint>>,
    CampaignId(campaign): CampaignId,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let body = body::read(body, LONGEST_BODY).await?;
    let form = form(&headers).ok_or_else(|| {
        let expected = "the Content-Type is none of text/plain, application/jose, application/json";
        Refusal::Malformed(expected.to_owned())
    })?;
    let acceptance = endpoint.intake.take(&campaign, form, &body, clock::now()).await?;
    Ok(answer(&acceptance))
}

/// What a browser asks before it posts anything but `text/plain` from another origin.
pub(super) async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn form(headers: &HeaderMap) -> Option<Form> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match essence.to_ascii_lowercase().as_str() {
        "text/plain" | "application/jose" => Some(Form::Jws),
        "application/json" => Some(Form::Json),
        _ => None,
    }
}

fn answer(acceptance: &Acceptance) -> Response {
    let mut out = Writer::default();
    out.object(|out| {
        out.key("id").text(&acceptance.id);
        out.key("status").text(acceptance.status.word());
        out.key("receipt").text(&acceptance.receipt);
        out.key("count").whole(acceptance.count);
    });
    let status = if acceptance.is_new { StatusCode::CREATED } else { StatusCode::OK };
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, out.finish()).into_response()
}
