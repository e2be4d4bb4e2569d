//! Ids: short to read, whole on hover and in the clipboard.

use askama::Template;
use askama::filters::HtmlSafe;

/// Ids up to this length are shown whole.
const WHOLE: usize = 13;

/// An id shortened in the middle: `72d3…9a1f`.
#[must_use]
pub fn middle(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    if chars.len() <= WHOLE {
        return id.to_owned();
    }
    let part = |chars: &[char]| chars.iter().collect::<String>();
    format!("{}…{}", part(&chars[..4]), part(&chars[chars.len() - 4..]))
}

/// An id, shortened, that leads to its page and can be copied whole.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<span class="id">{% if let Some(href) = href %}<a href="{{ href }}" title="{{ id }}"><code>{{ short }}</code></a>{% else %}<code title="{{ id }}">{{ short }}</code>{% endif %}<button type="button" class="copy" data-copy="{{ id }}" aria-label="Copy {{ id }}"><svg aria-hidden="true"><use href="#icon-copy"/></svg></button></span>"##
)]
pub struct ShortId {
    id: String,
    short: String,
    href: Option<String>,
}

impl ShortId {
    /// An id without a page.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { short: middle(&id), id, href: None }
    }

    /// Leads to its page.
    #[must_use]
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }
}

/// A commit's SHA: its first seven digits, as GitHub shows it.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<span class="id"><code title="{{ sha }}">{{ short }}</code><button type="button" class="copy" data-copy="{{ sha }}" aria-label="Copy {{ sha }}"><svg aria-hidden="true"><use href="#icon-copy"/></svg></button></span>"##
)]
pub struct Sha {
    sha: String,
    short: String,
}

impl Sha {
    /// This commit.
    #[must_use]
    pub fn new(sha: impl Into<String>) -> Self {
        let sha = sha.into();
        Self { short: sha.chars().take(7).collect(), sha }
    }
}

/// A link to GitHub, or wherever this GitHub is.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<a class="ext" href="{{ href }}" rel="noreferrer">{{ label }}<svg aria-hidden="true"><use href="#icon-out"/></svg></a>"##
)]
pub struct GitHubLink {
    /// What it says.
    pub label: String,
    /// Where it leads; an address from [`crate::links`] or one that GitHub itself sent over its API.
    href: String,
}

impl GitHubLink {
    /// A link to an https or http address; anything else leads nowhere.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        let href = href.into();
        let web = href.starts_with("https://") || href.starts_with("http://");
        Self { label: label.into(), href: if web { href } else { String::new() } }
    }
}

impl HtmlSafe for ShortId {}
impl HtmlSafe for Sha {}
impl HtmlSafe for GitHubLink {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_can_be_copied_whole() {
        let guid = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
        let html = ShortId::new(guid).to("/deliveries/x").to_string();
        assert!(html.contains("72d3…0958") && html.contains(&format!("data-copy=\"{guid}\"")), "{html}");
        assert_eq!(middle("12345"), "12345");
        assert_eq!(middle("ääääääääääääääää"), "ääää…ääää");
    }

    #[test]
    fn an_id_is_text_whatever_it_says_and_a_link_leads_to_the_web() {
        let html = ShortId::new("\"><script>alert(1)</script>").to_string();
        assert!(!html.contains("<script") && !html.contains("\"\">"), "{html}");
        assert!(!GitHubLink::new("x", "javascript:alert(1)").to_string().contains("javascript"));
    }
}
