//! GitHub's limits, counted as GitHub counts them.
//!
//! Sources: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api> for the rates, the endpoints' own
//! pages for the sizes.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use switchboard_clock::Timestamp;

use crate::ids::{AccountId, AppId, InstallationId};

/// Requests an hour of an installation, and of an App.
pub const HOURLY_REQUESTS: u64 = 5_000;
/// Points a minute; a read is 1, a write 5.
pub const POINTS_PER_MINUTE: u64 = 900;
/// Content-creating requests a minute.
pub const CONTENT_WRITES_PER_MINUTE: usize = 80;
/// Content-creating requests an hour.
pub const CONTENT_WRITES_PER_HOUR: usize = 500;
/// Characters of an issue's, comment's or check run's text.
pub const MAX_TEXT: usize = 65_535;
/// Characters of an issue's title.
pub const MAX_TITLE: usize = 256;
/// Annotations in one request to create or update a check run.
pub const MAX_ANNOTATIONS: usize = 50;
/// Inputs of one workflow dispatch.
pub const MAX_DISPATCH_INPUTS: usize = 25;
/// Characters of the inputs of one workflow dispatch.
pub const MAX_DISPATCH_PAYLOAD: usize = 65_535;
/// Top-level members of a repository dispatch's `client_payload`.
pub const MAX_CLIENT_PAYLOAD_MEMBERS: usize = 10;
/// Bytes at which a repository dispatch's `client_payload` is too large.
/// <https://docs.github.com/rest/repos/repos#create-a-repository-dispatch-event>
pub const MAX_CLIENT_PAYLOAD_BYTES: usize = 64 * 1024;
/// Characters of a repository dispatch's `event_type`.
pub const MAX_EVENT_TYPE: usize = 100;
/// Characters of a commit status's description.
pub const MAX_STATUS_DESCRIPTION: usize = 140;
/// Statuses of one commit and context.
pub const MAX_STATUSES: usize = 1_000;
/// Entries on a page.
pub const MAX_PER_PAGE: usize = 100;
/// Repositories that a token request may name.
pub const MAX_TOKEN_REPOSITORIES: usize = 500;
/// How long an installation token lives.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(3600);
/// How far ahead an App's JWT may expire.
pub const MAX_JWT_LIFETIME: Duration = Duration::from_secs(600);
/// How old a run may be to be run again.
pub const RERUN_WITHIN: Duration = Duration::from_secs(30 * 24 * 3600);

pub(crate) const SECONDARY_LIMIT_TEXT: &str =
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Whose budget a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Payer {
    App(AppId),
    Installation(InstallationId),
    User(AccountId),
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Read,
    Write,
    /// A write that makes content people are notified of.
    Content,
}

impl Weight {
    pub(crate) fn points(self) -> u64 {
        match self {
            Self::Read => 1,
            Self::Write | Self::Content => 5,
        }
    }
}

/// Why a request must wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    Hourly,
    Secondary { retry_after: u64 },
}

/// The hourly budget as its headers show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    pub limit: u64,
    pub used: u64,
    pub reset: Timestamp,
}

#[derive(Debug, Default)]
struct Bucket {
    /// End of the present hour.
    reset: Timestamp,
    used: u64,
    points: VecDeque<(Timestamp, u64)>,
    content: VecDeque<Timestamp>,
}

/// All budgets.
#[derive(Debug, Default)]
pub(crate) struct Limits(BTreeMap<Payer, Bucket>);

impl Limits {
    fn bucket(&mut self, payer: Payer, now: Timestamp) -> &mut Bucket {
        let bucket = self.0.entry(payer).or_default();
        if bucket.reset <= now {
            // The hour begins with the first request in it; GitHub gives its end in whole seconds.
            (bucket.reset, bucket.used) = (Timestamp::from_seconds((now + HOUR).seconds()), 0);
        }
        while bucket.points.front().is_some_and(|(at, _)| *at + MINUTE <= now) {
            bucket.points.pop_front();
        }
        while bucket.content.front().is_some_and(|at| *at + HOUR <= now) {
            bucket.content.pop_front();
        }
        bucket
    }

    /// Whether a request may be served now.
    pub(crate) fn check(
        &mut self,
        payer: Payer,
        now: Timestamp,
        weight: Weight,
        hourly: u64,
        secondary: bool,
    ) -> Result<(), Exceeded> {
        let bucket = self.bucket(payer, now);
        if bucket.used >= hourly {
            return Err(Exceeded::Hourly);
        }
        if !secondary {
            return Ok(());
        }
        let spent: u64 = bucket.points.iter().map(|(_, points)| points).sum();
        let mut wait = None;
        if spent + weight.points() > POINTS_PER_MINUTE {
            wait = bucket.points.front().map(|(at, _)| *at + MINUTE);
        }
        if weight == Weight::Content {
            let minute = bucket.content.iter().rev().nth(CONTENT_WRITES_PER_MINUTE - 1).map(|at| *at + MINUTE);
            let hour = bucket.content.iter().rev().nth(CONTENT_WRITES_PER_HOUR - 1).map(|at| *at + HOUR);
            wait = [wait, minute.filter(|at| *at > now), hour].into_iter().flatten().max();
        }
        match wait {
            None => Ok(()),
            Some(until) => {
                Err(Exceeded::Secondary { retry_after: until.since(now).as_millis().div_ceil(1000).max(1) as u64 })
            }
        }
    }

    /// Counts a served request.
    pub(crate) fn charge(&mut self, payer: Payer, now: Timestamp, weight: Weight) {
        let bucket = self.bucket(payer, now);
        bucket.used += 1;
        bucket.points.push_back((now, weight.points()));
        if weight == Weight::Content {
            bucket.content.push_back(now);
        }
    }

    pub(crate) fn standing(&mut self, payer: Payer, now: Timestamp, limit: u64) -> Standing {
        let bucket = self.bucket(payer, now);
        Standing { limit, used: bucket.used, reset: bucket.reset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Payer = Payer::App(AppId(1));

    #[test]
    fn the_hour_ends_and_the_budget_is_whole_again() {
        let (mut limits, start) = (Limits::default(), Timestamp::from_seconds(1_000));
        limits.charge(WHO, start, Weight::Read);
        limits.charge(WHO, start, Weight::Read);
        assert_eq!(limits.check(WHO, start, Weight::Read, 2, true), Err(Exceeded::Hourly));
        assert_eq!(limits.check(WHO, start + HOUR, Weight::Read, 2, true), Ok(()));
    }

    #[test]
    fn points_and_content_writes_are_counted_over_a_sliding_minute() {
        let (mut limits, start) = (Limits::default(), Timestamp::from_seconds(1_000));
        for n in 0..80 {
            limits.charge(WHO, start + Duration::from_millis(n * 100), Weight::Content);
        }
        let now = start + Duration::from_secs(10);
        assert_eq!(limits.check(WHO, now, Weight::Content, 5_000, true), Err(Exceeded::Secondary { retry_after: 50 }));
        assert_eq!(limits.check(WHO, now, Weight::Write, 5_000, true), Ok(()), "400 of 900 points are spent");
        for _ in 0..100 {
            limits.charge(WHO, now, Weight::Write);
        }
        assert_eq!(limits.check(WHO, now, Weight::Read, 5_000, true), Err(Exceeded::Secondary { retry_after: 50 }));
        assert_eq!(limits.check(WHO, now, Weight::Read, 5_000, false), Ok(()));
        assert_eq!(limits.check(WHO, start + MINUTE, Weight::Content, 5_000, true), Ok(()));
    }
}
