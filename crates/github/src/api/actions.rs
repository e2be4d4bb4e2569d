//! Workflows and their runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::app::Account;
use crate::auth::Auth;
use crate::call::{Call, Raw};
use crate::client::GitHub;
use crate::endpoint;
use crate::ids::{HeadSha, RunId};
use crate::limits::MAX_PER_PAGE;
use crate::repo_name::RepoName;

/// A page of runs.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkflowRuns {
    /// The runs, newest first.
    #[serde(default, deserialize_with = "super::or_default")]
    pub workflow_runs: Vec<WorkflowRun>,
}

/// A run of a workflow.
#[derive(Debug, Clone, Deserialize)]
pub struct WorkflowRun {
    /// Its id.
    pub id: RunId,
    /// Which attempt.
    pub run_attempt: Option<u64>,
    /// Why it runs: `workflow_dispatch`, `push`, ….
    pub event: Option<String>,
    /// `queued`, `in_progress`, `completed`, ….
    pub status: Option<String>,
    /// How it ended, once it has.
    pub conclusion: Option<String>,
    /// The branch or tag it runs on.
    pub head_branch: Option<String>,
    /// The commit it runs on.
    pub head_sha: Option<HeadSha>,
    /// Its page.
    pub html_url: Option<String>,
    /// When it came to be, in RFC 3339.
    pub created_at: Option<String>,
    /// Who started it.
    pub actor: Option<Account>,
}

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunFilter<'a> {
    /// Only of this event.
    pub event: Option<&'a str>,
    /// Only on this branch.
    pub branch: Option<&'a str>,
    /// Only started by this login.
    pub actor: Option<&'a str>,
    /// Only created then: `>=2026-11-20T12:00:00Z`, in GitHub's search syntax for dates.
    pub created: Option<&'a str>,
}

/// What to start a workflow with.
#[derive(Debug, Clone, Serialize)]
pub struct DispatchRequest<'a> {
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub git_ref: &'a str,
    /// The inputs; left out when there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: &'a BTreeMap<String, String>,
    /// Whether the answer shall name the run; left out when not, as older servers refuse what they do not know.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub return_run_details: bool,
}

/// The run that a dispatch started, where GitHub says so (200); an empty answer (204) is a success too.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DispatchedRun {
    /// The run.
    pub workflow_run_id: RunId,
    /// Its address in the API.
    pub run_url: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
}

impl GitHub {
    /// Runs of one workflow file, newest first.
    pub fn workflow_runs(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        workflow: &str,
        filter: &RunFilter<'_>,
    ) -> Call<WorkflowRuns> {
        let values = [repo.owner(), repo.name(), workflow];
        let mut call = self.call(auth, &endpoint::WORKFLOW_RUNS, &values).query("per_page", MAX_PER_PAGE);
        let parameters =
            [("event", filter.event), ("branch", filter.branch), ("actor", filter.actor), ("created", filter.created)];
        for (name, value) in parameters {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.typed()
    }

    /// Starts a workflow. Sent once; see [`dispatched_run`] for its answer.
    pub fn dispatch_workflow(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        workflow: &str,
        request: &DispatchRequest<'_>,
    ) -> Call<Raw> {
        self.call(auth, &endpoint::WORKFLOW_DISPATCH, &[repo.owner(), repo.name(), workflow]).json(request)
    }
}

/// The run that the body of a successful dispatch names, if it names one.
#[must_use]
pub fn dispatched_run(body: &[u8]) -> Option<DispatchedRun> {
    serde_json::from_slice(body).ok()
}
