//! Names of webhook events. An unknown name is a valid one: GitHub adds events, and what nobody wants is stored all the
//! same.

use std::fmt;
use std::str::FromStr;

use crate::ids::InvalidName;
use crate::limits::MAX_WEBHOOK_HEADER_BYTES;

/// The name of an event as `X-GitHub-Event` gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventName(Box<str>);

impl EventName {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EventName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let shaped = (1..=MAX_WEBHOOK_HEADER_BYTES).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if shaped { Ok(Self(text.into())) } else { Err(InvalidName { what: "an event name" }) }
    }
}

impl PartialEq<&str> for EventName {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A check run was created, completed or asked to run again.
pub const CHECK_RUN: &str = "check_run";
/// A check suite was requested, completed or asked to run again.
pub const CHECK_SUITE: &str = "check_suite";
/// A branch or tag came to be.
pub const CREATE: &str = "create";
/// A branch or tag was deleted.
pub const DELETE: &str = "delete";
/// The App was installed, removed, suspended, unsuspended, or its new permissions were accepted.
pub const INSTALLATION: &str = "installation";
/// Repositories joined or left an installation.
pub const INSTALLATION_REPOSITORIES: &str = "installation_repositories";
/// Somebody commented on an issue or pull request.
pub const ISSUE_COMMENT: &str = "issue_comment";
/// An issue changed.
pub const ISSUES: &str = "issues";
/// A merge queue wants a group checked, or let it go.
pub const MERGE_GROUP: &str = "merge_group";
/// GitHub tries the webhook out.
pub const PING: &str = "ping";
/// A pull request changed.
pub const PULL_REQUEST: &str = "pull_request";
/// A review was submitted, edited or dismissed.
pub const PULL_REQUEST_REVIEW: &str = "pull_request_review";
/// Somebody commented on a diff.
pub const PULL_REQUEST_REVIEW_COMMENT: &str = "pull_request_review_comment";
/// Commits or tags were pushed.
pub const PUSH: &str = "push";
/// A repository was created, renamed, transferred, archived, ….
pub const REPOSITORY: &str = "repository";
/// Somebody with write access called the repository's dispatch endpoint.
pub const REPOSITORY_DISPATCH: &str = "repository_dispatch";
/// A commit's status changed.
pub const STATUS: &str = "status";
/// A workflow was started by hand or through the API.
pub const WORKFLOW_DISPATCH: &str = "workflow_dispatch";
/// A job of a workflow run was queued, started or completed.
pub const WORKFLOW_JOB: &str = "workflow_job";
/// A workflow run was requested, started or completed.
pub const WORKFLOW_RUN: &str = "workflow_run";

/// Events that GitHub documents (GitHub Docs, "Webhook events and payloads"), sorted: what may be told apart where only so
/// many names can be.
const DOCUMENTED: &[&str] = &[
    "branch_protection_configuration",
    "branch_protection_rule",
    "check_run",
    "check_suite",
    "code_scanning_alert",
    "commit_comment",
    "create",
    "custom_property",
    "custom_property_values",
    "delete",
    "dependabot_alert",
    "deploy_key",
    "deployment",
    "deployment_protection_rule",
    "deployment_review",
    "deployment_status",
    "discussion",
    "discussion_comment",
    "fork",
    "github_app_authorization",
    "gollum",
    "installation",
    "installation_repositories",
    "installation_target",
    "issue_comment",
    "issue_dependencies",
    "issues",
    "label",
    "marketplace_purchase",
    "member",
    "membership",
    "merge_group",
    "meta",
    "milestone",
    "org_block",
    "organization",
    "package",
    "page_build",
    "personal_access_token_request",
    "ping",
    "project",
    "project_card",
    "project_column",
    "projects_v2",
    "projects_v2_item",
    "projects_v2_status_update",
    "public",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_review_thread",
    "push",
    "registry_package",
    "release",
    "repository",
    "repository_advisory",
    "repository_dispatch",
    "repository_import",
    "repository_ruleset",
    "repository_vulnerability_alert",
    "secret_scanning_alert",
    "secret_scanning_alert_location",
    "secret_scanning_scan",
    "security_advisory",
    "security_and_analysis",
    "sponsorship",
    "star",
    "status",
    "sub_issues",
    "team",
    "team_add",
    "watch",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
];

/// The name as a constant, if GitHub documents this event.
#[must_use]
pub fn documented(name: &str) -> Option<&'static str> {
    DOCUMENTED.binary_search(&name).ok().map(|n| DOCUMENTED[n])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_github_documents_is_told_apart_and_nothing_else() {
        assert!(DOCUMENTED.is_sorted(), "it is searched by halves");
        for known in [CHECK_RUN, INSTALLATION_REPOSITORIES, PUSH, WORKFLOW_RUN] {
            assert_eq!(documented(known), Some(known));
        }
        assert_eq!((documented("no_such_event"), documented("")), (None, None));
    }
}
