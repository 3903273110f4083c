//! Event listeners that end with their owner.

use wasm_bindgen::prelude::*;
use web_sys::{Event, EventTarget};

/// A listener, taken away when dropped.
pub(crate) struct Listener {
    target: EventTarget,
    kind: &'static str,
    // `Fn`, not `FnMut`: a page's handler may cause the next event while this one is handled.
    handle: Closure<dyn Fn(Event)>,
}

impl Listener {
    pub(crate) fn new(
        target: &EventTarget,
        kind: &'static str,
        handle: impl Fn(Event) + 'static,
    ) -> Self {
        let handle = Closure::new(handle);
        // It can't fail with a function, and without it there would be nothing to mend.
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
