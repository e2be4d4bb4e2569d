use std::fmt;

use url::Url;

use crate::settings::value::{Accepts, FromText, Refusal, Value};

/// The App's number, on the App's settings page under "App ID".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppId(pub u64);

impl Accepts for AppId {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        u64::accept(value).map(Self)
    }
}

/// The App's name in URLs: `https://github.com/apps/<slug>`; its bot acts as `<slug>[bot]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slug(String);

impl Slug {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromText for Slug {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.bytes().all(fits) {
            return Ok(Self(text.to_owned()));
        }
        Err(Refusal::new(format!("`{text}` is not an App's slug"))
            .hint("it is the last part of the App's address, https://github.com/apps/<slug>, without `[bot]`"))
    }
}

/// An `http` or `https` address without a trailing slash, query or password: paths are appended to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BaseUrl(String);

/// GitHub's public API, and where its pages are.
const PUBLIC_API: &str = "https://api.github.com";
const PUBLIC_WEB: &str = "https://github.com";
/// Where a GitHub Enterprise Server keeps its API.
const ENTERPRISE_API_PATH: &str = "/api/v3";

impl BaseUrl {
    /// The text, such as `https://api.github.com`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The pages that belong to an API address: `https://github.com` for the public API, the same host for a
    /// GitHub Enterprise Server (`…/api/v3`), and otherwise the address itself.
    #[must_use]
    pub fn web(&self) -> Self {
        if self.0 == PUBLIC_API {
            return Self(PUBLIC_WEB.to_owned());
        }
        Self(self.0.strip_suffix(ENTERPRISE_API_PATH).unwrap_or(&self.0).to_owned())
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromText for BaseUrl {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        // The text itself is not repeated: an address with a password in it is one of the mistakes.
        let refused = |message: &str| {
            Err(Refusal::new(message).hint("write it like https://switchboard.example.com, without a trailing slash"))
        };
        let Ok(url) = Url::parse(text) else { return refused("this is not an absolute address") };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return refused("the address must begin with https:// or http://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return refused("the address must not contain a user or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refused("the address must not have a query or fragment");
        }
        Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_found_from_the_api_address() {
        let web = |api: &str| BaseUrl::from_text(api).unwrap().web().to_string();
        assert_eq!(web("https://api.github.com/"), "https://github.com");
        assert_eq!(web("https://ghe.example.com/api/v3"), "https://ghe.example.com");
        assert_eq!(web("http://127.0.0.1:4000"), "http://127.0.0.1:4000");
    }

    #[test]
    fn addresses_that_cannot_be_a_base_are_refused_without_repeating_them() {
        for text in ["example.com", "ftp://example.com", "https://u:hunter2@example.com", "https://e.com/?a", "/x"] {
            let refusal = BaseUrl::from_text(text).unwrap_err();
            assert!(!format!("{refusal:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn a_bot_name_is_not_a_slug() {
        assert!(Slug::from_text("my-app").is_ok());
        assert!(Slug::from_text("my-app[bot]").is_err());
    }
}
