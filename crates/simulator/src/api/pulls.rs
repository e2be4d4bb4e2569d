//! Pull requests.

use serde_json::{Value, json};

use super::{Answer, Exchange, Refusal};
use crate::render;
use crate::state::Repository;
use crate::state::issues::{Issue, PullRequest};

/// Newest first.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let state = x.query.get("state").unwrap_or("open");
    let wanted = |issue: &&Issue, pull: &PullRequest| {
        let head = x
            .state
            .repositories
            .get(&pull.head_repo)
            .map(|r| format!("{}:{}", x.state.login(r.owner), pull.head_branch));
        (state == "all" || state == issue.state())
            && x.query.get("base").is_none_or(|base| base == pull.base_branch)
            && x.query.get("head").is_none_or(|wanted| head.as_deref() == Some(wanted))
    };
    let pulls = repository.issues.values().rev().filter_map(|issue| issue.pull.as_ref().map(|pull| (issue, pull)));
    let found = pulls.filter(|(issue, pull)| wanted(issue, pull));
    Ok(x.listed(found.map(|(issue, pull)| render::pulls::pull(x.state, repository, issue, pull)).collect()))
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repository, issue, pull) = named(x)?;
    Ok(Answer::ok(render::pulls::pull(x.state, repository, issue, pull)))
}

pub(super) fn files(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repository, _, pull) = named(x)?;
    let changed = render::pulls::changed_files(x.state, repository, pull);
    let file = |(path, status): (String, &'static str)| -> Value {
        json!({ "sha": pull.head_sha, "filename": path, "status": status, "additions": 1, "deletions": 0, "changes": 1 })
    };
    Ok(x.listed(changed.into_iter().map(file).collect()))
}

fn named<'x>(x: &'x Exchange<'_>) -> Result<(&'x Repository, &'x Issue, &'x PullRequest), Refusal> {
    let (_, repository) = x.require_repository()?;
    let issue = repository.issues.get(&x.number(0)?).ok_or_else(Refusal::not_found)?;
    let pull = issue.pull.as_ref().ok_or_else(Refusal::not_found)?;
    Ok((repository, issue, pull))
}
