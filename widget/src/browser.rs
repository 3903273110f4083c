//! Browser functions, partly in `browser.js`. Even if the page has replaced the browser's own, `done` is called exactly
//! once: with the result, or with nothing.
//!
//! Clipboard, sharing, history, storage and location are called by name: a typed function costs 18 to 21 bytes of glue
//! before the first paint (12 of IndexedDB: 213, 9 of WebCrypto: 188), and about as many of the WebAssembly file.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::{EventTarget, HtmlElement};

use crate::detail::{DateFormat, Shared, to_js};
use crate::task::{Settled, settled};
use standwith::answer::{self, Outcome};
use standwith::country;
use standwith::json::decimal;
use standwith::language::primary;
use standwith::prefill;
use standwith::session::Reply;
use standwith::text::{self, Rules};

#[wasm_bindgen(module = "/src/browser.js")]
extern "C" {
    // `catch` has the glue import these two by their names. It would else import the module as a whole, and how
    // esbuild bundles that breaks on a page with an enumerable property on `Object.prototype`.
    /// Sends a request: status, body and Retry-After of the answer, if there is one.
    #[wasm_bindgen(catch)]
    fn send(url: &str, init: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    /// The value of a promise, as a list of one.
    #[wasm_bindgen(catch)]
    pub(crate) fn when(promise: &JsValue, done: &JsValue) -> Result<(), JsValue>;
    /// Replaces the page by another, without a history entry.
    pub(crate) fn leave(url: &str);
    /// An address, resolved against another; empty if it is invalid.
    pub(crate) fn resolve(url: &str, base: &str) -> String;
    /// Dispatches an event on an element. Returns whether it was not cancelled.
    pub(crate) fn dispatch(
        host: &HtmlElement,
        kind: &str,
        detail: &JsValue,
        cancelable: bool,
    ) -> bool;
    fn plural(lang: &str, number: f64) -> String;
    fn digits(lang: &str, number: f64) -> String;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, js_name = window)]
    static WINDOW: JsValue;
}

/// The rules of languages, by `Intl`.
pub(crate) const RULES: Rules = Rules {
    plural: |lang, number| plural(lang, number as f64),
    number: |lang, number| digits(lang, number as f64),
    date: day,
};

/// The day of a time in the browser's time zone, in the language's format.
fn day(lang: &str, seconds: i64) -> String {
    let date = js_sys::Date::new(&JsValue::from_f64(seconds as f64 * 1000.0));
    if primary(lang) == "km" {
        let offset = call(&date, "getTimezoneOffset", &[]).ok().and_then(|it| it.as_f64());
        return text::khmer_day(seconds - offset.unwrap_or_default() as i64 * 60);
    }
    let long = to_js(&DateFormat { date_style: "long" });
    let written = call(&date, "toLocaleDateString", &[lang.into(), long]);
    // The browser may not know the language.
    written.ok().and_then(|day| day.as_string()).unwrap_or_else(|| text::day(seconds))
}

// Functions without a promise are here, not in JavaScript, which loads before the first paint and does not need them.

/// A property; `undefined` if it does not exist or reading it throws.
pub(crate) fn get(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

/// The result of a method.
pub(crate) fn call(of: &JsValue, name: &str, arguments: &[JsValue]) -> Result<JsValue, JsValue> {
    Reflect::apply(get(of, name).unchecked_ref::<Function>(), of, &list(arguments))
}

/// A JavaScript array of these values.
pub(crate) fn list(values: &[JsValue]) -> Array {
    let list = Array::new();
    for (place, value) in (0..).zip(values) {
        list.set(place, value.clone());
    }
    list
}

/// The window.
pub(crate) fn window() -> EventTarget {
    WINDOW.with(|window| window.clone().unchecked_into())
}

/// Navigates to another page.
pub(crate) fn go(url: &str) {
    let _ = call(&get(&window(), "location"), "assign", &[url.into()]);
}

/// Calls `hear` for all events of a kind in the window, in the capture phase.
pub(crate) fn overhear(kind: &str, hear: &JsValue) {
    let _ = call(&window(), "addEventListener", &[kind.into(), hear.clone(), true.into()]);
}

/// Copies a text to the clipboard. The future gives a value on success.
pub(crate) fn copy(text: &str) -> Settled {
    let clipboard = get(&get(&window(), "navigator"), "clipboard");
    settled(call(&clipboard, "writeText", &[text.into()]).map(Promise::unchecked_from_js))
}

/// Opens the browser's share dialog. The result is not reported.
pub(crate) fn share(title: &str, text: &str, url: &str) {
    let what = to_js(&Shared { title, text, url });
    let shared = call(&get(&window(), "navigator"), "share", &[what]);
    drop(settled(shared.map(Promise::unchecked_from_js)));
}

/// Calls `done` after so many milliseconds.
pub(crate) fn wait(milliseconds: u32, done: &JsValue) {
    let _ = call(&window(), "setTimeout", &[done.clone(), milliseconds.into()]);
}

/// Whether the page is hidden, in a tab behind others, for example.
pub(crate) fn is_hidden() -> bool {
    get(&get(&window(), "document"), "hidden").is_truthy()
}

/// Whether the browser can share a text.
pub(crate) fn shares() -> bool {
    let text = to_js(&Shared { text: "a", ..Shared::default() });
    call(&get(&window(), "navigator"), "canShare", &[text]).is_ok_and(|can| can.is_truthy())
}

/// Number of forms of the same campaign before this one.
pub(crate) fn alike_before(host: &HtmlElement) -> u32 {
    let campaign = host.get_attribute("campaign");
    let root = call(host, "getRootNode", &[]).unwrap_or_default();
    let window = window();
    // Not by the document's own member, because an element of the page may have that name.
    let kind = if root == get(&window, "document") { "Document" } else { "DocumentFragment" };
    let find = get(&get(&get(&window, kind), "prototype"), "querySelectorAll");
    let forms = call(&find, "call", &[root, get(host, "localName")]).unwrap_or_default();
    let forms = (0..).map(|place| get(&forms, &decimal(place)));
    let forms = forms.take_while(|form| !form.is_falsy() && form != AsRef::<JsValue>::as_ref(host));
    let alike = forms.filter(|form| {
        let other = call(form, "getAttribute", &["campaign".into()]);
        other.is_ok_and(|other| other.as_string() == campaign)
    });
    alike.count() as u32
}

/// Opens all that is folded away but the controls of the message, which are of no use on paper.
pub(crate) fn unfold(root: &JsValue) {
    let found = call(root, "querySelectorAll", &["details:not(.edit)".into()]).unwrap_or_default();
    let found = (0..).map(|place| get(&found, &decimal(place)));
    for details in found.take_while(|details| !details.is_falsy()) {
        // The page may have replaced the method; the rest is printed all the same.
        let _ = call(&details, "setAttribute", &["open".into(), "".into()]);
    }
}

/// The country of the browser: from its first language that names one (`en-KH`), else from its time zone, if the
/// browser supports that; empty if neither.
pub(crate) fn region() -> String {
    let languages = get(&get(&window(), "navigator"), "languages");
    let languages = (0..).map(|place| get(&languages, &decimal(place)).as_string());
    let mut languages = languages.map_while(|language| language);
    let of = |language: String| {
        let region = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_uppercase());
        language.split('-').skip(1).find(region).map(str::to_owned)
    };
    languages.find_map(of).or_else(region_of_time_zone).unwrap_or_default()
}

