//! From an answer that is no success, or no answer, to an [`Error`].

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use switchboard_clock::Timestamp;

use crate::endpoint::{Endpoint, Repeat};
use crate::error::{Class, Details, Error, HoldScope, Reason};
use crate::hint::Hint;
use crate::ids::InstallationId;
use crate::limits::{MAX_MESSAGE_BYTES, UNTOLD_WAIT};
use crate::permission::Permissions;
use crate::redact::redact;
use crate::transport::{Response, TransportError};

/// What was called, for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Called<'a> {
    pub endpoint: &'static Endpoint,
    /// Who pays for the call, and waits when GitHub says so.
    pub scope: HoldScope,
    /// The installation concerned, also when the App calls as itself.
    pub installation: Option<InstallationId>,
    /// The permissions that a mint asks for.
    pub asked: Option<&'a Permissions>,
}

impl Called<'_> {
    /// The error for a request that got no answer.
    pub(crate) fn unanswered(&self, error: TransportError) -> Error {
        let class = match error {
            TransportError::Connect => Class::Transient,
            TransportError::Timeout | TransportError::Reset => self.lost(),
        };
        self.error(class, None, error.to_string(), None)
    }

    /// The error for something that is wrong with the request or answer as such.
    pub(crate) fn permanent(&self, reason: Reason, message: String, hint: Option<Hint>) -> Error {
        self.error(Class::Permanent(reason), None, message, hint)
    }

    /// The error for a success whose body cannot be read as JSON.
    pub(crate) fn unreadable(&self, response: &Response, message: String) -> Error {
        self.error(Class::Permanent(Reason::AnswerUnreadable), Some(response), message, None)
    }

    /// The error for a success after which it is unknown what was done.
    pub(crate) fn garbled(&self, error: &serde_json::Error) -> Error {
        self.error(Class::Ambiguous, None, error.to_string(), None)
    }

    /// The error for something that is kept back by our own budget or a hold until `at`.
    pub(crate) fn held(&self, at: Timestamp, message: &str) -> Error {
        self.error(Class::RetryAfter { at, scope: self.scope }, None, message.to_owned(), None)
    }

    /// The error for an answer that is neither success nor redirect.
    pub(crate) fn refused(&self, response: &Response, now: Timestamp) -> Error {
        let message = message(&response.body);
        let lower = message.to_ascii_lowercase();
        let status = response.status;
        if let Some(at) = told_to_wait(status, &response.headers, &lower, now) {
            return self.error(Class::RetryAfter { at, scope: self.scope }, Some(response), message, None);
        }
        let class = match status {
            StatusCode::TOO_MANY_REQUESTS => Class::Transient,
            StatusCode::REQUEST_TIMEOUT => self.lost(),
            status if status.is_server_error() => self.lost(),
            status => Class::Permanent(self.reason(status, &lower)),
        };
        let hint = match class {
            Class::Permanent(reason) => self.hint(reason, &response.headers),
            _ => None,
        };
        self.error(class, Some(response), message, hint)
    }

    fn lost(&self) -> Class {
        match self.endpoint.repeat {
            Repeat::Harmless => Class::Transient,
            Repeat::LookUpFirst => Class::Ambiguous,
        }
    }

    fn reason(&self, status: StatusCode, message: &str) -> Reason {
        let minting = self.asked.is_some();
        match status {
            StatusCode::UNAUTHORIZED => Reason::AuthFailed,
            // So it says of an App that does not exist, whatever was asked for.
            StatusCode::NOT_FOUND if message.contains("integration not found") => Reason::AuthFailed,
            StatusCode::FORBIDDEN if message.contains("suspended") => Reason::Suspended,
            StatusCode::FORBIDDEN if message.contains("archived") => Reason::Archived,
            StatusCode::FORBIDDEN if message.contains("not accessible") || message.contains("permission") => {
                Reason::PermissionMissing
            }
            StatusCode::FORBIDDEN => Reason::Forbidden,
            StatusCode::NOT_FOUND if minting => Reason::NotInstalled,
            StatusCode::UNPROCESSABLE_ENTITY if minting && message.contains("permission") => {
                Reason::PermissionNotGranted
            }
            StatusCode::UNPROCESSABLE_ENTITY if minting => Reason::NotInstalled,
            StatusCode::NOT_FOUND => Reason::NotFound,
            StatusCode::GONE => Reason::Gone,
            StatusCode::CONFLICT => Reason::Conflict,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Reason::Rejected,
            _ => Reason::UnexpectedStatus,
        }
    }

    fn hint(&self, reason: Reason, headers: &HeaderMap) -> Option<Hint> {
        let installation = self.installation;
        Some(match reason {
            Reason::AuthFailed => Hint::CheckAppKey,
            Reason::PermissionMissing | Reason::Forbidden => {
                Hint::GrantPermission { any_of: self.accepted(headers), installation }
            }
            Reason::NotFound if self.endpoint.needs.is_none() => Hint::Install { installation },
            Reason::NotFound => Hint::CheckNameOrAccess {
                needs: self.accepted(headers).into_iter().next().unwrap_or_default(),
                installation,
            },
            Reason::NotInstalled => Hint::Install { installation },
            Reason::PermissionNotGranted => {
                Hint::ApprovePermissions { permissions: self.asked?.to_approve(), installation: installation? }
            }
            Reason::Suspended => Hint::Unsuspend { installation },
            Reason::Archived => Hint::Unarchive,
            _ => return None,
        })
    }

    /// The permissions that would do: from the answer where it says so, else from the table.
    fn accepted(&self, headers: &HeaderMap) -> Vec<Permissions> {
        let told = text(headers, "x-accepted-github-permissions").map(Permissions::parse_accepted).unwrap_or_default();
        if !told.is_empty() {
            return told;
        }
        let table = self.endpoint.permissions();
        if table.is_empty() { Vec::new() } else { vec![table] }
    }

    fn error(&self, class: Class, response: Option<&Response>, message: String, hint: Option<Hint>) -> Error {
        Error::new(Details {
            class,
            status: response.map(|response| response.status.as_u16()),
            method: self.endpoint.method,
            route: self.endpoint.route,
            message,
            hint,
            request_id: response.and_then(|response| text(&response.headers, "x-github-request-id")).map(bounded),
        })
    }
}

