//! The endpoint's own keys: one that signs receipts, and those that signed earlier ones.
//!
//! The key file is a JWK set (RFC 7517) in which one key has its private part. Making a new key retires that one: its
//! private part is dropped, its public part stays, so that its receipts can be verified for ever.
//!
//! JWKs are written with the core's `Writer`, not with serde: a thumbprint is a digest of exact bytes (RFC
//! 7638), and the `Writer` cannot fail.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsBigEndian, EcPrivateKeyBin};
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use standwith::envelope::{PublicKey, decode, encode};
use standwith::json::{self, Json, Value, Writer};

use crate::input::{self, LONGEST_KEYS};
use crate::signature::{PinnedKeys, digest};

/// The reason why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The file can't be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The file is not a key file.
    #[error("{path}: {problem}", path = path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The fault.
        problem: &'static str,
    },
    /// The cryptographic library rejects the private key.
    #[error("a signing key is rejected: {0}")]
    Rejected(#[from] KeyRejected),
    /// The cryptographic library failed, mostly for lack of randomness.
    #[error("the cryptographic library failed")]
    Unspecified(#[from] Unspecified),
}

/// The key that signs, and the public keys, the signing one's first.
#[derive(Debug)]
pub struct Keyring {
    signing: EcdsaKeyPair,
    public: Vec<(String, PublicKey)>,
}

impl Keyring {
    /// Reads the keys in a file; if it does not exist, creates it with a new key.
    ///
    /// # Errors
    /// The file can't be read, can't be created, or is not a key file.
    pub fn open_or_make(path: &Path) -> Result<Self, KeyFault> {
        match Self::open(path) {
            Err(KeyFault::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let keyring = Self::renewed(Vec::new())?;
                match keyring.write(path, Existing::Keep) {
                    // Another process created the file first: use its keys.
                    Err(KeyFault::Io { source, .. })
                        if source.kind() == io::ErrorKind::AlreadyExists =>
                    {
                        Self::open(path)
                    }
                    written => written.map(|()| keyring),
                }
            }
            opened => opened,
        }
    }

    /// The names (`kid`) of all keys, the signing one's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.public.iter().map(|(kid, _)| kid.as_str())
    }

    /// Reads the keys in a file.
    ///
    /// # Errors
    /// The file can't be read, or is not a key file.
    pub fn open(path: &Path) -> Result<Self, KeyFault> {
        let io = |source| KeyFault::Io { path: path.to_owned(), source };
        let malformed = |problem| KeyFault::Malformed { path: path.to_owned(), problem };
        let text = input::text(path, LONGEST_KEYS).map_err(io)?;
        if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
            tracing::warn!(
                file = %path.display(),
                "signing key: other users may read the file; set its mode to 0600"
            );
        }
        let keys = jwk_set(&text).ok_or_else(|| malformed("expected a JWK set"))?;
        let mut private = keys.iter().filter_map(|key| Some((key, key.get("d")?.text()?)));
        let (Some((signing, d)), None) = (private.next(), private.next()) else {
            return Err(malformed("expected one key with its private part \"d\", and one only"));
        };
        let bad_key = || malformed("expected keys on P-256, x, y and d of 32 bytes in base64url");
        let key = public_key(signing).ok_or_else(bad_key)?;
        let point = key.point().ok_or_else(bad_key)?;
        let d = decode(d).ok_or_else(bad_key)?;
        let signing = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &d,
            &point,
        )?;
        let mut public = vec![(thumbprint(&key), key)];
        for key in keys.iter().filter(|key| key.get("d").is_none()) {
            let key = public_key(key).ok_or_else(bad_key)?;
            public.push((thumbprint(&key), key));
        }
        Ok(Keyring { signing, public })
    }

    /// Adds a new signing key to this file and retires the previous one. Creates the file if it is missing.
    ///
    /// # Errors
    /// The file can't be read or written, or is not a key file.
    pub fn renew(path: &Path) -> Result<Self, KeyFault> {
        let retired = match Self::open(path) {
            Ok(before) => before.public,
            Err(KeyFault::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Vec::new()
            }
            Err(fault) => return Err(fault),
        };
        let existing = if retired.is_empty() { Existing::Keep } else { Existing::Replace };
        let keyring = Self::renewed(retired)?;
        keyring.write(path, existing)?;
        Ok(keyring)
    }

    fn renewed(retired: Vec<(String, PublicKey)>) -> Result<Self, KeyFault> {
        let signing = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        // The uncompressed point: 4, x, y.
        let point = signing.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(Unspecified.into());
        };
        let key = PublicKey::p256(&encode(x), &encode(y));
        let mut public = vec![(thumbprint(&key), key)];
        public.extend(retired);
        Ok(Keyring { signing, public })
    }

    /// The name of the key that signs: its RFC 7638 thumbprint.
    pub fn kid(&self) -> &str {
        self.public.first().map_or("", |(kid, _)| kid)
    }

    /// Signs with ES256: r and s, 32 bytes each (RFC 7518, section 3.4).
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        Ok(self.signing.sign(&SystemRandom::new(), message)?.as_ref().to_vec())
    }

    /// A secret for one purpose, derived from the private key: endpoints that share their keys share it, and it reveals
    /// nothing about the key.
    ///
    /// # Errors
    /// The cryptographic library fails.
    pub fn secret(&self, purpose: &str) -> Result<Vec<u8>, Unspecified> {
        let private: EcPrivateKeyBin<'_> = self.signing.private_key().as_be_bytes()?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, private.as_ref());
        Ok(hmac::sign(&key, purpose.as_bytes()).as_ref().to_vec())
    }

    /// The public keys as a JWK set, the signing one first, then the retired ones.
    pub fn jwks(&self) -> String {
        let mut out = Writer::default();
        self.write_set(&mut out, None);
        out.finish()
    }

    /// All public keys, for verifying what this endpoint signed.
    pub fn pinned(&self) -> PinnedKeys {
        PinnedKeys::new(self.public.clone())
    }

    fn write_set(&self, out: &mut Writer, mut private: Option<&str>) {
        out.object(|out| {
            out.key("keys").list(|out| {
                for (kid, key) in &self.public {
                    out.object(|out| {
                        let PublicKey { kty, crv, x, y } = key;
                        let members = [("kty", kty.as_str()), ("crv", crv), ("x", x), ("y", y)];
                        let usage = [("kid", kid.as_str()), ("alg", "ES256"), ("use", "sig")];
                        for (name, value) in members.into_iter().chain(usage) {
                            out.key(name).text(value);
                        }
                        if let Some(d) = private.take() {
                            out.key("d").text(d);
                        }
                    });
                }
            });
        });
    }

    /// Writes the file in one step, readable by its owner only.
    fn write(&self, path: &Path, existing: Existing) -> Result<(), KeyFault> {
        let private: EcPrivateKeyBin<'_> = self.signing.private_key().as_be_bytes()?;
        let mut out = Writer::default();
        self.write_set(&mut out, Some(&encode(private.as_ref())));
        let text = out.finish() + "\n";
        let io = |source| KeyFault::Io { path: path.to_owned(), source };
        put(path, text.as_bytes(), existing).map_err(io)
    }
}

