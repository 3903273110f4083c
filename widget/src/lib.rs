//! The widget's shell, for the browser only: it decodes DOM events, performs effects and renders.
//! It contains no rules about campaigns or validity.

// For other targets this crate is empty, so that the whole workspace builds on every machine.
#![cfg(target_arch = "wasm32")]

mod browser;
mod detail;
mod embed_context;
mod listener;
mod outbox;
mod page;
mod proving;
mod runtime;
mod sealing;
mod signing;
mod task;
#[cfg(test)]
mod tests;
mod web_crypto;

use std::rc::Rc;

use embed_context::EmbedContext;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ShadowRoot};

use standwith::json::decimal;
use standwith::shape::{ConfigFault, FaultKind};

// More than 2 KB smaller than the default allocator, and as fast for a form.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A form on a page. Freeing it removes its listeners and frees its memory.
#[wasm_bindgen]
pub struct Mounted(Rc<runtime::Runtime>);

#[wasm_bindgen]
impl Mounted {
    /// State of the form: `editing`, `sending`, `sent` or `closed`.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsValue {
        self.0.state().into()
    }

    /// Compares the markup that the loader rendered with this form's own first paint. Called before
    /// [`begin`](Self::begin), in a separate task; not if nothing was rendered.
    pub fn compare(&self, first: &str) {
        self.0.compare(first);
    }

    /// Renders the form and performs the first effects. `pressed` is whether a button was pressed on the first paint.
    /// Returns whether that press is valid.
    pub fn begin(&self, pressed: bool) -> bool {
        self.0.begin(pressed)
    }

    /// Whether an earlier call into this program trapped and so never returned. Read in a separate task.
    #[wasm_bindgen(getter)]
    pub fn trapped(&self) -> bool {
        self.0.is_busy()
    }

    /// Stops listening, without touching anything else.
    pub fn abandon(&self) {
        self.0.abandon();
    }

    /// Empties the form for the next person.
    pub fn reset(&self) {
        self.0.reset();
    }
}

/// Makes a form in the shadow root of `host`; it neither listens nor renders before [`Mounted::begin`]. `given` holds,
/// separated by NUL, the text of the campaign file, the compiled catalogue of the language (empty for English), and the
/// lines of an [`EmbedContext`]. Separate text parameters would add glue that frees the ones before a failed one.
///
/// # Errors
/// The first fault of the campaign file, as a text for its author.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: ShadowRoot,
    renderer: page::Renderer,
    given: &str,
) -> Result<Mounted, String> {
    let mut given = given.splitn(3, '\0');
    let mut next = || given.next().unwrap_or_default();
    let (file, texts, context) = (next(), next(), EmbedContext::new(next()));
    let runtime = runtime::Runtime::new(host, root, renderer, context, file, texts);
    runtime.map(Mounted).map_err(|faults| in_words(&faults))
}

/// The first fault, for a console; `standwith check` prints all of them and how to fix them.
fn in_words(faults: &[ConfigFault]) -> String {
    let Some(fault) = faults.first() else {
        return "/endpoint/url: no address".to_owned();
    };
    let what = match &fault.kind {
        FaultKind::Missing => "is missing",
        FaultKind::Expected(expected) => expected,
        _ => "is not allowed",
    };
    ["line ", &decimal(i64::from(fault.line)), ", ", &fault.pointer, ": ", what].concat()
}
