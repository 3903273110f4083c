//! Requests. Whatever a page's own `fetch` does, the answer is a [`Reply`] or none.

use gloo_net::http::{Method, RequestBuilder};
use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReferrerPolicy, Request, RequestCredentials, Response};

use standwith::session::Reply;

/// How long an answer may take, in milliseconds.
const PATIENCE: u32 = 10_000;

// Not gloo-net's `send`, which panics when a page's patched `fetch` rejects with something that is
// no `Error`.
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch)]
    fn fetch(request: &Request, options: &Object) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = AbortSignal, js_name = timeout, catch)]
    fn timeout(milliseconds: u32) -> Result<JsValue, JsValue>;
}

fn request(method: Method, url: &str) -> RequestBuilder {
    RequestBuilder::new(url)
        .method(method)
        .credentials(RequestCredentials::Omit)
        .referrer_policy(ReferrerPolicy::NoReferrer)
}

/// Posts a body.
pub(crate) async fn post(url: &str, body: &str, content_type: &str) -> Option<Reply> {
    let request = request(Method::POST, url).header("Content-Type", content_type);
    answer(request.body(body).ok()?).await
}

/// Gets a text.
pub(crate) async fn get(url: &str) -> Option<Reply> {
    answer(request(Method::GET, url).build().ok()?).await
}

async fn answer(request: gloo_net::http::Request) -> Option<Reply> {
    // Beside the request and not in it: WebKit collects a request while it is answered, and its
    // signal along with it.
    let options = Object::new();
    if let Ok(signal) = timeout(PATIENCE) {
        // A fresh object takes every member.
        let _ = Reflect::set(&options, &"signal".into(), &signal);
    }
    let promise = Promise::resolve(&fetch(&request.into(), &options).ok()?);
    let response: Response = JsFuture::from(promise).await.ok()?.dyn_into().ok()?;
    let retry_after = response.headers().get("Retry-After").ok()?;
    let body = JsFuture::from(response.text().ok()?).await.ok()?;
    Some(Reply {
        status: response.status(),
        body: body.as_string()?,
        retry_after: retry_after.and_then(|seconds| seconds.trim().parse().ok()),
    })
}
