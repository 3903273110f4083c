//! `GET /`: the campaigns that take messages now, as cards, each with the code that adds its form to a page.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use standwith::campaign::Campaign;
use standwith::goal;
use standwith::language::{autonym, choose, is_right_to_left};
use standwith::lint::picture_file;
use standwith::text::{Key, Locale};

use super::document::{
    Document, FORM_STYLE, NO_FRAME, PAGE_STYLE, Reader, element, languages, query,
};
use super::excerpt::first_sentence;
use super::hosted::picture_url;
use super::html::escape;
use super::problem::Problem;
use crate::address::PublicUrl;
use crate::app::AppState;
use crate::campaigns::Version;
use crate::hosted_forms::Rendered;
use crate::intake::Refusal;

/// The code that partners paste, as README has it, with this server's address and this campaign.
fn snippet(address: &str, id: &str) -> String {
    format!(
        "<div style=\"min-height:640px\">\n\
         <script async crossorigin=\"anonymous\" src=\"{address}/standwith.js\"\n        \
         data-campaign=\"{address}/campaigns/{id}.json\"></script>\n\
         <noscript><a href=\"{address}/campaigns/{id}\">Send your message</a></noscript>\n\
         </div>"
    )
}

/// `GET /`.
pub(super) async fn get(
    State(state): State<Arc<AppState>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let now = state.clock.now();
    let mut open = Vec::new();
    for version in state.campaigns.all() {
        if version.is_open(now).is_ok() {
            let count = state.counts.get(version.campaign().id.as_str()).await.ok();
            open.push((version, count));
        }
    }
    let list = List {
        reader: Reader::of(&uri, &headers),
        wanted: languages(&uri, &headers),
        is_asked: query(&uri, "lang").is_some(),
        address: address(&state.config.addresses, &headers).cloned(),
    };
    match state.workers.run(move || list.rendered(&open)).await {
        Ok(page) => page.map(Body::from).into_response(),
        Err(error) => Problem::from(Refusal::from(error)).into_response(),
    }
}

/// The public address through which the browser reached the endpoint, else the first one.
fn address<'a>(addresses: &'a [PublicUrl], headers: &HeaderMap) -> Option<&'a PublicUrl> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_it = |address: &&PublicUrl| {
        let origin = address.origin();
        origin.split_once("://").map(|(_, own)| own) == host
    };
    addresses.iter().find(is_it).or(addresses.first())
}

struct List {
    reader: Reader,
    /// The languages that the reader wants, by preference.
    wanted: Vec<String>,
    /// Whether the address of the list names a language: then the addresses of the forms do, too.
    is_asked: bool,
    address: Option<PublicUrl>,
}

impl List {
    fn rendered(&self, open: &[(Arc<Version>, Option<i64>)]) -> Rendered {
        let locale = self.reader.locale;
        let heading = locale.words(Key::CampaignsHeading);
        let mut body = String::from("<main class=\"list\">\n");
        let mut style = [FORM_STYLE, PAGE_STYLE].concat();
        element("h1", heading, &mut body);
        if open.is_empty() {
            element("p", locale.words(Key::CampaignsNone), &mut body);
        } else {
            // Safari ignores a list without marks unless it has this role.
            body.push_str("<ul class=\"cards\" role=\"list\">\n");
            for (version, count) in open {
                self.write_card(version, *count, &mut body);
                // A colour is six hexadecimal digits, and an id needs no escaping.
                if let Some(accent) = &version.campaign().theme.accent {
                    let id = version.campaign().id.as_str();
                    let accent = accent.as_str();
                    style.push_str(&format!("#campaign-{id}{{--campaign-accent:{accent}}}"));
                }
            }
            body.push_str("</ul>\n");
        }
        body.push_str("</main>");
        let document = Document {
            lang: &locale.lang,
            title: heading,
            metadata: "",
            style: &style,
            has_icon: true,
            body: &body,
            policy: "form-action 'none'",
            frames: NO_FRAME,
            cache: "no-cache",
        };
        document.rendered(StatusCode::OK, self.reader.packs)
    }

