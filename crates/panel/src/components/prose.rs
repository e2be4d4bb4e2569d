//! Sentences: the cause first, names in the monospaced face, and a hint with what to do.

use std::borrow::Cow;
use std::fmt;

use askama::Template;
use askama::filters::HtmlSafe;

use super::html::push_escaped;
use super::{Mark, State};

/// A sentence in which `` `names` `` are set in the monospaced face. Everything in it is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prose(pub Cow<'static, str>);

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut html = String::with_capacity(self.0.len() + 32);
        // An odd number of backticks leaves the last one as the character that it is.
        let parts: Vec<&str> = self.0.split('`').collect();
        let paired = parts.len() - usize::from(parts.len().is_multiple_of(2));
        for (at, part) in parts.iter().enumerate() {
            if at >= paired {
                html.push('`');
                push_escaped(&mut html, part);
            } else if at % 2 == 1 {
                html.push_str("<code>");
                push_escaped(&mut html, part);
                html.push_str("</code>");
            } else {
                push_escaped(&mut html, part);
            }
        }
        f.write_str(&html)
    }
}

/// One sentence about how something is, with its state and perhaps a link to more.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<span class="sentence">{% if let Some(state) = state %}<span class="mark {{ state.class() }}"><svg class="shape" role="img" aria-label="{{ state.word() }}"><use href="#state-{{ state.class() }}"/></svg></span> {% endif %}{% if let Some(href) = href %}<a href="{{ href }}">{{ text }}</a>{% else %}{{ text }}{% endif %}</span>"##
)]
pub struct Sentence {
    state: Option<State>,
    text: Prose,
    href: Option<String>,
}

impl Sentence {
    /// A sentence without a state.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self { state: None, text: Prose(text.into()), href: None }
    }

    /// With the state that it speaks of.
    #[must_use]
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// With a page that says more.
    #[must_use]
    pub fn to(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    /// Without its link, for where a link may not stand: within what opens at a click itself.
    #[must_use]
    pub(crate) fn unlinked(&self) -> Self {
        Self { href: None, ..self.clone() }
    }

    /// The page that says more.
    pub(crate) fn href(&self) -> Option<&str> {
        self.href.as_deref()
    }
}

/// What happened and what to do: the cause as a sentence, then the hint with a snippet to paste, and the code small.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r##"<div class="notice {{ mark.state.class() }}"><p class="cause">{% if shown %}{{ mark }} {% endif %}{{ text }}{% if let Some(code) = code %} <code class="small-code">{{ code }}</code>{% endif %}</p>{% if let Some(hint) = hint %}<p class="hint">{{ hint }}</p>{% endif %}{% if let Some(snippet) = snippet %}<div class="snippet"><pre>{{ snippet }}</pre><button type="button" class="copy" data-copy="{{ snippet }}" aria-label="Copy this"><svg aria-hidden="true"><use href="#icon-copy"/></svg></button></div>{% endif %}</div>"##
)]
pub struct Notice {
    mark: Mark,
    shown: bool,
    text: Prose,
    code: Option<String>,
    hint: Option<Prose>,
    snippet: Option<String>,
}

impl Notice {
    /// A cause, with the state that it led to.
    #[must_use]
    pub fn new(mark: impl Into<Mark>, text: impl Into<Cow<'static, str>>) -> Self {
        Self { mark: mark.into(), shown: true, text: Prose(text.into()), code: None, hint: None, snippet: None }
    }

    /// Without its mark, where that stands beside it already.
    #[must_use]
    pub fn unmarked(mut self) -> Self {
        self.shown = false;
        self
    }

    /// The stable word for it, which stands small beside the sentence.
    #[must_use]
    pub fn code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// What the reader can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(Prose(hint.into()));
        self
    }

    /// What the reader can paste.
    #[must_use]
    pub fn snippet(mut self, snippet: impl Into<String>) -> Self {
        self.snippet = Some(snippet.into());
        self
    }

    /// As a refusal tells it.
    pub(crate) fn fault(fault: &crate::Fault) -> Self {
        let notice = Self::new(Mark::new(State::Denied, "refused"), fault.detail.clone()).code(fault.code);
        match &fault.hint {
            Some(hint) => notice.hint(hint.clone()),
            None => notice,
        }
    }

    /// As a failure of a job or an intent tells it.
    #[must_use]
    pub fn failure(mark: impl Into<Mark>, failure: &switchboard_store::Failure) -> Self {
        let notice = Self::new(mark, sentence(&failure.message)).code(&*failure.code);
        match &failure.hint {
            Some(hint) => notice.hint(sentence(hint)),
            None => notice,
        }
    }
}

/// `text` with a capital in front and a full stop behind it, unless it begins with a name.
#[must_use]
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_uppercase).collect();
    let stop = if text.ends_with(['.', '!', '?', ':', '…']) || text.is_empty() { "" } else { "." };
    format!("{first}{}{stop}", chars.as_str())
}

impl HtmlSafe for Prose {}
impl HtmlSafe for Sentence {}
impl HtmlSafe for Notice {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_set_apart_and_everything_is_text() {
        let html = |text: &'static str| Prose(text.into()).to_string();
        assert_eq!(html("`a/b` has no rule for `c`"), "<code>a/b</code> has no rule for <code>c</code>");
        assert_eq!(html("one ` only"), "one ` only");
        assert_eq!(html("`a` and ` one"), "<code>a</code> and ` one");
        assert_eq!(html("`<b>` & \"x\""), "<code>&lt;b&gt;</code> &amp; &quot;x&quot;");
        assert_eq!(html("name\u{202e}gpj.exe"), "name\u{fffd}gpj.exe");
    }

    #[test]
    fn fragments_become_sentences() {
        assert_eq!(sentence("the database is gone"), "The database is gone.");
        assert_eq!(sentence("Why?"), "Why?");
        assert_eq!(sentence(""), "");
    }
}
