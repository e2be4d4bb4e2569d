//! The zone in which pages tell moments: UTC, unless the reader chose another. Remembered in a cookie, so that it holds
//! on every page, without the script as well.
//!
//! The choice is known while a request is being answered, wherever something is drawn ([`Zone::tells`] reads it), so that
//! no page can forget to pass it on. Outside of a request it is UTC. Programs are always told UTC.
//!
//! The names and rules come from the operating system where it has them, so that its updates count, and else from those
//! compiled in: a container image without any knows every zone all the same.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use jiff::tz::TimeZone;
use serde::Deserialize;
use switchboard_clock::Timestamp;

use crate::access::{read_cookie, set_cookie};
use crate::core::Core;
use crate::{Fault, Shell, links};

const COOKIE: &str = "switchboard-zone";
const A_YEAR_IN_SECONDS: u64 = 365 * 24 * 60 * 60;
/// In the cookie, before the name that the browser's script found.
const BROWSER: &str = "browser";
/// Longer than any name there is.
const NAME_MAX_CHARS: usize = 64;

tokio::task_local! {
    static ZONE: Zone;
}

/// A zone that somebody chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone {
    time_zone: TimeZone,
    /// Whether it is to be the browser's, whichever that is.
    browser: bool,
}

/// Why a zone cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("There is no time zone `{0}`.")]
pub(crate) struct Unknown(String);

impl Default for Zone {
    fn default() -> Self {
        Self { time_zone: TimeZone::UTC, browser: false }
    }
}

impl Zone {
    /// The zone of this name, as the IANA database has it; upper and lower case are the same.
    fn named(name: &str) -> Result<Self, Unknown> {
        let name = name.trim();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
        let unknown = || Unknown(name.chars().take(NAME_MAX_CHARS).filter(|c| *c != '`').collect());
        if name.is_empty() || name.len() > NAME_MAX_CHARS || !name.chars().all(is_plain) {
            return Err(unknown());
        }
        if name.eq_ignore_ascii_case("utc") {
            return Ok(Self::default());
        }
        let time_zone = TimeZone::get(name).map_err(|_| unknown())?;
        // Without a name it could not be kept, and could not be shown.
        if time_zone.iana_name().is_none() { Err(unknown()) } else { Ok(Self { time_zone, browser: false }) }
    }

    /// The browser's zone; until its script has said which, UTC.
    fn of_browser(found: Option<&str>) -> Result<Self, Unknown> {
        let found = found.map_or_else(|| Ok(Self::default()), Self::named)?;
        Ok(Self { browser: true, ..found })
    }

    /// What the reader chose. A cookie that says nothing sensible is as good as none.
    fn of(headers: &HeaderMap) -> Self {
        let Some(value) = read_cookie(headers, COOKIE) else { return Self::default() };
        let zone = match value.split_once(':') {
            Some((BROWSER, found)) => Self::of_browser(Some(found)),
            _ if value == BROWSER => Self::of_browser(None),
            _ => Self::named(value),
        };
        zone.unwrap_or_default()
    }

    /// What the cookie says.
    fn kept(&self) -> String {
        if self.browser { format!("{BROWSER}:{}", self.name()) } else { self.name().to_owned() }
    }

    /// Its name: `UTC`, `Europe/Berlin`.
    pub(crate) fn name(&self) -> &str {
        self.time_zone.iana_name().unwrap_or("UTC")
    }

    /// Whether it is to be the browser's.
    pub(crate) const fn is_browsers(&self) -> bool {
        self.browser
    }

    /// The zone of the request that is being answered.
    pub(crate) fn current() -> Self {
        ZONE.try_with(Clone::clone).unwrap_or_default()
    }

    /// A moment in the zone of the request that is being answered, by `strftime` conversions.
    pub(crate) fn tells(at: Timestamp, pattern: &str) -> String {
        let tell = |zone: &Self| match jiff::Timestamp::from_millisecond(at.millis()) {
            Ok(time) => time.to_zoned(zone.time_zone.clone()).strftime(pattern).to_string(),
            Err(_) => "never".to_owned(),
        };
        ZONE.try_with(tell).unwrap_or_else(|_| tell(&Self::default()))
    }
}

/// Lets everything that answers a request know the reader's zone.
pub(crate) async fn keep(request: Request, next: Next) -> Response {
    let zone = Zone::of(request.headers());
    ZONE.scope(zone, next.run(request)).await
}

#[derive(Template)]
#[template(path = "pages/zone.html")]
struct ZonePage<'a> {
    zone: &'a Zone,
    /// What stands in the field: the zone's name, or what was not understood.
    name: &'a str,
    wrong: Option<&'a Unknown>,
    next: &'a str,
    now: String,
    names: Vec<String>,
}

impl ZonePage<'_> {
    /// Which of the three is chosen.
    fn chosen(&self, which: &str) -> bool {
        let chosen = match (self.wrong.is_some(), self.zone.browser, self.zone.name()) {
            (true, ..) => "name",
            (_, true, _) => BROWSER,
            (.., "UTC") => "utc",
            _ => "name",
        };
        which == chosen
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    next: Option<String>,
}