/// The country whose time zones include the browser's, if the browser knows the time zones of countries.
fn region_of_time_zone() -> Option<String> {
    let intl = get(&window(), "Intl");
    let format = call(&intl, "DateTimeFormat", &[]).ok()?;
    let zone = get(&call(&format, "resolvedOptions", &[]).ok()?, "timeZone");
    let locale = get(&intl, "Locale").dyn_into::<Function>().ok()?;
    country::all().find_map(|code| {
        let tag = list(&[["und-", code].concat().into()]);
        let locale = Reflect::construct(&locale, &tag).ok()?;
        let zones = call(&locale, "getTimeZones", &[]).ok()?;
        let has = call(&zones, "includes", std::slice::from_ref(&zone));
        has.is_ok_and(|has| has.is_truthy()).then(|| code.to_owned())
    })
}

fn tab() -> JsValue {
    get(&window(), "sessionStorage")
}

/// The text in the tab's storage under this name; empty if there is none.
pub(crate) fn kept(name: &str) -> String {
    let kept = call(&tab(), "getItem", &[name.into()]);
    kept.ok().and_then(|kept| kept.as_string()).unwrap_or_default()
}

/// Sets or removes a text in the tab's storage. Failures are ignored.
pub(crate) fn keep(name: &str, text: Option<&str>) {
    let _ = match text {
        Some(text) => call(&tab(), "setItem", &[name.into(), text.into()]),
        None => call(&tab(), "removeItem", &[name.into()]),
    };
}

/// The prefilled values in the page's `fragment` or `query`; they are removed from the address.
pub(crate) fn prefilled(from: &str, is_field: impl Fn(&str) -> bool) -> Vec<(String, String)> {
    let part = match from {
        "fragment" => "hash",
        "query" => "search",
        _ => return Vec::new(),
    };
    let window = window();
    let location = get(&window, "location");
    let text = |name: &str| get(&location, name).as_string().unwrap_or_default();
    let whole = text(part);
    let mark = whole.get(..1).unwrap_or_default();
    let (values, rest) =
        prefill::take(whole.get(1..).unwrap_or_default(), part == "search", is_field);
    if !values.is_empty() {
        let rest = if rest.is_empty() { rest } else { [mark, &rest].concat() };
        let (query, fragment) = match part {
            "hash" => (text("search"), rest),
            _ => (rest, text("hash")),
        };
        // A whole address, because the page's base may be elsewhere.
        let address = [text("origin"), text("pathname"), query, fragment].concat();
        let history = get(&window, "history");
        let state = get(&history, "state");
        let _ = call(&history, "replaceState", &[state, "".into(), address.into()]);
    }
    values
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    (js_sys::Date::now() / 1000.0) as i64
}

/// A text of a received list; empty if it is none.
pub(crate) fn text(list: &Array, index: u32) -> String {
    list.get(index).as_string().unwrap_or_default()
}

/// Sends a request; calls `done` with the answer or with nothing.
pub(crate) fn post(url: &str, init: &JsValue, done: &JsValue) {
    let _ = send(url, init, done);
}

/// The outcome of the action with this `jti`, by a received answer.
pub(crate) fn outcome(came: &JsValue, jti: &str) -> Outcome {
    reply(came).map_or(Outcome::Unreachable, |reply| {
        answer::outcome(reply.status, &reply.body, reply.retry_after, jti)
    })
}

/// A received answer; `None` after a failure.
pub(crate) fn reply(came: &JsValue) -> Option<Reply> {
    let came = came.dyn_ref::<Array>()?;
    Some(Reply {
        status: came.get(0).as_f64()? as u16,
        body: came.get(1).as_string()?,
        retry_after: text(came, 2).trim().parse().ok(),
    })
}
