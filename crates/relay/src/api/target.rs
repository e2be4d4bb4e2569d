//! How targets look on the wire, with their runs, results and check runs.

use serde::Serialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use utoipa::ToSchema;

use super::row::{RelayError, RelaySuperseded};
use crate::advance::{By, State};
use crate::allowlist::Level;
use crate::checks::state::Written;
use crate::conclusion::Conclusion;
use crate::names::Device;
use crate::pages::{Desk, links, reading};
use crate::records::{Cell, CellState, ResultRecord, RunRecord, TargetRecord, TargetState};
use crate::report::{FailedTest, Tests, Verdict};

/// Once the failed tests of an answer have so many bytes, no more results are read for it.
pub(super) const TESTS_BYTES: usize = 4 * 1024 * 1024;

/// How much the failed tests of these results take.
pub(super) fn bytes<'r>(results: impl IntoIterator<Item = &'r ResultRecord>) -> usize {
    let tests = results.into_iter().flat_map(|result| &result.decorations.failed_tests);
    tests.map(|test| test.name.len() + test.message.len() + test.stacktrace.len()).sum()
}

/// One dispatch at one entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayTarget {
    /// The delivery id of the dispatch.
    delivery_id: String,
    /// The entry.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Its level when it was planned.
    #[schema(value_type = String)]
    level: Level,
    /// Its device then.
    #[schema(required, value_type = Option<String>)]
    device: Option<Device>,
    /// `held`, `unsent`, `sent`, `unconfirmed`, `failed`, `withdrawn` or `never_reported`.
    #[schema(value_type = String)]
    state: TargetState,
    /// What its cell on the HUD shows.
    #[schema(value_type = String)]
    shown: CellState,
    /// Why it could not be sent.
    #[schema(required)]
    error: Option<RelayError>,
    /// Requests that were sent.
    attempts: u32,
    /// When it was planned or released.
    #[schema(format = DateTime)]
    planned_at: String,
    /// When GitHub took it.
    #[schema(required, format = DateTime)]
    sent_at: Option<String>,
    /// When the first report was accepted.
    #[schema(required, format = DateTime)]
    first_report_at: Option<String>,
    /// What took its place.
    #[schema(required)]
    superseded: Option<RelaySuperseded>,
    /// Whether the entry was under maintenance: then nothing of it counts.
    silent: bool,
    /// Results whose newest attempt passed.
    passed: u32,
    /// Results whose newest attempt counts.
    total: u32,
    /// The worst end of its results and runs so far.
    #[schema(required, value_type = Option<String>)]
    worst: Option<Conclusion>,
    /// Whether all runs that reported have ended.
    done: bool,
    /// Runs that have reported, oldest first.
    runs: Vec<RelayRun>,
    /// How many results there are, every attempt counted.
    results_total: u32,
    /// The results, every attempt, at most 64; `null` if the answer had no room for them: `/repos/{owner}/{name}/results` has them.
    #[schema(required)]
    results: Option<Vec<RelayResult>>,
    /// Its check runs on the upstream's commit.
    checks: Vec<RelayCheck>,
}

/// A run that has reported.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayRun {
    /// Its id; GitHub's are numbers.
    id: String,
    /// Its newest attempt.
    attempt: u32,
    /// Its page, if it runs on GitHub.
    #[schema(required)]
    url: Option<String>,
    /// When its first report was accepted.
    #[schema(format = DateTime)]
    first_report_at: String,
    /// Results of its newest attempt that are open.
    open: u32,
    /// Whether it has ended.
    ended: bool,
    /// How it has ended, where GitHub says so.
    #[schema(required, value_type = Option<String>)]
    conclusion: Option<Conclusion>,
}

/// One CI job of one run attempt.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayResult {
    /// The workflow's name.
    workflow: String,
    /// The job's name.
    result: String,
    /// The run.
    run_id: String,
    /// Its attempt.
    attempt: u32,
    /// `running` or `completed`.
    status: &'static str,
    /// How it ended.
    #[schema(required, value_type = Option<String>)]
    conclusion: Option<Conclusion>,
    /// By whose word: `report`, `timer` or `github`.
    #[schema(required)]
    concluded_by: Option<&'static str>,
    /// When its start was accepted.
    #[schema(required, format = DateTime)]
    started_at: Option<String>,
    /// When its end was accepted.
    #[schema(required, format = DateTime)]
    completed_at: Option<String>,
    /// From the send to its start, on first attempts.
    #[schema(required)]
    queue_ms: Option<u64>,
    /// From its start to its end, if both were reported.
    #[schema(required)]
    execution_ms: Option<u64>,
    /// When it is given up, while it runs.
    #[schema(required, format = DateTime)]
    deadline: Option<String>,
    /// Where the job can be seen, as it was reported; always `http` or `https`.
    #[schema(required)]
    url: Option<String>,
    /// Where its artifact is, as it was reported; always `http` or `https`.
    #[schema(required)]
    artifact_url: Option<String>,
    /// `passed`, `failed`, `skipped` and `total`.
    #[schema(required, value_type = Option<Object>)]
    tests: Option<Tests>,
    /// The first failed tests, each with `name` and perhaps `message` and `stacktrace`.
    #[schema(value_type = Vec<Object>)]
    failed_tests: Vec<FailedTest>,
    /// Where it ran, as it was reported.
    #[schema(required)]
    environment: Option<Value>,
    /// Whose fault it seems to be: `category`, `confidence`, `summary` and perhaps `suspected_upstream` and `evidence`.
    #[schema(required, value_type = Option<Object>)]
    verdict: Option<Verdict>,
    /// Whether the report echoed something else than was sent.
    echo_differs: bool,
    /// What is worth knowing: `late`.
    notes: Vec<String>,
}

