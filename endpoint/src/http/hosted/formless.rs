//! Pages without a form: there is no campaign, the form cannot be shown, or a post was not accepted. They are in the
//! language of the request, because there may be no campaign to have one.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use standwith::language::is_right_to_left;
use standwith::text::{Key, Locale};

use super::LONGEST_FORM;
use super::page::query;
use crate::http::html;
use crate::http::problem::Problem;
use crate::intake::Refusal;
use crate::language::{closest, wanted};

/// The policy of a page that needs nothing.
const NOTHING: &str =
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The texts in the language that a request asks for, in its address or its headers.
pub(super) fn asked(uri: &Uri, headers: &HeaderMap) -> &'static Locale {
    let asked: Vec<String> = query(uri, "lang").into_iter().chain(wanted(headers)).collect();
    closest(&asked)
}

/// What people see who follow a link to a campaign that is not here, or no longer.
pub(in crate::http) fn unknown(uri: &Uri, headers: &HeaderMap) -> Response {
    let (locale, problem) = (asked(uri, headers), Problem::from(Refusal::CampaignUnknown));
    page(locale, &problem, Key::MissingPage, &[locale.words(Key::MissingPageHint)])
}

/// What people see when the form can't be shown.
pub(super) fn unshown(locale: &Locale, problem: &Problem) -> Response {
    page(locale, problem, Key::UnavailablePage, &[locale.words(Key::UnavailablePageHint)])
}

/// What people see when what they posted could not be read, or not even be shown to them again. The browser kept it.
pub(super) fn unsent(locale: &Locale, problem: &Problem) -> Response {
    let wait = match problem.retry_after() {
        Some(wait) => locale.say_count(Key::UnsentWait, wait.into(), &[]),
        None => locale.say(Key::UnsentWaitMoment),
    };
    let limit = locale.number((LONGEST_FORM / 1024) as i64);
    let too_long = locale.say_with(Key::UnsentTooLong, &[("limit", &limit)]);
    let (why, wait) = match problem.status() {
        StatusCode::PAYLOAD_TOO_LARGE => (too_long.as_str(), None),
        StatusCode::REQUEST_TIMEOUT => (locale.words(Key::UnsentTooSlow), None),
        StatusCode::BAD_REQUEST => (locale.words(Key::UnsentBrokenOff), None),
        StatusCode::TOO_MANY_REQUESTS => (locale.words(Key::UnsentMany), Some(wait.as_str())),
        _ => (locale.words(Key::UnsentUnavailable), Some(wait.as_str())),
    };
    let back = Some(locale.words(Key::UnsentBack));
    let text: Vec<&str> = [Some(why), wait, back].into_iter().flatten().collect();
    page(locale, problem, Key::UnsentHeading, &text)
}

/// A page that tells of a refusal.
fn page(locale: &Locale, problem: &Problem, heading: Key, text: &[&str]) -> Response {
    let [mut title, mut prose] = [String::new(), String::new()];
    html::escape(locale.words(heading), &mut title);
    for sentence in text {
        prose.push_str("<p>");
        html::escape(sentence, &mut prose);
        prose.push_str("</p>\n");
    }
    let (lang, direction) = (&locale.lang, is_right_to_left(&locale.lang));
    let direction = if direction { " dir=\"rtl\"" } else { "" };
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\"{direction}>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <h1>{title}</h1>\n{prose}</html>\n"
    );
    let headers = [(header::CONTENT_SECURITY_POLICY, NOTHING), (header::CACHE_CONTROL, "no-store")];
    let mut response = (problem.status(), headers, Html(page)).into_response();
    problem.put_retry_after(response.headers_mut());
    response.extensions_mut().insert(problem.code());
    response
}
