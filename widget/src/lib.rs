//! The widget's shell, for the browser only: it decodes DOM events, performs effects and paints.
//! There is no rule about campaigns or validity in it.

// Elsewhere this crate is empty, so that the whole workspace builds on every machine.
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

// A good 2 KB less than the default allocator, as quick for a form.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// A form on a page. Freeing it takes away its listeners and all that it holds.
#[wasm_bindgen]
pub struct Mounted(Rc<runtime::Runtime>);

#[wasm_bindgen]
impl Mounted {
    /// Where the form is: `editing`, `sending`, `sent` or `closed`.
    #[wasm_bindgen(getter)]
    pub fn state(&self) -> JsValue {
        self.0.state().into()
    }

    /// Compares the markup that the loader painted with this form's own first paint. To be called before
    /// [`begin`](Self::begin), in a task of its own; not where nothing was painted.
    pub fn compare(&self, first: &str) {
        self.0.compare(first);
    }

    /// Paints the form and performs the first effects. `pressed` says whether a button was pressed on the first paint.
    /// Returns whether that press stands.
    pub fn begin(&self, pressed: bool) -> bool {
        self.0.begin(pressed)
    }

    /// Whether an earlier call into this program never came to its end: it trapped. To be asked in a task of its own.
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

/// Makes a form in the shadow root of `host`; it neither listens nor paints before [`Mounted::begin`]. `given` are, with a
/// NUL between them, the text of the campaign file, the compiled catalogue of the language, empty for English, and the
/// lines of an [`EmbedContext`]: several texts as parameters bring glue that frees the ones before a failed one.
///
/// # Errors
/// What is wrong with the campaign file, in words for the one who wrote it.
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

/// The first fault, for a console: `standwith check` tells of all, and how to mend them.
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