    fn write_card(&self, version: &Version, count: Option<i64>, out: &mut String) {
        let locale = self.reader.locale;
        let languages: Vec<String> = version.campaigns().map(|it| it.lang.clone()).collect();
        let lang = choose(&self.wanted, &languages);
        let campaign = version.in_language(lang).unwrap_or(version.campaign());
        let id = campaign.id.as_str();
        out.push_str(&format!("<li class=\"standwith\" id=\"campaign-{id}\">\n"));
        self.write_picture(campaign, out);
        out.push_str(&format!("<h2{}><a href=\"campaigns/{id}", in_language(campaign, locale)));
        if self.is_asked {
            out.push_str("?lang=");
            escape(lang, out);
        }
        out.push_str("\">");
        escape(&campaign.title, out);
        out.push_str("</a></h2>\n");
        let publisher = &campaign.publisher.name;
        if !publisher.is_empty() {
            let said = locale.say_with(Key::PublishedBy, &[("publisher", publisher)]);
            sentence("hint", &said, "", out);
        }
        let begin = first_sentence(&campaign.story);
        if !begin.is_empty() {
            sentence("story", &begin, &in_language(campaign, locale), out);
        }
        if let Some(count) = count {
            sentence("", &counted(locale, campaign, count), "", out);
        }
        let names = languages.iter().map(|lang| autonym(lang).to_owned());
        let names = names.reduce(|before, after| {
            locale.say_with(Key::ListJoin, &[("before", &before), ("after", &after)])
        });
        let names = names.unwrap_or_default();
        let said = locale.say_with(Key::CampaignLanguages, &[("list", &names)]);
        sentence("hint", &said, "", out);
        self.write_snippet(campaign, out);
        out.push_str("</li>\n");
    }

    /// As in the form: the picture's host learns neither the page's address nor a cookie.
    fn write_picture(&self, campaign: &Campaign, out: &mut String) {
        let Some(picture) = &campaign.picture else { return };
        // Relative if possible, so that it works behind any proxy path.
        let url = match picture_file(&picture.url) {
            Some(file) => Some(["campaigns/", file].concat()),
            None => self
                .address
                .as_ref()
                .and_then(|address| picture_url(address, campaign, picture))
                .map(String::from),
        };
        let Some(url) = url else { return };
        out.push_str("<img class=\"picture\" src=\"");
        escape(&url, out);
        out.push_str("\" alt=\"");
        escape(&picture.alt, out);
        let lang = in_language(campaign, self.reader.locale);
        out.push_str(&format!(
            "\"{lang} loading=\"lazy\" referrerpolicy=\"no-referrer\" crossorigin=\"anonymous\">\n"
        ));
    }

    fn write_snippet(&self, campaign: &Campaign, out: &mut String) {
        let Some(address) = &self.address else { return };
        let (id, locale) = (campaign.id.as_str(), self.reader.locale);
        out.push_str("<details><summary>");
        escape(locale.words(Key::SnippetHeading), out);
        out.push_str(&format!("</summary>\n<label for=\"snippet-{id}\">"));
        escape(locale.words(Key::SnippetHint), out);
        out.push_str(&format!(
            "</label>\n<textarea id=\"snippet-{id}\" dir=\"ltr\" rows=\"8\" spellcheck=\"false\" translate=\"no\" readonly>\n"
        ));
        escape(&snippet(address.as_str(), id), out);
        out.push_str("</textarea></details>\n");
    }
}

/// A paragraph with a class, if it has one, and attributes.
fn sentence(class: &str, text: &str, attributes: &str, out: &mut String) {
    out.push_str("<p");
    if !class.is_empty() {
        out.push_str(&format!(" class=\"{class}\""));
    }
    out.push_str(attributes);
    out.push('>');
    escape(text, out);
    out.push_str("</p>\n");
}

/// Marks a text as being in the campaign's language, if that is not the page's.
fn in_language(campaign: &Campaign, locale: &Locale) -> String {
    if campaign.lang == locale.lang {
        return String::new();
    }
    let mut out = String::from(" lang=\"");
    escape(&campaign.lang, &mut out);
    let right_to_left = is_right_to_left(&campaign.lang);
    out.push_str(if right_to_left { "\" dir=\"rtl\"" } else { "\" dir=\"ltr\"" });
    out
}

/// The number of messages, and the goal, in the words of the form.
fn counted(locale: &Locale, campaign: &Campaign, count: i64) -> String {
    match campaign.counter.goal {
        Some(goal) => {
            let goal = locale.number(goal::shown(i64::from(goal), count));
            locale.say_count(Key::CountOfGoal, count, &[("goal", &goal)])
        }
        None => locale.say_count(Key::Count, count, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_snippet_is_the_one_that_readme_has() {
        let readme = include_str!("../../../README.md");
        let shown = snippet("https://actions.example.org", "free-mech-dara");
        assert!(readme.contains(&format!("```html\n{shown}\n```")), "{shown}");
    }

    #[test]
    fn the_address_is_the_one_that_the_browser_used_of_those_that_are_public() {
        let addresses = PublicUrl::local(8080);
        for (host, expected) in [
            ("127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost:8080"),
            ("evil.example", "http://localhost:8080"),
            ("127.0.0.1", "http://localhost:8080"),
            ("", "http://localhost:8080"),
        ] {
            let headers = HeaderMap::from_iter([(header::HOST, host.parse().unwrap())]);
            assert_eq!(address(&addresses, &headers).unwrap().as_str(), expected, "{host}");
        }
        assert!(address(&[], &HeaderMap::new()).is_none());
    }
}
