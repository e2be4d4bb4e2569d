//! Scripts of workflows that somebody else's dispatches start, and that report back.

use std::time::Duration;

use serde_json::{Map, Value};

/// Which of the two reports of a result are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reports {
    Both,
    Start,
    End,
    Neither,
}

/// How a result ends in one attempt.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// How long it takes; none: for ever.
    pub takes: Option<Duration>,
    pub conclusion: String,
}

/// How one result goes.
#[derive(Debug, Clone)]
pub(crate) struct ResultScript {
    /// The job's name too.
    pub name: String,
    /// After the run has got its runners.
    pub starts_after: Duration,
    /// By attempt; the last one stays. Never empty.
    pub outcomes: Vec<Outcome>,
    pub reports: Reports,
    /// Further members of the report's `workflow`, in place of its own.
    pub decorations: Map<String, Value>,
    /// How the job ends, whatever was reported.
    pub job_ends: Option<String>,
}

/// How runs of a workflow go and what they report.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    /// How long a run waits for runners.
    pub waits: Duration,
    pub results: Vec<ResultScript>,
    /// Where to report to, and for whom tokens are meant, if not as the settings say.
    pub callback_url: Option<String>,
    pub audience: Option<String>,
    /// Whether a newer run for the same pull request or ref cancels this one, and `closed` does nothing else.
    pub cancels: bool,
    /// Further members of the report, in place of its own.
    pub tampered: Map<String, Value>,
}

/// How a result ends that nothing is said of.
static ENDLESS: Outcome = Outcome { takes: None, conclusion: String::new() };

impl ResultScript {
    pub(crate) fn outcome(&self, attempt: u64) -> &Outcome {
        let n = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.outcomes.get(n).or(self.outcomes.last()).unwrap_or(&ENDLESS)
    }

    /// How the job ends in GitHub's words, which are fewer than those of reports.
    pub(crate) fn job_conclusion(&self, attempt: u64) -> String {
        let reported = &self.outcome(attempt).conclusion;
        match (&self.job_ends, reported.as_str()) {
            (Some(said), _) => said.clone(),
            (None, "success" | "failure" | "cancelled" | "skipped" | "timed_out") => reported.clone(),
            (None, _) => "success".to_owned(),
        }
    }
}

impl Script {
    pub(crate) fn result(&self, name: &str) -> Option<&ResultScript> {
        self.results.iter().find(|result| result.name == name)
    }
}
