//! Files as they are served: in the smallest encoding that the browser accepts, and not at all if the browser already
//! has them.

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use headers::{ETag, HeaderMapExt, IfNoneMatch};

use crate::compression::Packed;

/// A file with its headers.
pub(crate) struct Served {
    pub(crate) bytes: Bytes,
    pub(crate) packed: Packed,
    /// SHA-256 of the bytes, in base64url.
    pub(crate) digest: String,
    pub(crate) content_type: &'static str,
    pub(crate) cache_control: &'static str,
    /// The request's headers on which the answer depends.
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
        let form = coding.map(|coding| ["-", coding].concat()).unwrap_or_default();
        let tag = format!("\"{}{form}\"", self.digest).parse::<ETag>();
        let mut headers = HeaderMap::from_iter([
            CROSS_ORIGIN,
            (header::CACHE_CONTROL, HeaderValue::from_static(self.cache_control)),
            (header::VARY, HeaderValue::from_static(self.vary)),
        ]);
        if let Ok(tag) = tag {
            let known = request.typed_get::<IfNoneMatch>();
            let has_already = known.is_some_and(|known| !known.precondition_passes(&tag));
            headers.typed_insert(tag);
            if has_already {
                return (StatusCode::NOT_MODIFIED, headers).into_response();
            }
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        if let Some(coding) = coding {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        (headers, body).into_response()
    }
}

/// Whether the request accepts this coding by name (RFC 9110, section 12.5.3). The crate `headers` does not know
/// Accept-Encoding, and that of tower-http is private to its layers.
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
