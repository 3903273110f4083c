//! The widget's shell, for the browser only: it decodes DOM events, performs effects and paints.
//! There is no rule about campaigns or validity in it.

mod env;
mod keys;
mod listener;
mod net;
mod page;
mod runtime;

use std::rc::Rc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, ShadowRoot};

use crate::action::Source;
use crate::campaign::{CampaignFile, Strictness};
use crate::envelope;
use crate::language;
use crate::session::Setting;
use crate::shape::{ConfigFault, FaultKind};
use crate::text::Locale;

/// What the loader found out about the page and the tag.
#[derive(Deserialize)]
struct Options {
    /// The campaign response's final address.
    file: String,
    /// The tag's own endpoint, absolute; empty without one.
    endpoint: String,
    /// The language to show.
    lang: String,
    /// The compiled catalogue of that language; empty for English.
    texts: String,
    /// The partner's name.
    partner: String,
    /// The page's address without query and fragment.
    page: String,
    /// The page's origin.
    origin: String,
    /// `utm_source` of the page's address.
    utm_source: String,
}

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
        self.0.send(crate::session::Event::Reset);
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
    options: JsValue,
) -> Result<Mounted, String> {
    let options: Options = serde_wasm_bindgen::from_value(options).map_err(|e| e.to_string())?;
    let file = CampaignFile::parse(file).map_err(|fault| in_words(&[fault]))?;
    let campaign =
        file.campaign(&options.lang, Strictness::Lenient).map_err(|faults| in_words(&faults))?;

    // The addresses of the campaign file are relative to its own.
    let own = match campaign.endpoint.url.as_str() {
        "" => [campaign.id.as_str(), "/actions"].concat(),
        url => url.to_owned(),
    };
    let endpoint = match options.endpoint {
        endpoint if endpoint.is_empty() => env::resolve(&own, &options.file),
        endpoint => Some(endpoint),
    };
    let endpoint = endpoint.ok_or("/endpoint/url: no address")?;
    let count_url = match campaign.counter.url.as_str() {
        "" => env::resolve("count", &endpoint),
        url => env::resolve(url, &options.file),
    };
    let setting = Setting {
        campaign,
        campaign_digest: envelope::encode(digest),
        count_url: count_url.unwrap_or_default(),
        endpoint,
        page: options.page,
        source: Source {
            page: options.origin,
            partner: options.partner,
            utm_source: options.utm_source,
        },
    };
    let locale = Locale::compiled(&options.lang, &options.texts, env::RULES);
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
