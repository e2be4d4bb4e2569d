//! Every endpoint in one table: what it needs, what it costs, where it is documented, who answers.

use std::sync::LazyLock;

use super::routes::{Needs, Route, route};
use super::{
    app, checks, comments, commits, compare, contents, deliveries, dispatch, installations, issues, labels,
    memberships, pulls, repositories, runs, statuses, workflows,
};
use crate::limits::Weight;
use crate::state::access::Access::{Read, Write};

const METADATA: Needs = Needs::Token(&[("metadata", Read)]);
const READ_CONTENTS: Needs = Needs::Token(&[("contents", Read)]);
const WRITE_CONTENTS: Needs = Needs::Token(&[("contents", Write)]);
const READ_ACTIONS: Needs = Needs::Token(&[("actions", Read)]);
const WRITE_ACTIONS: Needs = Needs::Token(&[("actions", Write)]);
const READ_ISSUES: Needs = Needs::Token(&[("issues", Read), ("pull_requests", Read)]);
const WRITE_ISSUES: Needs = Needs::Token(&[("issues", Write), ("pull_requests", Write)]);
const OPEN_ISSUES: Needs = Needs::Token(&[("issues", Write)]);
const READ_PULLS: Needs = Needs::Token(&[("pull_requests", Read)]);
const READ_CHECKS: Needs = Needs::Token(&[("checks", Read)]);
const WRITE_CHECKS: Needs = Needs::Token(&[("checks", Write)]);
const READ_STATUSES: Needs = Needs::Token(&[("statuses", Read)]);
const WRITE_STATUSES: Needs = Needs::Token(&[("statuses", Write)]);

