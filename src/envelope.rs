//! Signed envelope: a compact JWS (RFC 7515) with ES256 (RFC 7518, section 3.4) and the public key in its header.
//!
//! This module writes and strictly parses envelopes. It has no clock, no randomness, no private key and no transport,
//! and it verifies nothing: a caller that does verifies the signature over [`Envelope::signed`].

use crate::action::Claims;
pub use crate::base64url::{decode, encode};
use crate::json::Writer;
pub use crate::jwk::PublicKey;
use crate::shape::{self, ConfigFault, Shape, Written, fault, read_bytes as read, record};

/// The `typ` of an action.
pub const ACTION: &str = "action+jws";
/// The `typ` of a receipt.
pub const RECEIPT: &str = "receipt+jws";

record! { written
    /// The header of an action or a receipt. No other member is allowed.
    pub struct Header {
        /// Always `ES256`.
        alg: String,
        /// [`ACTION`] or [`RECEIPT`].
        typ: String,
        /// The public key of the signature; only in an action.
        jwk: Option<PublicKey> = None,
        /// The id of the endpoint's key; only in a receipt.
        kid: Option<String> = None,
    }

    /// The payload of a receipt: the endpoint has stored this action.
    pub struct ReceiptClaims {
        /// The endpoint's public address.
        iss: String,
        /// The action's identity.
        jti: String,
        /// The campaign's id.
        campaign: String,
        /// SHA-256 of the action's decoded payload, in base64url.
        action_digest: String,
        /// When it was received: seconds since 1970.
        iat: i64,
    }
}

/// The signing input of an action: header and payload in base64url, joined by a dot.
pub fn signing_input(key: &PublicKey, claims: &Claims) -> String {
    let header = Header {
        alg: "ES256".to_owned(),
        typ: ACTION.to_owned(),
        jwk: Some(key.clone()),
        kid: None,
    };
    written(&header, claims)
}

/// The signing input of a receipt.
pub fn receipt_signing_input(kid: &str, claims: &ReceiptClaims) -> String {
    let header = Header {
        alg: "ES256".to_owned(),
        typ: RECEIPT.to_owned(),
        jwk: None,
        kid: Some(kid.to_owned()),
    };
    written(&header, claims)
}

fn written(header: &Header, claims: &dyn Written) -> String {
    join([&encode(shape::write(header).as_bytes()), &encode(shape::write(claims).as_bytes())])
}

/// Joins two parts of an envelope by a dot.
pub(crate) fn join(parts: [&str; 2]) -> String {
    [parts[0], ".", parts[1]].concat()
}

/// The compact JWS: signing input and signature. The signature is r and s (IEEE P1363), 32 bytes each.
pub fn compact(signing_input: &str, signature: &[u8]) -> String {
    join([signing_input, &encode(signature)])
}

/// The request body in the format `json`: the claims in plain JSON, and the JWS as their proof.
pub fn json_body(claims: &Claims, proof: &str) -> String {
    let mut out = Writer::default();
    out.object(|out| {
        claims.write(out.key("action"));
        out.key("proof").text(proof);
    });
    out.finish()
}

/// A parsed envelope. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a, T> {
    /// The header.
    pub header: Header,
    /// The parsed payload.
    pub claims: T,
    /// The decoded bytes of the payload.
    pub payload: Vec<u8>,
    /// The signing input, which the signature covers.
    pub signed: &'a str,
    /// The signature: r and s (IEEE P1363).
    pub signature: [u8; 64],
}

/// Why a text is not a valid envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeFault {
    /// Not three parts of canonical, unpadded base64url.
    NotCompact,
    /// The header is invalid; the faults say why.
    Header(Vec<ConfigFault>),
    /// The signature is not 64 bytes.
    Signature,
    /// The payload is invalid; the faults say why.
    Payload(Vec<ConfigFault>),
}

/// Parses an action.
///
/// # Errors
/// The first part that is not exactly as the contract wants it.
pub fn open_action(compact: &str) -> Result<Envelope<'_, Claims>, EnvelopeFault> {
    let envelope: Envelope<'_, Claims> = open(compact, ACTION)?;
    let header = &envelope.header;
    match &header.jwk {
        _ if header.kid.is_some() => Err(header_fault("/kid", "no kid beside a jwk")),
        None => Err(header_fault("/jwk", "the public key that signed")),
        Some(key) if key.point().is_none() => {
            Err(header_fault("/jwk", "a public key on P-256, x and y of 32 bytes"))
        }
        _ if decode(&envelope.claims.jti).is_none_or(|bits| bits.len() != 16) => {
            Err(EnvelopeFault::Payload(vec![fault("/jti", "128 bits in base64url")]))
        }
        _ => Ok(envelope),
    }
}

/// Parses a receipt.
///
/// # Errors
/// The first part that is not exactly as the contract wants it.
pub fn open_receipt(compact: &str) -> Result<Envelope<'_, ReceiptClaims>, EnvelopeFault> {
    let envelope: Envelope<'_, ReceiptClaims> = open(compact, RECEIPT)?;
    match &envelope.header {
        Header { jwk: None, kid: Some(_), .. } => Ok(envelope),
        _ => Err(header_fault("/kid", "the name of the key that signed, and no jwk")),
    }
}

fn open<'a, T: Shape + Default>(
    compact: &'a str,
    typ: &str,
) -> Result<Envelope<'a, T>, EnvelopeFault> {
    let (signed, signature) = compact.rsplit_once('.').ok_or(EnvelopeFault::NotCompact)?;
    let (header, payload) = signed.split_once('.').ok_or(EnvelopeFault::NotCompact)?;
    let [header, payload, signature] = [header, payload, signature].map(decode);
    let (Some(header), Some(payload), Some(signature)) = (header, payload, signature) else {
        return Err(EnvelopeFault::NotCompact);
    };
    let header: Header = read(&header).map_err(EnvelopeFault::Header)?;
    if header.alg != "ES256" {
        return Err(header_fault("/alg", "\"ES256\""));
    }
    if header.typ != typ {
        return Err(header_fault(
            "/typ",
            if typ == ACTION { "\"action+jws\"" } else { "\"receipt+jws\"" },
        ));
    }
    let signature = signature.try_into().map_err(|_| EnvelopeFault::Signature)?;
    let claims = read(&payload).map_err(EnvelopeFault::Payload)?;
    Ok(Envelope { header, claims, payload, signed, signature })
}

fn header_fault(pointer: &str, expected: &'static str) -> EnvelopeFault {
    EnvelopeFault::Header(vec![fault(pointer, expected)])
}
