//! Check runs.

use serde::{Deserialize, Serialize};

use crate::auth::Auth;
use crate::call::Call;
use crate::client::GitHub;
use crate::endpoint;
use crate::ids::AppId;
use crate::limits::MAX_PER_PAGE;
use crate::repo_name::RepoName;

/// A page of check runs.
#[derive(Debug, Clone, Deserialize)]
pub struct CheckRuns {
    /// The check runs; of each name and suite the newest.
    #[serde(default, deserialize_with = "super::or_default")]
    pub check_runs: Vec<CheckRun>,
}

/// A check run.
#[derive(Debug, Clone, Deserialize)]
pub struct CheckRun {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: Option<String>,
    /// `queued`, `in_progress` or `completed`.
    pub status: Option<String>,
    /// How it ended, once it has.
    pub conclusion: Option<String>,
    /// What its creator calls it.
    pub external_id: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
}

/// A check run as it should be. Creating needs head and name; changing leaves them out.
#[derive(Debug, Clone, Serialize)]
pub struct CheckRunRequest<'a> {
    /// The commit it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_sha: Option<&'a str>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    /// `queued`, `in_progress` or `completed`.
    pub status: &'a str,
    /// How it ended; with it, GitHub takes the status for completed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<&'a str>,
    /// Where *Details* leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details_url: Option<&'a str>,
    /// What we call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_id: Option<&'a str>,
    /// What it shows.
    pub output: CheckOutput<'a>,
}

/// What a check run shows.
#[derive(Debug, Clone, Serialize)]
pub struct CheckOutput<'a> {
    /// Its heading.
    pub title: &'a str,
    /// Its text, Markdown; GitHub takes at most 65,535 characters.
    pub summary: &'a str,
}

impl GitHub {
    /// The newest check runs of this name on a commit that an App has created.
    pub fn check_runs(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        head: &str,
        name: &str,
        app: AppId,
    ) -> Call<CheckRuns> {
        let call = self.call(auth, &endpoint::CHECK_RUNS, &[repo.owner(), repo.name(), head]);
        call.query("check_name", name).query("app_id", app.0).query("per_page", MAX_PER_PAGE).typed()
    }

    /// Creates a check run. Sent once: after a lost answer look for it before creating another.
    pub fn create_check_run(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        request: &CheckRunRequest<'_>,
    ) -> Call<CheckRun> {
        self.call(auth, &endpoint::CREATE_CHECK_RUN, &[repo.owner(), repo.name()]).json(request).typed()
    }

    /// Changes a check run.
    pub fn update_check_run(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        id: u64,
        request: &CheckRunRequest<'_>,
    ) -> Call<CheckRun> {
        let values = [repo.owner(), repo.name(), &id.to_string()];
        self.call(auth, &endpoint::UPDATE_CHECK_RUN, &values).json(request).typed()
    }
}
