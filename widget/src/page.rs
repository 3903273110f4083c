//! The page: what is painted on it, and what its controls say.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use standwith::session::Event;

#[wasm_bindgen]
extern "C" {
    /// A form's renderer: `renderer.js`.
    pub type Renderer;
    /// Paints a whole markup.
    #[wasm_bindgen(method)]
    pub(crate) fn paint(this: &Renderer, markup: &str);
    /// Paints a part anew, if it is on the screen. Its markup begins with its number.
    #[wasm_bindgen(method)]
    pub(crate) fn patch(this: &Renderer, markup: &str);
    /// Moves the keyboard's focus.
    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Renderer, id: &str);
    /// Has every control say what it holds.
    #[wasm_bindgen(method)]
    pub(crate) fn say(this: &Renderer);
    /// Fills lists of countries with names for these codes, once in each language; or with a list of codes
    /// and names (JSON), if there is one.
    #[wasm_bindgen(method)]
    pub(crate) fn countries(this: &Renderer, codes: &str, list: &str);
    /// Fetches the texts in this language, and calls `done` with them or with nothing.
    #[wasm_bindgen(method)]
    pub(crate) fn load(this: &Renderer, lang: &str, done: &JsValue);
    /// Fetches a file with names of countries, and calls `done` with it or with nothing. The loader has the hash of those
    /// in English.
    #[wasm_bindgen(method, js_name = loadCountries)]
    pub(crate) fn load_countries(this: &Renderer, name: &str, hash: &str, done: &JsValue);
}

/// What a control says now. What has no name is none of ours.
pub(crate) fn read(control: &Element) -> Option<Event> {
    let get = |property: &str| Reflect::get(control, &property.into()).ok();
    let name = control.get_attribute("name")?;
    let value = get("value")?.as_string()?;
    Some(match control.get_attribute("type").as_deref() {
        Some("checkbox") => Event::Ticked { name, value, ticked: get("checked")?.is_truthy() },
        // Of several, the one that is chosen speaks for all.
        Some("radio") if !get("checked")?.is_truthy() => return None,
        _ => Event::Entered { name, value },
    })
}
