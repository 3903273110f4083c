//! The endpoint's own pages: one frame of HTML, style and policy for the hosted form, the list of campaigns, and the
//! pages that report a refusal. None of them has a script of its own.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use base64ct::{Base64, Encoding};
use standwith::language::{is_right_to_left, primary};
use standwith::text::Locale;

use super::file::accepts;
use super::html::escape;
use crate::compression;
use crate::hosted_forms::Rendered;
use crate::language::{locale, wanted};

/// The form's own style, as the widget has it. The build removes comments and spaces.
pub(super) const FORM_STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/style.css"));
/// Style of what the widget leaves to the embedding page. It follows the form's.
pub(super) const PAGE_STYLE: &str = include_str!(concat!(env!("OUT_DIR"), "/page.css"));
/// The icon: a letter, in the form's default accent.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E\
                    %3Crect width='16' height='16' rx='3' fill='%2314546b'/%3E\
                    %3Cpath d='M3 5h10v6H3zl5 4 5-4' fill='none' stroke='%23fff'/%3E%3C/svg%3E";

/// The frame ancestors of a page that must not be framed.
pub(super) const NO_FRAME: &str = "'none'";

/// A page.
pub(super) struct Document<'a> {
    /// The language of the page (BCP 47).
    pub(super) lang: &'a str,
    pub(super) title: &'a str,
    /// HTML of the head: metadata for programs.
    pub(super) metadata: &'a str,
    pub(super) style: &'a str,
    /// Whether the page contains its icon.
    pub(super) has_icon: bool,
    /// HTML of the body.
    pub(super) body: &'a str,
    /// Additional directives of the policy.
    pub(super) policy: &'a str,
    /// The origins that may frame the page, as the policy has them.
    pub(super) frames: &'a str,
    /// How long the page may be stored.
    pub(super) cache: &'static str,
}

impl Document<'_> {
    /// The answer: with gzip if the browser accepts it. It varies by language and encoding.
    pub(super) fn rendered(&self, status: StatusCode, packs: bool) -> Rendered {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src 'self' https: data:; \
             {}; base-uri 'none'; frame-ancestors {}",
            Base64::encode_string(digest(&SHA256, self.style.as_bytes()).as_ref()),
            self.policy,
            self.frames,
        );
        let page = self.html();
        let packed = packs.then(|| compression::quickly(page.as_bytes())).flatten();
        let is_packed = packed.is_some();
        let mut rendered = Rendered::new(packed.map_or_else(|| Bytes::from(page), Bytes::from));
        *rendered.status_mut() = status;
        let headers = rendered.headers_mut();
        for (name, value) in [
            (header::CONTENT_TYPE, "text/html; charset=utf-8"),
            (header::CACHE_CONTROL, self.cache),
            (header::VARY, "Accept-Language, Accept-Encoding"),
            // A window of another site has no reference to this one.
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if is_packed {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        // All of it is ASCII: addresses are written as browsers send them.
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        rendered
    }

    fn html(&self) -> String {
        let style = self.style;
        let mut out = String::with_capacity(style.len() + self.body.len() + 4096);
        out.push_str("<!DOCTYPE html>\n<html lang=\"");
        escape(self.lang, &mut out);
        out.push_str(if is_right_to_left(self.lang) { "\" dir=\"rtl\">\n" } else { "\">\n" });
        out.push_str("<meta charset=\"utf-8\">\n");
        out.push_str("<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
        escape(self.title, &mut out);
        out.push_str("</title>\n");
        out.push_str(self.metadata);
        if self.has_icon {
            out.push_str(&format!("<link rel=\"icon\" href=\"{ICON}\">\n"));
        }
        out.push_str(&format!("<style>{style}</style>\n"));
        out.push_str(self.body);
        out.push_str("\n</html>\n");
        out
    }
}

/// The requested form of a page that belongs to no campaign.
#[derive(Clone, Copy)]
pub(super) struct Reader {
    /// The texts in the available language that the reader prefers.
    pub(super) locale: &'static Locale,
    /// Whether the browser accepts gzip.
    pub(super) packs: bool,
}

impl Reader {
    /// Reads it from a request: the address takes precedence over the browser.
    pub(super) fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let asked = languages(uri, headers);
        let spoken = asked.iter().map(|lang| (lang, locale(lang)));
        let mut known =
            spoken.filter(|(lang, known)| primary(&known.lang).eq_ignore_ascii_case(primary(lang)));
        let locale = known.next().map_or_else(|| locale("en"), |(_, known)| known);
        Reader { locale, packs: accepts(headers, "gzip") }
    }
}

/// The languages that a request asks for, by preference.
pub(super) fn languages(uri: &Uri, headers: &HeaderMap) -> Vec<String> {
    query(uri, "lang").into_iter().chain(wanted(headers)).collect()
}

/// The value with this name in an address's query.
pub(super) fn query(uri: &Uri, wanted: &str) -> Option<String> {
    let mut asked = form_urlencoded::parse(uri.query()?.as_bytes());
    asked.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}

/// Writes an element that contains only a text.
pub(super) fn element(tag: &str, text: &str, out: &mut String) {
    out.push_str(&format!("<{tag}>"));
    escape(text, out);
    out.push_str(&format!("</{tag}>\n"));
}