/// The moment until which a 403 or 429 tells us to wait, if it is about a rate limit.
fn told_to_wait(status: StatusCode, headers: &HeaderMap, message: &str, now: Timestamp) -> Option<Timestamp> {
    if !matches!(status, StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS) {
        return None;
    }
    if let Some(wait) = text(headers, "retry-after") {
        return Some(match wait.trim().parse() {
            Ok(seconds) => now + Duration::from_secs(seconds),
            Err(_) => match http_date(wait) {
                Some(at) => now + at.since(server_time(headers, now)),
                None => now + UNTOLD_WAIT,
            },
        });
    }
    let exhausted = text(headers, "x-ratelimit-remaining").is_some_and(|left| left.trim() == "0");
    if exhausted || message.contains("api rate limit exceeded") {
        return Some(reset(headers, now).unwrap_or(now + UNTOLD_WAIT));
    }
    let secondary = message.contains("secondary rate limit") || message.contains("abuse detection");
    secondary.then_some(now + UNTOLD_WAIT)
}

/// `x-ratelimit-reset` in our own time: GitHub's clock says how far ahead it lies. Never right now, lest we ask in a
/// loop.
pub(crate) fn reset(headers: &HeaderMap, now: Timestamp) -> Option<Timestamp> {
    const SHORTEST: Duration = Duration::from_secs(1);
    let seconds = text(headers, "x-ratelimit-reset")?.trim().parse().ok()?;
    let ahead = Timestamp::from_seconds(seconds).since(server_time(headers, now));
    Some(now + ahead.max(SHORTEST))
}

fn server_time(headers: &HeaderMap, now: Timestamp) -> Timestamp {
    date(headers).unwrap_or(now)
}

/// The moment in the `Date` header.
pub(crate) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(text(headers, "date")?)
}

/// Parses the one date format that HTTP allows to be sent: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7).
fn http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.trim().strip_suffix(" GMT")?.split_once(", ")?.1.split(' ');
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    Timestamp::parse(&format!("{year}-{month:02}-{day}T{time}Z")).ok()
}

/// A header's value as text.
pub(crate) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// GitHub's own words in an error's body, details included.
fn message(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Body {
        message: Option<String>,
        #[serde(default)]
        errors: serde_json::Value,
    }
    let Ok(body) = serde_json::from_slice::<Body>(body) else {
        return bounded(&String::from_utf8_lossy(&body[..body.len().min(MAX_MESSAGE_BYTES)]));
    };
    let mut words = body.message.unwrap_or_default();
    for detail in body.errors.as_array().into_iter().flatten() {
        let part = |name: &str| detail[name].as_str();
        if let Some(detail) = detail.as_str().or_else(|| part("message")).or_else(|| part("code")) {
            let field = part("field").unwrap_or_default();
            words.push_str(if field.is_empty() { "; " } else { "; field " });
            words.push_str(field);
            words.push_str(if field.is_empty() { "" } else { ": " });
            words.push_str(detail);
        }
    }
    bounded(&words)
}

/// Redacted first, so that no half of a token survives the cut.
fn bounded(text: &str) -> String {
    let mut text = redact(text).into_owned();
    text.truncate(text.floor_char_boundary(MAX_MESSAGE_BYTES));
    text
}

#[cfg(test)]
#[path = "classify_tests.rs"]
mod tests;
