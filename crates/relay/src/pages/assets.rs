//! The stylesheet and the script of the relay's pages, each served under a name that carries a hash of its content.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

const STYLE: &str = include_str!("../../templates/relay/relay.css");
const SCRIPT: &str = include_str!("../../templates/relay/relay.js");

static STYLE_NAME: LazyLock<String> = LazyLock::new(|| named(STYLE, "css"));
static SCRIPT_NAME: LazyLock<String> = LazyLock::new(|| named(SCRIPT, "js"));

/// The hash only tells releases apart, so any hash will do.
fn named(content: &str, extension: &str) -> String {
    let mut hasher = DefaultHasher::new();
    content.hash(&mut hasher);
    format!("relay.{:016x}.{extension}", hasher.finish())
}

/// Where the stylesheet is.
pub(super) fn stylesheet() -> String {
    format!("/relay/assets/{}", *STYLE_NAME)
}

/// Where the script is.
pub(super) fn script() -> String {
    format!("/relay/assets/{}", *SCRIPT_NAME)
}

/// `GET /relay/assets/{name}`
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let (kind, content) = if name == *STYLE_NAME {
        ("text/css; charset=utf-8", STYLE)
    } else if name == *SCRIPT_NAME {
        ("text/javascript; charset=utf-8", SCRIPT)
    } else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
    ];
    (headers, content).into_response()
}
