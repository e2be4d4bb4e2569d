//! Who is asking: the client's address behind configured proxies, and the list of addresses that may ask at all.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use http::HeaderMap;
use http::request::Parts;

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is not an address or a range of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an IP address or a range such as 10.0.0.0/8")]
pub struct NetworkError(String);

impl Network {
    /// Whether `address` lies in this range. An IPv4 address that was mapped into IPv6 counts as IPv4.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let shift = u32::from(32 - self.prefix.min(32));
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let shift = u32::from(128 - self.prefix.min(128));
                (network.to_bits() ^ address.to_bits()).checked_shr(shift).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NetworkError(text.to_owned());
        let (address, prefix) = match text.trim().split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| wrong())?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        if prefix > longest {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// Which addresses may see the panel, and which peers are believed about whom they speak for.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// Who may see the panel. Empty lets everybody through to sign-in.
    pub allowed: Vec<Network>,
    /// Reverse proxies whose `X-Forwarded-For` is believed. Empty believes nobody.
    pub proxies: Vec<Network>,
}

impl Access {
    /// Whether the client of a request may see the panel. A client without a known address may not, once a list exists.
    #[must_use]
    pub fn allows(&self, client: Option<IpAddr>) -> bool {
        self.allowed.is_empty()
            || client.is_some_and(|client| self.allowed.iter().any(|network| network.contains(client)))
    }

    /// The address that a request comes from: the peer's, or, if the peer is a configured proxy, the last forwarded
    /// address that is not itself a configured proxy. What a client writes further to the left is never believed.
    #[must_use]
    pub fn client(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let mut client = peer?.to_canonical();
        let forwarded: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .flat_map(|value| value.to_str().unwrap_or("unreadable").split(','))
            .map(str::trim)
            .collect();
        for hop in forwarded.iter().rev() {
            if !self.proxies.iter().any(|proxy| proxy.contains(client)) {
                break;
            }
            client = parse_hop(hop)?;
        }
        Some(client)
    }

    /// [`Access::client`] of a request as axum hands it over.
    #[must_use]
    pub(crate) fn client_of(&self, parts: &Parts) -> Option<IpAddr> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
        self.client(peer, &parts.headers)
    }
}

/// An element of `X-Forwarded-For`; some proxies add the port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let address = hop.parse::<IpAddr>().ok().or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ranges_contain_what_they_should() {
        for (network, address, expected) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("::/0", "192.0.2.7", false),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
        ] {
            assert_eq!(network.parse::<Network>().unwrap().contains(ip(address)), expected, "{network} {address}");
        }
        for text in ["", "10.0.0.0/33", "::/129", "localhost", "10.0.0/8", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }

    #[test]
    fn forwarded_addresses_count_only_from_configured_proxies() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 198.51.100.4, 10.0.0.2".parse().unwrap());
        let direct = Access { allowed: networks(&["203.0.113.0/24"]), proxies: Vec::new() };
        assert_eq!(direct.client(Some(ip("10.0.0.1")), &headers), Some(ip("10.0.0.1")));
        assert!(!direct.allows(direct.client(Some(ip("10.0.0.1")), &headers)));

        let proxied = Access { allowed: networks(&["203.0.113.0/24"]), proxies: networks(&["10.0.0.0/8"]) };
        // The leftmost address is the client's own claim; the proxies saw 198.51.100.4.
        assert_eq!(proxied.client(Some(ip("10.0.0.1")), &headers), Some(ip("198.51.100.4")));
        assert!(!proxied.allows(None));
        headers.insert("x-forwarded-for", "what?".parse().unwrap());
        assert_eq!(proxied.client(Some(ip("10.0.0.1")), &headers), None);
    }
}
