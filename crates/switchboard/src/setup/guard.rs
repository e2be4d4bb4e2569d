//! Who may see the local page: whoever has the address that the terminal printed, from this machine, by its own name.
//!
//! * Another page in the same browser cannot post to it: its requests carry another origin, and no cookie.
//! * A name that somebody else lets point to this machine is not its name.
//! * Another user of the machine does not know the key in the address.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use switchboard_panel::{TokenHash, same_origin};

/// The key in the address that is printed, and what the page's cookie holds then.
#[derive(Debug, Clone)]
pub(super) struct Door {
    hash: TokenHash,
    port: u16,
}

/// The parameter of the printed address.
pub(super) const KEY: &str = "key";

impl Door {
    /// A door that opens to `key`.
    pub(super) fn new(key: &str, port: u16) -> Self {
        Self { hash: TokenHash::of(key), port }
    }

    pub(super) fn fits(&self, key: &str) -> bool {
        self.hash.matches(key)
    }

    /// The cookie that opens the door from now on. Lax, since GitHub leads back here. Ports share cookies, names do not.
    pub(super) fn cookie(&self, key: &str) -> HeaderValue {
        let text = format!("{}={key}; Path=/; HttpOnly; SameSite=Lax", self.name());
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    fn name(&self) -> String {
        format!("switchboard-setup-{}", self.port)
    }

    fn is_own_name(&self, headers: &HeaderMap) -> bool {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let name = host.strip_suffix(&format!(":{}", self.port)).unwrap_or_default();
        matches!(name, "127.0.0.1" | "localhost")
    }

    fn has_cookie(&self, headers: &HeaderMap) -> bool {
        let name = self.name();
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.any(|(key, value)| key == name && self.fits(value))
    }
}

/// Whether a path proves itself otherwise: the printed address by its key, the way back from GitHub by its state.
fn proves_itself(path: &str) -> bool {
    matches!(path, "/" | super::site::CREATED) || path.starts_with("/assets/") || path == "/theme"
}

/// Lets through whoever may see the page.
pub(super) async fn guard(door: Door, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let foreign_form = !request.method().is_safe() && !same_origin(headers);
    if !door.is_own_name(headers) || foreign_form {
        return refuse("This page is only for the browser on this machine that the address was opened in.");
    }
    if !proves_itself(request.uri().path()) && !door.has_cookie(headers) {
        return refuse("Open the address that `switchboard setup` printed, with its key.");
    }
    next.run(request).await
}

pub(super) fn refuse(text: &'static str) -> Response {
    (StatusCode::FORBIDDEN, format!("{text}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap())).collect()
    }

    #[test]
    fn only_its_own_name_and_key_open_the_door() {
        let door = Door::new("k1", 4321);
        for (host, own) in
            [("127.0.0.1:4321", true), ("localhost:4321", true), ("evil.example:4321", false), ("127.0.0.1:80", false)]
        {
            assert_eq!(door.is_own_name(&headers(&[("host", host)])), own, "{host}");
        }
        assert!(door.has_cookie(&headers(&[("cookie", "a=b; switchboard-setup-4321=k1")])));
        assert!(!door.has_cookie(&headers(&[("cookie", "switchboard-setup-4321=k2; switchboard-setup-1=k1")])));
        assert!(door.cookie("k1").to_str().unwrap().contains("HttpOnly; SameSite=Lax"));
    }
}
