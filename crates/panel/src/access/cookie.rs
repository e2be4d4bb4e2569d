//! Cookies: one reader, one writer, so that their attributes stand in one place.

use http::{HeaderMap, HeaderValue, header};

/// The value of the first cookie of this name.
pub(crate) fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// A `Set-Cookie` for the whole site. Lax rather than strict: a link from an issue on GitHub to a page here must find its
/// reader signed in, and no `GET` changes anything. `value` must consist of cookie characters.
pub(crate) fn set_cookie(name: &str, value: &str, max_age_seconds: u64, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}");
    // Names and values are ours and plain ASCII; were one not, no cookie is better than a broken one.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// A `Set-Cookie` that removes it.
pub(crate) fn clear_cookie(name: &str, https: bool) -> HeaderValue {
    set_cookie(name, "", 0, https)
}
