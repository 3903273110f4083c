//! Encryption of sealed campaigns: person, message and answers are sent as a compact JWE (RFC 7516) for the
//! campaigner's key, with `ECDH-ES` on P-256 and `A256GCM` (RFC 7518, sections 4.6 and 5.3). Like
//! [`envelope`](crate::envelope), this module handles formats only; the shells have the cryptography. To seal:
//!
//! 1. [`plaintext`] of [`Action::inside`](crate::action::Action::inside) is the text to encrypt.
//! 2. A fresh key pair on P-256 agrees with [`SealingKey::point`](crate::campaign::SealingKey::point) on a
//!    secret of 32 bytes.
//! 3. SHA-256 of [`derivation_input`] of that secret is the key of AES-256-GCM.
//! 4. [`header`] with the fresh public key is the additional authenticated data, byte for byte; the initialisation
//!    vector is 12 random bytes.
//! 5. [`compact`] of header, vector and ciphertext is the claim `sealed`.

use crate::action::Claims;
pub use crate::action::SealedPayload;
use crate::base64url::{decode, encode};
use crate::jwk::PublicKey;
use crate::shape::{self, ConfigFault, fault, read_bytes as read, record};

/// Key agreement algorithm.
const ALG: &str = "ECDH-ES";
/// Content encryption algorithm.
const ENC: &str = "A256GCM";
/// Length of the initialisation vector, in bytes.
const IV: usize = 12;
/// Length of the authentication tag, in bytes.
const TAG: usize = 16;
/// Plaintexts are padded to a multiple of so many bytes. The length is visible, and it would reveal whether a message
/// was left unchanged.
const BLOCK: usize = 256;

record! { written
    /// The header of the JWE. No other member is allowed.
    pub struct Header {
        /// Always `ECDH-ES`.
        alg: String,
        /// Always `A256GCM`.
        enc: String,
        /// The ephemeral public key.
        epk: PublicKey,
        /// The id of the recipient's key.
        kid: Option<String> = None,
    }
}

/// Splits claims into the part that stays readable and the part to seal.
pub fn split(mut claims: Claims) -> (Claims, SealedPayload) {
    let inside = SealedPayload {
        person: std::mem::take(&mut claims.person),
        message: claims.message.take(),
        messages: std::mem::take(&mut claims.messages),
        answers: std::mem::take(&mut claims.answers),
    };
    (claims, inside)
}

/// Puts the sealed payload back into the claims, as if nothing had been sealed.
///
/// # Errors
/// The names of members that the claims have in plain text.
pub fn joined(mut claims: Claims, inside: SealedPayload) -> Result<Claims, Vec<&'static str>> {
    let exposed = exposed(&claims);
    if !exposed.is_empty() {
        return Err(exposed);
    }
    claims.sealed = None;
    claims.unseal(inside);
    Ok(claims)
}

/// The names of members that should be sealed and are in the claims in plain text.
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

/// The plaintext to encrypt: JSON, padded with spaces.
pub fn plaintext(inside: &SealedPayload) -> String {
    let mut text = shape::write(inside);
    while !text.len().is_multiple_of(BLOCK) {
        text.push(' ');
    }
    text
}

/// Parses a decrypted plaintext.
///
/// # Errors
/// All its faults, including unknown and duplicate members.
pub fn read_inside(plaintext: &[u8]) -> Result<SealedPayload, Vec<ConfigFault>> {
    read(plaintext)
}

/// The header in base64url, for this ephemeral public key and the id of the recipient's key (which may be empty). The
/// encoded text is the additional authenticated data.
pub fn header(epk: &PublicKey, kid: &str) -> String {
    let [alg, enc] = [ALG, ENC].map(str::to_owned);
    let kid = (!kid.is_empty()).then(|| kid.to_owned());
    encode(shape::write(&Header { alg, enc, epk: epk.clone(), kid }).as_bytes())
}

/// The SHA-256 input for the content encryption key: the single round of the Concat KDF (RFC 7518, section 4.6.2).
/// `shared` is the ECDH shared secret, an x coordinate of 32 bytes.
pub fn derivation_input(shared: &[u8]) -> Vec<u8> {
    concat_kdf(shared, ENC, ["", ""], 256)
}

/// The input of the first round of the Concat KDF for a key of so many bits, with algorithm and parties (`apu`, `apv`).
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

/// The compact JWE of a [`header`], the initialisation vector, and the output of AES-GCM with the tag at its end, as
/// WebCrypto returns it.
pub fn compact(header: &str, iv: &[u8], sealed: &[u8]) -> String {
    let (ciphertext, tag) = sealed.split_at(sealed.len().saturating_sub(TAG));
    // The encrypted key between the first two dots is empty for a direct key agreement.
    [header, "..", &encode(iv), ".", &encode(ciphertext), ".", &encode(tag)].concat()
}

/// A parsed JWE. Nothing is decrypted yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sealed<'a> {
    /// The header.
    pub header: Header,
    /// The encoded header: the additional authenticated data.
    pub protected: &'a str,
    /// The initialisation vector.
    pub iv: [u8; IV],
    /// The ciphertext, with the tag at its end.
    pub sealed: Vec<u8>,
}

/// Why a text is not a valid JWE of this kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedFault {
    /// Not five parts of canonical, unpadded base64url, the second one empty.
    NotCompact,
    /// The header is invalid; the faults say why.
    Header(Vec<ConfigFault>),
    /// The initialisation vector is not 12 bytes, or the tag not 16.
    Length,
}

/// Parses a compact JWE.
///
/// # Errors
/// The first part that is invalid.
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
