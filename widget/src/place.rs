//! Where a form stands: what the loader found out about page and tag.

use crate::browser;
use standwith::action::Source;
use standwith::campaign::Campaign;
use standwith::session::Setting;

/// What the loader found out, a line each in this order, empty where there is nothing:
///
/// 1. the campaign response's final address,
/// 2. the tag's own endpoint, absolute,
/// 3. the partner's name,
/// 4. the page's address without query and fragment,
/// 5. the page's origin,
/// 6. `utm_source` of the page's address,
/// 7. SHA-256 of the campaign file, in base64url,
/// 8. the tag's own address of the hosted form,
/// 9. anything, where the form is for a test,
/// 10. anything, where it is in a frame.
pub(crate) struct Place<'a>(pub(crate) &'a str);

impl Place<'_> {
    /// The setting of such a form; none where the endpoint has no address.
    pub(crate) fn setting(self, campaign: Campaign, seed: u64, keeps: bool) -> Option<Setting> {
        let mut lines = self.0.lines();
        let mut line = || lines.next().unwrap_or_default().to_owned();
        let (address, mut endpoint) = (line(), line());
        let (partner, page, origin, utm_source) = (line(), line(), line(), line());
        let (campaign_digest, hosted) = (line(), line());
        let (test, framed) = (!line().is_empty(), !line().is_empty());
        // The addresses of the campaign file are relative to its own.
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
            "" => address.strip_suffix(".json").unwrap_or_default().to_owned(),
            url => browser::resolve(url, &page),
        };
        // The hosted page itself, which carries the form where people may be at risk, leads nowhere else.
        let rest = hosted.strip_prefix(&page);
        let is_here = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
        let hosted = if is_here { String::new() } else { hosted };
        let source = Source { page: origin, partner, utm_source };
        let setting = Setting {
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
        };
        (!setting.endpoint.is_empty()).then_some(setting)
    }
}
