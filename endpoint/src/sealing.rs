//! The campaigner's sealing keys, and decryption with them, by aws-lc-rs. The endpoint itself has no such key: it
//! stores what it can't read, and `standwith export --unseal` opens it elsewhere.
//!
//! A key file is one private JWK on P-256 (RFC 7517), so that any JOSE library can use it as well.

use std::io;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, ParsedPublicKey, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::error::Unspecified;
use standwith::envelope::{PublicKey, decode, encode};
use standwith::json::{self, Json, Writer};
use standwith::sealing::{self, Sealed};

use crate::input::{self, LONGEST_KEYS};
use crate::keys::{Existing, KeyFault, public_key, put, thumbprint};

/// A key that opens payloads sealed to it.
pub struct SealingKey {
    private: PrivateKey,
    public: PublicKey,
    kid: String,
}

impl SealingKey {
    /// Creates a new key in this file. An existing file is never changed: without its key, payloads sealed to it can
    /// never be read.
    ///
    /// # Errors
    /// The file exists already or can't be written, or the system has no randomness.
    pub fn make(path: &Path) -> Result<Self, KeyFault> {
        let private = PrivateKey::generate(&ECDH_P256)?;
        let public = public_half(&private)?;
        let key = SealingKey { kid: thumbprint(&public), private, public };
        let d: EcPrivateKeyBin<'_> = key.private.as_be_bytes()?;
        let text = key.written(Some(&encode(d.as_ref()))) + "\n";
        put(path, text.as_bytes(), Existing::Keep)
            .map_err(|source| KeyFault::Io { path: path.to_owned(), source })?;
        Ok(key)
    }

    /// Reads the key in a file.
    ///
    /// # Errors
    /// The file can't be read, or holds no private key on P-256.
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        let io = |source| KeyFault::Io { path: path.to_owned(), source };
        let malformed = |problem| KeyFault::Malformed { path: path.to_owned(), problem };
        Self::read(&input::text(path, LONGEST_KEYS).map_err(io)?).map_err(malformed)
    }

    /// Reads a private JWK.
    fn read(text: &str) -> Result<Self, &'static str> {
        let json = json::parse(text).map_err(|_| "expected a JWK")?;
        let public = public_key(&json).ok_or("expected a key on P-256, as `keys seal` makes it")?;
        let d = json.get("d").and_then(Json::text);
        let d =
            d.ok_or("this is the public key: what is sealed opens with the private one, \"d\"")?;
        let private = decode(d).and_then(|d| PrivateKey::from_private_key(&ECDH_P256, &d).ok());
        let private = private.ok_or("the private key \"d\" is none on P-256")?;
        if public_half(&private).ok().as_ref() != Some(&public) {
            return Err("\"d\" is not the private key of \"x\" and \"y\"");
        }
        let kid = json.get("kid").and_then(Json::text).map(str::to_owned);
        Ok(SealingKey { kid: kid.unwrap_or_else(|| thumbprint(&public)), private, public })
    }

    /// The key's name.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public key as a campaign file has it.
    pub fn jwk(&self) -> String {
        self.written(None)
    }

    fn written(&self, private: Option<&str>) -> String {
        let PublicKey { kty, crv, x, y } = &self.public;
        let mut out = Writer::default();
        out.object(|out| {
            for (name, value) in
                [("kty", kty), ("crv", crv), ("x", x), ("y", y), ("kid", &self.kid)]
            {
                out.key(name).text(value);
            }
            if let Some(d) = private {
                out.key("d").text(d);
            }
        });
        out.finish()
    }

    /// Opens a sealed text; `None` if it was sealed to another key, or was altered.
    pub fn unseal(&self, sealed: &Sealed<'_>) -> Option<Vec<u8>> {
        let point = sealed.header.epk.point()?;
        let peer = UnparsedPublicKey::new(&ECDH_P256, point);
        let key = agree(&self.private, peer, Unspecified, encryption_key).ok()?;
        let mut text = sealed.sealed.clone();
        let additional = Aad::from(sealed.protected);
        let nonce = Nonce::assume_unique_for_key(sealed.iv);
        let length = key.open_in_place(nonce, additional, &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

/// Derives the encryption key from the secret on which two keys agree.
///
/// # Errors
/// The cryptographic library fails.
pub fn encryption_key(shared: &[u8]) -> Result<LessSafeKey, Unspecified> {
    let key = hash(&SHA256, &sealing::derivation_input(shared));
    Ok(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.as_ref())?))
}

/// Whether an uncompressed point is on the curve P-256, so that it can be a public key.
pub fn is_on_curve(point: &[u8; 65]) -> bool {
    ParsedPublicKey::try_from(UnparsedPublicKey::new(&ECDH_P256, point)).is_ok()
}

fn public_half(private: &PrivateKey) -> Result<PublicKey, Unspecified> {
    let point = private.compute_public_key()?;
    // The uncompressed point: 4, x, y.
    let point = point.as_ref();
    let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
        return Err(Unspecified);
    };
    Ok(PublicKey::p256(&encode(x), &encode(y)))
}

/// Whether a fault says that the file existed before.
pub fn is_there_already(fault: &KeyFault) -> bool {
    matches!(fault, KeyFault::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists)
}
