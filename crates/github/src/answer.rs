//! What a successful call brought.

use bytes::Bytes;
use http::HeaderValue;
use http::header::{CONTENT_TYPE, ETAG, LINK};
use url::Url;

use crate::cache::Cached;
use crate::classify::text;
use crate::page::NextPage;
use crate::transport::Response;

/// The answer to a successful call. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    body: Bytes,
    truncated: bool,
    revalidated: bool,
    etag: Option<String>,
    content_type: Option<String>,
    next: Option<NextPage>,
    request_id: Option<String>,
}

fn as_text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()
}

impl Answer {
    pub(crate) fn new(response: Response, server: &Url) -> Self {
        Self {
            status: response.status.as_u16(),
            content_type: text(&response.headers, CONTENT_TYPE.as_str()).map(str::to_owned),
            next: text(&response.headers, LINK.as_str()).and_then(|link| NextPage::parse(link, server)),
            request_id: text(&response.headers, "x-github-request-id").map(str::to_owned),
            body: response.body,
            truncated: response.truncated,
            etag: text(&response.headers, ETAG.as_str()).map(str::to_owned),
            revalidated: false,
        }
    }

    /// What GitHub confirmed with a 304, as if it had been sent again.
    pub(crate) fn revalidated(known: &Cached, max_body: usize, server: &Url) -> Self {
        Self {
            status: 200,
            content_type: known.content_type.as_ref().and_then(as_text).map(str::to_owned),
            next: known.link.as_ref().and_then(as_text).and_then(|link| NextPage::parse(link, server)),
            request_id: None,
            body: known.body.slice(..known.body.len().min(max_body)),
            truncated: known.body.len() > max_body,
            etag: as_text(&known.etag).map(str::to_owned),
            revalidated: true,
        }
    }

    /// The status: 200, 201, 204, …; 200 also for what was revalidated.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, at most as long as the call allowed.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the body was longer than the call allowed.
    #[must_use]
    pub fn truncated(&self) -> bool {
        self.truncated
    }

    /// Whether the body was known already and GitHub confirmed it.
    #[must_use]
    pub fn is_revalidated(&self) -> bool {
        self.revalidated
    }

    /// By what GitHub tells whether it is still the same.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The content type with its parameters.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// The next page of a list, if there is one.
    #[must_use]
    pub fn next(&self) -> Option<&NextPage> {
        self.next.as_ref()
    }

    /// GitHub's id of the request.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}
