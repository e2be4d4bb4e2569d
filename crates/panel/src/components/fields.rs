use askama::Template;
use askama::filters::HtmlSafe;

use super::Html;

/// Names with values, one line each.
#[derive(Debug, Clone, Default, Template)]
#[template(
    ext = "html",
    source = r#"<dl class="fields">{% for (name, value) in rows %}<div><dt>{{ name }}</dt><dd>{{ value }}</dd></div>{% endfor %}</dl>"#
)]
pub struct Fields {
    rows: Vec<(String, Html)>,
}

impl Fields {
    /// Adds a line.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: Html) -> Self {
        self.rows.push((name.into(), value));
        self
    }

    /// Adds a line if there is something to say.
    #[must_use]
    pub fn with_some(self, name: impl Into<String>, value: Option<Html>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl HtmlSafe for Fields {}
