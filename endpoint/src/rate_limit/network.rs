//! Client addresses: the networks of an address, and which proxies are trusted to name it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use clap::ValueEnum;

/// A block of addresses, as in `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    first: IpAddr,
    length: u8,
}

impl FromStr for Block {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected an address or a block of addresses, like 10.0.0.0/8 or ::1";
        let text = text.trim();
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        let address: IpAddr = address.parse().map_err(|_| expected)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            "" if !text.contains('/') => whole,
            length => length.parse().ok().filter(|length| *length <= whole).ok_or(expected)?,
        };
        let first = masked(address, length);
        if first != address {
            return Err("the address is not the first of its block: its last bits are not 0");
        }
        Ok(Block { first, length })
    }
}

impl fmt::Display for Block {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.first, self.length)
    }
}

impl Block {
    fn holds(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && masked(address, self.length) == self.first
    }
}

/// The first address of the block of this length that contains this one.
fn masked(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            IpAddr::V4((address.to_bits() & mask).into())
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            IpAddr::V6((address.to_bits() & mask).into())
        }
    }
}

/// The origin of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Client {
    /// From this address.
    Address(IpAddr),
    /// A trusted proxy forwarded it with an unreadable address. All of these are one network.
    Unknown,
}

/// A network: its first address, and the length of its prefix in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    pub(super) first: IpAddr,
    pub(super) length: u8,
}

impl Network {
    /// The length of the prefix in bits.
    #[cfg(test)]
    pub(crate) fn length(self) -> u8 {
        self.length
    }
}

impl Client {
    /// The networks that count for a client: see [`networks_of`].
    pub(super) fn networks(self) -> Vec<(Network, u32)> {
        match self {
            Client::Address(address) => networks_of(address),
            Client::Unknown => {
                vec![(Network { first: IpAddr::V4(Ipv4Addr::UNSPECIFIED), length: 0 }, 1)]
            }
        }
    }
}

/// The networks of an address, the narrowest first, each with the divisor of a network's limit that applies to it.
/// Empty for addresses that are used in many places at once, such as those of this machine or of a private network:
/// such a request comes through a proxy.
pub fn networks_of(address: IpAddr) -> Vec<(Network, u32)> {
    let network = |address, length| Network { first: masked(address, length), length };
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let says_nothing =
                v4.is_loopback() || v4.is_private() || v4.is_link_local() || v4.is_unspecified();
            if says_nothing { Vec::new() } else { vec![(network(v4.into(), 24), 1)] }
        }
        IpAddr::V6(v6) => {
            let says_nothing = v6.is_loopback()
                || v6.is_unique_local()
                || v6.is_unicast_link_local()
                || v6.is_unspecified();
            if says_nothing {
                return Vec::new();
            }
            // A household or a server has at least a /64, and many can choose from a /48.
            vec![(network(v6.into(), 64), 4), (network(v6.into(), 48), 1)]
        }
    }
}

/// The header in which a proxy passes the client's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ForwardedHeader {
    /// X-Forwarded-For, which nearly every proxy writes
    #[default]
    XForwardedFor,
    /// Forwarded (RFC 7239)
    Forwarded,
}

/// The proxies that are trusted to name the client's address.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// The proxies' addresses.
    pub trusted: Vec<Block>,
    /// The header that they write. Only one: a client could write anything into the other.
    pub header: ForwardedHeader,
}

impl Proxies {
    /// The origin of a request whose connection comes from `peer`: the last address in the header that is not a trusted
    /// proxy's. Any client may have written the part before it, in any bytes.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Client {
        let mut address = peer.to_canonical();
        if !self.trusts(address) {
            return Client::Address(address);
        }
        let lines: Vec<&[u8]> =
            headers.get_all(self.header_name()).iter().map(HeaderValue::as_bytes).collect();
        let steps = lines.iter().rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
        for step in steps {
            let step = std::str::from_utf8(step).unwrap_or_default();
            let named = match self.header {
                ForwardedHeader::XForwardedFor => node(step.trim()),
                ForwardedHeader::Forwarded => forwarded_for(step),
            };
            // A hidden name (`unknown`, `_gateway`) also counts as unknown.
            let Some(named) = named else { return Client::Unknown };
            address = named.to_canonical();
            if !self.trusts(address) {
                break;
            }
        }
        Client::Address(address)
    }

    /// Whether a request names other addresses, and its connection comes from a private one that is not trusted: then
    /// the operator forgot to configure a proxy. From a public address, the client may have invented it.
    pub fn misses(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let names_others =
            headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED);
        names_others && networks_of(peer).is_empty() && !self.trusts(peer.to_canonical())
    }

    /// Whether a request comes from a trusted proxy that passes no address: then all of its clients share one limit, or
    /// none.
    pub fn is_silent(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        self.trusts(peer.to_canonical()) && !headers.contains_key(self.header_name())
    }

    fn header_name(&self) -> HeaderName {
        match self.header {
            ForwardedHeader::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            ForwardedHeader::Forwarded => header::FORWARDED,
        }
    }

    /// Whether an address is a trusted proxy's.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|block| block.holds(address))
    }
}

