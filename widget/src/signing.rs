//! Keys and signatures of actions, ES256 by WebCrypto.

use web_sys::CryptoKey;

use crate::task::settled;
use crate::web_crypto::{bytes, given, key_pair, random, sha256, subtle, with};
use standwith::base64url;
use standwith::envelope::PublicKey;
use standwith::session::SigningInputs;

/// Generates a fresh key and a `jti`, and digests texts.
pub(crate) async fn prepare(texts: Vec<String>) -> Option<(CryptoKey, SigningInputs)> {
    let (key, x, y) = key_pair("ECDSA", "sign").await?;
    let jti = base64url::encode(&bytes(&random(16)?.into()));
    let mut digests = Vec::new();
    for text in texts {
        digests.push(base64url::encode(&bytes(&sha256(text.as_bytes()).await?)));
    }
    Some((key, SigningInputs { key: PublicKey::p256(&x, &y), jti, digests }))
}

/// Signs a text. Returns r and s, 32 bytes each, in base64url.
pub(crate) async fn sign(key: CryptoKey, text: String) -> Option<String> {
    let algorithm = with("ECDSA", "hash", &"SHA-256".into());
    let text = given(text.as_bytes());
    let signature = subtle().sign_with_object_and_buffer_source(&algorithm, &key, &text);
    let signature = bytes(&settled(signature).await?);
    (signature.len() == 64).then(|| base64url::encode(&signature))
}
