//! Sealing by WebCrypto, with the steps of `standwith::sealing`. Any failure gives `None`.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::CryptoKey;

use crate::browser::list;
use crate::detail::{Jwk, to_js};
use crate::task::settled;
use crate::web_crypto::{bytes, given, key_pair, p256, random, sha256, subtle, uses, with};
use standwith::campaign::SealingKey;
use standwith::envelope::PublicKey;
use standwith::sealing;

/// Seals a text to a key. Returns the compact JWE, or `None` after a failure.
pub(crate) async fn seal(plaintext: String, key: SealingKey) -> Option<String> {
    let subtle = subtle();
    let jwk = to_js(&Jwk { kty: &key.kty, crv: &key.crv, x: &key.x, y: &key.y });
    let (jwk, curve) = (jwk.unchecked_into(), p256("ECDH"));
    let theirs = subtle.import_key_with_object("jwk", &jwk, &curve, false, &list(&[]));
    let theirs = settled(theirs).await?;
    // An ephemeral key, only for this text.
    let (private, x, y) = key_pair("ECDH", "deriveBits").await?;
    let header = sealing::header(&PublicKey::p256(&x, &y), &key.kid);
    let agreed = with("ECDH", "public", &theirs);
    let shared = settled(subtle.derive_bits_with_object(&agreed, &private, 256)).await?;
    let digest = sha256(&sealing::derivation_input(&bytes(&shared))).await?;
    let (digest, uses) = (digest.unchecked_into(), uses("encrypt"));
    let key = subtle.import_key_with_str("raw", &digest, "AES-GCM", false, &uses);
    let key: CryptoKey = settled(key).await?.unchecked_into();
    let iv = random(12)?;
    let how = with("AES-GCM", "iv", &iv);
    let _ = Reflect::set(&how, &"additionalData".into(), &given(header.as_bytes()));
    let plaintext = given(plaintext.as_bytes());
    let sealed = subtle.encrypt_with_object_and_buffer_source(&how, &key, &plaintext);
    let sealed = bytes(&settled(sealed).await?);
    let iv = bytes(&iv);
    // If the page has replaced these functions, the message must not reach it.
    let fresh = iv.iter().any(|byte| *byte != 0);
    (fresh && sealed.len() > 16).then(|| sealing::compact(&header, &iv, &sealed))
}
