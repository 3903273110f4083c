//! Proof of work: what an endpoint under a flood asks for before it looks at an action, as text.
//!
//! A challenge names its algorithm and what it costs, and ends in a code by which its endpoint knows it
//! again; no other part of it need be remembered anywhere:
//!
//! ```text
//! pbkdf2-sha256.1000.1024.1790000300.AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB
//! algorithm     │    │    │          salt: 16 bytes         the endpoint's code: 32 bytes
//!               │    │    └─ good before this second since 1970
//!               │    └─ one derivation in so many solves it
//!               └─ iterations of each derivation
//! ```
//!
//! A proof is the challenge, a dot, and a number. It is one if PBKDF2 with HMAC-SHA-256 (RFC 8018), the action's
//! `jti` as the password and the whole proof as the salt, derives bytes of which the first four, as a big-endian
//! number, are at most 2³² − 1 divided by the challenge's tries. Numbers are tried from 0 on until one is; WebCrypto
//! imports the password once, and derives once for each try.
//!
//! Nothing here derives anything: the shells bring the cryptography.

use crate::base64url::{decode, encode};
use crate::find::split_once;

/// The name of the only algorithm.
pub const ALGORITHM: &str = "pbkdf2-sha256";
/// The query's name for a proof.
pub const PARAMETER: &str = "proof";
/// The longest text of a challenge or a proof that is read, in bytes.
pub const LONGEST: usize = 160;
/// The most work that is taken on: iterations times tries. A cheap phone has some 20 seconds to do with it; an
/// endpoint that asks for more shall not have anybody's battery.
pub const MOST_WORK: u64 = 1 << 24;
/// The most iterations of one derivation: a browser can't be stopped within one. A fraction of a second.
pub const MOST_ITERATIONS: u32 = 1 << 16;
/// The most derivations that are asked for: each costs a browser more than its iterations.
pub const MOST_TRIES: u32 = 1 << 15;
/// How many times the tries of a challenge it is tried: in ten million challenges one takes more.
const MOST_UNLUCKY: u32 = 16;
/// How long a device works for one message at most, in seconds.
pub const LONGEST_WORK: i64 = 60;

/// A challenge, read from its text. That it is the endpoint's own is for the endpoint to verify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge<'a> {
    text: &'a str,
    /// Iterations of each derivation.
    pub iterations: u32,
    /// How many derivations it takes on average.
    pub tries: u32,
    /// From this second on (since 1970) it is good no more.
    pub expires: i64,
}

impl<'a> Challenge<'a> {
    /// Reads a challenge. None where it is not written as above, of another algorithm, or asks for more than
    /// [`MOST_WORK`], [`MOST_ITERATIONS`] or [`MOST_TRIES`].
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

    /// Whether this number is worth a try: one that is larger is not, because nobody is that unlucky.
    pub fn is_worth(&self, number: u32) -> bool {
        number / MOST_UNLUCKY <= self.tries
    }

    /// The proof with this number: the salt of its derivation, and what the endpoint gets.
    pub fn proof(&self, number: u32) -> String {
        [self.text, ".", &crate::json::decimal(number.into())].concat()
    }

    /// Whether a proof is one, by the first bytes that were derived from it.
    pub fn is_solved_by(&self, derived: &[u8]) -> bool {
        let first = derived.first_chunk().map(|bytes| u32::from_be_bytes(*bytes));
        first.is_some_and(|first| first <= u32::MAX / self.tries)
    }

    /// The challenge as it was issued.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// What the endpoint's code is over, and the code.
    pub fn signed(&self) -> (&'a str, Vec<u8>) {
        let (signed, code) = self.text.rsplit_once('.').unwrap_or((self.text, ""));
        (signed, decode(code).unwrap_or_default())
    }
}

/// A challenge as far as the endpoint's code is over it; the code follows after a dot.
pub fn unsigned(iterations: u32, tries: u32, expires: u32, salt: &[u8; 16]) -> String {
    let salt = encode(salt);
    format!("{ALGORITHM}.{iterations}.{tries}.{expires}.{salt}")
}

/// Takes a proof apart: the challenge, and what the number was that was found.
pub fn read_proof(text: &str) -> Option<(Challenge<'_>, u32)> {
    let (challenge, found) = text.rsplit_once('.').filter(|_| text.len() <= LONGEST)?;
    Some((Challenge::read(challenge)?, number(found)?))
}

/// A whole number in its one form, so that a proof can't be written in two ways.
fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

/// Whether this is so many bytes in base64url.
fn is_of(text: &str, bytes: usize) -> bool {
    decode(text).is_some_and(|decoded| decoded.len() == bytes)
}
