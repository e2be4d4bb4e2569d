//! What the browser loads beside the page. Compiled into the binary and served under names that carry a hash of the
//! content, so that browsers may keep them for ever and a new release is seen at once.

use std::sync::LazyLock;

use aws_lc_rs::digest;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

/// One embedded file.
#[derive(Debug)]
pub struct Asset {
    /// Where it is served: `/assets/panel.0123456789abcdef.css`.
    pub url: String,
    content_type: &'static str,
    content: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, content: &'static str) -> Self {
        let hash: String = digest::digest(&digest::SHA256, content.as_bytes())
            .as_ref()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self { url: format!("/assets/{stem}.{hash}.{extension}"), content_type, content }
    }
}

/// The one stylesheet.
pub static STYLESHEET: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("panel", "css", "text/css; charset=utf-8", include_str!("../assets/panel.css")));
/// The one script.
pub static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("panel", "js", "text/javascript; charset=utf-8", include_str!("../assets/panel.js")));
/// The icon of the browser's tab.
pub static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

/// `GET /assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let asset = [&STYLESHEET, &SCRIPT, &ICON].into_iter().find(|asset| asset.url.strip_prefix("/assets/") == Some(&name));
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}
