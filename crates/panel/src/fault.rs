//! Why a request was not answered as asked. One type for pages and API: the cause, a stable code, and what to do.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use switchboard_store::StoreError;

/// Why a request was not answered as asked.
///
/// As a response it is a problem document (RFC 9457); the panel turns it into a page where a person asked.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The HTTP status.
    pub status: StatusCode,
    /// A short stable word: `not_found`, `read_only`.
    pub code: &'static str,
    /// What happened, in a sentence, cause first. Seen by whoever asked, so it holds nothing internal.
    pub detail: Cow<'static, str>,
    /// What to do about it.
    pub hint: Option<Cow<'static, str>>,
    /// After how many seconds it is worth asking again.
    pub retry_after: Option<u64>,
}

impl Fault {
    /// A fault without a hint.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, detail: detail.into(), hint: None, retry_after: None }
    }

    /// With what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// 404: there is no such thing.
    #[must_use]
    pub fn not_found(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// 422: a parameter is not what it should be.
    #[must_use]
    pub fn parameter(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "parameter_invalid", detail)
    }

    /// 410: it was there, and its retention has passed.
    #[must_use]
    pub fn expired(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::GONE, "expired", detail)
    }

    /// 401: nobody is signed in.
    #[must_use]
    pub fn sign_in_needed() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "sign_in_needed", "This needs a sign-in.")
            .hint("Sign in at /sign-in, or send the token as `Authorization: Bearer <token>`.")
    }

    /// 403: the signed-in role may look but not act.
    #[must_use]
    pub fn read_only() -> Self {
        Self::new(StatusCode::FORBIDDEN, "read_only", "You are signed in to look, not to act.")
            .hint("Sign out and sign in again with the operator's token.")
    }

    /// 403: the form did not come from one of our pages.
    #[must_use]
    pub fn foreign_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "form_not_ours",
            "This form was not sent from a page of this panel, or its sign-in has ended since.",
        )
        .hint("Go back, reload the page and send it again.")
    }

    /// The short title of its status, for headings.
    #[must_use]
    pub fn title(&self) -> &'static str {
        match self.status {
            StatusCode::UNAUTHORIZED => "Sign-in needed",
            StatusCode::FORBIDDEN => "Not allowed",
            StatusCode::NOT_FOUND => "Not found",
            StatusCode::METHOD_NOT_ALLOWED => "Not possible this way",
            StatusCode::CONFLICT => "Not possible now",
            StatusCode::GONE => "No longer kept",
            StatusCode::PAYLOAD_TOO_LARGE => "Too large",
            StatusCode::TOO_MANY_REQUESTS => "Too many attempts",
            StatusCode::SERVICE_UNAVAILABLE => "Not available right now",
            status if status.is_client_error() => "Not understood",
            _ => "Something went wrong here",
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, hint = error.hint(), "the store could not answer a page");
        let (status, code, detail) = match &error {
            StoreError::Corrupt { .. } => {
                (StatusCode::INTERNAL_SERVER_ERROR, "stored_row_unreadable", "A stored row does not read back.")
            }
            _ => (StatusCode::SERVICE_UNAVAILABLE, "store_unavailable", "The database cannot be read at the moment."),
        };
        let fault = Self::new(status, code, detail);
        match error.hint() {
            Some(hint) => fault.hint(crate::components::sentence(hint)),
            None => fault.hint("The server's log says why."),
        }
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be rendered");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "page_failed", "This page could not be rendered.")
            .hint("The server's log says why; please report it.")
    }
}

/// The wire form of RFC 9457, with our `code` and `hint` as extension members.
#[derive(Serialize)]
struct Problem<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let problem = Problem {
            kind: "about:blank",
            title: self.title(),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: self.code,
            hint: self.hint.as_deref(),
        };
        let mut response = (self.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
