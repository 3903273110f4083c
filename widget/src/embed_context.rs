//! Embed context: the data about page and tag that the loader collects.

use crate::browser;
use standwith::action::Source;
use standwith::campaign::Campaign;
use standwith::session::FormConfig;

/// The loader's data, one line each in this order, empty if absent. A type with serde's `Deserialize` would cost the
/// widget 13,400 bytes (brotli).
///
/// 1. language to show,
/// 2. a random number,
/// 3. not empty if a supporter used the first paint,
/// 4. final address of the campaign file,
/// 5. the tag's own endpoint, absolute,
/// 6. the partner's name,
/// 7. address of the page, without query and fragment,
/// 8. origin of the page,
/// 9. `utm_source` of the page's address,
/// 10. SHA-256 of the campaign file, in base64url,
/// 11. the tag's own address of the hosted form,
/// 12. not empty in test mode,
/// 13. not empty in a frame,
/// 14. the tag's `display` attribute: what the form shows at first.
pub(crate) struct EmbedContext<'a>(std::str::Lines<'a>);

impl<'a> EmbedContext<'a> {
    pub(crate) fn new(lines: &'a str) -> Self {
        EmbedContext(lines.lines())
    }

    /// The next line.
    fn line(&mut self) -> String {
        self.0.next().unwrap_or_default().to_owned()
    }

    /// The language to show, this form's seed, and whether a supporter used the first paint.
    pub(crate) fn first(&mut self) -> (String, u64, bool) {
        let (lang, random) = (self.line(), self.line());
        let add = |seed: u64, digit: u8| seed.wrapping_mul(31).wrapping_add(digit.into());
        (lang, random.bytes().fold(0, add), !self.line().is_empty())
    }

    /// The form config, from the lines after the [first](Self::first) ones; `None` if the endpoint has no address.
    pub(crate) fn config(
        mut self,
        campaign: Campaign,
        seed: u64,
        keeps: bool,
    ) -> Option<FormConfig> {
        let (address, mut endpoint) = (self.line(), self.line());
        let (partner, page, origin, utm_source) =
            (self.line(), self.line(), self.line(), self.line());
        let (campaign_digest, hosted) = (self.line(), self.line());
        let (test, framed) = (!self.line().is_empty(), !self.line().is_empty());
        let display = self.line();
        let suggests = campaign.suggests_country();
        let region = if suggests { browser::region() } else { String::new() };
        // Addresses in the campaign file are relative to the file.
        if endpoint.is_empty() {
            let own = match campaign.endpoint.url.as_str() {
                "" => [campaign.id.as_str(), "/actions"].concat(),
                url => url.to_owned(),
            };
            endpoint = browser::resolve(&own, &address);
        }
        let count_url = match campaign.counter.url.as_str() {
            "" => browser::resolve("count", &endpoint),
            url => browser::resolve(url, &address),
        };
        let hosted = match hosted.as_str() {
            "" => {
                let file = address.split(['?', '#']).next().unwrap_or_default();
                file.strip_suffix(".json").unwrap_or_default().to_owned()
            }
            url => browser::resolve(url, &page),
        };
        // The hosted page, which contains the form if supporters are at risk, must not link to itself.
        let rest = hosted.strip_prefix(&page);
        let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
        let hosted = if is_here { String::new() } else { hosted };
        let source = Source { page: origin, partner, utm_source };
        let config = FormConfig {
            campaign,
            campaign_digest,
            count_url,
            endpoint,
            page,
            source,
            hosted,
            seed,
            test,
            keeps,
            framed,
            variant: None,
            display,
            region,
        };
        (!config.endpoint.is_empty()).then_some(config)
    }
}
