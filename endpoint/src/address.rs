//! The addresses under which the endpoint is reached from outside. An action says in `aud` where it
//! is meant to go, and is taken only there.

use std::str::FromStr;

/// An address of the endpoint: scheme, host, port where it is not the scheme's own, perhaps a path;
/// no slash at the end. Written as browsers write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl(String);

impl FromStr for PublicUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = "expected an address like https://actions.example.org";
        if !text.is_ascii() {
            return Err("expected the host's name in ASCII, as browsers send it (xn--…)");
        }
        let (scheme, rest) = text.split_once("://").ok_or(malformed)?;
        let scheme = scheme.to_ascii_lowercase();
        let own_port = match scheme.as_str() {
            "https" => ":443",
            "http" => ":80",
            _ => return Err("expected an address that begins with https:// or http://"),
        };
        if text.contains(['?', '#', '@', '\\']) || text.contains(char::is_whitespace) {
            return Err("expected an address without user, query and fragment");
        }
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = host.to_ascii_lowercase();
        let host = host.strip_suffix(own_port).unwrap_or(&host);
        if host.is_empty() || host.starts_with(':') {
            return Err(malformed);
        }
        Ok(PublicUrl(format!("{scheme}://{host}{}", path.trim_end_matches('/'))))
    }
}

impl PublicUrl {
    /// The addresses by which a machine reaches itself at this port.
    pub fn local(port: u16) -> Vec<Self> {
        let hosts = ["localhost", "127.0.0.1", "[::1]"];
        let port = if port == 80 { String::new() } else { format!(":{port}") };
        hosts.map(|host| PublicUrl(format!("http://{host}{port}"))).into()
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where actions for a campaign are posted: what `aud` must be.
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
        ] {
            assert_eq!(given.parse::<PublicUrl>().as_ref().map(PublicUrl::as_str), Ok(written));
        }
        for given in
            ["actions.example.org", "ftp://a.org", "https://a.org/?x", "https://", "https://ö.org"]
        {
            assert!(given.parse::<PublicUrl>().is_err(), "{given}");
        }
    }
}