pub(super) static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let (read, write, content) = (Weight::Read, Weight::Write, Weight::Content);
    vec![
        route("GET app", Needs::App, read, "apps/apps#get-the-authenticated-app", app::get),
        route(
            "GET app/installations",
            Needs::App,
            read,
            "apps/apps#list-installations-for-the-authenticated-app",
            installations::list,
        ),
        route(
            "GET app/installations/{}",
            Needs::App,
            read,
            "apps/apps#get-an-installation-for-the-authenticated-app",
            installations::get,
        ),
        route(
            "POST app/installations/{}/access_tokens",
            Needs::App,
            write,
            "apps/apps#create-an-installation-access-token-for-an-app",
            installations::mint,
        ),
        route(
            "GET app/hook/config",
            Needs::App,
            read,
            "apps/webhooks#get-a-webhook-configuration-for-an-app",
            app::hook_config,
        ),
        route(
            "GET app/hook/deliveries",
            Needs::App,
            read,
            "apps/webhooks#list-deliveries-for-an-app-webhook",
            deliveries::list,
        ),
        route(
            "GET app/hook/deliveries/{}",
            Needs::App,
            read,
            "apps/webhooks#get-a-delivery-for-an-app-webhook",
            deliveries::get,
        ),
        route(
            "POST app/hook/deliveries/{}/attempts",
            Needs::App,
            write,
            "apps/webhooks#redeliver-a-delivery-for-an-app-webhook",
            deliveries::redeliver,
        ),
        route(
            "GET repo/installation",
            Needs::App,
            read,
            "apps/apps#get-a-repository-installation-for-the-authenticated-app",
            installations::of_repository,
        ),
        route(
            "GET users/{}/installation",
            Needs::App,
            read,
            "apps/apps#get-a-user-installation-for-the-authenticated-app",
            installations::of_account,
        ),
        route(
            "GET orgs/{}/installation",
            Needs::App,
            read,
            "apps/apps#get-an-organization-installation-for-the-authenticated-app",
            installations::of_account,
        ),
        route(
            "GET installation/repositories",
            METADATA,
            read,
            "apps/installations#list-repositories-accessible-to-the-app-installation",
            installations::repositories,
        ),
        route(
            "GET user",
            Needs::User { members: false },
            read,
            "users/users#get-the-authenticated-user",
            memberships::user,
        ),
        route(
            "GET user/memberships/orgs/{}",
            Needs::User { members: true },
            read,
            "orgs/members#get-an-organization-membership-for-the-authenticated-user",
            memberships::of_organization,
        ),
        route(
            "GET orgs/{}/teams/{}/memberships/{}",
            Needs::User { members: true },
            read,
            "teams/members#get-team-membership-for-a-user",
            memberships::of_team,
        ),
        route("GET users/{}", Needs::Either, read, "users/users#get-a-user", repositories::account),
        route("GET orgs/{}", Needs::Either, read, "orgs/orgs#get-an-organization", repositories::account),
        route(
            "GET rate_limit",
            Needs::Either,
            read,
            "rate-limit/rate-limit#get-rate-limit-status-for-the-authenticated-user",
            app::rate_limit,
        ),
        route("GET repo", METADATA, read, "repos/repos#get-a-repository", repositories::get),
        route("GET repo/branches", READ_CONTENTS, read, "branches/branches#list-branches", repositories::branches),
        route("GET repo/branches/{}", READ_CONTENTS, read, "branches/branches#get-a-branch", repositories::branch),
        route("GET repo/git/ref/**", READ_CONTENTS, read, "git/refs#get-a-reference", repositories::reference),
        route("GET repo/contents/**", READ_CONTENTS, read, "repos/contents#get-repository-content", contents::get),
        route("GET repo/contents", READ_CONTENTS, read, "repos/contents#get-repository-content", contents::get),
        route("GET repo/compare/**", READ_CONTENTS, read, "commits/commits#compare-two-commits", compare::get),
        route("GET repo/commits/{}", READ_CONTENTS, read, "commits/commits#get-a-commit", commits::get),
        route(
            "GET repo/commits/{}/check-runs",
            READ_CHECKS,
            read,
            "checks/runs#list-check-runs-for-a-git-reference",
            checks::list,
        ),
        route(
            "GET repo/commits/{}/status",
            READ_STATUSES,
            read,
            "commits/statuses#get-the-combined-status-for-a-specific-reference",
            statuses::combined,
        ),
        route(
            "GET repo/commits/{}/statuses",
            READ_STATUSES,
            read,
            "commits/statuses#list-commit-statuses-for-a-reference",
            statuses::list,
        ),
        route(
            "POST repo/statuses/{}",
            WRITE_STATUSES,
            content,
            "commits/statuses#create-a-commit-status",
            statuses::create,
        ),
        route(
            "POST repo/dispatches",
            WRITE_CONTENTS,
            write,
            "repos/repos#create-a-repository-dispatch-event",
            dispatch::repository,
        ),
        route(
            "GET repo/actions/workflows",
            READ_ACTIONS,
            read,
            "actions/workflows#list-repository-workflows",
            workflows::list,
        ),
        route("GET repo/actions/workflows/{}", READ_ACTIONS, read, "actions/workflows#get-a-workflow", workflows::get),
        route(
            "POST repo/actions/workflows/{}/dispatches",
            WRITE_ACTIONS,
            write,
            "actions/workflows#create-a-workflow-dispatch-event",
            dispatch::workflow,
        ),
        route(
            "GET repo/actions/workflows/{}/runs",
            READ_ACTIONS,
            read,
            "actions/workflow-runs#list-workflow-runs-for-a-workflow",
            runs::list_of_workflow,
        ),
        route(
            "GET repo/actions/runs",
            READ_ACTIONS,
            read,
            "actions/workflow-runs#list-workflow-runs-for-a-repository",
            runs::list,
        ),
        route("GET repo/actions/runs/{}", READ_ACTIONS, read, "actions/workflow-runs#get-a-workflow-run", runs::get),
        route(
            "GET repo/actions/runs/{}/jobs",
            READ_ACTIONS,
            read,
            "actions/workflow-jobs#list-jobs-for-a-workflow-run",
            runs::jobs,
        ),
        route(
            "GET repo/actions/runs/{}/attempts/{}/jobs",
            READ_ACTIONS,
            read,
            "actions/workflow-jobs#list-jobs-for-a-workflow-run-attempt",
            runs::jobs_of_attempt,
        ),
        route(
            "POST repo/actions/runs/{}/rerun",
            WRITE_ACTIONS,
            write,
            "actions/workflow-runs#re-run-a-workflow",
            runs::rerun,
        ),
        route(
            "POST repo/actions/runs/{}/rerun-failed-jobs",
            WRITE_ACTIONS,
            write,
            "actions/workflow-runs#re-run-failed-jobs-from-a-workflow-run",
            runs::rerun_failed,
        ),
        route(
            "POST repo/actions/runs/{}/cancel",
            WRITE_ACTIONS,
            write,
            "actions/workflow-runs#cancel-a-workflow-run",
            runs::cancel,
        ),
        route("POST repo/check-runs", WRITE_CHECKS, content, "checks/runs#create-a-check-run", checks::create),
        route("GET repo/check-runs/{}", READ_CHECKS, read, "checks/runs#get-a-check-run", checks::get),
        route("PATCH repo/check-runs/{}", WRITE_CHECKS, content, "checks/runs#update-a-check-run", checks::update),
        route(
            "GET repo/check-runs/{}/annotations",
            READ_CHECKS,
            read,
            "checks/runs#list-check-run-annotations",
            checks::annotations,
        ),
        route("GET repo/issues", READ_ISSUES, read, "issues/issues#list-repository-issues", issues::list),
        route("POST repo/issues", OPEN_ISSUES, content, "issues/issues#create-an-issue", issues::create),
        route("GET repo/issues/{}", READ_ISSUES, read, "issues/issues#get-an-issue", issues::get),
        route("PATCH repo/issues/{}", WRITE_ISSUES, content, "issues/issues#update-an-issue", issues::update),
        route("GET repo/issues/{}/comments", READ_ISSUES, read, "issues/comments#list-issue-comments", comments::list),
        route(
            "POST repo/issues/{}/comments",
            WRITE_ISSUES,
            content,
            "issues/comments#create-an-issue-comment",
            comments::create,
        ),
        route("GET repo/issues/comments/{}", READ_ISSUES, read, "issues/comments#get-an-issue-comment", comments::get),
        route(
            "PATCH repo/issues/comments/{}",
            WRITE_ISSUES,
            content,
            "issues/comments#update-an-issue-comment",
            comments::update,
        ),
        route(
            "DELETE repo/issues/comments/{}",
            WRITE_ISSUES,
            content,
            "issues/comments#delete-an-issue-comment",
            comments::delete,
        ),
        route("GET repo/labels", READ_ISSUES, read, "issues/labels#list-labels-for-a-repository", labels::list),
        route("POST repo/labels", WRITE_ISSUES, content, "issues/labels#create-a-label", labels::create),
        route(
            "GET repo/issues/{}/labels",
            READ_ISSUES,
            read,
            "issues/labels#list-labels-for-an-issue",
            labels::of_issue,
        ),
        route("POST repo/issues/{}/labels", WRITE_ISSUES, content, "issues/labels#add-labels-to-an-issue", labels::add),
        route("PUT repo/issues/{}/labels", WRITE_ISSUES, content, "issues/labels#set-labels-for-an-issue", labels::set),
        route(
            "DELETE repo/issues/{}/labels/{}",
            WRITE_ISSUES,
            content,
            "issues/labels#remove-a-label-from-an-issue",
            labels::remove,
        ),
        route("GET repo/pulls", READ_PULLS, read, "pulls/pulls#list-pull-requests", pulls::list),
        route("GET repo/pulls/{}", READ_PULLS, read, "pulls/pulls#get-a-pull-request", pulls::get),
        route("GET repo/pulls/{}/files", READ_PULLS, read, "pulls/pulls#list-pull-requests-files", pulls::files),
    ]
});
