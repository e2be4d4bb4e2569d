//! The stylesheet of the dispatcher's pages, served under a name that carries a hash of its content.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

const CONTENT: &str = include_str!("../../templates/dispatcher.css");

/// The file's name: `dispatcher.0123456789abcdef.css`. The hash only tells releases apart, so any hash will do.
static NAME: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    CONTENT.hash(&mut hasher);
    format!("dispatcher.{:016x}.css", hasher.finish())
});

/// Where the stylesheet is.
pub(super) fn stylesheet() -> String {
    format!("/dispatcher/assets/{}", *NAME)
}

/// `GET /dispatcher/assets/{name}`
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    if name != *NAME {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
    ];
    (headers, CONTENT).into_response()
}
