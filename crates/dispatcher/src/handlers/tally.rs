//! Counts what a settlement does. Counters rise in the settlement of the fact that they count, so totals never drift.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_store::{CounterAdd, Key, View};

use crate::histogram::Latency;
use crate::keys::{self, views};
use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;

/// The counters of the windows, in the contract's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Count {
    Accepted,
    Skipped,
    Empty,
    Invalid,
    Planned,
    Candidates,
    Denied,
    Queued,
    Succeeded,
    Failed,
    Retried,
    IssuesCreated,
    IssuesSuppressed,
}

impl Count {
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Skipped => "skipped",
            Self::Empty => "empty",
            Self::Invalid => "invalid",
            Self::Planned => "planned",
            Self::Candidates => "candidates",
            Self::Denied => "denied",
            Self::Queued => "queued",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::IssuesCreated => "issues_created",
            Self::IssuesSuppressed => "issues_suppressed",
        }
    }
}

/// What a settlement counts, one row a counter key however much it counts there.
#[derive(Debug)]
pub(crate) struct Tally {
    now: Timestamp,
    source: Option<RepositoryName>,
    rows: BTreeMap<(View, Key), BTreeMap<&'static str, i64>>,
}

impl Tally {
    /// Counts at this moment, for this source repository if it is known.
    pub(crate) fn new(now: Timestamp, source: Option<&RepositoryName>) -> Self {
        Self { now, source: source.cloned(), rows: BTreeMap::new() }
    }

    /// The moment at which it counts.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Counts `by` in the totals and in the buckets of now, over all and for the source.
    pub(crate) fn add(&mut self, count: Count, by: usize) {
        self.everywhere(count.field(), by);
    }

    /// Counts one.
    pub(crate) fn one(&mut self, count: Count) {
        self.add(count, 1);
    }

    /// Counts a reason of the day.
    pub(crate) fn reason(&mut self, reason: Reason, by: usize) {
        self.row(views::DAY_REASON, keys::day_reason(self.now, reason), "count", by);
    }

    /// Counts how long something took, in the histograms of the buckets of now.
    pub(crate) fn latency(&mut self, latency: Latency, took: Duration) {
        let field = latency.field(took);
        self.row(views::MINUTE, keys::minute(self.now), field, 1);
        self.row(views::HOUR, keys::hour(self.now), field, 1);
    }

    /// Counts an outcome between two workflows, from both sides.
    pub(crate) fn edge(
        &mut self,
        count: Count,
        source_workflow: &WorkflowFile,
        target: &RepositoryName,
        target_workflow: &WorkflowFile,
    ) {
        let Some(source) = self.source.clone() else { return };
        let outward = keys::edge_out((&source, source_workflow), (target, target_workflow));
        let inward = keys::edge_in((target, target_workflow), (&source, source_workflow));
        self.row(views::EDGE, outward, count.field(), 1);
        self.row(views::EDGE, inward, count.field(), 1);
    }

    /// The counter changes of the settlement.
    pub(crate) fn into_adds(self) -> Vec<CounterAdd> {
        self.rows
            .into_iter()
            .map(|((view, key), fields)| CounterAdd {
                view,
                key,
                add: fields.into_iter().map(|(field, by)| (field.to_owned(), by)).collect(),
            })
            .collect()
    }

    fn everywhere(&mut self, field: &'static str, by: usize) {
        if by == 0 {
            return;
        }
        let now = self.now;
        self.row(views::TOTAL, keys::TOTAL_ALL, field, by);
        self.row(views::MINUTE, keys::minute(now), field, by);
        self.row(views::HOUR, keys::hour(now), field, by);
        if let Some(source) = self.source.clone() {
            self.row(views::TOTAL, keys::total_of(&source), field, by);
            self.row(views::MINUTE_REPO, keys::minute_repository(now, &source), field, by);
            self.row(views::HOUR_REPO, keys::hour_repository(&source, now), field, by);
        }
    }

    fn row(&mut self, view: View, key: Key, field: &'static str, by: usize) {
        let by = i64::try_from(by).unwrap_or(i64::MAX);
        *self.rows.entry((view, key)).or_default().entry(field).or_default() += by;
    }
}
