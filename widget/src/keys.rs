//! Keys, signatures and digests by WebCrypto. The private key can't be taken out of the browser and
//! lives as long as one message.

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use standwith::envelope::{self, PublicKey};

// Of our own and not of web-sys: on http pages `crypto.subtle` is undefined, and a page may have
// put anything in its place, so every call has to be caught, and may return anything.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = generateKey, catch)]
    fn generate_key(algorithm: &Object, out: bool, uses: &Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], js_name = exportKey, catch)]
    fn export_key(format: &str, key: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn sign(algorithm: &Object, key: &JsValue, data: &[u8]) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_namespace = ["crypto", "subtle"], catch)]
    fn digest(algorithm: &str, data: &[u8]) -> Result<JsValue, JsValue>;
}

/// What a call came to. Of what is no promise, `JsFuture` alone would never hear.
async fn settled(answer: JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&answer)).await
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
    let pair = settled(generate_key(&ecdsa("namedCurve", "P-256")?, false, &uses)?).await?;
    let public = Reflect::get(&pair, &"publicKey".into())?;
    let jwk = settled(export_key("jwk", &public)?).await?;
    let member = |name: &str| Reflect::get(&jwk, &name.into()).map(|value| value.as_string());
    let [x, y] = [member("x")?, member("y")?].map(Option::unwrap_or_default);
    Ok((Reflect::get(&pair, &"privateKey".into())?, PublicKey::p256(&x, &y)))
}

/// The signature of a text: r and s, 32 bytes each.
pub(crate) async fn signature(key: &JsValue, text: &str) -> Result<Vec<u8>, JsValue> {
    let signature = settled(sign(&ecdsa("hash", "SHA-256")?, key, text.as_bytes())?).await?;
    let signature = Uint8Array::new(&signature).to_vec();
    if signature.len() == 64 { Ok(signature) } else { Err(JsValue::NULL) }
}

/// SHA-256 of a text, in base64url.
pub(crate) async fn sha256(text: &str) -> Result<String, JsValue> {
    let digest = settled(digest("SHA-256", text.as_bytes())?).await?;
    Ok(envelope::encode(&Uint8Array::new(&digest).to_vec()))
}