/// The `for` address of a step of the header Forwarded: `for="[2001:db8::1]:4711";proto=https`.
fn forwarded_for(step: &str) -> Option<IpAddr> {
    let mut pairs = step.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    let value = value.trim();
    node(value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value))
}

/// An address, with or without brackets and port.
fn node(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.rsplit_once(':')?.0.parse().ok().filter(IpAddr::is_ipv4),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_block_holds_its_addresses() {
        for (block, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("0.0.0.0/0", "255.255.255.255", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
        ] {
            let block: Block = block.parse().unwrap();
            assert!(block.holds(address(inside)) && !block.holds(address(outside)), "{block:?}");
        }
        for wrong in
            ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.1/8", "::/129", "localhost", "10.0.0.0/+8x"]
        {
            assert!(wrong.parse::<Block>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_belongs_to_its_networks() {
        let networks = |text: &str| networks_of(address(text));
        let network = |first: &str, length| Network { first: address(first), length };
        assert_eq!(networks("192.0.2.77"), [(network("192.0.2.0", 24), 1)]);
        assert_eq!(networks("::ffff:192.0.2.77"), networks("192.0.2.77"));
        assert_eq!(
            networks("2001:db8:1:2:3:4:5:6"),
            [(network("2001:db8:1:2::", 64), 4), (network("2001:db8:1::", 48), 1)]
        );
        for shared in
            ["127.0.0.1", "10.1.2.3", "172.17.0.1", "::1", "fd00::1", "fe80::1", "0.0.0.0"]
        {
            assert_eq!(networks(shared), [], "{shared}");
        }
    }

    fn client(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            // Any byte is possible, also invalid UTF-8.
            let bytes: Vec<u8> = value.chars().map(|c| c as u8).collect();
            headers.append(*name, HeaderValue::from_bytes(&bytes).unwrap());
        }
        match proxies.client(address(peer), &headers) {
            Client::Address(address) => address.to_string(),
            Client::Unknown => "unknown".to_owned(),
        }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = ["10.0.0.0/8", "::1"].map(|block| block.parse().unwrap()).to_vec();
        let proxies = Proxies { trusted, header: ForwardedHeader::XForwardedFor };
        let x = "x-forwarded-for";
        for (peer, lines, expected) in [
            ("192.0.2.1", &[(x, "198.51.100.1")][..], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &[(x, "198.51.100.1")], "198.51.100.1"),
            ("::ffff:10.0.0.1", &[(x, "198.51.100.1")], "198.51.100.1"),
            ("::1", &[(x, "2001:db8::5")], "2001:db8::5"),
            // The client's own text comes first.
            ("10.0.0.1", &[(x, "203.0.113.9, 198.51.100.1")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "203.0.113.9, 198.51.100.1, 10.9.9.9")], "198.51.100.1"),
            ("10.0.0.1", &[(x, "203.0.113.9"), (x, "198.51.100.1:4711,10.2.2.2")], "198.51.100.1"),
            // One non-ASCII byte used to hide the rest of the line, and with it the limit for the network.
            ("10.0.0.1", &[(x, "\u{ff}, 198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", &[(x, "\u{ff}"), (x, "198.51.100.7")], "198.51.100.7"),
            ("10.0.0.1", &[(x, "198.51.100.7, \u{ff}")], "unknown"),
            ("10.0.0.1", &[(x, "198.51.100.7, \u{ff}, 10.3.3.3")], "unknown"),
            ("10.0.0.1", &[(x, "203.0.113.9, nonsense")], "unknown"),
            ("10.0.0.1", &[(x, "203.0.113.9, nonsense, 10.3.3.3")], "unknown"),
            ("10.0.0.1", &[(x, "")], "unknown"),
            // Any client can write the other header.
            ("10.0.0.1", &[("forwarded", "for=203.0.113.9")], "10.0.0.1"),
        ] {
            assert_eq!(client(&proxies, peer, lines), expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn tells_a_trusted_proxy_that_sends_another_header_or_none() {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        let proxies = Proxies { trusted, header: ForwardedHeader::XForwardedFor };
        for (peer, header, is_silent) in [
            ("10.0.0.1", None, true),
            ("10.0.0.1", Some("forwarded"), true),
            ("10.0.0.1", Some("x-forwarded-for"), false),
            ("192.0.2.1", None, false),
        ] {
            let header = header.map(|name| (HeaderName::from_static(name), "x".parse().unwrap()));
            let headers: HeaderMap = header.into_iter().collect();
            assert_eq!(proxies.is_silent(address(peer), &headers), is_silent, "{peer}");
        }
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_the_one() {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        let proxies = Proxies { trusted, header: ForwardedHeader::Forwarded };
        for (value, expected) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=203.0.113.9, for=\"198.51.100.1:80\" , for=10.0.0.9", "198.51.100.1"),
            ("for=203.0.113.9, for=unknown", "unknown"),
            ("for=203.0.113.9, for=_hidden, for=10.0.0.9", "unknown"),
            ("for=\"\u{ff}\", for=198.51.100.7", "198.51.100.7"),
            ("proto=https", "unknown"),
        ] {
            let lines = [("forwarded", value), ("x-forwarded-for", "203.0.113.99")];
            assert_eq!(client(&proxies, "10.0.0.1", &lines), expected, "{value}");
        }
    }
}
