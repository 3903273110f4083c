//! Keys and signed actions, as a form makes them.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::rand::{SystemRandom, fill};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use standwith::action::Claims;
use standwith::envelope::{PublicKey, compact, encode, signing_input};

/// A supporter's key.
#[derive(Debug)]
pub struct Signer {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

impl Signer {
    /// A new key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new() -> Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        // The uncompressed point: 4, x, y.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            bail!("a public key is no point on P-256");
        };
        let public = PublicKey::p256(&encode(x), &encode(y));
        Ok(Signer { pair, public })
    }

    /// Its public half.
    pub fn key(&self) -> &PublicKey {
        &self.public
    }

    /// The signature of a text, in the format of JWS (RFC 7518, section 3.4).
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn signature(&self, input: &str) -> Result<Vec<u8>> {
        Ok(self.pair.sign(&SystemRandom::new(), input.as_bytes())?.as_ref().to_vec())
    }

    /// The action with these claims: a compact JWS.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, claims: &Claims) -> Result<String> {
        let input = signing_input(&self.public, claims);
        Ok(compact(&input, &self.signature(&input)?))
    }
}

/// An unused identity: 128 random bits in base64url.
///
/// # Errors
/// The system has no randomness.
pub fn fresh_jti() -> Result<String> {
    let mut bits = [0; 16];
    fill(&mut bits)?;
    Ok(encode(&bits))
}

/// SHA-256 in base64url.
pub fn digest(bytes: &[u8]) -> String {
    encode(hash(&SHA256, bytes).as_ref())
}

/// Seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "an action says when it was made")]
pub fn now() -> i64 {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(elapsed.as_secs()).unwrap_or_default()
}