/// A check run as it was last written.
#[derive(Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayCheck {
    /// Its name.
    name: String,
    /// GitHub's id of it.
    id: u64,
    /// `queued`, `in_progress` or `completed`.
    status: &'static str,
    /// How it ended.
    #[schema(required, value_type = Option<String>)]
    conclusion: Option<Conclusion>,
    /// Its page on GitHub.
    url: String,
}

impl RelayTarget {
    pub(super) fn new(
        desk: &Desk,
        delivery_id: &str,
        target: TargetRecord,
        results: Option<Vec<ResultRecord>>,
        checks: &[RelayCheck],
    ) -> Self {
        let wire = |result: ResultRecord| RelayResult::new(result, Some(&target));
        let results = results.map(|results| results.into_iter().map(wire).collect());
        let web = &desk.relay.web;
        Self {
            delivery_id: delivery_id.to_owned(),
            level: target.level,
            state: target.state,
            shown: Cell::of(&target).state,
            attempts: target.attempts,
            planned_at: target.planned_at.rfc3339(),
            sent_at: target.sent_at.map(Timestamp::rfc3339),
            first_report_at: target.first_report_at.map(Timestamp::rfc3339),
            silent: target.silent,
            passed: target.passed,
            total: target.total,
            worst: target.worst_end(),
            done: target.is_done(),
            runs: target.runs.iter().map(|run| RelayRun::new(run, web, &target.repo)).collect(),
            results_total: target.results,
            results,
            checks: checks.iter().filter(|check| check.is_of(&target.repo)).cloned().collect(),
            error: target.error.map(RelayError::from),
            superseded: target.superseded.map(RelaySuperseded::from),
            device: target.device,
            repository: target.repo,
        }
    }
}

impl RelayRun {
    fn new(run: &RunRecord, web: &str, repo: &RepoName) -> Self {
        Self {
            url: links::run(web, repo, &run.id),
            id: run.id.clone(),
            attempt: run.attempt,
            first_report_at: run.first_at.rfc3339(),
            open: run.open,
            ended: run.ended,
            conclusion: run.conclusion,
        }
    }
}

impl RelayResult {
    /// A result; when it is given up its target knows.
    pub(super) fn new(result: ResultRecord, target: Option<&TargetRecord>) -> Self {
        let (status, conclusion, concluded_by) = match result.state {
            State::Running => ("running", None, None),
            State::Completed { conclusion, by } => ("completed", Some(conclusion), Some(word(by))),
        };
        let deadline = target.filter(|_| result.is_open()).map(|target| reading::deadline(target, &result).rfc3339());
        let beside = result.decorations;
        Self {
            workflow: result.workflow,
            result: result.result,
            run_id: result.run_id,
            attempt: result.attempt,
            status,
            conclusion,
            concluded_by,
            started_at: result.started_at.map(Timestamp::rfc3339),
            completed_at: result.completed_at.map(Timestamp::rfc3339),
            queue_ms: result.queue_ms,
            execution_ms: result.execution_ms,
            deadline,
            url: beside.url,
            artifact_url: beside.artifact_url,
            tests: beside.tests,
            failed_tests: beside.failed_tests,
            environment: beside.environment.and_then(|json| serde_json::from_str(&json).ok()),
            verdict: beside.verdict,
            echo_differs: result.echo_differs,
            notes: result.notes,
        }
    }
}

const fn word(by: By) -> &'static str {
    match by {
        By::Report => "report",
        By::Timer => "timer",
        By::GitHub => "github",
    }
}

impl RelayCheck {
    pub(super) fn new(desk: &Desk, name: String, written: &Written) -> Self {
        let upstream = links::on_github(&desk.relay.web, desk.relay.upstream());
        Self {
            name,
            id: written.id,
            status: written.progress.status(),
            conclusion: written.progress.conclusion(),
            url: format!("{upstream}/runs/{}", written.id),
        }
    }

    /// Whether it tells of this entry.
    fn is_of(&self, repo: &RepoName) -> bool {
        use crate::checks::name::{Named, read};
        matches!(read(&self.name), Some(Named::Target(named) | Named::Result(named)) if named == *repo)
    }
}
