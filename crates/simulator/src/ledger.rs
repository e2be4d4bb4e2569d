//! The ledger: every API call that arrived, and what a story may hold against it.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::ids::{AccountId, AppId, InstallationId, RepoId};
use crate::pattern::CallPattern;
use crate::state::access::Permissions;

/// With whose credentials a call was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credentials {
    /// With none, or with none that GitHub knows.
    None,
    /// With the App's own JWT.
    App(AppId),
    /// With an installation token.
    Installation {
        /// Of this installation.
        id: InstallationId,
        /// Narrowed to these repositories.
        repositories: Option<BTreeSet<RepoId>>,
        /// With these permissions.
        permissions: Permissions,
    },
    /// With the token of a user who lets the App act for them.
    User(AccountId),
}

/// What a call does to GitHub when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Read,
    /// It mints a token.
    Token,
    /// It asks for a webhook to be sent again.
    Redelivery,
    /// It changes something that people see.
    Write,
}

/// One API call.
#[derive(Debug, Clone)]
pub struct Call {
    /// When it arrived.
    pub at: Timestamp,
    /// The request's method.
    pub method: String,
    /// The path as in [`CallPattern`]: decoded, without query, with the repository's present name.
    pub path: String,
    /// The request's target as it was sent.
    pub target: String,
    /// The JSON body, or null.
    pub body: Value,
    /// Whose call it was.
    pub credentials: Credentials,
    /// What it does when it succeeds.
    pub effect: Effect,
    /// The status of the answer that GitHub gave, also when that was lost on its way; none if GitHub never acted.
    pub status: Option<u16>,
    /// Whether the answer was sent to the caller.
    pub answered: bool,
    /// Points towards the secondary limit.
    pub points: u64,
    /// Whether it counted against the hourly budget.
    pub counted: bool,
}

impl Call {
    /// Whether GitHub acted on the call and said so, be it that the answer was lost.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// Whether the call changed something that people see.
    #[must_use]
    pub fn wrote(&self) -> bool {
        self.effect == Effect::Write && self.succeeded()
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} → ", self.at, self.method, self.target)?;
        match self.status {
            Some(status) => write!(f, "{status}"),
            None => f.write_str("not acted upon"),
        }
    }
}

/// A write that a story expects, so many times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pattern: CallPattern,
    times: u64,
}

impl Expected {
    /// One successful call of this kind.
    #[must_use]
    pub fn once(method: &str, path: &str) -> Self {
        Self::times(1, method, path)
    }

    /// This many successful calls of this kind.
    #[must_use]
    pub fn times(times: u64, method: &str, path: &str) -> Self {
        Self { pattern: CallPattern::new(method, path), times }
    }
}

/// A story that did not end as expected.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", self.explain())]
pub struct Unexpected {
    /// Writes that nobody expected.
    pub writes: Vec<Call>,
    /// Expectations with the number of writes still missing.
    pub missing: Vec<(CallPattern, u64)>,
}

impl Unexpected {
    fn explain(&self) -> String {
        let writes = self.writes.iter().map(|call| format!("unexpected write: {call}"));
        let missing = self.missing.iter().map(|(pattern, n)| format!("missing {n} × {pattern}"));
        writes.chain(missing).collect::<Vec<_>>().join("\n")
    }
}

/// Compares the writes of a ledger with what was expected. The first expectation that matches a write takes it.
pub(crate) fn settle(ledger: &[Call], expected: &[Expected]) -> Result<(), Unexpected> {
    let mut left: Vec<(CallPattern, u64)> = expected.iter().map(|e| (e.pattern.clone(), e.times)).collect();
    let mut writes = Vec::new();
    for call in ledger.iter().filter(|call| call.wrote()) {
        match left.iter_mut().find(|(pattern, n)| *n > 0 && pattern.matches(&call.method, &call.path)) {
            Some((_, n)) => *n -= 1,
            None => writes.push(call.clone()),
        }
    }
    left.retain(|(_, n)| *n > 0);
    if writes.is_empty() && left.is_empty() { Ok(()) } else { Err(Unexpected { writes, missing: left }) }
}
