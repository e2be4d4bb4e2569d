use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

/// HTML that is finished: everything in it was escaped when it was made.
#[derive(Debug, Clone, Default)]
pub struct Html(String);

impl Html {
    /// What a template shows. A template that cannot be rendered leaves its place empty and says so in the log.
    #[must_use]
    pub fn of(template: &impl Template) -> Self {
        Self(template.render().unwrap_or_else(|error| {
            tracing::error!(%error, "a part of a page could not be rendered");
            String::new()
        }))
    }

    /// Plain text, escaped.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let mut html = String::with_capacity(text.len());
        push_escaped(&mut html, text);
        Self(html)
    }

    /// Plain text in the monospaced face.
    #[must_use]
    pub fn code(text: &str) -> Self {
        let mut html = "<code>".to_owned();
        push_escaped(&mut html, text);
        html.push_str("</code>");
        Self(html)
    }

    /// A link within the panel.
    #[must_use]
    pub fn link(href: &str, text: &str) -> Self {
        let mut html = "<a href=\"".to_owned();
        push_escaped(&mut html, href);
        html.push_str("\">");
        push_escaped(&mut html, text);
        html.push_str("</a>");
        Self(html)
    }

    /// Pieces one after the other.
    #[must_use]
    pub fn joined(pieces: impl IntoIterator<Item = Option<Self>>) -> Self {
        Self(pieces.into_iter().flatten().map(|piece| piece.0).collect())
    }

    /// Markup of ours whose variable parts the caller has escaped.
    pub(crate) fn trusted(html: String) -> Self {
        Self(html)
    }
}

impl<T: Template> From<&T> for Html {
    fn from(template: &T) -> Self {
        Self::of(template)
    }
}

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}

/// Appends `text` with everything escaped that could be markup. Control characters that could reorder the text around
/// them are replaced, so that a name cannot disguise itself.
pub(crate) fn push_escaped(html: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => html.push('\u{fffd}'),
            c => html.push(c),
        }
    }
}
