//! The table of every endpoint that we call: its route, the permission it needs, and what a call of it costs.
//!
//! One place on purpose. A refusal whose answer does not name the missing permission is explained from here, `doctor`
//! compares the App's permissions with it, and no code elsewhere can spell a URL.

use http::Method;

use crate::permission::{Access, Permission, Permissions};

/// What GitHub and our budget see in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Changes something, but no content that people are notified of.
    Write,
    /// Creates or edits content (issues, comments, checks), which GitHub limits separately.
    ContentWrite,
}

/// How a lost answer may be dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Doing it twice is as good as doing it once.
    Harmless,
    /// Doing it twice does it twice: look it up before sending it again.
    LookUpFirst,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The method.
    pub method: &'static str,
    /// The route below the API's base URL. `{x}` takes one path segment, `{x…}` several.
    pub route: &'static str,
    /// The permission an installation token needs; none for calls that the App makes as itself.
    pub needs: Option<(Permission, Access)>,
    /// What a call does.
    pub effect: Effect,
    /// Whether it may be sent again without looking.
    pub repeat: Repeat,
}

impl Endpoint {
    /// A GET with an installation token.
    #[must_use]
    pub const fn read(route: &'static str, permission: Permission) -> Self {
        Self {
            method: "GET",
            route,
            needs: Some((permission, Access::Read)),
            effect: Effect::Read,
            repeat: Repeat::Harmless,
        }
    }

    /// A GET that the App makes as itself.
    #[must_use]
    pub const fn app_read(route: &'static str) -> Self {
        Self { method: "GET", route, needs: None, effect: Effect::Read, repeat: Repeat::Harmless }
    }

    /// A GET with the token of a person who signs in; it sees what both the person and the App may see.
    #[must_use]
    pub const fn user_read(route: &'static str, needs: Option<(Permission, Access)>) -> Self {
        Self { method: "GET", route, needs, effect: Effect::Read, repeat: Repeat::Harmless }
    }

    /// A POST: sent again only after a look.
    #[must_use]
    pub const fn post(route: &'static str, permission: Permission, effect: Effect) -> Self {
        Self { method: "POST", route, needs: Some((permission, Access::Write)), effect, repeat: Repeat::LookUpFirst }
    }

    /// A PATCH that sets members to given values.
    #[must_use]
    pub const fn patch(route: &'static str, permission: Permission, effect: Effect) -> Self {
        Self { method: "PATCH", route, needs: Some((permission, Access::Write)), effect, repeat: Repeat::Harmless }
    }

    /// The method as `http` knows it.
    pub(crate) fn http_method(&self) -> Method {
        Method::from_bytes(self.method.as_bytes()).unwrap_or(Method::GET)
    }

    /// The permission as a set; empty for calls that the App makes as itself.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        self.needs.iter().cloned().collect()
    }
}

