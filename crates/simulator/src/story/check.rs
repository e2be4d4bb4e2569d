//! Check runs as they stand, and people who want them again.

use serde_json::json;
use switchboard_clock::Timestamp;

use super::{DEFAULT_ACTOR, Repository};
use crate::ids::{AppId, CheckRunId, CheckSuiteId};
use crate::render;
use crate::state::checks::CheckRun;
use crate::state::{AccountKind, State};

/// A check run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRunView {
    /// Its id.
    pub id: CheckRunId,
    /// The App that made it.
    pub app: AppId,
    /// Its name.
    pub name: String,
    /// The commit it is on.
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: &'static str,
    /// How it ended.
    pub conclusion: Option<String>,
    /// What the App calls it.
    pub external_id: Option<String>,
    /// Where it leads.
    pub details_url: Option<String>,
    /// The title of its output.
    pub title: Option<String>,
    /// The summary of its output.
    pub summary: Option<String>,
    /// Annotations of all updates.
    pub annotations: usize,
    /// When it completed.
    pub completed_at: Option<Timestamp>,
}

impl Repository {
    /// The check runs, oldest first.
    #[must_use]
    pub fn check_runs(&self) -> Vec<CheckRunView> {
        self.change(|r| r.checks.values().map(view).collect()).unwrap_or_default()
    }

    /// What somebody sees on a commit: of each App and name the newest check run, by name.
    #[must_use]
    pub fn visible_checks(&self, sha: &str) -> Vec<CheckRunView> {
        let mut seen: Vec<CheckRunView> = Vec::new();
        for check in self.check_runs().into_iter().rev().filter(|check| check.head_sha == sha) {
            if !seen.iter().any(|newer| newer.app == check.app && newer.name == check.name) {
                seen.push(check);
            }
        }
        seen.sort_by(|one, other| one.name.cmp(&other.name));
        seen
    }

    /// A person clicks "re-run" at a check run: its App is told, and nobody else.
    pub fn rerequest_check(&self, check: CheckRunId) {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let told = state.repositories.get(&self.id).and_then(|r| {
                let check = r.checks.get(&check)?;
                Some((check.app, json!({ "check_run": render::checks::announced(state, r, check) })))
            });
            if let Some((app, members)) = told {
                state.emit_to(app, self.id, actor, "check_run", "rerequested", &members);
            }
        });
    }

    /// A person clicks "re-run all checks" at a commit: each App with checks there is told of its suite.
    pub fn rerequest_checks(&self, sha: &str) {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            for (app, suite) in suites(state, self, sha) {
                let members = state
                    .repositories
                    .get(&self.id)
                    .map(|r| json!({ "check_suite": render::checks::requested_suite(state, r, app, suite, sha) }));
                if let Some(members) = members {
                    state.emit_to(app, self.id, actor, "check_suite", "rerequested", &members);
                }
            }
        });
    }
}

/// Each App's suite on a commit.
fn suites(state: &State, repository: &Repository, sha: &str) -> Vec<(AppId, CheckSuiteId)> {
    let mut found: Vec<(AppId, CheckSuiteId)> = Vec::new();
    let checks = state.repositories.get(&repository.id).map(|r| r.checks.values()).into_iter().flatten();
    for check in checks.filter(|check| check.head_sha == sha) {
        if !found.contains(&(check.app, check.suite)) {
            found.push((check.app, check.suite));
        }
    }
    found
}

fn view(check: &CheckRun) -> CheckRunView {
    CheckRunView {
        id: check.id,
        app: check.app,
        name: check.name.clone(),
        head_sha: check.head_sha.clone(),
        status: check.status.as_str(),
        conclusion: check.conclusion.clone(),
        external_id: check.external_id.clone(),
        details_url: check.details_url.clone(),
        title: check.title.clone(),
        summary: check.summary.clone(),
        annotations: check.annotations.len(),
        completed_at: check.completed_at,
    }
}
