//! Files as they are served: in the smallest form that the browser takes, and not at all where it
//! has them already.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::compression::Packed;

/// A file and what is said of it.
pub(crate) struct Served {
    pub(crate) bytes: Bytes,
    pub(crate) packed: Packed,
    /// SHA-256 of the bytes, in base64url.
    pub(crate) digest: String,
    pub(crate) content_type: &'static str,
    pub(crate) cache_control: &'static str,
    /// The request's headers on which it depends what is served.
    pub(crate) vary: &'static str,
}

/// `Cross-Origin-Resource-Policy`: pages that isolate themselves (COEP) may embed the file.
pub(crate) const CROSS_ORIGIN: (HeaderName, HeaderValue) = (
    HeaderName::from_static("cross-origin-resource-policy"),
    HeaderValue::from_static("cross-origin"),
);

impl Served {
    /// The answer to a GET with these headers.
    pub(crate) fn answer(self, request: &HeaderMap) -> Response {
        let takes = |coding| accepts(request, coding);
        let (coding, body) = match (self.packed.brotli, self.packed.gzip) {
            (Some(brotli), _) if takes("br") => (Some("br"), brotli),
            (_, Some(gzip)) if takes("gzip") => (Some("gzip"), gzip),
            _ => (None, self.bytes),
        };
        // Each form is a representation of its own (RFC 9110, section 8.8.3).
        let tag = match coding {
            Some(coding) => format!("\"{}-{coding}\"", self.digest),
            None => format!("\"{}\"", self.digest),
        };
        let headers = [
            CROSS_ORIGIN,
            (header::CACHE_CONTROL, HeaderValue::from_static(self.cache_control)),
            (header::VARY, HeaderValue::from_static(self.vary)),
        ];
        let tagged = HeaderValue::from_str(&tag).map(|value| [(header::ETAG, value)]);
        let tagged = tagged.into_iter().flatten().collect::<HeaderMap>();
        if has_already(request, &tag) {
            return (StatusCode::NOT_MODIFIED, headers, tagged).into_response();
        }
        let mut response = (headers, tagged, body).into_response();
        let said = response.headers_mut();
        said.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(coding) = coding {
            said.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        response
    }
}

/// Whether the request takes this coding by name (RFC 9110, section 12.5.3).
pub(crate) fn accepts(request: &HeaderMap, coding: &str) -> bool {
    let headers = request.get_all(header::ACCEPT_ENCODING).into_iter();
    let listed = headers.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    listed.into_iter().any(|item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let weight = weight.trim().strip_prefix("q=").unwrap_or("1");
        name.trim().eq_ignore_ascii_case(coding)
            && weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0)
    })
}

/// Whether the request's If-None-Match names this tag. Proxies make strong tags weak.
fn has_already(request: &HeaderMap, tag: &str) -> bool {
    let headers = request.get_all(header::IF_NONE_MATCH).into_iter();
    let listed = headers.filter_map(|value| value.to_str().ok()).flat_map(|list| list.split(','));
    listed.map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}
