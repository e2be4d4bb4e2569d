//! Every name under which the dispatcher keeps something: views, record keys, lanes, intent keys, subjects. They stand here and
//! nowhere else, so that what is written under a key is found under it.
//!
//! Owners and repository names are lower case in keys, workflow files keep their case, time buckets are UTC. A part of a key never
//! holds `/` unless it is a repository's full name or a run key, so keys cannot be confused.

use switchboard_clock::Timestamp;
use switchboard_store::{Key, KeyRange, Lane, Subject};

use crate::matching::CandidateNumber;
use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::run_key::RunKey;

pub mod views;

/// Subtracting from this turns the order of time around: the newest row sorts first. It has 13 digits, like a time in milliseconds.
const REVERSED_FROM: i64 = 9_999_999_999_999;

/// The digits of a [`rev`].
pub const REV_DIGITS: usize = 13;

/// `<rev>`: 13 digits that sort the newest first.
#[must_use]
pub fn rev(at: Timestamp) -> String {
    format!("{:0REV_DIGITS$}", REVERSED_FROM.saturating_sub(at.millis()).clamp(0, REVERSED_FROM))
}

/// `dispatcher.run`, `.chain` (by root), `.issue`.
#[must_use]
pub fn run(key: RunKey) -> Key {
    key.to_string().into()
}

/// `dispatcher.target`, `.result`.
#[must_use]
pub fn target(key: RunKey, number: CandidateNumber) -> Key {
    format!("{key}/{number}").into()
}

/// `dispatcher.by_run`, `.by_target_run`.
#[must_use]
pub fn run_id(run_id: u64) -> Key {
    run_id.to_string().into()
}

/// `dispatcher.by_delivery`.
#[must_use]
pub fn delivery(delivery_id: &str) -> Key {
    delivery_id.into()
}

/// `dispatcher.expected_run`; `intent` tells the dispatches to one workflow apart.
#[must_use]
pub fn expected_run(repository_id: u64, workflow: &WorkflowFile, intent: &str) -> Key {
    format!("{}{intent}", expected_runs(repository_id, workflow)).into()
}

/// What the keys of all expected runs of a workflow begin with.
#[must_use]
pub fn expected_runs(repository_id: u64, workflow: &WorkflowFile) -> String {
    format!("{repository_id}/{workflow}/")
}

/// `dispatcher.recent`.
#[must_use]
pub fn recent(at: Timestamp, key: RunKey) -> Key {
    format!("{}/{key}", rev(at)).into()
}

/// `dispatcher.recent_source`, `.recent_target`.
#[must_use]
pub fn recent_of(repository: &RepositoryName, at: Timestamp, key: RunKey) -> Key {
    format!("{}/{}/{key}", repository.lower(), rev(at)).into()
}

/// `dispatcher.problem`.
#[must_use]
pub fn problem(at: Timestamp, key: RunKey, number: CandidateNumber) -> Key {
    format!("{}/{key}/{number}", rev(at)).into()
}

/// `dispatcher.problem_reason`.
#[must_use]
pub fn problem_of(reason: Reason, at: Timestamp, key: RunKey, number: CandidateNumber) -> Key {
    format!("{reason}/{}/{key}/{number}", rev(at)).into()
}

/// The keys of `dispatcher.problem_reason` of one reason, newest first.
#[must_use]
pub fn problems_of(reason: Reason) -> KeyRange {
    KeyRange::prefix(&format!("{reason}/"))
}

/// `dispatcher.repo`.
#[must_use]
pub fn repository(repository: &RepositoryName) -> Key {
    repository.lower().into()
}

/// A repository and one of its workflows: an end of an edge in the consent map.
pub type End<'e> = (&'e RepositoryName, &'e WorkflowFile);

/// `dispatcher.edge` from the source's side.
#[must_use]
pub fn edge_out(source: End<'_>, target: End<'_>) -> Key {
    format!("out/{}/{}/{}/{}", source.0.lower(), source.1, target.0.lower(), target.1).into()
}

/// `dispatcher.edge` from the target's side.
#[must_use]
pub fn edge_in(target: End<'_>, source: End<'_>) -> Key {
    format!("in/{}/{}/{}/{}", target.0.lower(), target.1, source.0.lower(), source.1).into()
}

/// `dispatcher.config_issue`.
#[must_use]
pub fn repository_id(id: u64) -> Key {
    id.to_string().into()
}

/// `dispatcher.issue_budget`.
#[must_use]
pub fn issue_budget(installation_id: u64, at: Timestamp) -> Key {
    format!("{installation_id}/{}", hour(at)).into()
}

/// `dispatcher.total` over everything.
pub const TOTAL_ALL: Key = Key::of("all");

/// `dispatcher.total` of a source repository.
#[must_use]
pub fn total_of(repository: &RepositoryName) -> Key {
    format!("repo/{}", repository.lower()).into()
}

/// `dispatcher.day_reason`.
#[must_use]
pub fn day_reason(at: Timestamp, reason: Reason) -> Key {
    format!("{}/{reason}", day(at)).into()
}

/// The day as `YYYYMMDD`.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.format("%Y%m%d")
}

/// `dispatcher.hour`: `YYYYMMDDHH`.
#[must_use]
pub fn hour(at: Timestamp) -> Key {
    at.format("%Y%m%d%H").into()
}

/// `dispatcher.minute`: `YYYYMMDDHHMM`.
#[must_use]
pub fn minute(at: Timestamp) -> Key {
    at.format("%Y%m%d%H%M").into()
}

