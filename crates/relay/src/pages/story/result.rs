//! One result: its times by the server's clock, its tests, and where to look further.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::components::{GitHubLink, Mark, Time, duration};

use crate::pages::{links, words};
use crate::records::ResultRecord;
use crate::report::{FailedTest, Tests, Verdict};

/// Failed tests that are shown; the artifact has the others.
const FAILED_TESTS: usize = 5;

/// A result as it is shown.
#[derive(Template)]
#[template(path = "relay/result.html")]
pub(super) struct ResultLine {
    workflow: String,
    name: String,
    mark: Mark,
    attempt: u32,
    run_id: String,
    queue: Option<String>,
    execution: Option<String>,
    started: Option<Time>,
    ended: Option<Time>,
    deadline: Option<Time>,
    by: Option<&'static str>,
    echo_differs: bool,
    notes: Vec<String>,
    tests: Option<Tests>,
    failed: Vec<FailedTest>,
    more_failed: usize,
    verdict: Option<VerdictLine>,
    links: Vec<GitHubLink>,
    pub(super) open: bool,
}

impl HtmlSafe for ResultLine {}

struct VerdictLine {
    category: String,
    confidence: String,
    summary: String,
    suspected: Option<String>,
    evidence: Option<String>,
}

impl VerdictLine {
    fn new(verdict: &Verdict) -> Self {
        Self {
            category: format!("{:?}", verdict.category).to_lowercase(),
            confidence: format!("{:?}", verdict.confidence).to_lowercase(),
            summary: verdict.summary.clone(),
            suspected: verdict.suspected_upstream.clone(),
            evidence: verdict.evidence.clone(),
        }
    }
}

/// Seconds with three decimals, as the clock measured them, and in units that people read.
fn measured(millis: Option<u64>) -> Option<String> {
    let millis = millis?;
    let seconds = format!("{}.{:03} s", millis / 1000, millis % 1000);
    Some(if millis < 60_000 { seconds } else { format!("{} ({seconds})", duration(Duration::from_millis(millis))) })
}

impl ResultLine {
    /// This result of an entry's.
    pub(super) fn new(result: &ResultRecord, repo: &RepoName, web: &str, deadline: Timestamp, now: Timestamp) -> Self {
        let beside = &result.decorations;
        let run = links::run(web, repo, &result.run_id).map(|href| GitHubLink::new("run", href));
        let reported = beside.url.as_ref().map(|href| GitHubLink::new("job", href.clone()));
        let artifact = beside.artifact_url.as_ref().map(|href| GitHubLink::new("artifact", href.clone()));
        let time = |at| Time { at, now };
        let state = words::cell_of(result.state);
        Self {
            workflow: result.workflow.clone(),
            name: result.result.clone(),
            mark: words::result_mark(result.state),
            attempt: result.attempt,
            run_id: result.run_id.clone(),
            queue: measured(result.queue_ms),
            execution: measured(result.execution_ms),
            started: result.started_at.map(time),
            ended: result.completed_at.map(time),
            deadline: result.is_open().then(|| time(deadline)),
            by: words::by(result.state),
            echo_differs: result.echo_differs,
            notes: result.notes.clone(),
            tests: beside.tests,
            failed: beside.failed_tests.iter().take(FAILED_TESTS).cloned().collect(),
            more_failed: beside.failed_tests.len().saturating_sub(FAILED_TESTS),
            verdict: beside.verdict.as_ref().map(VerdictLine::new),
            links: run.into_iter().chain(reported).chain(artifact).collect(),
            open: state.is_bad(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_three_decimals_and_unknown_is_nothing() {
        assert_eq!(measured(Some(1_005)).as_deref(), Some("1.005 s"));
        assert_eq!(measured(Some(61_000)).as_deref(), Some("1 min 1 s (61.000 s)"));
        assert_eq!(measured(None), None);
    }
}
