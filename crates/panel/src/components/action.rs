//! Buttons that change something.

use askama::Template;
use askama::filters::HtmlSafe;

/// The hidden fields of a form that changes something: proof that the form is ours, and the id of the action, so that a
/// second click is recognised as the first one.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<input type="hidden" name="csrf" value="{{ csrf }}"><input type="hidden" name="id" value="{{ id }}">"#
)]
pub struct Guarded {
    pub(crate) csrf: String,
    pub(crate) id: String,
}

/// A form that is one button. Made by [`crate::Shell::action`], which leaves it out for who may only look.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<form method="post" action="{{ path }}" class="action">{{ guarded }}<button type="submit"{% if let Some(title) = title %} title="{{ title }}"{% endif %}{% if quiet %} class="quiet"{% endif %}>{{ label }}</button></form>"#
)]
pub struct ActionForm {
    pub(crate) path: String,
    pub(crate) label: &'static str,
    pub(crate) title: Option<&'static str>,
    pub(crate) quiet: bool,
    pub(crate) guarded: Guarded,
}

impl ActionForm {
    /// With a longer description on hover.
    #[must_use]
    pub fn title(mut self, title: &'static str) -> Self {
        self.title = Some(title);
        self
    }

    /// As a second choice beside a first one.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

impl HtmlSafe for Guarded {}
impl HtmlSafe for ActionForm {}
