//! Metadata of a hosted page for programs: search engines, and sites that show a preview of a link.

use standwith::campaign::{Campaign, Picture};
use standwith::language::primary;
use url::Url;

use crate::address::PublicUrl;
use crate::campaigns::Version;
use crate::http::excerpt::first_sentence;
use crate::http::html::escape;

/// The public address of a hosted page in one language, or in the one that the browser prefers.
pub(super) fn page_url(address: &PublicUrl, campaign: &str, lang: Option<&str>) -> Option<Url> {
    let mut url = Url::parse(&format!("{}/campaigns/{campaign}", address.as_str())).ok()?;
    if let Some(lang) = lang {
        url.query_pairs_mut().append_pair("lang", lang);
    }
    Some(url)
}

/// The absolute address of a picture, if other sites can fetch it: it is on this endpoint, or has https; at risk, only
/// if it is on this endpoint.
pub(in crate::http) fn picture_url(
    address: &PublicUrl,
    campaign: &Campaign,
    picture: &Picture,
) -> Option<Url> {
    let beside = Url::parse(&format!("{}/campaigns/", address.as_str())).ok()?;
    let url = beside.join(&picture.url).ok()?;
    let is_own = url.origin() == beside.origin();
    let is_safe = url.scheme() == "https" && !campaign.is_at_risk();
    (is_own || is_safe).then_some(url)
}

/// Description, addresses by language, and previews: Open Graph and Twitter. They name the requested page without the
/// rest of its query.
pub(super) fn metadata(address: Option<&PublicUrl>, version: &Version, lang: &str) -> String {
    let campaign = version.in_language(lang).unwrap_or(version.campaign());
    let id = campaign.id.as_str();
    let languages: Vec<&str> = version.campaigns().map(|other| other.lang.as_str()).collect();
    let sentence = first_sentence(&campaign.story);
    let mut out = Head::default();
    out.meta("name", "description", &sentence);
    // With one language there is one address.
    let has_choice = languages.len() > 1;
    let url = |lang: &str| page_url(address?, id, has_choice.then_some(lang));
    let canonical = url(&campaign.lang).map(String::from).unwrap_or_default();
    out.link("canonical", None, &canonical);
    for lang in &languages {
        out.link("alternate", Some(lang), &url(lang).map(String::from).unwrap_or_default());
    }
    let neutral = address.and_then(|address| page_url(address, id, None));
    out.link("alternate", Some("x-default"), &neutral.map(String::from).unwrap_or_default());
    out.meta("property", "og:type", "website");
    out.meta("property", "og:title", &campaign.title);
    out.meta("property", "og:description", &sentence);
    out.meta("property", "og:url", &canonical);
    out.meta("property", "og:site_name", &campaign.publisher.name);
    out.meta("property", "og:locale", &locale(&campaign.lang));
    for lang in languages.iter().filter(|lang| **lang != campaign.lang) {
        out.meta("property", "og:locale:alternate", &locale(lang));
    }
    let picture = campaign.picture.as_ref();
    let picture =
        picture.and_then(|picture| Some((picture_url(address?, campaign, picture)?, picture)));
    let card = if picture.is_some() { "summary_large_image" } else { "summary" };
    out.meta("name", "twitter:card", card);
    out.meta("name", "twitter:title", &campaign.title);
    out.meta("name", "twitter:description", &sentence);
    if let Some((url, picture)) = picture {
        for (key, prefix) in [("property", "og"), ("name", "twitter")] {
            out.meta(key, &format!("{prefix}:image"), url.as_str());
            out.meta(key, &format!("{prefix}:image:alt"), &picture.alt);
        }
    }
    out.0
}

/// A language in the format of Open Graph: with the country after an underscore, if the tag has one.
fn locale(lang: &str) -> String {
    let country = lang.split('-').skip(1).find(|part| part.len() == 2);
    match country {
        Some(country) => format!("{}_{}", primary(lang), country.to_ascii_uppercase()),
        None => primary(lang).to_owned(),
    }
}

/// Elements of a page's head. Empty ones are left out.
#[derive(Default)]
struct Head(String);

impl Head {
    fn meta(&mut self, key: &str, name: &str, content: &str) {
        if !content.is_empty() {
            self.0.push_str(&format!("<meta {key}=\"{name}\" content=\""));
            escape(content, &mut self.0);
            self.0.push_str("\">\n");
        }
    }

    fn link(&mut self, rel: &str, lang: Option<&str>, href: &str) {
        if !href.is_empty() {
            self.0.push_str(&format!("<link rel=\"{rel}\""));
            if let Some(lang) = lang {
                self.0.push_str(" hreflang=\"");
                escape(lang, &mut self.0);
                self.0.push('"');
            }
            self.0.push_str(" href=\"");
            escape(href, &mut self.0);
            self.0.push_str("\">\n");
        }
    }
}
