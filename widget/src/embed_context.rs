//! What the loader finds out about page and tag, and hands over to mount a form.

use serde::Deserialize;

use crate::browser;
use standwith::action::Source;
use standwith::campaign::Campaign;
use standwith::session::Setting;

/// All that a form is made of. Optional members are empty where there is nothing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FormOptions {
    /// The text of the campaign file.
    pub(crate) file: String,
    /// Language to show.
    pub(crate) lang: String,
    /// Compiled catalogue of that language; empty for English.
    pub(crate) texts: String,
    /// Whether a person used the form that was painted first.
    pub(crate) used: bool,
    pub(crate) context: EmbedContext,
}

/// Where a form is embedded.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmbedContext {
    /// Final address of the campaign file.
    file_url: String,
    /// SHA-256 of the campaign file, in base64url.
    digest: String,
    /// Address of the page, without query and fragment.
    page: String,
    /// Origin of the page.
    origin: String,
    /// The tag's own endpoint, absolute.
    endpoint: Option<String>,
    /// The partner's name.
    source: Option<String>,
    /// `utm_source` of the page's address.
    utm_source: Option<String>,
    /// The tag's own address of the hosted form.
    hosted: Option<String>,
    /// Whether the form is in test mode.
    test: bool,
    /// Whether it is in a frame.
    framed: bool,
}

impl EmbedContext {
    /// The setting of such a form; none where the endpoint has no address.
    pub(crate) fn setting(self, campaign: Campaign, seed: u64, keeps: bool) -> Option<Setting> {
        let EmbedContext {
            file_url: address,
            digest: campaign_digest,
            page,
            origin,
            test,
            framed,
            ..
        } = self;
        let mut endpoint = self.endpoint.unwrap_or_default();
        let hosted = self.hosted.unwrap_or_default();
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
        let source = Source {
            page: origin,
            partner: self.source.unwrap_or_default(),
            utm_source: self.utm_source.unwrap_or_default(),
        };
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
