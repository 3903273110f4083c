//! Sealing by WebCrypto, step by step as `standwith::sealing` has it. Whatever fails, nothing comes of it.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::prelude::*;

use crate::browser::{call, get, list, then, window};
use crate::detail::{Detail, Value};
use standwith::campaign::SealingKey;
use standwith::envelope::PublicKey;
use standwith::sealing;

/// A kind of key on P-256.
fn curve() -> JsValue {
    Detail(&[("name", Value::Text("ECDH")), ("namedCurve", Value::Text("P-256"))]).to_js()
}

/// An algorithm with one parameter that is no text.
fn with(name: &str, parameter: &str, value: &JsValue) -> JsValue {
    let algorithm = Detail(&[("name", Value::Text(name))]).to_js();
    let _ = Reflect::set(&algorithm, &parameter.into(), value);
    algorithm
}

fn uses(what: &str) -> JsValue {
    list(&[what.into()]).into()
}

/// The bytes that came.
pub(crate) fn bytes(buffer: &JsValue) -> Vec<u8> {
    Uint8Array::new(buffer).to_vec()
}

/// Bytes for the browser.
pub(crate) fn given(bytes: &[u8]) -> JsValue {
    Uint8Array::from(bytes).into()
}

/// The browser's cryptography.
pub(crate) fn subtle() -> JsValue {
    get(&get(&window(), "crypto"), "subtle")
}

/// Seals a text to a key: `done` hears of the compact JWE, or of nothing.
pub(crate) fn seal(
    plaintext: String,
    key: &SealingKey,
    done: impl FnOnce(Option<String>) + 'static,
) {
    let jwk = [("kty", &key.kty), ("crv", &key.crv), ("x", &key.x), ("y", &key.y)];
    let jwk = Detail(&jwk.map(|(name, value)| (name, Value::Text(value)))).to_js();
    let kid = key.kid.clone();
    let how = ["jwk".into(), jwk, curve(), false.into(), list(&[]).into()];
    let theirs = call(&subtle(), "importKey", &how);
    then(theirs, move |theirs| {
        let Some(theirs) = theirs else { return done(None) };
        // Made for this one text, and gone with it.
        let pair = call(&subtle(), "generateKey", &[curve(), false.into(), uses("deriveBits")]);
        then(pair, move |pair| {
            let Some(pair) = pair else { return done(None) };
            let public = get(&pair, "publicKey");
            then(call(&subtle(), "exportKey", &["jwk".into(), public]), move |epk| {
                let text = |name| get(epk.as_ref()?, name).as_string();
                let Some((x, y)) = text("x").zip(text("y")) else { return done(None) };
                let header = sealing::header(&PublicKey::p256(&x, &y), &kid);
                let agreed = with("ECDH", "public", &theirs);
                let private = get(&pair, "privateKey");
                let shared = call(&subtle(), "deriveBits", &[agreed, private, 256.into()]);
                then(shared, move |shared| {
                    let Some(shared) = shared else { return done(None) };
                    let input = given(&sealing::derivation_input(&bytes(&shared)));
                    derive(input, move |key| encrypt(key, header, &plaintext, done));
                });
            });
        });
    });
}

/// The key that SHA-256 makes of this.
fn derive(input: JsValue, done: impl FnOnce(Option<JsValue>) + 'static) {
    then(call(&subtle(), "digest", &["SHA-256".into(), input]), move |digest| {
        let Some(digest) = digest else { return done(None) };
        let how = ["raw".into(), digest, "AES-GCM".into(), false.into(), uses("encrypt")];
        then(call(&subtle(), "importKey", &how), done);
    });
}

fn encrypt(
    key: Option<JsValue>,
    header: String,
    plaintext: &str,
    done: impl FnOnce(Option<String>) + 'static,
) {
    let Some(key) = key else { return done(None) };
    let iv = given(&[0; 12]);
    if call(&get(&window(), "crypto"), "getRandomValues", std::slice::from_ref(&iv)).is_err() {
        return done(None);
    }
    let how = with("AES-GCM", "iv", &iv);
    let _ = Reflect::set(&how, &"additionalData".into(), &given(header.as_bytes()));
    let sealed = call(&subtle(), "encrypt", &[how, key, given(plaintext.as_bytes())]);
    then(sealed, move |sealed| {
        let iv = bytes(&iv);
        // A page that has put something of its own in the place of these gets no message.
        let fresh = iv.iter().any(|byte| *byte != 0);
        let sealed =
            sealed.map(|sealed| bytes(&sealed)).filter(|sealed| fresh && sealed.len() > 16);
        done(sealed.map(|sealed| sealing::compact(&header, &iv, &sealed)));
    });
}
