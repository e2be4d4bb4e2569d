//! Why a call failed, in the terms in which its caller decides: when to come back, whether it may have happened, or that
//! it is final.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::hint::Hint;
use crate::ids::InstallationId;

/// What a hold keeps back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldScope {
    /// Every call of one installation, and of no other.
    Installation(InstallationId),
    /// Every call that the App makes as itself.
    App,
    /// Minting tokens, for all installations.
    Mint,
}

/// What the caller can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Come back at `at`, not earlier; this counts as no attempt.
    RetryAfter {
        /// When.
        at: Timestamp,
        /// What else waits until then.
        scope: HoldScope,
    },
    /// It certainly did not happen, or doing it again is harmless: try again, backing off.
    Transient,
    /// It may have happened: look it up before sending it again.
    Ambiguous,
    /// Trying again leads nowhere.
    Permanent(Reason),
}

/// Why trying again leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// 401 even with fresh credentials.
    AuthFailed,
    /// 403: the token lacks a permission.
    PermissionMissing,
    /// 403 for another cause, named in the message.
    Forbidden,
    /// 404: not there, or not visible to the token.
    NotFound,
    /// 410: the feature is switched off.
    Gone,
    /// 409.
    Conflict,
    /// 400 or 422: GitHub does not take these values.
    Rejected,
    /// The repository is archived.
    Archived,
    /// The installation is suspended.
    Suspended,
    /// No token: the installation or the repository in it does not exist.
    NotInstalled,
    /// No token: the installation has not granted these permissions.
    PermissionNotGranted,
    /// The token that was minted is not the one that was asked for.
    TokenMismatch,
    /// Redirected to another host, in a circle, or nowhere.
    RedirectRefused,
    /// The answer is longer than allowed where all of it was needed.
    AnswerTooLarge,
    /// The answer is not the JSON that was expected.
    AnswerUnreadable,
    /// A value that cannot stand in a path or body; nothing was sent.
    RequestInvalid,
    /// A status that says nothing of the above.
    UnexpectedStatus,
}

impl Reason {
    /// The word for facts and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthFailed => "auth_failed",
            Self::PermissionMissing => "permission_missing",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::Archived => "archived",
            Self::Suspended => "suspended",
            Self::NotInstalled => "not_installed",
            Self::PermissionNotGranted => "permission_not_granted",
            Self::TokenMismatch => "token_mismatch",
            Self::RedirectRefused => "redirect_refused",
            Self::AnswerTooLarge => "answer_too_large",
            Self::AnswerUnreadable => "answer_unreadable",
            Self::RequestInvalid => "request_invalid",
            Self::UnexpectedStatus => "unexpected_status",
        }
    }

    /// The sentence that a stranger may read.
    fn sentence(self) -> &'static str {
        match self {
            Self::AuthFailed => "GitHub does not accept the App's credentials",
            Self::PermissionMissing => "the App lacks a permission for this",
            Self::Forbidden => "GitHub forbids this",
            Self::NotFound => "not found, or not visible to the App",
            Self::Gone => "this is switched off or gone",
            Self::Conflict => "GitHub reports a conflict",
            Self::Rejected => "GitHub rejects the request's values",
            Self::Archived => "the repository is archived",
            Self::Suspended => "the App's installation is suspended",
            Self::NotInstalled => "the App is not installed there",
            Self::PermissionNotGranted => "the installation has not granted the permission",
            Self::TokenMismatch => "GitHub handed out another token than was asked for",
            Self::RedirectRefused => "GitHub redirects elsewhere; not followed",
            Self::AnswerTooLarge => "GitHub's answer is too large",
            Self::AnswerUnreadable => "GitHub's answer is not what was expected",
            Self::RequestInvalid => "the request cannot be built from these values",
            Self::UnexpectedStatus => "GitHub answered with an unexpected status",
        }
    }
}

/// A failed call. `Display` shows the public text; [`Error::internal`] holds what GitHub said. Cheap to clone, since
/// callers that shared one request share its failure.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.public())]
pub struct Error(Arc<Details>);

#[derive(Debug, Clone)]
pub(crate) struct Details {
    pub class: Class,
    pub status: Option<u16>,
    pub method: &'static str,
    pub route: &'static str,
    pub message: String,
    pub hint: Option<Hint>,
    pub request_id: Option<String>,
}

impl Error {
    pub(crate) fn new(details: Details) -> Self {
        Self(Arc::new(details))
    }

    /// What the caller can do.
    #[must_use]
    pub fn class(&self) -> Class {
        self.0.class
    }

    /// Why it is final, if it is.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self.0.class {
            Class::Permanent(reason) => Some(reason),
            _ => None,
        }
    }

    /// One word for facts and metrics: the reason, or `rate_limited`, `transient`, `ambiguous`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.0.class {
            Class::RetryAfter { .. } => "rate_limited",
            Class::Transient => "transient",
            Class::Ambiguous => "ambiguous",
            Class::Permanent(reason) => reason.as_str(),
        }
    }

    /// What an operator can do.
    #[must_use]
    pub fn hint(&self) -> Option<&Hint> {
        self.0.hint.as_ref()
    }

    /// The status of the answer, if there was one.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The method that was called.
    #[must_use]
    pub fn method(&self) -> &'static str {
        self.0.method
    }

    /// The route of the endpoint that was called.
    #[must_use]
    pub fn route(&self) -> &'static str {
        self.0.route
    }

    /// GitHub's id of the request, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// GitHub's own words, or the transport's: redacted, at most 1,000 bytes, and a stranger's text all the same. Not for
    /// pages that anybody may read.
    #[must_use]
    pub fn internal(&self) -> &str {
        &self.0.message
    }

    /// The text that anybody may read.
    #[must_use]
    pub fn public(&self) -> String {
        struct Status(Option<u16>);
        impl fmt::Display for Status {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.map_or(Ok(()), |status| write!(f, " ({status})"))
            }
        }
        let status = Status(self.0.status);
        match self.0.class {
            Class::RetryAfter { at, .. } => format!("GitHub asks to wait until {}{status}", at.rfc3339_seconds()),
            Class::Transient => format!("GitHub is not available{status}"),
            Class::Ambiguous => format!("GitHub's answer was lost; the change may have happened{status}"),
            Class::Permanent(reason) => format!("{}{status}", reason.sentence()),
        }
    }
}
