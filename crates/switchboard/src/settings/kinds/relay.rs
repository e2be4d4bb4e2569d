//! The names, addresses and choices of the relay (its contract, section 16).

use std::net::IpAddr;

use switchboard_github::RepoName;
use switchboard_relay::allowlist::AllowlistSource;
use switchboard_relay::config::{CacheBackend, Demotion, GatePolicy, Provider, SettingError, UnknownRepo};
use url::{Host, Url};

use crate::settings::value::{Accepts, FromText, Refusal, Value};

/// Who signs tokens. Tokens name it byte by byte, so it is kept as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::settings) struct Issuer(pub(in crate::settings) String);

impl From<SettingError> for Refusal {
    fn from(error: SettingError) -> Self {
        Self::new(error.message).hint(error.hint)
    }
}

impl FromText for Issuer {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let refused = |message: &str| {
            Err(Refusal::new(message).hint("write it like https://token.actions.githubusercontent.com, as tokens do"))
        };
        let Ok(url) = Url::parse(text) else { return refused("this is not an absolute address") };
        let here = match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            None => return refused("the address names no host"),
        };
        // Whoever stands on the way to the issuer could put keys of their own in the place of its.
        if url.scheme() != "https" && !(url.scheme() == "http" && here) {
            return refused("keys are fetched from there, so the address must begin with https://");
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return refused("the address must not have a user, password, query or fragment");
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromText for AllowlistSource {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for RepoName {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_| {
            Refusal::new(format!("`{text}` is not a repository")).hint("write `owner/name`, such as `octo-org/engine`")
        })
    }
}

impl FromText for UnknownRepo {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for GatePolicy {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for Demotion {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for CacheBackend {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl Accepts for Vec<Provider> {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        match value {
            Value::Providers(providers) => Ok(providers.clone()),
            other => Err(Refusal::mismatch("a list of providers", other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        for text in
            ["https://token.actions.githubusercontent.com", "https://ghe.example/_services/token", "http://127.0.0.1:9"]
        {
            assert_eq!(Issuer::from_text(text), Ok(Issuer(text.to_owned())));
        }
        for text in ["http://issuer.example", "issuer.example", "ftp://x", "https://me:pw@x.example", "https://x/?a"] {
            assert!(!Issuer::from_text(text).unwrap_err().message.contains("pw"), "{text}");
        }
    }
}