/// The App itself: slug, permissions, events.
pub static APP: Endpoint = Endpoint::app_read("/app");
/// What anybody may know of an App. Called without credentials.
pub static PUBLIC_APP: Endpoint = Endpoint::app_read("/apps/{slug}");
/// Exchanges a manifest's code for the App's secrets. Called without credentials; good for one exchange.
pub static CONVERSIONS: Endpoint = Endpoint {
    method: "POST",
    route: "/app-manifests/{code}/conversions",
    needs: None,
    effect: Effect::Write,
    repeat: Repeat::LookUpFirst,
};
/// Where the App is installed.
pub static INSTALLATIONS: Endpoint = Endpoint::app_read("/app/installations");
/// One installation.
pub static INSTALLATION: Endpoint = Endpoint::app_read("/app/installations/{installation}");
/// Mints an installation token.
pub static ACCESS_TOKENS: Endpoint = Endpoint {
    method: "POST",
    route: "/app/installations/{installation}/access_tokens",
    needs: None,
    effect: Effect::Write,
    repeat: Repeat::Harmless,
};
/// Which repositories an installation covers.
pub static INSTALLATION_REPOSITORIES: Endpoint = Endpoint::read("/installation/repositories", Permission::METADATA);
/// Where GitHub sends the App's webhooks.
pub static HOOK_CONFIG: Endpoint = Endpoint::app_read("/app/hook/config");
/// What GitHub sent to our webhook, newest first.
pub static HOOK_DELIVERIES: Endpoint = Endpoint::app_read("/app/hook/deliveries");
/// One such delivery with its payload.
pub static HOOK_DELIVERY: Endpoint = Endpoint::app_read("/app/hook/deliveries/{delivery}");
/// Sends one again; twice is harmless, since deliveries are recognised by their GUID.
pub static REDELIVER: Endpoint = Endpoint {
    method: "POST",
    route: "/app/hook/deliveries/{delivery}/attempts",
    needs: None,
    effect: Effect::Write,
    repeat: Repeat::Harmless,
};
/// The installation that covers a repository.
pub static REPOSITORY_INSTALLATION: Endpoint = Endpoint::app_read("/repos/{owner}/{repo}/installation");
/// A repository.
pub static REPOSITORY: Endpoint = Endpoint::read("/repos/{owner}/{repo}", Permission::METADATA);
/// A file or directory.
pub static CONTENTS: Endpoint = Endpoint::read("/repos/{owner}/{repo}/contents/{path…}", Permission::CONTENTS);
/// Runs of one workflow.
pub static WORKFLOW_RUNS: Endpoint =
    Endpoint::read("/repos/{owner}/{repo}/actions/workflows/{workflow}/runs", Permission::ACTIONS);
/// Starts a workflow. Five points, but no content write.
pub static WORKFLOW_DISPATCH: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches", Permission::ACTIONS, Effect::Write);
/// Raises an event of ours in a repository. Five points, but no content write.
pub static REPOSITORY_DISPATCH: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/dispatches", Permission::CONTENTS, Effect::Write);
/// Runs of all workflows of a repository.
pub static REPOSITORY_RUNS: Endpoint = Endpoint::read("/repos/{owner}/{repo}/actions/runs", Permission::ACTIONS);
/// One run.
pub static RUN: Endpoint = Endpoint::read("/repos/{owner}/{repo}/actions/runs/{run}", Permission::ACTIONS);
/// The jobs of one attempt of a run.
pub static RUN_JOBS: Endpoint =
    Endpoint::read("/repos/{owner}/{repo}/actions/runs/{run}/attempts/{attempt}/jobs", Permission::ACTIONS);
/// Runs everything of a run again. While it runs GitHub refuses, so that twice is as good as once.
pub static RERUN: Endpoint = Endpoint {
    method: "POST",
    route: "/repos/{owner}/{repo}/actions/runs/{run}/rerun",
    needs: Some((Permission::ACTIONS, Access::Write)),
    effect: Effect::Write,
    repeat: Repeat::Harmless,
};
/// Runs the failed jobs of a run again.
pub static RERUN_FAILED: Endpoint = Endpoint {
    method: "POST",
    route: "/repos/{owner}/{repo}/actions/runs/{run}/rerun-failed-jobs",
    needs: Some((Permission::ACTIONS, Access::Write)),
    effect: Effect::Write,
    repeat: Repeat::Harmless,
};
/// How two commits are related.
pub static COMPARE: Endpoint = Endpoint::read("/repos/{owner}/{repo}/compare/{comparison}", Permission::CONTENTS);
/// Check runs on a commit.
pub static CHECK_RUNS: Endpoint = Endpoint::read("/repos/{owner}/{repo}/commits/{ref}/check-runs", Permission::CHECKS);
/// Creates a check run.
pub static CREATE_CHECK_RUN: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/check-runs", Permission::CHECKS, Effect::ContentWrite);
/// Changes a check run.
pub static UPDATE_CHECK_RUN: Endpoint =
    Endpoint::patch("/repos/{owner}/{repo}/check-runs/{check}", Permission::CHECKS, Effect::ContentWrite);
/// Comments on an issue or pull request.
pub static COMMENTS: Endpoint =
    Endpoint::read("/repos/{owner}/{repo}/issues/{number}/comments", Permission::PULL_REQUESTS);
/// Comments on a pull request.
pub static CREATE_COMMENT: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/issues/{number}/comments", Permission::PULL_REQUESTS, Effect::ContentWrite);
/// Edits a comment.
pub static UPDATE_COMMENT: Endpoint =
    Endpoint::patch("/repos/{owner}/{repo}/issues/comments/{comment}", Permission::PULL_REQUESTS, Effect::ContentWrite);
