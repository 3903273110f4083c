//! Refusals as `application/problem+json` (RFC 9457), with the contract's `code` beside the
//! standard members.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use standwith::json::Writer;

use super::Code;
use crate::intake::{LONGEST_BODY, Refusal};

/// After how many seconds somebody who was sent away may come again.
const RETRY_AFTER: u32 = 2;

/// A refusal on its way out.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    errors: Vec<(String, String)>,
    now: Option<i64>,
    retry_after: Option<u32>,
    challenge: Option<String>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let (detail, errors) = (detail.into(), Vec::new());
        Problem { status, code, detail, errors, now: None, retry_after: None, challenge: None }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The contract's code.
    pub(crate) fn code(&self) -> Code {
        Code(self.code)
    }

    /// After how many seconds waiting can help.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// Puts Retry-After among the headers, where waiting can help.
    pub(crate) fn put_retry_after(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }

    /// Too many posts: this one is looked at with a proof, or perhaps after so many seconds.
    pub(crate) fn proof_required(challenge: String, detail: &str, retry_after: u32) -> Self {
        Problem {
            challenge: Some(challenge),
            retry_after: Some(retry_after),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "proof_required", detail)
        }
    }

    /// Too many posts, and no proof would help.
    pub(crate) fn rate_limited(retry_after: u32) -> Self {
        let detail = "rate limit exceeded: send the same request again later";
        Problem {
            retry_after: Some(retry_after),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", detail)
        }
    }

    /// There is nothing at this address.
    pub(crate) fn not_found() -> Self {
        Problem::new(StatusCode::NOT_FOUND, "not_found", "no resource at this address")
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code();
        let problem = |status, detail: &str| Problem::new(status, code, detail);
        match refusal {
            Refusal::CampaignUnknown => {
                problem(StatusCode::NOT_FOUND, "no campaign at this address")
            }
            Refusal::Malformed(detail) => problem(StatusCode::BAD_REQUEST, &detail),
            Refusal::SignatureInvalid => problem(
                StatusCode::BAD_REQUEST,
                "the signature does not match the key in the JWS header",
            ),
            Refusal::AudienceMismatch(wanted) => {
                problem(StatusCode::BAD_REQUEST, &format!("aud must be {wanted}"))
            }
            Refusal::IatOutOfWindow { now } => Problem {
                now: Some(now),
                ..problem(
                    StatusCode::BAD_REQUEST,
                    "iat must be at most 7 days in the past and 10 minutes in the future",
                )
            },
            Refusal::Rules(errors) => Problem {
                errors,
                ..problem(StatusCode::UNPROCESSABLE_ENTITY, "validation failed; see `errors`")
            },
            Refusal::ReplayMismatch => problem(
                StatusCode::UNPROCESSABLE_ENTITY,
                "another action with this jti was accepted before",
            ),
            Refusal::Withdrawn => {
                problem(StatusCode::GONE, "the action with this jti was withdrawn")
            }
            Refusal::Closed(why) => problem(StatusCode::GONE, &why),
            Refusal::TooLarge => problem(
                StatusCode::PAYLOAD_TOO_LARGE,
                &format!("the body must not exceed {LONGEST_BODY} bytes"),
            ),
            Refusal::Busy => Problem {
                retry_after: Some(RETRY_AFTER),
                ..problem(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "the endpoint is busy: send the same request again in a moment",
                )
            },
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut out = Writer::default();
        out.object(|out| {
            // Without a `type`, the title is the status's own phrase (RFC 9457, section 4.2.1).
            out.key("title").text(self.status.canonical_reason().unwrap_or_default());
            out.key("status").whole(i64::from(self.status.as_u16()));
            out.key("code").text(self.code);
            out.key("detail").text(&self.detail);
            if !self.errors.is_empty() {
                out.key("errors").list(|out| {
                    for (field, code) in &self.errors {
                        out.object(|out| {
                            out.key("field").text(field);
                            out.key("code").text(code);
                        });
                    }
                });
            }
            if let Some(now) = self.now {
                out.key("now").whole(now);
            }
            if let Some(challenge) = &self.challenge {
                out.key("challenge").text(challenge);
            }
        });
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, out.finish()).into_response();
        self.put_retry_after(response.headers_mut());
        response.extensions_mut().insert(Code(self.code));
        response
    }
}
