//! Bindings to WebCrypto. A page may have replaced any of it, so results are checked where they are used.

use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use web_sys::{Crypto, CryptoKey, SubtleCrypto};

use crate::browser::{get, list, window};
use crate::detail::{Algorithm, to_js};
use crate::task::{Settled, settled};

/// The browser's cryptography.
pub(crate) fn subtle() -> SubtleCrypto {
    get(&crypto(), "subtle").unchecked_into()
}

fn crypto() -> Crypto {
    get(&window(), "crypto").unchecked_into()
}

/// Bytes for the browser.
pub(crate) fn given(bytes: &[u8]) -> Uint8Array {
    Uint8Array::from(bytes)
}

/// Bytes of a buffer.
pub(crate) fn bytes(buffer: &JsValue) -> Vec<u8> {
    Uint8Array::new(buffer).to_vec()
}

/// Random bytes.
pub(crate) fn random(length: usize) -> Option<Uint8Array> {
    let bytes = given(&vec![0; length]);
    crypto().get_random_values_with_array_buffer_view(&bytes).ok()?;
    Some(bytes)
}

/// SHA-256.
pub(crate) fn sha256(text: &[u8]) -> Settled {
    settled(subtle().digest_with_str_and_buffer_source("SHA-256", &given(text)))
}

/// The algorithm of keys on P-256.
pub(crate) fn p256(name: &str) -> Object {
    let curve = Algorithm { name, named_curve: Some("P-256"), hash: None, iterations: None };
    to_js(&curve).unchecked_into()
}

/// An algorithm with one parameter that is not a string.
pub(crate) fn with(name: &str, parameter: &str, value: &JsValue) -> Object {
    let algorithm = to_js(&Algorithm { name, named_curve: None, hash: None, iterations: None });
    let _ = Reflect::set(&algorithm, &parameter.into(), value);
    algorithm.unchecked_into()
}

/// List of the allowed usages of a key.
pub(crate) fn uses(what: &str) -> JsValue {
    list(&[what.into()]).into()
}

/// A fresh key pair on P-256: the private key, which is not extractable, and x and y of the public one.
pub(crate) async fn key_pair(algorithm: &str, what: &str) -> Option<(CryptoKey, String, String)> {
    let subtle = subtle();
    let pair = subtle.generate_key_with_object(&p256(algorithm), false, &uses(what));
    let pair = settled(pair).await?;
    let public = subtle.export_key("jwk", get(&pair, "publicKey").unchecked_ref());
    let public = settled(public).await?;
    let text = |name| get(&public, name).as_string();
    Some((get(&pair, "privateKey").unchecked_into(), text("x")?, text("y")?))
}
