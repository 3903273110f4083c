//! Endpoint responses: success, rejection, and every other response.

use crate::json::{self, Json, Value};
use crate::shape::string_enum;

/// Outcome of a POST request. The session knows no other kinds.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The endpoint has the action.
    Accepted(Acceptance),
    /// The endpoint rejects the action as it is.
    Refused(Refusal),
    /// The endpoint cannot accept it now; with the seconds to wait if the response names them.
    RetryLater(Option<u32>),
    /// The rate limit is exceeded: the endpoint requires a proof of work for this challenge.
    Prove(String),
    /// No response, or one that does not say whether the action was stored. The same action may be sent again.
    Unreachable,
}

/// The endpoint's confirmation that it stored an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acceptance {
    /// The action's identity.
    pub id: String,
    /// Status of the action at the endpoint.
    pub status: Status,
    /// The signed receipt; empty if there is none.
    pub receipt: String,
    /// The campaign's count of messages after it.
    pub count: Option<i64>,
}

string_enum! {
    /// Status of an action at the endpoint.
    pub enum Status: "a status" {
        /// The backend does not say.
        Unknown = "unknown",
        /// Verified and counted.
        Accepted = "accepted",
        /// Counted without a signature, or mailed by the supporter.
        Recorded = "recorded",
        /// Not counted until the supporter confirms.
        AwaitingConfirmation = "awaiting_confirmation",
    }
}

/// Why the endpoint rejects an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    /// The code of the problem (see `docs/protocol.md`).
    pub code: String,
    /// Field names and codes of the field errors.
    pub errors: Vec<(String, String)>,
    /// The endpoint's time: seconds since 1970.
    pub now: Option<i64>,
}

impl Refusal {
    /// The code if it is well-formed, else `refused`. The code is shown and passed to the page, and a hostile endpoint
    /// could put typed text into it.
    pub fn told(&self) -> String {
        let code = self.code.as_str();
        let is_code = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_code { code } else { "refused" }.to_owned()
    }
}

/// Interprets a response. `jti` is the identity of the action that was sent, `retry_after` the header's
/// value in seconds.
pub fn outcome(status: u16, body: &str, retry_after: Option<u32>, jti: &str) -> Outcome {
    let json = json::parse(body).ok();
    match (status, json) {
        (200 | 201, Some(json)) => match acceptance(&json) {
            Some(acceptance) if acceptance.id == jti => Outcome::Accepted(acceptance),
            _ => Outcome::Unreachable,
        },
        (429, Some(json)) if text(&json, "code").as_deref() == Some("proof_required") => {
            text(&json, "challenge").map_or(Outcome::RetryLater(retry_after), Outcome::Prove)
        }
        // 408: the body did not arrive in time.
        (408 | 429 | 503, _) => Outcome::RetryLater(retry_after),
        (400..=499, Some(json)) if text(&json, "code").is_some() => {
            Outcome::Refused(refusal(&json))
        }
        // An HTML page, a proxy's error, an empty response: the action may be stored or not.
        _ => Outcome::Unreachable,
    }
}

fn acceptance(json: &Json) -> Option<Acceptance> {
    Some(Acceptance {
        id: text(json, "id")?,
        status: json.get("status").and_then(Json::text).and_then(Status::of).unwrap_or_default(),
        receipt: text(json, "receipt").unwrap_or_default(),
        count: whole(json, "count"),
    })
}

fn refusal(json: &Json) -> Refusal {
    let errors = match json.get("errors").map(|errors| &errors.value) {
        Some(Value::List(errors)) => errors,
        _ => &Vec::new(),
    };
    let error = |error: &Json| Some((text(error, "field")?, text(error, "code")?));
    Refusal {
        code: text(json, "code").unwrap_or_default(),
        errors: errors.iter().filter_map(error).collect(),
        now: whole(json, "now"),
    }
}

/// The count in a response like `{"count":1234,"goal":5000}`.
pub fn count(body: &str) -> Option<i64> {
    whole(&json::parse(body).ok()?, "count")
}

fn text(json: &Json, key: &str) -> Option<String> {
    json.get(key)?.text().map(str::to_owned)
}

fn whole(json: &Json, key: &str) -> Option<i64> {
    match json.get(key)?.value {
        Value::Whole(number) => Some(number),
        _ => None,
    }
}
