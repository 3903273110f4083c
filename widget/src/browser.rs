//! What only the browser can do: `browser.js`. Whatever a page has put in the place of what that
//! uses, `done` is called once, with what came or with nothing.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, Request};

use standwith::session::Reply;
use standwith::text::Rules;

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    /// Private key, x, y, identity, and the digests of these texts.
    pub(crate) fn prepare(texts: Vec<String>, done: &JsValue);
    /// The signature of a text.
    pub(crate) fn sign(key: &JsValue, text: &str, done: &JsValue);
    /// Status, body and Retry-After of the answer to a request.
    pub(crate) fn send(request: &Request, done: &JsValue);
    /// Whether a text is in the clipboard.
    pub(crate) fn copy(text: &str, done: &JsValue);
    /// Leaves the page for an address, so that no way leads back.
    pub(crate) fn leave(url: &str);
    /// Whether the browser has ways of its own to pass a text on.
    pub(crate) fn shares() -> bool;
    /// Has the browser offer them.
    pub(crate) fn share(title: &str, text: &str, url: &str);
    /// Leads to another page in a while, unless the person does anything before.
    pub(crate) fn lead(url: &str, host: &HtmlElement);
    /// Calls it after all that runs now.
    pub(crate) fn soon(done: &JsValue);
    /// An address, resolved against another; empty where there is none.
    pub(crate) fn resolve(url: &str, base: &str) -> String;
    /// Dispatches an event on an element; whether nobody cancelled it.
    pub(crate) fn dispatch(
        host: &HtmlElement,
        kind: &str,
        detail: &JsValue,
        cancelable: bool,
    ) -> bool;
    fn plural(lang: &str, number: f64) -> String;
    fn digits(lang: &str, number: f64) -> String;
    fn day(lang: &str, seconds: f64) -> String;
}

/// The rules of languages, by `Intl`.
pub(crate) const RULES: Rules = Rules {
    plural: |lang, number| plural(lang, number as f64),
    number: |lang, number| digits(lang, number as f64),
    date: |lang, seconds| day(lang, seconds as f64),
};

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}

/// A text of a list that came.
pub(crate) fn text(list: &Array, index: u32) -> String {
    list.get(index).as_string().unwrap_or_default()
}

/// An answer that came.
pub(crate) fn reply(came: &JsValue) -> Option<Reply> {
    let came = came.dyn_ref::<Array>()?;
    Some(Reply {
        status: came.get(0).as_f64()? as u16,
        body: came.get(1).as_string()?,
        retry_after: text(came, 2).trim().parse().ok(),
    })
}
