//! Sealed campaigns: person, message and answers leave as a compact JWE (RFC 7516) that only the campaigner's
//! key opens: `ECDH-ES` on P-256 and `A256GCM` (RFC 7518, sections 4.6 and 5.3). Texts and bytes only, as in
//! [`envelope`](crate::envelope): whoever seals or unseals brings the cryptography. Sealing goes so:
//!
//! 1. [`plaintext`] of [`Action::inside`](crate::action::Action::inside) is what is to be sealed.
//! 2. A fresh key pair on P-256 agrees with [`SealingKey::point`](crate::campaign::SealingKey::point) on a
//!    secret of 32 bytes.
//! 3. SHA-256 of [`derivation_input`] of that secret is the key of AES-256-GCM.
//! 4. [`header`] with the fresh public key is, letter for letter, the additional data; the initialisation
//!    vector is 12 random bytes.
//! 5. [`compact`] of header, vector and ciphertext is the claim `sealed`.

use crate::action::Claims;
pub use crate::action::SealedPayload;
use crate::base64url::{decode, encode};
use crate::jwk::PublicKey;
use crate::shape::{self, ConfigFault, fault, read_bytes as read, record};

/// How a sealed text's key is agreed upon.
const ALG: &str = "ECDH-ES";
/// What it is encrypted with.
const ENC: &str = "A256GCM";
/// The length of an initialisation vector.
const IV: usize = 12;
/// The length of an authentication tag.
const TAG: usize = 16;
/// A plaintext is filled up to a multiple of so many bytes: the length of a sealed text is no secret, and it
/// would tell a message that was left as it is from another one.
const BLOCK: usize = 256;

record! { written
    /// The header of a sealed text. No other member is allowed.
    pub struct Header {
        /// Always `ECDH-ES`.
        alg: String,
        /// Always `A256GCM`.
        enc: String,
        /// The public half of the key that was made for this one text.
        epk: PublicKey,
        /// The name of the key that opens it.
        kid: Option<String> = None,
    }
}

/// Takes out of claims what is to be sealed.
pub fn split(mut claims: Claims) -> (Claims, SealedPayload) {
    let inside = SealedPayload {
        person: std::mem::take(&mut claims.person),
        message: claims.message.take(),
        messages: std::mem::take(&mut claims.messages),
        answers: std::mem::take(&mut claims.answers),
    };
    (claims, inside)
}

/// Puts back into claims what was sealed of them: they are as if nothing had been sealed.
///
/// # Errors
/// What the claims have in the clear, by name.
pub fn joined(mut claims: Claims, inside: SealedPayload) -> Result<Claims, Vec<&'static str>> {
    let exposed = exposed(&claims);
    if !exposed.is_empty() {
        return Err(exposed);
    }
    claims.sealed = None;
    claims.unseal(inside);
    Ok(claims)
}

/// What claims have in the clear of that which is sealed, by name.
pub fn exposed(claims: &Claims) -> Vec<&'static str> {
    use crate::shape::Written;
    let mut names = Vec::new();
    for (name, absent) in [
        ("person", claims.person.is_absent()),
        ("message", claims.message.is_none()),
        ("messages", claims.messages.is_absent()),
        ("answers", claims.answers.is_absent()),
    ] {
        if !absent {
            names.push(name);
        }
    }
    names
}

/// What is encrypted: JSON, and white space up to a length that tells little.
pub fn plaintext(inside: &SealedPayload) -> String {
    let mut text = shape::write(inside);
    while !text.len().is_multiple_of(BLOCK) {
        text.push(' ');
    }
    text
}

/// Reads what was encrypted.
///
/// # Errors
/// What is wrong with it: unknown and duplicate members, too, by name.
pub fn read_inside(plaintext: &[u8]) -> Result<SealedPayload, Vec<ConfigFault>> {
    read(plaintext)
}

