//! Proof of work: text format of challenges and proofs. An endpoint requires a proof when its rate limit is exceeded.
//!
//! A challenge names its algorithm and difficulty, and ends in a message authentication code of its endpoint, so the
//! endpoint need not remember it:
//!
//! ```text
//! pbkdf2-sha256.1000.1024.1790000300.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
//! algorithm     │    │    │          salt: 16 bytes         authentication code: 32 bytes
//!               │    │    └─ expiry: seconds since 1970
//!               │    └─ tries: one derivation in so many solves it
//!               └─ iterations of each derivation
//! ```
//!
//! A proof is the challenge, a dot, and a number. It is valid if PBKDF2 with HMAC-SHA-256 (RFC 8018), with the action's
//! `jti` as password and the whole proof as salt, derives bytes whose first four, as a big-endian number, are at most
//! 2³² − 1 divided by the challenge's tries. A client tries numbers from 0 on. With WebCrypto, it imports the password
//! once and derives once per try.
//!
//! The cryptography is in the shells.

use crate::base64url::{decode, encode};
use crate::find::split_once;

/// Name of the only algorithm.
pub const ALGORITHM: &str = "pbkdf2-sha256";
/// Query parameter for a proof.
pub const PARAMETER: &str = "proof";
/// Maximum length of a challenge or a proof, in bytes.
pub const LONGEST: usize = 160;
/// Maximum work that a client accepts: iterations times tries. It takes a cheap phone about 20 seconds; an endpoint
/// that asks for more is refused, to protect the battery.
pub const MOST_WORK: u64 = 1 << 24;
/// Maximum iterations of one derivation, a fraction of a second. A browser cannot abort a derivation.
pub const MOST_ITERATIONS: u32 = 1 << 16;
/// Maximum tries. Each derivation has a cost beyond its iterations.
pub const MOST_TRIES: u32 = 1 << 15;
/// Limit for the numbers tried, in multiples of a challenge's tries. One challenge in ten million needs more.
const MOST_UNLUCKY: u32 = 16;
/// Maximum time that a device works for one message, in seconds.
pub const LONGEST_WORK: i64 = 60;

/// A parsed challenge. Only the endpoint can verify that it issued it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    text: &'a str,
    /// Iterations per derivation.
    pub iterations: u32,
    /// Average number of derivations to solve it.
    pub tries: u32,
    /// Expiry: seconds since 1970.
    pub expires: i64,
}

impl<'a> Challenge<'a> {
    /// Parses a challenge. `None` if it is malformed, has another algorithm, or exceeds [`MOST_WORK`],
    /// [`MOST_ITERATIONS`] or [`MOST_TRIES`].
    pub fn read(text: &'a str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let (algorithm, rest) = split_once(text, ".")?;
        let (iterations, rest) = split_once(rest, ".")?;
        let (tries, rest) = split_once(rest, ".")?;
        let (expires, rest) = split_once(rest, ".")?;
        let (salt, code) = split_once(rest, ".")?;
        let (iterations, tries) = (number(iterations)?, number(tries)?);
        let known = algorithm == ALGORITHM && is_of(salt, 16) && is_of(code, 32);
        let work = u64::from(iterations) * u64::from(tries);
        let expires = number(expires)?.into();
        let bounded = iterations <= MOST_ITERATIONS && tries <= MOST_TRIES;
        (known && bounded && (1..=MOST_WORK).contains(&work)).then_some(Challenge {
            text,
            iterations,
            tries,
            expires,
        })
    }

    /// Whether this number should still be tried. Beyond the limit, the challenge is given up.
    pub fn is_worth(&self, number: u32) -> bool {
        number / MOST_UNLUCKY <= self.tries
    }

    /// The proof with this number, which is also the salt of its derivation.
    pub fn proof(&self, number: u32) -> String {
        [self.text, ".", &crate::json::decimal(number.into())].concat()
    }

    /// Whether a proof is valid, given the bytes derived from it.
    pub fn is_solved_by(&self, derived: &[u8]) -> bool {
        let first = derived.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        first.is_some_and(|first| first <= u32::MAX / self.tries)
    }

    /// The challenge as it was issued.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The text that the authentication code covers, and the code.
    pub fn signed(&self) -> (&'a str, Vec<u8>) {
        let (signed, code) = self.text.rsplit_once('.').unwrap_or((self.text, ""));
        (signed, decode(code).unwrap_or_default())
    }
}

/// The part of a challenge that the authentication code covers; the code follows after a dot.
pub fn unsigned(iterations: u32, tries: u32, expires: u32, salt: &[u8; 16]) -> String {
    let salt = encode(salt);
    format!("{ALGORITHM}.{iterations}.{tries}.{expires}.{salt}")
}

/// Parses a proof into its challenge and its number.
pub fn read_proof(text: &str) -> Option<(Challenge<'_>, u32)> {
    let (challenge, found) = text.rsplit_once('.').filter(|_| text.len() <= LONGEST)?;
    Some((Challenge::read(challenge)?, number(found)?))
}

/// Parses an integer in canonical form, so that a proof has only one spelling.
fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

/// Whether the text is base64url of so many bytes.
fn is_of(text: &str, bytes: usize) -> bool {
    decode(text).is_some_and(|decoded| decoded.len() == bytes)
}