/// `GET /zone`: the choice. Open to everybody, because it changes nothing but how moments are told.
pub(crate) async fn page(
    State(core): State<Arc<Core>>,
    Query(Asked { next }): Query<Asked>,
    request: Request,
) -> Result<Response, Fault> {
    let session = request.extensions().get::<crate::Session>().cloned();
    let shell = Shell::for_anybody(core, session, &request);
    draw(&shell, links::own_path(next.as_deref()), None).await
}

async fn draw(shell: &Shell, next: &str, wrong: Option<(&str, &Unknown)>) -> Result<Response, Fault> {
    let zone = Zone::current();
    let page = ZonePage {
        name: wrong.map_or_else(|| if zone.name() == "UTC" { "" } else { zone.name() }, |(name, _)| name),
        wrong: wrong.map(|(_, unknown)| unknown),
        next,
        now: crate::components::zoned(shell.now()),
        names: jiff::tz::db().available().map(|name| name.to_string()).collect(),
        zone: &zone,
    };
    shell.page("Time zone", &page).await
}

#[derive(Deserialize)]
pub(crate) struct Choice {
    /// `utc`, `browser`, or `name`.
    zone: String,
    /// The name that was typed.
    name: Option<String>,
    /// What the script found the browser's to be.
    found: Option<String>,
    next: Option<String>,
}

/// `POST /zone`. Needs no proof of where it came from: it changes nothing but how moments are told.
pub(crate) async fn choose(
    State(core): State<Arc<Core>>,
    headers: HeaderMap,
    uri: http::Uri,
    session: Option<axum::Extension<crate::Session>>,
    Form(choice): Form<Choice>,
) -> Result<Response, Fault> {
    let name = choice.name.as_deref().unwrap_or_default();
    let next = links::own_path(choice.next.as_deref());
    let chosen = match choice.zone.as_str() {
        "utc" => Ok(Zone::default()),
        BROWSER => Zone::of_browser(choice.found.as_deref().filter(|found| !found.is_empty())),
        "name" => Zone::named(name),
        _ => return Err(Fault::parameter("A zone is `utc`, `browser`, or a `name`.")),
    };
    match chosen {
        Ok(zone) => {
            let cookie = set_cookie(COOKIE, &zone.kept(), A_YEAR_IN_SECONDS, false);
            let location = links::location(next);
            Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
        }
        Err(unknown) => {
            let shell = Shell::for_fault(core, session.map(|session| session.0), uri, &headers);
            let mut page = draw(&shell, next, Some((name, &unknown))).await?;
            *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(page)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_cookie(value: &str) -> Zone {
        let cookie = format!("{COOKIE}={value}").parse().unwrap();
        Zone::of(&[(header::COOKIE, cookie)].into_iter().collect())
    }

    #[test]
    fn a_zone_is_kept_as_it_was_chosen() {
        for (value, name, browser) in [
            ("UTC", "UTC", false),
            ("Europe/Berlin", "Europe/Berlin", false),
            ("america/argentina/buenos_aires", "America/Argentina/Buenos_Aires", false),
            ("browser:Asia/Kolkata", "Asia/Kolkata", true),
            ("browser", "UTC", true),
        ] {
            let zone = of_cookie(value);
            assert_eq!((zone.name(), zone.is_browsers()), (name, browser), "{value}");
            assert_eq!(of_cookie(&zone.kept()), zone, "{value}");
        }
        for nonsense in ["", "Mars/Olympus", "../../etc/passwd", "browser:", "browser:Mars", "<script>"] {
            assert_eq!(of_cookie(nonsense).name(), "UTC", "{nonsense}");
        }
    }

    #[test]
    fn a_name_that_is_none_is_refused_in_words() {
        let error = Zone::named("Mars/Olympus").unwrap_err();
        assert_eq!(error.to_string(), "There is no time zone `Mars/Olympus`.");
        assert!(Zone::named("").is_err() && Zone::named(&"a".repeat(65)).is_err() && Zone::named("a b").is_err());
    }

    #[tokio::test]
    async fn moments_are_told_in_the_zone_of_the_request_with_its_summer_time() {
        let (winter, summer) =
            (Timestamp::parse("2026-01-15T23:30:00Z").unwrap(), Timestamp::parse("2026-07-15T23:30:00Z").unwrap());
        let pattern = "%Y-%m-%d %H:%M %:z";
        assert_eq!(Zone::tells(winter, pattern), "2026-01-15 23:30 +00:00");
        ZONE.scope(Zone::named("Europe/Berlin").unwrap(), async {
            assert_eq!(Zone::tells(winter, pattern), "2026-01-16 00:30 +01:00");
            assert_eq!(Zone::tells(summer, pattern), "2026-07-16 01:30 +02:00");
            assert_eq!(Zone::tells(Timestamp::MAX, pattern), "never");
        })
        .await;
    }
}
