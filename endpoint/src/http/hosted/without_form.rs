//! Pages without a form: for unknown campaigns, and for forms that could not be shown or accepted.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use standwith::text::Key;

use super::LONGEST_FORM;
use crate::http::document::{Document, NO_FRAME, Reader, element};
use crate::http::html::escape;
use crate::http::problem::Problem;
use crate::intake::Refusal;

/// The form's style in few bytes: in a flood, each rejected post is answered with one of these pages.
const STYLE: &str = ":root{color-scheme:light dark}body{margin:16px;background:canvas;color:canvastext;font:medium/1.5 system-ui,sans-serif}\
                     main{max-width:36em;margin:auto;padding:0 5%;border:1px solid #8884;border-radius:9px}\
                     h1{font-size:1.5em;line-height:1.3}a{color:inherit}";

/// The page for an unknown or removed campaign. It links to the list of campaigns.
pub(in crate::http) fn unknown(reader: Reader) -> Response {
    let problem = Problem::from(Refusal::CampaignUnknown);
    let hint = reader.locale.say(Key::MissingPageHint);
    let mut more = String::from("<p><a href=\"../\">");
    escape(reader.locale.words(Key::CampaignsHeading), &mut more);
    more.push_str("</a></p>\n");
    page(reader, &problem, Key::MissingPage, &[hint], &more)
}

/// The page for a form that can't be shown.
pub(super) fn unshown(reader: Reader, problem: &Problem) -> Response {
    let hint = reader.locale.say(Key::UnavailablePageHint);
    page(reader, problem, Key::UnavailablePage, &[hint], "")
}

/// The page for a post that could not be read, or could not even be shown again. The browser still has what was typed.
pub(super) fn unsent(reader: Reader, problem: &Problem) -> Response {
    let locale = reader.locale;
    let why = match problem.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let most = i64::try_from(LONGEST_FORM / 1024).unwrap_or(i64::MAX);
            locale.say_with(Key::UnsentTooLong, &[("limit", &locale.number(most))])
        }
        StatusCode::REQUEST_TIMEOUT => locale.say(Key::UnsentTooSlow),
        StatusCode::BAD_REQUEST => locale.say(Key::UnsentBrokenOff),
        status => {
            let is_many = status == StatusCode::TOO_MANY_REQUESTS;
            let why = if is_many { Key::UnsentMany } else { Key::UnsentUnavailable };
            let wait = match problem.retry_after() {
                Some(wait) => locale.say_count(Key::UnsentWait, i64::from(wait), &[]),
                None => locale.say(Key::UnsentWaitMoment),
            };
            [locale.words(why), " ", &wait].concat()
        }
    };
    page(reader, problem, Key::UnsentHeading, &[why, locale.say(Key::UnsentBack)], "")
}

/// A page that reports a refusal: a heading, sentences, and HTML after them.
fn page(
    reader: Reader,
    problem: &Problem,
    heading: Key,
    sentences: &[String],
    more: &str,
) -> Response {
    let heading = reader.locale.words(heading);
    let mut body = String::from("<main>\n");
    element("h1", heading, &mut body);
    sentences.iter().for_each(|sentence| element("p", sentence, &mut body));
    body.push_str(more);
    body.push_str("</main>");
    let document = Document {
        lang: &reader.locale.lang,
        title: heading,
        metadata: "",
        style: STYLE,
        has_icon: true,
        body: &body,
        policy: "form-action 'none'",
        frames: NO_FRAME,
        cache: "no-store",
    };
    let mut response = document.rendered(problem.status(), reader.packs).map(Body::from);
    problem.put_retry_after(response.headers_mut());
    // A query may identify a person.
    let referrer = HeaderValue::from_static("no-referrer");
    response.headers_mut().insert(header::REFERRER_POLICY, referrer);
    response.extensions_mut().insert(problem.code());
    response
}
