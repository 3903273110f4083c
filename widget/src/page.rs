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
    /// Fills lists of countries with codes and names, once in each language.
    #[wasm_bindgen(method)]
    pub(crate) fn countries(this: &Renderer, list: &str);
    /// Fetches the file with this name and hash, or without a hash the texts in this language, and calls `done` with the
    /// result or with nothing.
    #[wasm_bindgen(method)]
    pub(crate) fn load(this: &Renderer, name: &str, hash: &str, done: &JsValue);
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
