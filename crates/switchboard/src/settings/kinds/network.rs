use std::net::{IpAddr, Ipv4Addr};

use switchboard_panel::Network;

use crate::settings::value::{FromText, Refusal};

/// The address that the server listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host(pub IpAddr);

impl Default for Host {
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }
}

impl FromText for Host {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        if text.eq_ignore_ascii_case("localhost") {
            return Ok(Self::default());
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(Self).map_err(|_| {
            Refusal::new(format!("`{text}` is not an IP address"))
                .hint("write 127.0.0.1 for this machine only, 0.0.0.0 for every network; the port has its own setting")
        })
    }
}

impl FromText for Network {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_| {
            Refusal::new(format!("`{text}` is neither an address nor a range of addresses"))
                .hint("write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_addresses_and_a_name_is_explained() {
        for (text, address) in [("0.0.0.0", "0.0.0.0"), ("[::1]", "::1"), ("localhost", "127.0.0.1")] {
            assert_eq!(Host::from_text(text), Ok(Host(address.parse().unwrap())), "{text}");
        }
        for text in ["0.0.0.0:3000", "switchboard.example.com", "*"] {
            assert!(Host::from_text(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in ["10.0.0.0/33", "10.0.0", "office", "10.0.0.0/8/9"] {
            assert!(Network::from_text(text).is_err(), "{text}");
        }
    }
}