/// `dispatcher.minute_repo`: a minute's repositories stand side by side.
#[must_use]
pub fn minute_repository(at: Timestamp, repository: &RepositoryName) -> Key {
    format!("{}/{}", minute(at), repository.lower()).into()
}

/// `dispatcher.hour_repo`: a repository's hours stand side by side.
#[must_use]
pub fn hour_repository(repository: &RepositoryName, at: Timestamp) -> Key {
    format!("{}/{}", repository.lower(), hour(at)).into()
}

/// `dispatcher.window`: 5, 15 or 60 minutes.
#[must_use]
pub fn window(minutes: u32) -> Key {
    minutes.to_string().into()
}

/// `engine.health`: the dispatcher's row, with its checks.
pub const HEALTH_CURRENT: Key = Key::of(crate::handlers::NAME);

/// Lane of a run's plans: its attempts in order.
#[must_use]
pub fn run_lane(repository_id: u64, run_id: u64) -> Lane {
    format!("run/{repository_id}/{run_id}").into()
}

/// Lane of the plans of a chain, whose size is counted there.
#[must_use]
pub fn chain_lane(root: RunKey) -> Lane {
    format!("chain/{root}").into()
}

/// Lane of a candidate whose target could not be read yet.
#[must_use]
pub fn target_lane(key: RunKey, number: CandidateNumber) -> Lane {
    format!("target/{key}/{number}").into()
}

/// Lane of an installation's reports: new issues are counted there.
#[must_use]
pub fn report_lane(installation_id: u64) -> Lane {
    format!("report/{installation_id}").into()
}

/// Lane of the rollup.
pub const ROLLUP_LANE: Lane = Lane::of("rollup/dispatcher");

/// Lane of the dispatches to one workflow: sent one at a time.
#[must_use]
pub fn workflow_lane(repository_id: u64, workflow: &WorkflowFile) -> Lane {
    format!("workflow/{repository_id}/{workflow}").into()
}

/// Key of the intent `dispatch.workflow`.
#[must_use]
pub fn dispatch_intent(key: RunKey, target_repository_id: u64, workflow: &WorkflowFile) -> Key {
    format!("dispatch:{key}:{target_repository_id}:{workflow}").into()
}

/// Key of the intent `dispatch.issue` of a run.
#[must_use]
pub fn issue_intent(key: RunKey) -> Key {
    format!("issue:{key}").into()
}

/// Key of the intent `dispatch.issue` of a repository's invalid file.
#[must_use]
pub fn config_issue_intent(repository_id: u64) -> Key {
    format!("config-issue:{repository_id}").into()
}

/// The subject of all facts of a run: the source's commit.
#[must_use]
pub fn subject(repository: &RepositoryName, head_sha: &str) -> Subject {
    switchboard_engine::subject::commit(&repository.to_string(), head_sha)
}

/// The correlation id of the n-th replay of a delivery.
#[must_use]
pub fn replay_correlation(delivery_id: &str, n: u32) -> String {
    format!("{delivery_id}#replay-{n}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-05T12:00:00Z
    const AT: Timestamp = Timestamp::from_seconds(1_767_614_400);
    const RUN: RunKey = RunKey::new(1, 500, 2);
    const NUMBER: CandidateNumber = CandidateNumber(7);

    #[test]
    fn keys_are_the_contracts() {
        let (source, target_name): (RepositoryName, RepositoryName) =
            ("Org/Source".parse().unwrap(), "Org/T".parse().unwrap());
        let (ci, cd): (WorkflowFile, WorkflowFile) = ("CI.yml".parse().unwrap(), "cd.yml".parse().unwrap());
        let table = [
            (run(RUN), "1/500/2"),
            (target(RUN, NUMBER), "1/500/2/007"),
            (target(RUN.replayed(1), NUMBER), "1/500/2~1/007"),
            (expected_run(9, &cd, "abc"), "9/cd.yml/abc"),
            (recent(AT, RUN), "8232385599999/1/500/2"),
            (recent_of(&source, AT, RUN), "org/source/8232385599999/1/500/2"),
            (problem(AT, RUN, NUMBER), "8232385599999/1/500/2/007"),
            (problem_of(Reason::Expired, AT, RUN, NUMBER), "expired/8232385599999/1/500/2/007"),
            (edge_out((&source, &ci), (&target_name, &cd)), "out/org/source/CI.yml/org/t/cd.yml"),
            (edge_in((&target_name, &cd), (&source, &ci)), "in/org/t/cd.yml/org/source/CI.yml"),
            (issue_budget(11, AT), "11/2026010512"),
            (total_of(&source), "repo/org/source"),
            (day_reason(AT, Reason::Expired), "20260105/expired"),
            (minute(AT), "202601051200"),
            (minute_repository(AT, &source), "202601051200/org/source"),
            (hour_repository(&source, AT), "org/source/2026010512"),
            (dispatch_intent(RUN, 9, &cd), "dispatch:1/500/2:9:cd.yml"),
            (issue_intent(RUN), "issue:1/500/2"),
            (config_issue_intent(1), "config-issue:1"),
        ];
        for (key, expected) in table {
            assert_eq!(key.as_str(), expected);
        }
        assert_eq!(subject(&source, "abc").as_str(), "org/source@abc");
        assert_eq!(target_lane(RUN, NUMBER).as_str(), "target/1/500/2/007");
    }

    #[test]
    fn newer_sorts_first_and_never_leaves_thirteen_digits() {
        assert!(rev(AT) > rev(AT + std::time::Duration::from_millis(1)));
        for at in [Timestamp::EPOCH, Timestamp::MAX, Timestamp::from_millis(-5)] {
            assert_eq!(rev(at).len(), 13);
        }
    }
}
