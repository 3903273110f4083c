//! The signed envelope: compact JWS (RFC 7515) with ES256 (RFC 7518, section 3.4), its key inside.
//! Writing and strict reading only: no clock, no randomness, no key and no transport. Whoever
//! verifies a signature does it over [`Envelope::signed`].

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::action::Claims;
use crate::json::Writer;
use crate::shape::{self, ConfigFault, FaultKind, Shape, Written, record};

/// `typ` of an action.
pub const ACTION: &str = "action+jws";
/// `typ` of a receipt.
pub const RECEIPT: &str = "receipt+jws";

record! { written
    /// The header of an action or a receipt. No other member is allowed.
    pub struct Header {
        /// Always `ES256`.
        alg: String,
        /// [`ACTION`] or [`RECEIPT`].
        typ: String,
        /// The key that signed, in an action.
        jwk: Option<PublicKey> = None,
        /// The name of the key that signed, in a receipt.
        kid: Option<String> = None,
    }

    /// A public key on P-256 (RFC 7517 and RFC 7518, section 6.2), with nothing besides it.
    pub struct PublicKey {
        /// Always `EC`.
        kty: String,
        /// Always `P-256`.
        crv: String,
        /// The x coordinate: 32 bytes in base64url.
        x: String,
        /// The y coordinate: 32 bytes in base64url.
        y: String,
    }

    /// What a receipt says: the endpoint has this action.
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

impl PublicKey {
    /// The key of these coordinates, each 32 bytes in base64url.
    pub fn p256(x: &str, y: &str) -> Self {
        let [kty, crv, x, y] = ["EC", "P-256", x, y].map(str::to_owned);
        PublicKey { kty, crv, x, y }
    }

    /// The uncompressed point (SEC 1, section 2.3.3): 4, x, y. `None` for any other key.
    pub fn point(&self) -> Option<[u8; 65]> {
        if self.kty != "EC" || self.crv != "P-256" {
            return None;
        }
        let mut point = [4; 65];
        for (coordinate, place) in [(&self.x, 1..33), (&self.y, 33..65)] {
            let bytes = decode(coordinate).filter(|bytes| bytes.len() == 32)?;
            point[place].copy_from_slice(&bytes);
        }
        Some(point)
    }
}

/// What an action's key signs: header and payload in base64url, a dot between them.
pub fn signing_input(key: &PublicKey, claims: &Claims) -> String {
    let header = Header {
        alg: "ES256".to_owned(),
        typ: ACTION.to_owned(),
        jwk: Some(key.clone()),
        kid: None,
    };
    written(&header, claims)
}

/// What an endpoint's key signs for a receipt.
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

/// Two parts of an envelope, a dot between them.
pub(crate) fn join(parts: [&str; 2]) -> String {
    [parts[0], ".", parts[1]].concat()
}

/// A signing input with its signature, in the P1363 form: r and s, 32 bytes each.
pub fn compact(signing_input: &str, signature: &[u8]) -> String {
    join([signing_input, &encode(signature)])
}

/// The body of a post in the format `json`: the action in the clear beside its proof.
pub fn json_body(claims: &Claims, proof: &str) -> String {
    let mut out = Writer::default();
    out.object(|out| {
        claims.write(out.key("action"));
        out.key("proof").text(proof);
    });
    out.finish()
}

/// An envelope taken apart. Nothing in it is verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope<'a, T> {
    /// The header.
    pub header: Header,
    /// The payload, read.
    pub claims: T,
    /// The payload, byte for byte.
    pub payload: Vec<u8>,
    /// The text that the signature is about.
    pub signed: &'a str,
    /// The signature in the P1363 form.
    pub signature: [u8; 64],
}

/// Why a text is no envelope of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnvelopeFault {
    /// Not three parts of canonical, unpadded base64url.
    NotCompact,
    /// The header is not one that we take; the fault says why.
    Header(Vec<ConfigFault>),
    /// The signature is not 64 bytes.
    Signature,
    /// The payload is not what it should be; the faults say why.
    Payload(Vec<ConfigFault>),
}

/// Takes an action apart.
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

/// Takes a receipt apart.
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

pub(crate) fn read<T: Shape + Default>(bytes: &[u8]) -> Result<T, Vec<ConfigFault>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => shape::read(text),
        Err(_) => Err(vec![fault("", "a text in UTF-8")]),
    }
}

fn header_fault(pointer: &str, expected: &'static str) -> EnvelopeFault {
    EnvelopeFault::Header(vec![fault(pointer, expected)])
}

pub(crate) fn fault(pointer: &str, expected: &'static str) -> ConfigFault {
    ConfigFault { pointer: pointer.to_owned(), line: 1, kind: FaultKind::Expected(expected) }
}

/// base64url without padding (RFC 7515, section 2). What is encoded is no secret, so that a table
/// does, which costs the widget 1 KB less than base64ct's constant time.
pub fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        let bits = bits << (8 * (3 - chunk.len()));
        for digit in 0..=chunk.len() {
            text.push(DIGITS[bits >> (18 - 6 * digit) & 63] as char);
        }
    }
    text
}

/// The bytes of unpadded base64url, if it is in its one canonical form.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}
