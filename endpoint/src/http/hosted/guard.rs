//! Keeps other sites from posting the hosted form: a post must come from a page of this endpoint.

use axum::http::{HeaderMap, HeaderName, header};

use crate::address::PublicUrl;

/// Whether a page of another site caused the browser to send this post. Browsers say so in `Sec-Fetch-Site` (Fetch
/// Metadata Request Headers, section 2.3); older ones, and all of them over plain HTTP, in `Origin`. No current browser
/// sends a request with neither, and no page can make one omit both.
pub(super) fn is_cross_site(headers: &HeaderMap, addresses: &[PublicUrl]) -> bool {
    let site = headers.get(HeaderName::from_static("sec-fetch-site"));
    match (site.map(|site| site.as_bytes()), headers.get(header::ORIGIN)) {
        (Some(b"same-origin" | b"none"), _) | (None, None) => false,
        (Some(_), _) => true,
        // The page's own referrer policy makes its posts name their origin.
        (None, Some(origin)) => {
            !addresses.iter().any(|address| address.origin().as_bytes() == origin.as_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_of_another_site_is_told_by_its_headers() {
        let addresses: Vec<PublicUrl> =
            ["https://actions.example.org/forms", "http://127.0.0.1:8080"]
                .map(|url| url.parse().unwrap())
                .into();
        let own = "https://actions.example.org";
        for (headers, cross_site) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin")], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site"), ("origin", own)], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "")], true),
            (&[("origin", own)], false),
            (&[("origin", "http://127.0.0.1:8080")], false),
            (&[("origin", "http://actions.example.org")], true),
            (&[("origin", "https://actions.example.org:8443")], true),
            (&[("origin", "https://evil.example")], true),
            (&[("origin", "null")], true),
            (&[("origin", "")], true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_cross_site(&map, &addresses), cross_site, "{headers:?}");
        }
    }
}
