//! Numbers and names that GitHub gives to things. They are counted from the seed, so that a story names everything
//! the same way in every run.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

/// A kind of thing that is numbered.
pub(crate) trait Numbered: Sized {
    /// Where counting starts with seed 0; of the magnitude that GitHub's own ids have, so that 32 bits do not suffice where
    /// they do not suffice there.
    const FIRST: u64;
    const KIND: &'static str;
    fn numbered(number: u64) -> Self;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident from $first:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(
            /// The number as GitHub writes it.
            pub u64,
        );

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Numbered for $name {
            const FIRST: u64 = $first;
            const KIND: &'static str = stringify!($name);
            fn numbered(number: u64) -> Self {
                Self(number)
            }
        }
    )*};
}

ids! {
    /// A user, organization or bot.
    AccountId from 90_000_000;
    /// A team of an organization.
    TeamId from 11_000_000;
    /// A registered GitHub App.
    AppId from 1_200_000;
    /// An App's installation on an account.
    InstallationId from 60_000_000;
    /// A repository; survives renames and transfers.
    RepoId from 700_000_000;
    /// A workflow file of a repository.
    WorkflowId from 110_000_000;
    /// A workflow run; a re-run keeps it.
    RunId from 16_000_000_000;
    /// A job of one attempt of a run.
    JobId from 45_000_000_000;
    /// An issue or pull request, across repositories (not its number).
    IssueId from 2_500_000_000;
    /// A comment on an issue or pull request.
    CommentId from 2_800_000_000;
    /// A label of a repository.
    LabelId from 8_000_000_000;
    /// A check run.
    CheckRunId from 38_000_000_000;
    /// A check suite.
    CheckSuiteId from 33_000_000_000;
    /// A commit status.
    StatusId from 31_000_000_000;
    /// One attempt to deliver a webhook; a redelivery is a new attempt with the old GUID.
    DeliveryId from 190_000_000_000;
    /// A report of a scripted run; of the simulator's own making, since GitHub does not number them.
    CallbackId from 1_000;
    /// An App's webhook configuration.
    HookId from 500_000_000;
}

/// Counts the ids of every kind.
#[derive(Debug)]
pub(crate) struct Ids {
    seed: u64,
    next: BTreeMap<&'static str, u64>,
}

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, next: BTreeMap::new() }
    }

    pub(crate) fn next<T: Numbered>(&mut self) -> T {
        // Seeds shift the ids a little, so that a test cannot come to rely on a number.
        let start = T::FIRST + (self.seed % 1_000) * 1_000;
        let next = self.next.entry(T::KIND).or_insert(start);
        *next += 1;
        T::numbered(*next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_repeat_with_their_seed_and_differ_without() {
        let (mut a, mut b, mut c) = (Ids::new(3), Ids::new(3), Ids::new(4));
        let first: RunId = a.next();
        assert_eq!(first, b.next());
        assert_ne!(first, c.next());
        assert_ne!(first, a.next());
    }
}
