use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::Prose;

/// What stands where nothing is yet: what would be here, what makes it appear, and a command to try.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<div class="empty"><p class="what">{{ what }}</p><p class="how">{{ how }}</p>{% if let Some(command) = command %}<div class="snippet"><pre>{{ command }}</pre><button type="button" class="copy" data-copy="{{ command }}" aria-label="Copy this"><svg aria-hidden="true"><use href="#icon-copy"/></svg></button></div>{% endif %}</div>"##
)]
pub struct Empty {
    what: Prose,
    how: Prose,
    command: Option<&'static str>,
}

impl Empty {
    /// What would be here, and what makes it appear.
    #[must_use]
    pub fn new(what: impl Into<Cow<'static, str>>, how: impl Into<Cow<'static, str>>) -> Self {
        Self { what: Prose(what.into()), how: Prose(how.into()), command: None }
    }

    /// A command to try.
    #[must_use]
    pub fn command(mut self, command: &'static str) -> Self {
        self.command = Some(command);
        self
    }
}

impl HtmlSafe for Empty {}
