//! Refusals as `application/problem+json` (RFC 9457), with the contract's `code` beside the
//! standard members.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

use super::Code;
use crate::intake::{LONGEST_BODY, Refusal};

/// After how many seconds a rejected client may try again.
const RETRY_AFTER: u32 = 2;

/// A refusal as an answer.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    /// Phrase of the status, because there is no `type` (RFC 9457, section 4.2.1).
    title: &'static str,
    #[serde(serialize_with = "number")]
    status: StatusCode,
    code: &'static str,
    detail: Box<str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<i64>,
    #[serde(skip)]
    retry_after: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<Box<str>>,
}

#[derive(Debug, Serialize)]
struct FieldError {
    field: String,
    code: String,
}

fn number<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<Box<str>>) -> Self {
        Problem {
            title: status.canonical_reason().unwrap_or_default(),
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            now: None,
            retry_after: None,
            challenge: None,
        }
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// The contract's code.
    pub(crate) fn code(&self) -> Code {
        Code(self.code)
    }

    /// After how many seconds a retry can succeed.
    pub(crate) fn retry_after(&self) -> Option<u32> {
        self.retry_after
    }

    /// Adds the header Retry-After, if a retry can succeed.
    pub(crate) fn put_retry_after(&self, headers: &mut HeaderMap) {
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
    }

    /// Too many posts: this one is accepted with a proof, or perhaps after this many seconds.
    pub(crate) fn proof_required(challenge: String, detail: &str, retry_after: u32) -> Self {
        Problem {
            challenge: Some(challenge.into()),
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

    /// There is no resource at this address.
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
                errors: errors
                    .into_iter()
                    .map(|(field, code)| FieldError { field, code })
                    .collect(),
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
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, Json(&self)).into_response();
        self.put_retry_after(response.headers_mut());
        response.extensions_mut().insert(Code(self.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(problem: &Problem) -> String {
        serde_json::to_string(problem).unwrap()
    }

    #[test]
    fn writes_only_the_members_that_it_has() {
        let bare = r#"{"title":"Not Found","status":404,"code":"not_found","detail":"no resource at this address"}"#;
        assert_eq!(written(&Problem::not_found()), bare);
        let errors = vec![("person.email".to_owned(), "required".to_owned())];
        let rules = r#"{"title":"Unprocessable Entity","status":422,"code":"rules","detail":"validation failed; see `errors`","errors":[{"field":"person.email","code":"required"}]}"#;
        assert_eq!(written(&Refusal::Rules(errors).into()), rules);
        let late = written(&Refusal::IatOutOfWindow { now: 5 }.into());
        assert!(late.ends_with(r#"in the future","now":5}"#), "{late}");
        let proof = r#"{"title":"Too Many Requests","status":429,"code":"proof_required","detail":"d","challenge":"c"}"#;
        assert_eq!(written(&Problem::proof_required("c".to_owned(), "d", 2)), proof);
    }
}
