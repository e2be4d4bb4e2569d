use askama::Template;
use askama::filters::HtmlSafe;

use crate::links;

/// Leads on through a list by cursor: to the newest rows, and to older ones.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"{% if newest.is_some() || older.is_some() %}<nav class="pager" aria-label="Pages">{% if let Some(href) = newest %}<a href="{{ href }}">Newest</a>{% endif %}{% if let Some(href) = older %}<a href="{{ href }}" rel="next">Older</a>{% endif %}</nav>{% endif %}"#
)]
pub struct Pager {
    newest: Option<String>,
    older: Option<String>,
}

impl Pager {
    /// A pager of the list at `path` with this one filter. `cursor` is where this page began, `next` where the next does.
    #[must_use]
    pub fn new(path: &str, filter: Option<(&str, &str)>, cursor: Option<&str>, next: Option<&str>) -> Self {
        let href = |cursor: Option<&str>| {
            let pairs: Vec<String> = filter
                .into_iter()
                .chain(cursor.map(|cursor| ("cursor", cursor)))
                .map(|(name, value)| format!("{name}={}", links::encoded(value)))
                .collect();
            if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
        };
        Self { newest: cursor.map(|_| href(None)), older: next.map(|next| href(Some(next))) }
    }
}

impl HtmlSafe for Pager {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_stays_and_the_cursor_moves() {
        let html = Pager::new("/deliveries", Some(("repository", "a/b&c")), Some("x"), Some("y")).to_string();
        assert!(html.contains(r#"href="/deliveries?repository=a%2Fb%26c""#), "{html}");
        assert!(
            html.contains("repository=a%2Fb%26c&#38;cursor=y") || html.contains("repository=a%2Fb%26c&amp;cursor=y"),
            "{html}"
        );
        assert_eq!(Pager::new("/deliveries", None, None, None).to_string(), "");
    }
}
