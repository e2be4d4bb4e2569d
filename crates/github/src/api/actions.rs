//! Workflows and their runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

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

/// A page of an attempt's jobs.
#[derive(Debug, Clone, Deserialize)]
pub struct Jobs {
    /// How many there are on all pages.
    #[serde(default, deserialize_with = "super::or_default")]
    pub total_count: u64,
    /// Those of this page.
    #[serde(default, deserialize_with = "super::or_default")]
    pub jobs: Vec<Job>,
}

/// A job of a run. Its id is that of its check run too.
#[derive(Debug, Clone, Deserialize)]
pub struct Job {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// `queued`, `in_progress`, `completed`, ….
    pub status: Option<String>,
    /// How it ended, once it has.
    pub conclusion: Option<String>,
}

/// Which jobs of a run to run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rerun {
    /// All of them.
    All,
    /// Those that failed, and what depends on them.
    Failed,
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
        filtered(self.call(auth, &endpoint::WORKFLOW_RUNS, &values), filter).typed()
    }

    /// Runs of all workflows of a repository, newest first; one page.
    pub fn repository_runs(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        filter: &RunFilter<'_>,
    ) -> Call<WorkflowRuns> {
        let call = self.call(auth, &endpoint::REPOSITORY_RUNS, &[repo.owner(), repo.name()]);
        filtered(call, filter).typed()
    }

    /// A run.
    pub fn run(&self, auth: impl Into<Auth>, repo: &RepoName, run: RunId) -> Call<WorkflowRun> {
        self.call(auth, &endpoint::RUN, &[repo.owner(), repo.name(), &run.0.to_string()]).typed()
    }

    /// A page of the jobs of one attempt of a run, from page 1.
    pub fn run_jobs(&self, auth: impl Into<Auth>, repo: &RepoName, run: RunId, attempt: u32, page: u32) -> Call<Jobs> {
        let values = [repo.owner(), repo.name(), &run.0.to_string(), &attempt.to_string()];
        let call = self.call(auth, &endpoint::RUN_JOBS, &values).query("per_page", MAX_PER_PAGE);
        call.query("page", page).typed()
    }

    /// Runs a run, or what failed of it, again.
    pub fn rerun(&self, auth: impl Into<Auth>, repo: &RepoName, run: RunId, which: Rerun) -> Call<Raw> {
        let endpoint = match which {
            Rerun::All => &endpoint::RERUN,
            Rerun::Failed => &endpoint::RERUN_FAILED,
        };
        self.call(auth, endpoint, &[repo.owner(), repo.name(), &run.0.to_string()])
    }

    /// Raises an event in a repository, which starts its workflows `on: repository_dispatch`. `request` is the whole body,
    /// as JSON; GitHub answers with 204 and names no run.
    pub fn repository_dispatch(&self, auth: impl Into<Auth>, repo: &RepoName, request: &RawValue) -> Call<Raw> {
        self.call(auth, &endpoint::REPOSITORY_DISPATCH, &[repo.owner(), repo.name()]).json(request)
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

fn filtered(call: Call<Raw>, filter: &RunFilter<'_>) -> Call<Raw> {
    let parameters =
        [("event", filter.event), ("branch", filter.branch), ("actor", filter.actor), ("created", filter.created)];
    let given = parameters.into_iter().filter_map(|(name, value)| Some((name, value?)));
    given.fold(call.query("per_page", MAX_PER_PAGE), |call, (name, value)| call.query(name, value))
}

/// The run that the body of a successful dispatch names, if it names one.
#[must_use]
pub fn dispatched_run(body: &[u8]) -> Option<DispatchedRun> {
    serde_json::from_slice(body).ok()
}