/// The header in base64url, for this fresh public key and a key of this name, which may be empty. These very
/// letters are the additional data that the encryption authenticates.
pub fn header(epk: &PublicKey, kid: &str) -> String {
    let [alg, enc] = [ALG, ENC].map(str::to_owned);
    let kid = (!kid.is_empty()).then(|| kid.to_owned());
    encode(shape::write(&Header { alg, enc, epk: epk.clone(), kid }).as_bytes())
}

/// What SHA-256 makes the encryption's key of: the one round that the Concat KDF takes here (RFC 7518, section
/// 4.6.2). `shared` is the x coordinate on which both keys agree, 32 bytes.
pub fn derivation_input(shared: &[u8]) -> Vec<u8> {
    concat_kdf(shared, ENC, ["", ""], 256)
}

/// The input of the Concat KDF's first round for a key of so many bits: for which algorithm, and between which
/// parties (`apu` and `apv`).
pub fn concat_kdf(shared: &[u8], algorithm: &str, parties: [&str; 2], bits: u32) -> Vec<u8> {
    let mut input = vec![0, 0, 0, 1];
    input.extend_from_slice(shared);
    for text in [algorithm, parties[0], parties[1]] {
        input.extend_from_slice(&(text.len() as u32).to_be_bytes());
        input.extend_from_slice(text.as_bytes());
    }
    input.extend_from_slice(&bits.to_be_bytes());
    input
}

/// The compact form: a [`header`], the initialisation vector, and what AES-GCM gave, its tag at the end as
/// WebCrypto has it.
pub fn compact(header: &str, iv: &[u8], sealed: &[u8]) -> String {
    let (ciphertext, tag) = sealed.split_at(sealed.len().saturating_sub(TAG));
    // Between the first two dots there would be a key, were it not agreed upon.
    [header, "..", &encode(iv), ".", &encode(ciphertext), ".", &encode(tag)].concat()
}

/// A sealed text taken apart. Nothing in it is opened yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed<'a> {
    /// The header.
    pub header: Header,
    /// The header as it stands there: the additional data.
    pub protected: &'a str,
    /// The initialisation vector.
    pub iv: [u8; IV],
    /// The ciphertext, its tag at the end.
    pub sealed: Vec<u8>,
}

/// Why a text is no sealed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedFault {
    /// Not five parts of canonical, unpadded base64url, the second one empty.
    NotCompact,
    /// The header is not one that we take; the fault says why.
    Header(Vec<ConfigFault>),
    /// The initialisation vector is not 12 bytes, or the tag not 16.
    Length,
}

/// Takes a sealed text apart.
///
/// # Errors
/// The first part that is not exactly as the contract wants it.
pub fn open(compact: &str) -> Result<Sealed<'_>, SealedFault> {
    let parts: Vec<&str> = compact.split('.').collect();
    let &[protected, "", iv, ciphertext, tag] = &parts[..] else {
        return Err(SealedFault::NotCompact);
    };
    let [Some(header), Some(iv), Some(mut sealed), Some(tag)] =
        [protected, iv, ciphertext, tag].map(decode)
    else {
        return Err(SealedFault::NotCompact);
    };
    let header: Header = read(&header).map_err(SealedFault::Header)?;
    let wrong = match &header {
        header if header.alg != ALG => Some(("/alg", "\"ECDH-ES\"")),
        header if header.enc != ENC => Some(("/enc", "\"A256GCM\"")),
        header if header.epk.point().is_none() => {
            Some(("/epk", "a public key on P-256, x and y of 32 bytes"))
        }
        _ => None,
    };
    if let Some((pointer, expected)) = wrong {
        return Err(SealedFault::Header(vec![fault(pointer, expected)]));
    }
    let iv = iv.try_into().map_err(|_| SealedFault::Length)?;
    if tag.len() != TAG {
        return Err(SealedFault::Length);
    }
    sealed.extend_from_slice(&tag);
    Ok(Sealed { header, protected, iv, sealed })
}
