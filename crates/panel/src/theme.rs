//! Light or dark: as the system says, unless the reader said otherwise. Remembered in a cookie, so that it works without
//! the script and the first paint is right.

use axum::extract::Form;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use crate::access::{read_cookie, set_cookie};
use crate::links;

const COOKIE: &str = "switchboard-theme";
const A_YEAR_IN_SECONDS: u64 = 365 * 24 * 60 * 60;

/// A colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// What the reader chose.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match read_cookie(headers, COOKIE) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::Auto,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// What the switch leads to.
    pub(crate) const fn next(self) -> Self {
        match self {
            Self::Auto => Self::Dark,
            Self::Dark => Self::Light,
            Self::Light => Self::Auto,
        }
    }
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    theme: Theme,
    next: Option<String>,
}

/// `POST /theme`. Needs no proof of where it came from: it changes nothing but colours.
pub(crate) async fn choose(Form(Choice { theme, next }): Form<Choice>) -> Response {
    let cookie = set_cookie(COOKIE, theme.as_str(), A_YEAR_IN_SECONDS, false);
    let location = links::location(links::own_path(next.as_deref()));
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response()
}
