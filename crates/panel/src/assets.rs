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
    let asset =
        [&STYLESHEET, &SCRIPT, &ICON].into_iter().find(|asset| asset.url.strip_prefix("/assets/") == Some(&name));
    let Some(asset) = asset else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The two colours of a variable, light and dark.
    fn colours(name: &str) -> [[f64; 3]; 2] {
        let start = format!("--{name}: light-dark(#");
        let at = STYLESHEET.content.find(&start).unwrap_or_else(|| panic!("no colour {name}")) + start.len();
        let (light, rest) = STYLESHEET.content[at..].split_once(", #").unwrap();
        [light, &rest[..6]].map(|hex| [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap())))
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
        let luminance = |colour: [f64; 3]| {
            let [r, g, b] = colour.map(|channel| {
                let channel = channel / 255.0;
                if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
            });
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_shapes_stand_out_in_both_schemes() {
        let check = |front: &str, back: &str, least: f64| {
            for (scheme, (front_colour, back_colour)) in
                ["light", "dark"].iter().zip(colours(front).into_iter().zip(colours(back)))
            {
                let ratio = contrast(front_colour, back_colour);
                assert!(ratio >= least, "{front} on {back}, {scheme}: {ratio:.2}");
            }
        };
        for front in ["text", "muted", "accent", "good", "bad", "warn"] {
            for back in ["page", "surface", "sunken", "hover"] {
                check(front, back, 4.5);
            }
        }
        for (front, back) in [
            ("bad", "bad-tint"),
            ("warn", "warn-tint"),
            ("good", "good-tint"),
            ("text", "flash"),
            ("on-accent", "accent"),
        ] {
            check(front, back, 4.5);
        }
        for tint in ["bad-tint", "warn-tint", "good-tint"] {
            check("text", tint, 4.5);
            check("muted", tint, 4.5);
        }
        for back in ["page", "surface"] {
            check("edge", back, 3.0);
        }
    }
}
