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
use standwith::json::decimal;
use standwith::session::Setting;
use standwith::shape::{ConfigFault, FaultKind};
use standwith::text::Locale;

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

    /// Says that the widget's second half is there; until then nothing can be sent. `texts` is the
    /// compiled catalogue that comes with it, if it speaks English.
    pub fn complete(&self, texts: &str) {
        self.0.complete(texts);
    }

    /// Empties the form for the next person.
    pub fn reset(&self) {
        self.0.reset();
    }
}

/// Shows the form of a campaign file in the shadow root of `host`. Where its first plan is `painted`, it is
/// taken over as it stands; else that takes the widget's second half. `options` is what the loader found
/// out about page and tag, a line each in this order, empty where there is nothing; the last is all
/// that is left, of however many lines:
///
/// 1. the campaign response's final address,
/// 2. the tag's own endpoint, absolute,
/// 3. the language to show,
/// 4. the partner's name,
/// 5. the page's address without query and fragment,
/// 6. the page's origin,
/// 7. `utm_source` of the page's address,
/// 8. SHA-256 of `file`, in base64url,
/// 9. the tag's own address of the hosted form,
/// 10. anything, where the form is for a test,
/// 11. the compiled catalogue of the language; empty for English.
///
/// # Errors
/// What is wrong with the file, in words for the one who wrote it.
#[wasm_bindgen]
pub fn mount(
    host: HtmlElement,
    root: &ShadowRoot,
    painter: page::Painter,
    painted: bool,
    file: &str,
    mut options: &str,
) -> Result<Mounted, String> {
    let address = line(&mut options);
    let mut endpoint = line(&mut options);
    let lang = line(&mut options);
    let partner = line(&mut options);
    let page = line(&mut options);
    let origin = line(&mut options);
    let utm_source = line(&mut options);
    let campaign_digest = line(&mut options);
    let hosted = line(&mut options);
    let test = !line(&mut options).is_empty();
    let file = CampaignFile::read(file).map_err(|fault| in_words(&[fault]))?;
    let campaign =
        file.into_campaign(&lang, Strictness::Lenient).map_err(|faults| in_words(&faults))?;

    // The addresses of the campaign file are relative to its own.
    let own = match campaign.endpoint.url.as_str() {
        "" => [campaign.id.as_str(), "/actions"].concat(),
        url => url.to_owned(),
    };
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
    let hosted = match hosted.as_str() {
        "" => address.strip_suffix(".json").unwrap_or_default().to_owned(),
        url => browser::resolve(url, &page),
    };
    let setting = Setting {
        campaign,
        campaign_digest,
        count_url,
        endpoint,
        page,
        source: Source { page: origin, partner, utm_source },
        hosted,
        seed: js_sys::Math::random().to_bits(),
        test,
        variant: None,
    };
    let locale = Locale::compiled(&lang, options, browser::RULES);
    Ok(Mounted(runtime::Runtime::start(host, root, painter, painted, setting, locale)))
}

/// Takes the next line off a text.
#[inline(never)]
fn line(text: &mut &str) -> String {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    *text = rest;
    line.to_owned()
}

/// The first fault, for a console: `standwith check` tells of all, and how to mend them.
fn in_words(faults: &[ConfigFault]) -> String {
    let Some(fault) = faults.first() else {
        return String::new();
    };
    let what = match &fault.kind {
        FaultKind::Missing => "is missing",
        FaultKind::Expected(expected) => expected,
        _ => "is not allowed",
    };
    ["line ", &decimal(i64::from(fault.line)), ", ", &fault.pointer, ": ", what].concat()
}
