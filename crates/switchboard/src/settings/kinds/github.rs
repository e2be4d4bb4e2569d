use std::fmt;

use switchboard_github::{AppId, AppSlug};
use url::Url;

use crate::settings::value::{Accepts, FromText, Refusal, Value};

impl Accepts for AppId {
    fn accept(value: &Value) -> Result<Self, Refusal> {
        u64::accept(value).map(Self)
    }
}

impl FromText for AppSlug {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        text.parse().map_err(|_| {
            Refusal::new(format!("`{text}` is not an App's slug"))
                .hint("it is the last part of the App's address, https://github.com/apps/<slug>, without `[bot]`")
        })
    }
}

/// An `http` or `https` address without a trailing slash, query or password: paths are appended to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    text: String,
}

/// GitHub's public API, and where its pages are.
const PUBLIC_API: &str = "https://api.github.com";
const PUBLIC_WEB: &str = "https://github.com";
/// Where a GitHub Enterprise Server keeps its API.
const ENTERPRISE_API_PATH: &str = "/api/v3";

impl BaseUrl {
    fn new(url: Url) -> Self {
        let text = url.as_str().trim_end_matches('/').to_owned();
        Self { url, text }
    }

    /// Reads an address; the error says what is wrong with it, without repeating it.
    ///
    /// # Errors
    /// The reason, as a part of a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::from_text(text).map_err(|refusal| refusal.message)
    }

    /// The text, such as `https://api.github.com`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address, parsed.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.url
    }

    /// The pages that belong to an API address: `https://github.com` for the public API, the same host for a
    /// GitHub Enterprise Server (`…/api/v3`), and otherwise the address itself. Without a trailing slash.
    #[must_use]
    pub fn web(&self) -> &str {
        if self.text == PUBLIC_API {
            return PUBLIC_WEB;
        }
        self.text.strip_suffix(ENTERPRISE_API_PATH).unwrap_or(&self.text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
        Ok(Self::new(url))
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
        assert!(AppSlug::from_text("my-app").is_ok());
        assert!(AppSlug::from_text("my-app[bot]").is_err());
    }
}
