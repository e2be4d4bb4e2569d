//! Why an attempt came to no end, and what the engine makes of it.

use switchboard_clock::Timestamp;
use switchboard_github::{Class, HoldScope};
use switchboard_store::{Failure, Installation, StoreError};

/// Why a handler or carrier could not finish. A product's verdict (denied, failed) is never one of these: it is a
/// settlement.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Somebody said to wait. The attempt does not count.
    #[error("told to wait until {until}: {}", failure.message)]
    Wait {
        /// How long.
        until: Timestamp,
        /// Whose intents wait with it.
        hold: Option<Installation>,
        /// Why.
        failure: Failure,
    },
    /// It may work next time.
    #[error("{}", failure.message)]
    Again {
        /// Why it did not work.
        failure: Failure,
        /// When to try again; `None` leaves that to the [`crate::Patience`] of this kind.
        at: Option<Timestamp>,
        /// Whether the attempt may have had its effect all the same.
        unanswered: bool,
    },
    /// It will not work next time either.
    #[error("{}", failure.message)]
    Permanent {
        /// Why.
        failure: Failure,
    },
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Trouble {
    /// Something that will not work next time either.
    #[must_use]
    pub fn permanent(code: &str, message: impl Into<String>) -> Self {
        Self::Permanent { failure: Failure { code: code.to_owned(), message: message.into(), hint: None } }
    }

    /// Something that may work next time.
    #[must_use]
    pub fn again(code: &str, message: impl Into<String>) -> Self {
        Self::Again {
            failure: Failure { code: code.to_owned(), message: message.into(), hint: None },
            at: None,
            unanswered: false,
        }
    }
}

impl From<switchboard_github::Error> for Trouble {
    fn from(error: switchboard_github::Error) -> Self {
        let failure = Failure {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(ToString::to_string),
        };
        match error.class() {
            Class::RetryAfter { at, scope } => {
                let hold = match scope {
                    HoldScope::Installation(id) => Some(Installation(id.0)),
                    HoldScope::App | HoldScope::Mint => None,
                };
                Self::Wait { until: at, hold, failure }
            }
            Class::Transient => Self::Again { failure, at: None, unanswered: false },
            Class::Ambiguous => Self::Again { failure, at: None, unanswered: true },
            Class::Permanent(_) => Self::Permanent { failure },
        }
    }
}

impl From<crate::accept::Refusal> for Trouble {
    fn from(refusal: crate::accept::Refusal) -> Self {
        match refusal {
            crate::accept::Refusal::Store(error) => Self::Store(error),
            other => Self::permanent(other.code().1, other.to_string()),
        }
    }
}
