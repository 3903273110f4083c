//! The addresses under which the endpoint is reached from outside. The `aud` of an action names one of them; the
//! endpoint accepts no other.

use std::str::FromStr;

use url::Url;

/// An address of the endpoint: scheme, host, port where it is not the scheme's own, perhaps a path;
/// no slash at the end. Written as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let malformed = "expected an address like https://actions.example.org";
        if !text.is_ascii() {
            return Err("expected the host's name in ASCII, as browsers send it (xn--…)");
        }
        let (scheme, _) = text.split_once("://").ok_or(malformed)?;
        if !["https", "http"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) {
            return Err("expected an address that begins with https:// or http://");
        }
        // Browsers ignore these characters; here they are an error.
        let passed_over = |c: char| c.is_ascii_whitespace() || c.is_ascii_control();
        if text.contains(['?', '#', '@', '\\']) || text.contains(passed_over) {
            return Err("expected an address without user, query and fragment");
        }
        let url = Url::parse(text).map_err(|_| malformed)?;
        Ok(PublicUrl(url.as_str().trim_end_matches('/').to_owned()))
    }
}

impl PublicUrl {
    /// Returns the addresses by which a machine reaches itself at this port.
    pub fn local(port: u16) -> Vec<Self> {
        let hosts = ["localhost", "127.0.0.1", "[::1]"];
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        hosts.map(|host| PublicUrl(format!("http://{host}{port}"))).into()
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Scheme, host and port, as browsers write them in `Origin` (RFC 6454, section 6.2).
    pub fn origin(&self) -> String {
        // It was made from an address that parses.
        Url::parse(&self.0).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
    }

    /// The path below which the endpoint is reached, without a slash at its end; empty if there is none.
    pub fn path(&self) -> &str {
        let (_, rest) = self.0.split_once("://").unwrap_or_default();
        rest.find('/').map_or("", |at| &rest[at..])
    }

    /// The address to which actions for a campaign are posted: the required `aud`.
    pub fn actions(&self, campaign: &str) -> String {
        format!("{}/campaigns/{campaign}/actions", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_browsers_write_it() {
        for (given, written) in [
            ("https://Actions.Example.org/", "https://actions.example.org"),
            ("HTTPS://actions.example.org:443", "https://actions.example.org"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://example.org:8443/Stand/", "https://example.org:8443/Stand"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://127.1:080/a/../b", "http://127.0.0.1/b"),
        ] {
            assert_eq!(given.parse::<PublicUrl>().as_ref().map(PublicUrl::as_str), Ok(written));
        }
        for given in [
            "actions.example.org",
            "ftp://a.org",
            "https://a.org/?x",
            "https://",
            "https://ö.org",
            "https://a.org:99999",
            "https://[::1/",
            "https://a org",
            "https://a\u{7f}.org",
            "ht\ttps://a.org",
        ] {
            assert!(given.parse::<PublicUrl>().is_err(), "{given}");
        }
    }

    #[test]
    fn has_an_origin() {
        let origin = |url: &str| url.parse::<PublicUrl>().unwrap().origin();
        assert_eq!(origin("https://example.org:8443/Stand/"), "https://example.org:8443");
        assert_eq!(origin("HTTP://127.0.0.1:80/a"), "http://127.0.0.1");
    }

    #[test]
    fn has_a_path() {
        for (url, path) in [
            ("https://example.org", ""),
            ("https://example.org/", ""),
            ("https://example.org:8443/Stand/", "/Stand"),
            ("http://[::1]/a/b", "/a/b"),
        ] {
            assert_eq!(url.parse::<PublicUrl>().unwrap().path(), path);
        }
    }
}
