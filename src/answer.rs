//! What an endpoint answers: the contract's success and refusal, and all that is neither.

use crate::json::{self, Json, Value};
use crate::shape::string_enum;

/// What became of a post. No other kind of answer exists for the session.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The endpoint has the action.
    Accepted(Acceptance),
    /// The endpoint refuses the action as it is.
    Refused(Refusal),
    /// The endpoint can't take it now: wait for so many seconds, where it says so.
    RetryLater(Option<u32>),
    /// The endpoint is under a flood, and wants a proof of work for this challenge first.
    Prove(String),
    /// No answer, or none that says whether the action is there. The same action may be sent again.
    Unreachable,
}

/// The endpoint's word that it has an action.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Acceptance {
    /// The action's identity.
    pub id: String,
    /// What the endpoint did with it.
    pub status: Status,
    /// The signed receipt; empty where there is none.
    pub receipt: String,
    /// How many there are now.
    pub count: Option<i64>,
}

string_enum! {
    /// What an endpoint did with an action.
    pub enum Status: "a status" {
        /// The backend can't tell.
        Unknown = "unknown",
        /// Verified and counted.
        Accepted = "accepted",
        /// Counted without proof, or sent by the supporter's own mail.
        Recorded = "recorded",
        /// Not counted until the supporter confirms.
        AwaitingConfirmation = "awaiting_confirmation",
    }
}

/// Why the endpoint refuses.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refusal {
    /// The contract's code.
    pub code: String,
    /// Fields and codes of what has to be mended.
    pub errors: Vec<(String, String)>,
    /// The endpoint's time: seconds since 1970.
    pub now: Option<i64>,
}

impl Refusal {
    /// The code as it may be shown, and told to a page: a sentence in its place might hold what was typed.
    pub fn told(&self) -> String {
        let code = self.code.as_str();
        let is_code = (1..=64).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_code { code } else { "refused" }.to_owned()
    }
}

/// Reads an answer. `jti` is the identity of the action that was sent, `retry_after` the header's
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
        // 408: the body did not come in time.
        (408 | 429 | 503, _) => Outcome::RetryLater(retry_after),
        (400..=499, Some(json)) if text(&json, "code").is_some() => {
            Outcome::Refused(refusal(&json))
        }
        // A page of HTML, a proxy's fault, an empty answer: it may be there or not.
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

/// The number in an answer like `{"count":1234,"goal":5000}`.
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
