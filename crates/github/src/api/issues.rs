//! Issues.

use serde::{Deserialize, Serialize};

use super::app::Account;
use crate::auth::Auth;
use crate::call::Call;
use crate::client::GitHub;
use crate::endpoint;
use crate::limits::MAX_PER_PAGE;
use crate::repo_name::RepoName;

/// An issue. The list also holds pull requests.
#[derive(Debug, Clone, Deserialize)]
pub struct Issue {
    /// Its number in the repository.
    pub number: u64,
    /// `open` or `closed`.
    pub state: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its text.
    pub body: Option<String>,
    /// Its page.
    pub html_url: Option<String>,
    /// Who opened it.
    pub user: Option<Account>,
}

/// Which issues to list.
#[derive(Debug, Clone, Default)]
pub struct IssueFilter<'a> {
    /// `open`, `closed` or `all`; GitHub takes `open` when absent.
    pub state: Option<&'a str>,
    /// Only opened by this login.
    pub creator: Option<&'a str>,
    /// Only changed since then, in RFC 3339.
    pub since: Option<&'a str>,
}

/// A new issue.
#[derive(Debug, Clone, Serialize)]
pub struct NewIssue<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its text; GitHub takes at most 65,536 characters.
    pub body: &'a str,
}

/// Changes to an issue; what is absent stays.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IssueUpdate<'a> {
    /// The title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<&'a str>,
    /// The text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<&'a str>,
    /// `open` or `closed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<&'a str>,
}

impl GitHub {
    /// Issues, newest first.
    pub fn issues(&self, auth: impl Into<Auth>, repo: &RepoName, filter: &IssueFilter<'_>) -> Call<Vec<Issue>> {
        let mut call = self.call(auth, &endpoint::ISSUES, &[repo.owner(), repo.name()]).query("per_page", MAX_PER_PAGE);
        for (name, value) in [("state", filter.state), ("creator", filter.creator), ("since", filter.since)] {
            if let Some(value) = value {
                call = call.query(name, value);
            }
        }
        call.typed()
    }

    /// Opens an issue. Sent once: after a lost answer look for it before opening another.
    pub fn create_issue(&self, auth: impl Into<Auth>, repo: &RepoName, issue: &NewIssue<'_>) -> Call<Issue> {
        self.call(auth, &endpoint::CREATE_ISSUE, &[repo.owner(), repo.name()]).json(issue).typed()
    }

    /// Edits an issue.
    pub fn update_issue(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        number: u64,
        update: &IssueUpdate<'_>,
    ) -> Call<Issue> {
        self.call(auth, &endpoint::UPDATE_ISSUE, &[repo.owner(), repo.name(), &number.to_string()]).json(update).typed()
    }
}
