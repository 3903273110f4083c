//! Rules for addresses and pictures.

use super::Lint;
use crate::campaign::{Campaign, Picture};

/// Maximum number of origins that may show the hosted page, because all of them are sent in one header.
const MOST_ORIGINS: usize = 50;

impl Lint<'_> {
    pub(super) fn address(&mut self, pointer: &str, url: &str, reach: Reach) {
        if url.is_empty() || is_web_address(url) || (reach == Reach::Near && is_relative(url)) {
            return;
        }
        let hint = match reach {
            Reach::Web => "write a whole address like https://example.org/page",
            Reach::Near => "write an address like https://example.org/page, or a path like page",
        };
        self.fault(pointer, "no address on the web, or one without https", hint);
    }

    /// The origins that may show the hosted page in a frame.
    pub(super) fn embed(&mut self, campaign: &Campaign) {
        let origins = &campaign.embed.origins;
        for (index, origin) in origins.iter().enumerate() {
            if !is_origin(origin) {
                self.fault(
                    &format!("/embed/origins/{index}"),
                    "no origin of a website, or one without https",
                    "write scheme and host alone, like https://example.org, without a slash or a path behind",
                );
            }
        }
        self.distinct("/embed/origins", "", origins.iter().map(String::as_str));
        if origins.len() > MOST_ORIGINS {
            let problem = format!(
                "more than {MOST_ORIGINS} origins, which make a header too long for proxies"
            );
            self.fault("/embed/origins", &problem, "name fewer, or make several campaigns");
        }
    }

    pub(super) fn picture(&mut self, pointer: &str, picture: Option<&Picture>) {
        if let Some(picture) = picture {
            self.filled(pointer, &picture.url);
            self.address(pointer, &picture.url, Reach::Near);
        }
    }
}

/// Kinds of address that a key accepts.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Reach {
    /// Absolute addresses only.
    Web,
    /// Also addresses relative to the campaign file.
    Near,
}

/// Whether this is an absolute address with https, or with http on the local machine.
pub(super) fn is_web_address(url: &str) -> bool {
    let (rest, here_only) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
        (Some(rest), _) => (rest, false),
        (_, Some(rest)) => (rest, true),
        _ => return false,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let port_fits = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let host_fits = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(ip) => ip.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            let fits = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || "-._".contains(c);
            !host.is_empty() && host.chars().all(fits)
        }
    };
    let here = ["localhost", "127.0.0.1", "[::1]"].contains(&host);
    host_fits && port_fits && (here || !here_only) && !url.chars().any(never_in_address)
}

/// Whether this is the origin of a website, as browsers write it but for the host's letters: no path, not even a slash.
fn is_origin(url: &str) -> bool {
    let host = url.split_once("://").map_or("", |(_, host)| host);
    is_web_address(url) && !host.contains(['/', '?', '#'])
}

/// Whether this is a relative address, without scheme and host.
pub(super) fn is_relative(url: &str) -> bool {
    let first = url.split(['/', '?', '#']).next().unwrap_or_default();
    !url.starts_with("//") && !first.contains(':') && !url.chars().any(never_in_address)
}

pub(super) fn never_in_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\\<>\"{}".contains(c)
}

/// The name of the picture file beside the campaign file that a picture's address names, if `serve` serves it: no
/// hidden file, no folder, no format that could contain script.
pub fn picture_file(url: &str) -> Option<&str> {
    let name = url.strip_prefix("./").unwrap_or(url);
    let (stem, ending) = name.rsplit_once('.')?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let is_picture = ["png", "jpg", "jpeg", "webp", "avif"].contains(&ending);
    (is_picture && !stem.is_empty() && !name.starts_with('.') && name.bytes().all(fits))
        .then_some(name)
}

/// The campaign's pictures with their pointers.
pub(super) fn pictures(campaign: &Campaign) -> Vec<(String, &Picture)> {
    let own = ("/picture/url".to_owned(), campaign.picture.as_ref());
    let targets = campaign.targets.iter().enumerate();
    let targets =
        targets.map(|(at, it)| (format!("/targets/{at}/picture/url"), it.picture.as_ref()));
    let all = std::iter::once(own).chain(targets);
    all.filter_map(|(pointer, picture)| Some((pointer, picture?))).collect()
}

/// Pointers to pictures whose addresses name a host. The file does not say which host is the campaign's own.
pub(super) fn pictures_elsewhere(campaign: &Campaign) -> Vec<String> {
    let elsewhere = |picture: &Picture| !picture.url.is_empty() && !is_relative(&picture.url);
    let all = pictures(campaign).into_iter();
    all.filter(|(_, picture)| elsewhere(picture)).map(|(pointer, _)| pointer).collect()
}