/// The treatment of an existing file.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Writes a file in one step, readable by its owner only.
pub(crate) fn put(path: &Path, bytes: &[u8], existing: Existing) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let aside = path.with_extension(format!("{}.new", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    let written = file
        .set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .and_then(|()| match existing {
            Existing::Replace => fs::rename(&aside, path),
            Existing::Keep => fs::hard_link(&aside, path).and_then(|()| fs::remove_file(&aside)),
        })
        .and_then(|()| fs::File::open(folder)?.sync_all());
    if written.is_err() {
        // If the file can't even be removed, nothing more can be done.
        let _ = fs::remove_file(&aside);
    }
    written
}

/// The keys of a JWK set (RFC 7517) that can have signed receipts: those on P-256.
pub fn pinned_keys(text: &str) -> Option<PinnedKeys> {
    let keys = jwk_set(text)?;
    let named = keys.iter().filter_map(|json| {
        let key = public_key(json)?;
        let kid = json.get("kid").and_then(Json::text).map(str::to_owned);
        Some((kid.unwrap_or_else(|| thumbprint(&key)), key))
    });
    Some(PinnedKeys::new(named.collect()))
}

fn jwk_set(text: &str) -> Option<Vec<Json>> {
    match json::parse(text).ok()?.get("keys")?.value {
        Value::List(ref keys) => Some(keys.clone()),
        _ => None,
    }
}

/// The public key of a JWK on P-256; other members are ignored.
pub(crate) fn public_key(json: &Json) -> Option<PublicKey> {
    let text = |key: &str| json.get(key)?.text();
    let key = PublicKey { crv: text("crv")?.to_owned(), ..PublicKey::p256(text("x")?, text("y")?) };
    (text("kty")? == "EC" && key.point().is_some()).then_some(key)
}

/// The name of a key by its content (RFC 7638).
pub(crate) fn thumbprint(key: &PublicKey) -> String {
    // Required members only, in alphabetical order, without white space.
    let mut out = Writer::default();
    out.object(|out| {
        for (name, value) in [("crv", &key.crv), ("kty", &key.kty), ("x", &key.x), ("y", &key.y)] {
            out.key(name).text(value);
        }
    });
    digest(out.finish().as_bytes())
}
