//! What only the browser knows: time, chance, languages' rules and names, addresses.

use js_sys::{Array, Date, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Url;

use standwith::country;
use standwith::text::Rules;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(bytes: &mut [u8]) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "clipboard"], js_name = writeText, catch)]
    fn write_text(text: &str) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = Intl)]
    type DisplayNames;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(languages: &Array, options: &Object) -> Result<DisplayNames, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn of(this: &DisplayNames, code: &str) -> Result<Option<String>, JsValue>;

    #[wasm_bindgen(js_namespace = Intl)]
    type Collator;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(languages: &Array) -> Result<Collator, JsValue>;
    #[wasm_bindgen(method, getter)]
    fn compare(this: &Collator) -> Function;

    /// A list that the browser sorts: Rust's own sorting costs 3 KB.
    #[wasm_bindgen(js_name = Array)]
    pub(crate) type Names;
    #[wasm_bindgen(constructor, js_class = "Array")]
    fn new() -> Names;
    #[wasm_bindgen(method)]
    fn push(this: &Names, name: &str);
    #[wasm_bindgen(method)]
    fn sort(this: &Names, compare: &Function);
    #[wasm_bindgen(method)]
    pub(crate) fn shift(this: &Names) -> Option<String>;

    #[wasm_bindgen(js_namespace = Intl)]
    type PluralRules;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(languages: &Array) -> Result<PluralRules, JsValue>;
    #[wasm_bindgen(method)]
    fn select(this: &PluralRules, number: f64) -> String;

    #[wasm_bindgen(js_namespace = Intl)]
    type NumberFormat;
    #[wasm_bindgen(constructor, js_namespace = Intl, catch)]
    fn new(languages: &Array) -> Result<NumberFormat, JsValue>;
    #[wasm_bindgen(method)]
    fn format(this: &NumberFormat, number: f64) -> String;
}

/// The rules of languages, by `Intl`; those of English where it does not know the language's tag.
pub(crate) const RULES: Rules = Rules {
    plural: |lang, number| match PluralRules::new(&list(lang)) {
        Ok(rules) => rules.select(number as f64),
        Err(_) => (Rules::PLAIN.plural)(lang, number),
    },
    number: |lang, number| match NumberFormat::new(&list(lang)) {
        Ok(format) => format.format(number as f64),
        Err(_) => (Rules::PLAIN.number)(lang, number),
    },
};

fn list(lang: &str) -> Array {
    Array::of1(&lang.into())
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    (Date::now() / 1000.0) as i64
}

/// 128 random bits.
pub(crate) fn entropy() -> Result<[u8; 16], JsValue> {
    let mut bytes = [0; 16];
    get_random_values(&mut bytes)?;
    Ok(bytes)
}

/// Puts a text into the clipboard; the promise tells whether it worked.
pub(crate) fn copy(text: &str) -> Result<Promise, JsValue> {
    // A page may have put anything in its place.
    Ok(Promise::resolve(&write_text(text)?))
}

/// An address, resolved against another.
pub(crate) fn resolve(url: &str, base: &str) -> Option<String> {
    Url::new_with_base(url, base).ok().map(|url| url.href())
}

/// Names and codes of all countries, a tab between them, in the language's order.
pub(crate) fn countries(lang: &str) -> Names {
    let options = Object::new();
    // A fresh object takes every member.
    let _ = Reflect::set(&options, &"type".into(), &"region".into());
    let names = DisplayNames::new(&list(lang), &options).ok();
    let all = Names::new();
    for code in country::all() {
        let name = names.as_ref().and_then(|names| names.of(code).ok().flatten());
        all.push(&[name.as_deref().unwrap_or(code), "\t", code].concat());
    }
    if let Ok(collator) = Collator::new(&list(lang)) {
        all.sort(&collator.compare());
    }
    all
}
