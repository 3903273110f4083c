//! The widget's shell, for the browser only: it decodes DOM events, performs effects and paints.
//! There is no rule about campaigns or validity in it.

// Elsewhere this crate is empty, so that the whole workspace builds on every machine.
#![cfg(target_arch = "wasm32")]

mod env;
mod keys;
mod listener;
mod net;
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
use standwith::language;
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

/// The language in which a campaign file's form is shown to someone who wants these, best first.
///
/// # Errors
/// What is wrong with the file, in words for the one who wrote it.
#[wasm_bindgen]
pub fn language(file: &[u8], wanted: Vec<String>) -> Result<String, String> {
    let file = CampaignFile::parse(file).map_err(|fault| in_words(&[fault]))?;
    Ok(language::choose(&wanted, &file.languages()).to_owned())
}

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

/// Shows the form of a campaign file in the shadow root of `host`. `digest` is SHA-256 of `file`.
///
/// # Errors
/// What is wrong with the file, in words for the one who wrote it.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: ShadowRoot,
    file: &[u8],
    digest: &[u8],
    options: &Options,
) -> Result<Mounted, String> {
    let (lang, address) = (options.lang(), options.file());
    let file = CampaignFile::parse(file).map_err(|fault| in_words(&[fault]))?;
    let mut campaign =
        file.campaign(&lang, Strictness::Lenient).map_err(|faults| in_words(&faults))?;

    // The addresses of the campaign file are relative to its own.
    if let Some(picture) = &mut campaign.picture {
        picture.url = env::resolve(&picture.url, &address).unwrap_or_default();
    }
    let own = match campaign.endpoint.url.as_str() {
        "" => [campaign.id.as_str(), "/actions"].concat(),
        url => url.to_owned(),
    };
    let endpoint = match options.endpoint() {
        endpoint if endpoint.is_empty() => env::resolve(&own, &address),
        endpoint => Some(endpoint),
    };
    let endpoint = endpoint.ok_or("/endpoint/url: no address")?;
    let count_url = match campaign.counter.url.as_str() {
        "" => env::resolve("count", &endpoint),
        url => env::resolve(url, &address),
    };
    let setting = Setting {
        campaign,
        campaign_digest: envelope::encode(digest),
        count_url: count_url.unwrap_or_default(),
        endpoint,
        page: options.page(),
        source: Source {
            page: options.origin(),
            partner: options.partner(),
            utm_source: options.utm_source(),
        },
    };
    let locale = Locale::compiled(&lang, &options.texts(), env::RULES);
    Ok(Mounted(runtime::Runtime::start(host, root, setting, locale)))
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
