//! Decoding: from a request body to claims with a verified signature.

use standwith::action::Claims;
use standwith::envelope;
use standwith::json::{self, Json, Value};
use standwith::shape::{self, Reading, Shape};

use super::refusal::{Refusal, listed};
use crate::signature::{digest, is_unaltered};
use crate::store::{Content, StoredAction};

/// The format of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A compact JWS.
    Jws,
    /// `{"action":{…},"proof":"<JWS>"}`
    Json,
}

/// The identity and digest of an action, before any of it is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its identity.
    pub jti: String,
    /// SHA-256 of the decoded payload, in base64url.
    pub action_digest: String,
}

impl Named {
    /// Reads a body.
    ///
    /// # Errors
    /// It is not an action.
    pub fn of(form: Form, body: &[u8]) -> Result<Self, Refusal> {
        let (jws, _) = split(form, body)?;
        let action = envelope::open_action(&jws)?;
        Ok(Named { action_digest: digest(&action.payload), jti: action.claims.jti })
    }
}

/// An action whose signature is valid, if it has one. Nothing else of it is verified yet.
pub(super) struct Received {
    pub(super) content: Content,
    pub(super) action_digest: String,
    pub(super) claims: Claims,
}

impl Received {
    /// Opens a body and verifies the signature.
    pub(super) fn open(form: Form, body: &[u8]) -> Result<Self, Refusal> {
        let (jws, clear) = split(form, body)?;
        let action = envelope::open_action(&jws)?;
        if !is_unaltered(&action) {
            return Err(Refusal::SignatureInvalid);
        }
        if clear.is_some_and(|clear| clear != action.claims) {
            let problem = "differs from the signed claims in `proof`";
            return Err(Refusal::malformed("/action", problem));
        }
        let action_digest = digest(&action.payload);
        let claims = action.claims;
        Ok(Received { content: Content::Signed(jws), action_digest, claims })
    }

    /// An action without a signature, from the hosted form.
    pub(super) fn bare(claims: Claims) -> Self {
        let text = shape::write(&claims);
        let action_digest = digest(text.as_bytes());
        Received { content: Content::Bare(text), action_digest, claims }
    }

    /// Whether it has a signature.
    pub(super) fn is_signed(&self) -> bool {
        matches!(self.content, Content::Signed(_))
    }

    /// Whether a stored action of the same identity is this one, sent again.
    pub(super) fn is_same_as(&self, stored: &StoredAction) -> bool {
        match (&self.content, &stored.content) {
            // The payload identifies it, not the signature: many signatures are valid for one text.
            (Content::Signed(_), _) => self.action_digest == stored.action_digest,
            (Content::Bare(_), Content::Bare(before)) => self.says_the_same_as(before),
            (Content::Bare(_), Content::Signed(_)) => false,
        }
    }

    /// Whether a hosted form was sent twice: the claims are equal except for what the endpoint added.
    fn says_the_same_as(&self, before: &str) -> bool {
        let before: Result<Claims, _> = shape::read(before);
        before.is_ok_and(|before| {
            let again = Claims {
                iat: before.iat,
                aud: before.aud.clone(),
                campaign_digest: before.campaign_digest.clone(),
                ..self.claims.clone()
            };
            again == before
        })
    }
}

/// Splits a body into the JWS and, if they are beside it, the claims in the clear.
fn split(form: Form, body: &[u8]) -> Result<(String, Option<Claims>), Refusal> {
    let text =
        std::str::from_utf8(body).map_err(|_| Refusal::malformed("the body", "is no UTF-8"))?;
    match form {
        // Programs that send a line also send its line end. It belongs to the body, not to the action.
        Form::Jws => {
            let line = text
                .strip_suffix('\n')
                .map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
            Ok((line.to_owned(), None))
        }
        Form::Json => read_json(text).map(|(proof, claims)| (proof, Some(claims))),
    }
}

/// Reads `{"action":{…},"proof":"<JWS>"}`: the proof, and the claims in the clear.
fn read_json(text: &str) -> Result<(String, Claims), Refusal> {
    let expected =
        || Refusal::malformed("the body", "is not {\"action\":{…},\"proof\":\"…\"} and no more");
    let json = json::parse(text).map_err(|_| expected())?;
    let members = match &json.value {
        Value::Object(members) => members.len(),
        _ => 0,
    };
    let (action, proof) = (json.get("action"), json.get("proof").and_then(Json::text));
    let (Some(action), Some(proof), 2) = (action, proof, members) else {
        return Err(expected());
    };
    let mut reading = Reading::default();
    let claims = reading.inside("action", |reading| Claims::read(action, reading));
    if reading.faults.is_empty() {
        Ok((proof.to_owned(), claims))
    } else {
        Err(Refusal::malformed("the action:", &listed(&reading.faults)))
    }
}
