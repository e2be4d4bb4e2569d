//! Who can reach an address.

use url::{Host, Url};

/// Where webhooks of an App go that nobody can be reached for: a name that exists nowhere (RFC 6761, section 6.4), so that
/// no stranger ever receives them.
pub const NOWHERE: &str = "https://switchboard.invalid";

/// Whether only the machine itself reaches it.
#[must_use]
pub fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_unspecified(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
        None => false,
    }
}

/// Whether nobody reaches it, and nobody is meant to.
#[must_use]
pub fn is_nowhere(url: &Url) -> bool {
    url.domain().is_some_and(|name| name == "invalid" || name.ends_with(".invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart_by_their_host() {
        let of = |text: &str| {
            let url = Url::parse(text).unwrap();
            (is_local(&url), is_nowhere(&url))
        };
        assert_eq!(of("http://127.0.0.1:3000/x"), (true, false));
        assert_eq!(of("http://sb.localhost"), (true, false));
        assert_eq!(of("http://[::1]/"), (true, false));
        assert_eq!(of("https://sb.example.com"), (false, false));
        assert_eq!(of(&format!("{NOWHERE}/webhooks/github")), (false, true));
    }
}
