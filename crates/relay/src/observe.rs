//! What is counted of the relay beside facts and deliveries, told to whoever measures. An observer decides nothing.

use std::fmt;

/// Listens to what goes wrong without being anybody's delivery.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// The allowlist's source was read and cannot be used; the last good list, if there is one, stays in force.
    fn allowlist_error(&self, reason: AllowlistReason) {
        let _ = reason;
    }

    /// The shared cache failed to answer or to take something; the store decided without it.
    fn cache_error(&self) {}
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// Why the allowlist's source cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllowlistReason {
    /// It breaks a rule of the file.
    Invalid,
    /// There is no such file, or the App is not installed where it stands.
    Missing,
    /// GitHub does not answer, or not as it should.
    Unreachable,
}

impl AllowlistReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Invalid, Self::Missing, Self::Unreachable];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Missing => "missing",
            Self::Unreachable => "unreachable",
        }
    }
}