/// Issues of a repository.
pub static ISSUES: Endpoint = Endpoint::read("/repos/{owner}/{repo}/issues", Permission::ISSUES);
/// Opens an issue.
pub static CREATE_ISSUE: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/issues", Permission::ISSUES, Effect::ContentWrite);
/// Edits or closes an issue.
pub static UPDATE_ISSUE: Endpoint =
    Endpoint::patch("/repos/{owner}/{repo}/issues/{number}", Permission::ISSUES, Effect::ContentWrite);

/// Who signs in. docs.github.com, "REST API endpoints for users"; needs no permission.
pub static USER: Endpoint = Endpoint::user_read("/user", None);
/// Whether who signs in belongs to an organization. docs.github.com, "REST API endpoints for organization members".
pub static OWN_MEMBERSHIP: Endpoint =
    Endpoint::user_read("/user/memberships/orgs/{org}", Some((Permission::MEMBERS, Access::Read)));
/// Whether somebody belongs to a team, child teams included. docs.github.com, "REST API endpoints for team members".
pub static TEAM_MEMBERSHIP: Endpoint =
    Endpoint::user_read("/orgs/{org}/teams/{team}/memberships/{user}", Some((Permission::MEMBERS, Access::Read)));
/// Takes a person's token back, by the App's client id and secret. docs.github.com, "REST API endpoints for OAuth authorizations".
pub static REVOKE_USER_TOKEN: Endpoint = Endpoint {
    method: "DELETE",
    route: "/applications/{client}/token",
    needs: None,
    effect: Effect::Write,
    repeat: Repeat::Harmless,
};

/// Every row, for `doctor` and the documentation.
pub static ALL: &[&Endpoint] = &[
    &APP,
    &PUBLIC_APP,
    &CONVERSIONS,
    &INSTALLATIONS,
    &INSTALLATION,
    &ACCESS_TOKENS,
    &INSTALLATION_REPOSITORIES,
    &HOOK_CONFIG,
    &HOOK_DELIVERIES,
    &HOOK_DELIVERY,
    &REDELIVER,
    &REPOSITORY_INSTALLATION,
    &REPOSITORY,
    &CONTENTS,
    &WORKFLOW_RUNS,
    &WORKFLOW_DISPATCH,
    &REPOSITORY_DISPATCH,
    &REPOSITORY_RUNS,
    &RUN,
    &RUN_JOBS,
    &RERUN,
    &RERUN_FAILED,
    &COMPARE,
    &CHECK_RUNS,
    &CREATE_CHECK_RUN,
    &UPDATE_CHECK_RUN,
    &COMMENTS,
    &CREATE_COMMENT,
    &UPDATE_COMMENT,
    &ISSUES,
    &CREATE_ISSUE,
    &UPDATE_ISSUE,
    &USER,
    &OWN_MEMBERSHIP,
    &TEAM_MEMBERSHIP,
    &REVOKE_USER_TOKEN,
];

/// What an App must be granted to call all of `endpoints`.
#[must_use]
pub fn needed<'a>(endpoints: impl IntoIterator<Item = &'a Endpoint>) -> Permissions {
    endpoints.into_iter().filter_map(|endpoint| endpoint.needs.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_what_an_app_must_be_granted() {
        let needed = needed(ALL.iter().copied());
        assert_eq!(
            needed.to_string(),
            "actions: write, checks: write, contents: write, issues: write, members: read, metadata: read, pull_requests: write"
        );
    }

    #[test]
    fn writes_need_write_and_reads_are_harmless() {
        for endpoint in ALL {
            assert_eq!(endpoint.effect == Effect::Read, endpoint.method == "GET", "{}", endpoint.route);
            if let Some((_, access)) = &endpoint.needs {
                assert_eq!(*access >= Access::Write, endpoint.effect != Effect::Read, "{}", endpoint.route);
            }
            assert!(endpoint.effect != Effect::Read || endpoint.repeat == Repeat::Harmless, "{}", endpoint.route);
        }
    }
}
