//! Functions that the browser calls. All have the same type, because each further type would add glue before the first
//! paint.

use std::cell::Cell;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

// `Fn`, not `FnMut`: a page's handler may cause the next event while this one is handled.
type Called = Closure<dyn Fn(JsValue)>;

/// An event listener, removed when dropped.
pub(crate) struct Listener {
    target: EventTarget,
    kind: &'static str,
    handle: Called,
}

impl Listener {
    pub(crate) fn new(
        target: &EventTarget,
        kind: &'static str,
        handle: impl Fn(Event) + 'static,
    ) -> Self {
        let handle = called(move |event| handle(event.unchecked_into()));
        // It can't fail with a function, and a failure could not be handled.
        let _ = target.add_event_listener_with_callback(kind, handle.as_ref().unchecked_ref());
        Listener { target: target.clone(), kind, handle }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let handle = self.handle.as_ref().unchecked_ref();
        let _ = self.target.remove_event_listener_with_callback(self.kind, handle);
    }
}

fn called(handle: impl Fn(JsValue) + 'static) -> Called {
    Closure::wrap(Box::new(handle))
}

/// A function that may be called as long as the page exists.
pub(crate) fn forever(handle: impl Fn() + 'static) -> JsValue {
    called(move |_| handle()).into_js_value()
}

/// A function that is called once and then freed.
pub(crate) fn once(handle: impl FnOnce(JsValue) + 'static) -> JsValue {
    let held = Rc::new(Cell::new(None));
    let (own, handle) = (held.clone(), Cell::new(Some(handle)));
    let called = called(move |came| {
        // Holds the closure until the end of this call.
        let _own: Option<Called> = own.take();
        if let Some(handle) = handle.take() {
            handle(came);
        }
    });
    let function = called.as_ref().clone();
    held.set(Some(called));
    function
}
