//! The panel's look without a panel: for the few pages that are served before there is a server, by `switchboard setup`.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::middleware::from_fn;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures::stream;
use http::{HeaderMap, HeaderValue, Uri, header};
use switchboard_clock::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::components::Html;
use crate::theme::{self, Theme};
use crate::{assets, headers, links};

/// How often a browser without script draws a page anew that waits.
const AGAIN_SECONDS: u16 = 2;

/// What a page outside of the panel is drawn with.
#[derive(Debug, Clone, Copy)]
pub struct Standalone<'a> {
    /// What is asked for.
    pub target: &'a Uri,
    /// Tell the reader's colours.
    pub headers: &'a HeaderMap,
    /// The moment for which it is drawn.
    pub now: Timestamp,
    /// Whether the page waits for something: its regions marked `data-live` follow [`live`], and a browser without script asks
    /// again by itself.
    pub waits: bool,
    /// The release that draws it.
    pub version: &'a str,
}

#[derive(Template)]
#[template(path = "standalone.html")]
struct Frame<'a> {
    title: &'a str,
    theme: Theme,
    stylesheet: &'a str,
    script: &'a str,
    icon: &'a str,
    now: Timestamp,
    waits: bool,
    again_seconds: u16,
    target: &'a str,
    version: &'a str,
    body: Html,
}

impl Standalone<'_> {
    /// The page: `body` in its frame.
    ///
    /// # Errors
    /// When a template cannot be rendered.
    pub fn page(&self, title: &str, body: &impl Template) -> Result<Response, askama::Error> {
        let frame = Frame {
            title,
            theme: Theme::of(self.headers),
            stylesheet: &assets::STYLESHEET.url,
            script: &assets::SCRIPT.url,
            icon: &assets::ICON.url,
            now: self.now,
            waits: self.waits,
            again_seconds: AGAIN_SECONDS,
            // Without its query: what leads here once need not lead here again.
            target: links::own_path(Some(self.target.path())),
            version: self.version,
            body: Html::trusted(body.render()?),
        };
        let mut response = frame.render()?.into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        Ok(response)
    }
}

/// What `GET /live` answers: a hint for every change of `changes`, until `ends`. Whoever listens holds `listening`.
pub fn live<T: Send + Sync + 'static>(
    changes: watch::Receiver<T>,
    ends: CancellationToken,
    listening: Arc<()>,
) -> impl IntoResponse {
    // The first hint at once: something may have changed between drawing the page and listening.
    let hints = stream::unfold((changes, ends, listening, true), async |(mut changes, ends, listening, first)| {
        let gone = tokio::select! {
            () = ends.cancelled() => true,
            changed = async { if first { Ok(()) } else { changes.changed().await } } => changed.is_err(),
        };
        let hint = Event::default().event("changed").data("*");
        (!gone).then_some((Ok::<_, Infallible>(hint), (changes, ends, listening, false)))
    });
    Sse::new(hints).keep_alive(KeepAlive::default())
}

/// Gives pages what their frame loads, and every answer the panel's headers. Forms may post to `elsewhere` too, an origin
/// such as `https://github.com`.
pub fn dressed(pages: Router, elsewhere: &str) -> Router {
    let own = "form-action 'self'";
    let policy = headers::CONTENT_SECURITY_POLICY.replace(own, &format!("{own} {elsewhere}"));
    let policy = HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(headers::CONTENT_SECURITY_POLICY));
    pages
        .route("/theme", post(theme::choose))
        .route("/assets/{name}", get(assets::serve))
        .layer(from_fn(headers::secure))
        .layer(axum::middleware::map_response(move |mut response: Response| {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
            async move { response }
        }))
}
