//! The frame around every page, drawn for whoever asks.

use std::sync::Arc;

use askama::Template;
use axum::extract::{FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Uri, header};
use switchboard_clock::Timestamp;
use switchboard_store::Store;

use crate::access::Session;
use crate::components::{ActionForm, Guarded, Html, Since};
use crate::core::{Core, Version};
use crate::shortcuts::{self, Group};
use crate::status::Status;
use crate::theme::Theme;
use crate::zone::Zone;
use crate::{Fault, NavItem, assets, links};

/// What draws a page. Handlers extract it, read what they show through [`Shell::store`], and hand it a template.
///
/// The frame costs one read of the store, so a page has seven for itself.
pub struct Shell {
    core: Arc<Core>,
    session: Option<Session>,
    target: Uri,
    theme: Theme,
    topics: Vec<String>,
    status: Option<Status>,
    chrome: bool,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    title: &'a str,
    theme: Theme,
    zone: Zone,
    zone_choice: String,
    stylesheet: &'a str,
    script: &'a str,
    icon: &'a str,
    nav: Vec<Vec<Tab>>,
    status: Option<Status>,
    session: Option<&'a Session>,
    version: &'a Version,
    up: Since,
    now: Timestamp,
    target: &'a str,
    sign_in: String,
    topics: String,
    shortcuts: Vec<Group>,
    body: Html,
}

/// A tab as this page shows it.
struct Tab {
    label: &'static str,
    path: &'static str,
    current: bool,
}

impl Shell {
    fn new(core: Arc<Core>, session: Option<Session>, target: Uri, headers: &HeaderMap) -> Self {
        let chrome = session.is_some();
        Self { core, session, target, theme: Theme::of(headers), topics: Vec::new(), status: None, chrome }
    }

    /// A frame without navigation, for pages that nobody needs to be signed in for.
    pub(crate) fn bare(core: Arc<Core>, request: &Request) -> Self {
        Self::new(core, None, request.uri().clone(), request.headers())
    }

    /// A frame for a page that anybody may see, with the navigation of who is signed in.
    pub(crate) fn for_anybody(core: Arc<Core>, session: Option<Session>, request: &Request) -> Self {
        Self::new(core, session, request.uri().clone(), request.headers())
    }

    /// A frame for an answer that turned out to be a fault.
    pub(crate) fn for_fault(core: Arc<Core>, session: Option<Session>, target: Uri, headers: &HeaderMap) -> Self {
        Self::new(core, session, target, headers)
    }

