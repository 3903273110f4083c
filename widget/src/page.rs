//! The page: rendering, and the values of its controls.

use js_sys::Reflect;
use wasm_bindgen::prelude::*;
use web_sys::Element;

use standwith::session::Event;

#[wasm_bindgen]
extern "C" {
    /// A form's renderer: `renderer.js`.
    pub type Renderer;
    /// Renders a whole markup.
    #[wasm_bindgen(method)]
    pub(crate) fn paint(this: &Renderer, markup: &str);
    /// Renders a part again, if it is on the screen. Its markup begins with its number.
    #[wasm_bindgen(method)]
    pub(crate) fn patch(this: &Renderer, markup: &str);
    /// Moves the keyboard's focus.
    #[wasm_bindgen(method)]
    pub(crate) fn focus(this: &Renderer, id: &str);
    /// Dispatches `input` on every control whose value differs from the markup.
    #[wasm_bindgen(method)]
    pub(crate) fn say(this: &Renderer);
    /// Fills lists of countries with names for these codes, once in each language; or with a list of codes
    /// and names (JSON), if there is one.
    #[wasm_bindgen(method)]
    pub(crate) fn countries(this: &Renderer, codes: &str, list: &str);
    /// Fetches the texts in this language, and calls `done` with them or with nothing.
    #[wasm_bindgen(method)]
    pub(crate) fn load(this: &Renderer, lang: &str, done: &JsValue);
    /// Fetches a file of country names, and calls `done` with it or with nothing. The loader has the hash of the
    /// English file.
    #[wasm_bindgen(method, js_name = loadCountries)]
    pub(crate) fn load_countries(this: &Renderer, name: &str, hash: &str, done: &JsValue);
}

/// The event for a control's current value. A control without a name is not ours.
pub(crate) fn read(control: &Element) -> Option<Event> {
    let get = |property: &str| Reflect::get(control, &property.into()).ok();
    let name = control.get_attribute("name")?;
    let value = get("value")?.as_string()?;
    Some(match control.get_attribute("type").as_deref() {
        Some("checkbox") => Event::Ticked { name, value, ticked: get("checked")?.is_truthy() },
        // Of several radios, the checked one has the value.
        Some("radio") if !get("checked")?.is_truthy() => return None,
        _ => Event::Entered { name, value },
    })
}
