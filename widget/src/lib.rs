//! The widget's shell, for the browser only: it decodes DOM events, performs effects and paints.
//! There is no rule about campaigns or validity in it.

// Elsewhere this crate is empty, so that the whole workspace builds on every machine.
#![cfg(target_arch = "wasm32")]

mod browser;
mod detail;
mod listener;
mod page;
mod runtime;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ShadowRoot};

use standwith::action::Source;
use standwith::campaign::{CampaignFile, Strictness};
use standwith::envelope;
use standwith::session::Setting;
use standwith::shape::{ConfigFault, FaultKind};
use standwith::text::Locale;

// Read member by member: deserializing it as a whole would bring the formatting of numbers along.
#[wasm_bindgen]
extern "C" {
    /// What the loader found out about the page and the tag.
    pub type Options;
    /// The campaign response's final address.
    #[wasm_bindgen(method, getter)]
    fn file(this: &Options) -> String;
    /// The tag's own endpoint, absolute; empty without one.
    #[wasm_bindgen(method, getter)]
    fn endpoint(this: &Options) -> String;
    /// The language to show.
    #[wasm_bindgen(method, getter)]
    fn lang(this: &Options) -> String;
    /// The compiled catalogue of that language; empty for English.
    #[wasm_bindgen(method, getter)]
    fn texts(this: &Options) -> String;
    /// The partner's name.
    #[wasm_bindgen(method, getter)]
    fn partner(this: &Options) -> String;
    /// The page's address without query and fragment.
    #[wasm_bindgen(method, getter)]
    fn page(this: &Options) -> String;
    /// The page's origin.
    #[wasm_bindgen(method, getter)]
    fn origin(this: &Options) -> String;
    /// `utm_source` of the page's address.
    #[wasm_bindgen(method, getter)]
    fn utm_source(this: &Options) -> String;
}

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
    pub fn state(&self) -> String {
        self.0.state().to_owned()
    }

    /// Empties the form for the next person.
    pub fn reset(&self) {
        self.0.send(standwith::session::Event::Reset);
    }
}

/// Shows the form of a campaign file in the shadow root of `host`. `digest` is SHA-256 of `file`. What
/// the painter has painted before is taken over where it stands.
///
/// # Errors
/// What is wrong with the file, in words for the one who wrote it.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: &ShadowRoot,
    painter: page::Painter,
    file: &[u8],
    digest: &[u8],
    options: &Options,
) -> Result<Mounted, String> {
    let (lang, address) = (options.lang(), options.file());
    let file = CampaignFile::parse(file).map_err(|fault| in_words(&[fault]))?;
    let campaign =
        file.into_campaign(&lang, Strictness::Lenient).map_err(|faults| in_words(&faults))?;

    // The addresses of the campaign file are relative to its own.
    let own = match campaign.endpoint.url.as_str() {
        "" => [campaign.id.as_str(), "/actions"].concat(),
        url => url.to_owned(),
    };
    let mut endpoint = options.endpoint();
    if endpoint.is_empty() {
        endpoint = browser::resolve(&own, &address);
    }
    if endpoint.is_empty() {
        return Err("/endpoint/url: no address".to_owned());
    }
    let count_url = match campaign.counter.url.as_str() {
        "" => browser::resolve("count", &endpoint),
        url => browser::resolve(url, &address),
    };
    let setting = Setting {
        campaign,
        campaign_digest: envelope::encode(digest),
        count_url,
        endpoint,
        page: options.page(),
        source: Source {
            page: options.origin(),
            partner: options.partner(),
            utm_source: options.utm_source(),
        },
    };
    let locale = Locale::compiled(&lang, &options.texts(), browser::RULES);
    Ok(Mounted(runtime::Runtime::start(host, root, painter, setting, locale)))
}

/// Faults as lines for a console.
fn in_words(faults: &[ConfigFault]) -> String {
    let mut words = String::new();
    for fault in faults {
        let what = match &fault.kind {
            FaultKind::Missing => "is missing",
            FaultKind::Expected(expected) => expected,
            _ => "is not allowed",
        };
        let line = fault.line.to_string();
        for part in ["line ", &line, ", ", &fault.pointer, ": ", what, "\n"] {
            words.push_str(part);
        }
    }
    words
}
