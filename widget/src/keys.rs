//! Keys, signatures and digests by WebCrypto. The private key can't be taken out of the browser and
//! lives as long as one message.

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use standwith::envelope::{self, PublicKey};

// Of our own and not of web-sys: on http pages `crypto.subtle` is undefined, and a page may have
// put anything in its place, so every call has to be caught.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = generateKey, catch)]
    fn generate_key(algorithm: &Object, out: bool, uses: &Array) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = exportKey, catch)]
    fn export_key(format: &str, key: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn sign(algorithm: &Object, key: &JsValue, data: &[u8]) -> Result<Promise, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn digest(algorithm: &str, data: &[u8]) -> Result<Promise, JsValue>;
}

fn ecdsa(member: &str, value: &str) -> Result<Object, JsValue> {
    let algorithm = Object::new();
    Reflect::set(&algorithm, &"name".into(), &"ECDSA".into())?;
    Reflect::set(&algorithm, &member.into(), &value.into())?;
    Ok(algorithm)
}

/// A fresh key for ES256: its private half, opaque, and its public half.
pub(crate) async fn fresh() -> Result<(JsValue, PublicKey), JsValue> {
    let uses = Array::of1(&"sign".into());
    let pair = JsFuture::from(generate_key(&ecdsa("namedCurve", "P-256")?, false, &uses)?).await?;
    let public = Reflect::get(&pair, &"publicKey".into())?;
    let jwk = JsFuture::from(export_key("jwk", &public)?).await?;
    let member = |name: &str| Reflect::get(&jwk, &name.into()).map(|value| value.as_string());
    let [x, y] = [member("x")?, member("y")?].map(Option::unwrap_or_default);
    Ok((Reflect::get(&pair, &"privateKey".into())?, PublicKey::p256(&x, &y)))
}

/// The signature of a text: r and s, 32 bytes each.
pub(crate) async fn signature(key: &JsValue, text: &str) -> Result<Vec<u8>, JsValue> {
    let promise = sign(&ecdsa("hash", "SHA-256")?, key, text.as_bytes())?;
    Ok(Uint8Array::new(&JsFuture::from(promise).await?).to_vec())
}

/// SHA-256 of a text, in base64url.
pub(crate) async fn sha256(text: &str) -> Result<String, JsValue> {
    let digest = JsFuture::from(digest("SHA-256", text.as_bytes())?).await?;
    Ok(envelope::encode(&Uint8Array::new(&digest).to_vec()))
}