    /// The store, to read.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        self.core.store.as_ref()
    }

    /// The moment for which the page is drawn, by the store's clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.core.store.now()
    }

    /// Whether the reader may act.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.session.as_ref().is_some_and(Session::may_act)
    }

    /// Whether the reader is not signed in, and reads what is public.
    #[must_use]
    pub fn is_visitor(&self) -> bool {
        self.session.as_ref().is_some_and(Session::is_visitor)
    }

    /// Where GitHub's pages are: `https://github.com`, or a GitHub Enterprise Server.
    #[must_use]
    pub fn github_url(&self) -> &str {
        &self.core.github_url
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    /// A page that follows what happens: its regions marked `data-live` are drawn anew when one of these topics changes.
    /// Topics are `delivery`, `delivery/<id>`, `work`, `facts/<subject>`, `record/<view>` and `record/<view>/<beginning of keys>`,
    /// which ends where a part of a key does.
    ///
    /// An element with an `id`, a `data-part` (the path of a [`Shell::part`]) and a `data-topic` (`record/<view>/<key>`, or several with
    /// a space between them) is drawn anew alone when nothing else of the page's topics changed.
    #[must_use]
    pub fn live<T: Into<String>>(mut self, topics: impl IntoIterator<Item = T>) -> Self {
        // What changes is told to who is signed in: it names what other pages show.
        if !self.is_visitor() {
            self.topics = topics.into_iter().map(Into::into).collect();
        }
        self
    }

    /// The frame's sentence, by a page that has read it already.
    #[must_use]
    pub(crate) fn with_status(mut self, status: Status) -> Self {
        self.status = Some(status);
        self
    }

    /// The hidden fields of a form that changes something; to be read with [`crate::OperatorForm`]. `None` for who may
    /// only look.
    #[must_use]
    pub fn guarded(&self) -> Option<Guarded> {
        let session = self.session.as_ref().filter(|session| session.may_act())?;
        let id = uuid::Builder::from_random_bytes(crate::access::random()).into_uuid().to_string();
        Some(Guarded { csrf: session.csrf.clone(), id })
    }

    /// A button that posts to `path`; `None` for who may only look.
    #[must_use]
    pub fn action(&self, path: impl Into<String>, label: &'static str) -> Option<ActionForm> {
        let guarded = self.guarded()?;
        Some(ActionForm { path: path.into(), label, title: None, quiet: false, guarded })
    }

    /// The page: `body` in its frame.
    ///
    /// # Errors
    /// When a template cannot be rendered. A store that cannot be read only costs the frame its sentence.
    pub async fn page(&self, title: &str, body: &impl Template) -> Result<Response, Fault> {
        let status = if self.chrome && !self.is_visitor() {
            match &self.status {
                Some(known) => Some(known.clone()),
                None => Some(Status::read(self.store()).await.unwrap_or_else(|_| Status::unreadable(self.now()))),
            }
        } else {
            None
        };
        let path = self.target.path();
        let tab = |item: &NavItem| Tab { label: item.label, path: item.path, current: is_below(path, item.path) };
        let shown = |item: &&NavItem| !self.is_visitor() || self.core.public.has(item.path);
        let nav = if self.chrome { self.core.nav.as_slice() } else { &[] };
        let target = self.target.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
        let layout = Layout {
            title,
            theme: self.theme,
            zone: Zone::current(),
            zone_choice: links::zone(target),
            stylesheet: &assets::STYLESHEET.url,
            script: &assets::SCRIPT.url,
            icon: &assets::ICON.url,
            nav: nav.iter().map(|group| group.iter().filter(|item| shown(item)).map(tab).collect()).collect(),
            status,
            session: self.session.as_ref(),
            version: &self.core.version,
            up: Since { at: self.core.version.started_at, now: self.now() },
            now: self.now(),
            target: links::own_path(Some(target)),
            sign_in: links::sign_in(target),
            topics: self.topics.join(" "),
            shortcuts: shortcuts::groups(&self.core, self.session.as_ref()),
            body: Html::trusted(body.render()?),
        };
        let mut response = inert(layout.render()?).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Ok(response)
    }

    /// A part of a page alone, for a script that puts it in its place: one element, with the same `id` and `data-shape` as there.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    pub fn part(&self, part: &impl Template) -> Result<Response, Fault> {
        let mut response = inert(part.render()?).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Ok(response)
    }
}

/// A page without the characters that reverse what stands beside them: a stranger's branch name may hold one, and no page
/// of ours does.
pub(crate) fn inert(page: String) -> String {
    let reverses = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if page.contains(reverses) { page.replace(reverses, "\u{fffd}") } else { page }
}

/// Whether `path` is the page at `tab` or one below it.
fn is_below(path: &str, tab: &str) -> bool {
    path == tab || (tab != "/" && path.strip_prefix(tab).is_some_and(|rest| rest.starts_with('/')))
}

impl<S: Send + Sync> FromRequestParts<S> for Shell {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let session = Session::from_request_parts(parts, state).await?;
        let core = parts.extensions.get::<Arc<Core>>().cloned().ok_or_else(|| {
            Fault::new(http::StatusCode::INTERNAL_SERVER_ERROR, "no_panel", "This page is not part of a panel.")
        })?;
        Ok(Self::new(core, Some(session), parts.uri.clone(), &parts.headers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_reverses_another() {
        assert_eq!(inert("a\u{202e}b\u{2066}".to_owned()), "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn a_tab_is_current_on_its_page_and_below() {
        assert!(is_below("/deliveries/7", "/deliveries") && is_below("/deliveries", "/deliveries"));
        assert!(!is_below("/deliveries2", "/deliveries") && !is_below("/deliveries", "/") && is_below("/", "/"));
    }
}
