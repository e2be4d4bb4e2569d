//! The issues that tell people in the source repository what became of a run, or what is wrong with their file.

use serde::{Deserialize, Serialize};

use crate::config::IssuePolicy;
use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::run_key::RunKey;

mod config_issue;
mod inert;
mod sections;

pub use config_issue::{config_issue, config_marker};
use inert::{code, inert, title_text, url};
use sections::{Section, assemble};

/// Longest title. Source: GitHub's limit is 256 characters; the file name is cut to fit.
const MAX_TITLE_FILE: usize = 150;

/// An issue to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its title.
    pub title: String,
    /// Its body in Markdown, ending with the marker.
    pub body: String,
}

/// What the issue says about the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedRun {
    /// The run key, for the marker.
    pub key: RunKey,
    /// The source workflow.
    pub workflow: WorkflowFile,
    /// The run's page.
    pub url: String,
    /// The delivery that reported it.
    pub delivery_id: String,
}

/// A candidate's line in the issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The target repository.
    pub repository: RepositoryName,
    /// The target workflow.
    pub workflow: WorkflowFile,
    /// What became of it.
    pub result: RowResult,
}

/// What became of a candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowResult {
    /// Dispatched.
    Success {
        /// How many requests it took.
        attempts: u32,
        /// The started run's page, if GitHub named it.
        run_url: Option<String>,
    },
    /// Not dispatched because of a failure.
    Failed {
        /// How many requests were made.
        attempts: u32,
        /// Why.
        reason: Reason,
        /// GitHub's words.
        error: String,
    },
    /// Still open.
    Pending {
        /// Requests so far.
        attempts: u32,
    },
    /// Denied by a rule.
    Denied {
        /// The rule.
        reason: Reason,
        /// What the rule looked at.
        detail: String,
    },
}

/// Whether a run with these outcomes gets an issue. A simulated target is no outcome; pass none for it.
#[must_use]
pub fn is_wanted(policy: IssuePolicy, rows: &[Row], surplus: usize) -> bool {
    let problem = |row: &Row| matches!(row.result, RowResult::Failed { .. } | RowResult::Denied { .. });
    match policy {
        IssuePolicy::Off => false,
        IssuePolicy::Problems => surplus > 0 || rows.iter().any(problem),
        IssuePolicy::All => surplus > 0 || !rows.is_empty(),
    }
}

/// The marker by which a run's issue is found again.
#[must_use]
pub fn run_marker(key: RunKey) -> String {
    format!("<!-- switchboard:dispatch:{key} -->")
}

/// The issue about a run. `surplus` candidates share the outcome `max_targets_exceeded` and have no row.
#[must_use]
pub fn run_issue(run: &ReportedRun, rows: &[Row], surplus: usize) -> Issue {
    let count = |wanted: fn(&RowResult) -> bool| rows.iter().filter(|row| wanted(&row.result)).count();
    let dispatched = count(|result| matches!(result, RowResult::Success { .. }));
    let failed = count(|result| matches!(result, RowResult::Failed { .. }));
    let denied = count(is_denial) + surplus;
    let file = title_text(run.workflow.as_str(), MAX_TITLE_FILE);
    let title = format!("Dispatch: {file} – {dispatched} dispatched, {failed} failed, {denied} denied");

    let mut outcomes = Vec::new();
    let mut denials = Vec::new();
    for row in rows {
        if is_denial(&row.result) { &mut denials } else { &mut outcomes }.push(line(row));
    }
    let source = vec![
        format!("- Workflow: {}", code(run.workflow.as_str())),
        format!("- Path: {}", code(&format!(".github/workflows/{}", run.workflow))),
        format!("- Run: {}, attempt {}", run.key.run_id, run.key.attempt),
        format!("- URL: {}", url(&run.url)),
        format!("- Delivery: {}", inert(&run.delivery_id)),
    ];
    let sections = [
        Section { heading: "Source", rows: source, surplus: 0 },
        Section { heading: "Outcomes", rows: outcomes, surplus: 0 },
        Section { heading: "Denials", rows: denials, surplus },
    ];
    Issue { title, body: assemble("", &sections, &run_marker(run.key)) }
}

const fn is_denial(result: &RowResult) -> bool {
    matches!(result, RowResult::Denied { .. })
}

fn line(row: &Row) -> String {
    let name = |word: &str| code(&format!("{word} {} :: {}", row.repository, row.workflow));
    match &row.result {
        RowResult::Success { attempts, run_url } => {
            let link = run_url.as_deref().map(|run_url| format!(", run {}", url(run_url))).unwrap_or_default();
            format!("- {} – {}{link}", name("SUCCESS"), tries(*attempts))
        }
        RowResult::Failed { attempts, reason, error } => {
            format!("- {} – {}, {}", name("FAILED"), tries(*attempts), because(*reason, error))
        }
        RowResult::Pending { attempts } => format!("- {} – {} so far", name("PENDING"), tries(*attempts)),
        RowResult::Denied { reason, detail } => format!("- {} – {}", name("DENIED"), because(*reason, detail)),
    }
}

fn tries(attempts: u32) -> String {
    if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") }
}

fn because(reason: Reason, detail: &str) -> String {
    let detail = if detail.is_empty() { String::new() } else { format!(" ({})", inert(detail)) };
    format!("{}: {}{detail} *Hint:* {}", code(reason.code()), reason.sentence(), reason.hint())
}

#[cfg(test)]
mod tests;
