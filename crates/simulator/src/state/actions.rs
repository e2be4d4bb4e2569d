//! Workflows: what starts them, what inputs they take, how their runs go.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::Timestamp;

use super::downstream;
use crate::ids::WorkflowId;

/// An input that a workflow declares for `workflow_dispatch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its key.
    pub name: String,
    /// Whether a dispatch without it is refused.
    pub required: bool,
    /// What the run gets when it is not sent.
    pub default: Option<String>,
    /// The only values it takes; empty: any.
    pub options: Vec<String>,
}

impl Input {
    /// An input that may be left out.
    #[must_use]
    pub fn optional(name: &str) -> Self {
        Self { name: name.to_owned(), required: false, default: None, options: Vec::new() }
    }

    /// An input that must be sent.
    #[must_use]
    pub fn required(name: &str) -> Self {
        Self { required: true, ..Self::optional(name) }
    }
}

/// What starts a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A push to any branch.
    Push,
    /// A pull request opened or updated.
    PullRequest,
    /// A dispatch through API or page, with these inputs.
    WorkflowDispatch(Vec<Input>),
    /// A repository dispatch of one of these types; empty: of any.
    RepositoryDispatch(Vec<String>),
}

/// How runs of a workflow go when they run by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// How long a run waits for a runner.
    pub queued: Duration,
    /// How long it then runs.
    pub running: Duration,
    /// Conclusions of the next attempts, in order; the last one stays for all that follow. Empty: `success`.
    pub conclusions: VecDeque<String>,
}

impl Default for Script {
    fn default() -> Self {
        Self { queued: Duration::from_secs(1), running: Duration::from_secs(10), conclusions: VecDeque::new() }
    }
}

impl Script {
    /// Takes the conclusion of the attempt that completes now.
    pub(crate) fn next_conclusion(&mut self) -> String {
        if self.conclusions.len() > 1 {
            return self.conclusions.pop_front().unwrap_or_default();
        }
        self.conclusions.front().cloned().unwrap_or_else(|| "success".to_owned())
    }
}

/// A workflow file.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub id: WorkflowId,
    pub file: String,
    pub name: String,
    pub triggers: Vec<Trigger>,
    pub enabled: bool,
    pub script: Script,
    /// How its runs go instead, if they report to whoever dispatched them.
    pub downstream: Option<Arc<downstream::Script>>,
    pub runs: u64,
    pub created_at: Timestamp,
}

impl Workflow {
    pub(crate) fn path(&self) -> String {
        format!(".github/workflows/{}", self.file)
    }

    /// As the API writes it.
    pub(crate) fn state(&self) -> &'static str {
        if self.enabled { "active" } else { "disabled_manually" }
    }

    /// The inputs a dispatch takes, if a dispatch may start the workflow at all.
    pub(crate) fn dispatch_inputs(&self) -> Option<&[Input]> {
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::WorkflowDispatch(inputs) => Some(inputs.as_slice()),
            _ => None,
        })
    }
}

/// The text of a workflow file with these triggers, so that reading the file agrees with how it behaves.
pub(crate) fn workflow_file(name: &str, triggers: &[Trigger]) -> String {
    let mut yaml = format!("name: {name}\non:\n");
    for trigger in triggers {
        match trigger {
            Trigger::Push => yaml.push_str("  push:\n"),
            Trigger::PullRequest => yaml.push_str("  pull_request:\n"),
            Trigger::RepositoryDispatch(types) => {
                let _ = writeln!(yaml, "  repository_dispatch:\n    types: {types:?}");
            }
            Trigger::WorkflowDispatch(inputs) => {
                yaml.push_str("  workflow_dispatch:\n");
                if !inputs.is_empty() {
                    yaml.push_str("    inputs:\n");
                }
                for input in inputs {
                    let _ = writeln!(yaml, "      {}:\n        required: {}", input.name, input.required);
                }
            }
        }
    }
    yaml.push_str("jobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n");
    yaml
}
