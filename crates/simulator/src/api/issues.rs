//! Issues.

use serde_json::{Value, json};
use switchboard_clock::Timestamp;

use super::issue_fields::{body, label_names, title};
use super::{Answer, Exchange, Refusal};
use crate::ids::RepoId;
use crate::render;
use crate::state::issues::Issue;

/// Newest first; pull requests are among them, as on GitHub.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    if !repository.has_issues {
        return Err(disabled());
    }
    let invalid = |_| Refusal::invalid("Issue", "since", "invalid", "");
    let since = x.query.get("since").map(Timestamp::parse).transpose().map_err(invalid)?;
    let state = x.query.get("state").unwrap_or("open");
    let creator = x.query.get("creator");
    let labels: Vec<String> =
        x.query.get("labels").map(|l| l.split(',').map(|l| l.trim().to_lowercase()).collect()).unwrap_or_default();
    let wanted = |issue: &&Issue| {
        (state == "all" || state == issue.state())
            && creator.is_none_or(|login| x.state.login(issue.author).eq_ignore_ascii_case(login))
            && since.is_none_or(|since| issue.updated_at.seconds() >= since.seconds())
            && labels.iter().all(|label| issue.labels.contains(label))
    };
    let mut found: Vec<&Issue> = repository.issues.values().rev().filter(wanted).collect();
    if x.query.get("sort") == Some("updated") {
        found.sort_by_key(|issue| std::cmp::Reverse(issue.updated_at));
    }
    if x.query.get("direction") == Some("asc") {
        found.reverse();
    }
    let (page, link) = x.page(found);
    let page: Value = page.into_iter().map(|issue| render::issues::issue(x.state, repository, issue)).collect();
    let answer = Answer::ok(page);
    Ok(match link {
        Some(link) => answer.header("link", link),
        None => answer,
    })
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = named(x)?;
    answered(x, 200, repo, number)
}

pub(super) fn create(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    if !repository.has_issues {
        return Err(disabled());
    }
    let title = title(x)?.ok_or_else(|| Refusal::new(422, "Invalid request.\n\n\"title\" wasn't supplied."))?;
    let body = body(x)?.flatten();
    let labels = label_names(x.body.get("labels"))?.unwrap_or_default();
    let actor = x.actor();
    let number = x.state.add_issue(repo, actor, &title, body, None);
    for label in &labels {
        let key = x.state.ensure_label(repo, label).to_lowercase();
        change(x, repo, number, |issue| {
            issue.labels.insert(key);
        });
    }
    x.state.announce_issue(repo, number, actor, "opened", json!({}));
    answered(x, 201, repo, number)
}

pub(super) fn update(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = named(x)?;
    let (title, body, labels) = (title(x)?, body(x)?, label_names(x.body.get("labels"))?);
    let closes = match x.text("state") {
        None => None,
        Some("open") => Some(false),
        Some("closed") => Some(true),
        Some(_) => return Err(Refusal::invalid("Issue", "state", "invalid", "")),
    };
    let reason = x.text("state_reason").map(str::to_owned);
    let keys = labels.map(|names| names.iter().map(|name| x.state.ensure_label(repo, name).to_lowercase()).collect());
    let edited = title.is_some() || body.is_some();
    let now = x.state.now;
    let was_open = change(x, repo, number, |issue| {
        let was_open = issue.open();
        issue.updated_at = now;
        if let Some(title) = title {
            issue.title = title;
        }
        if let Some(body) = body {
            issue.body = body;
        }
        if let Some(keys) = keys {
            issue.labels = keys;
        }
        match closes {
            Some(true) if was_open => {
                issue.closed_at = Some(now);
                issue.state_reason = reason.or_else(|| Some("completed".to_owned()));
            }
            Some(false) if !was_open => {
                issue.closed_at = None;
                issue.state_reason = Some("reopened".to_owned());
            }
            _ => {}
        }
        was_open
    });
    let actor = x.actor();
    if edited {
        x.state.announce_issue(repo, number, actor, "edited", json!({ "changes": {} }));
    }
    match (was_open, closes) {
        (Some(true), Some(true)) => x.state.announce_issue(repo, number, actor, "closed", json!({})),
        (Some(false), Some(false)) => x.state.announce_issue(repo, number, actor, "reopened", json!({})),
        _ => {}
    }
    answered(x, 200, repo, number)
}

pub(super) fn disabled() -> Refusal {
    Refusal::new(410, "Issues has been disabled in this repository.")
}

/// The issue or pull request that the path names. With issues disabled only pull requests are left.
pub(super) fn named(x: &Exchange<'_>) -> Result<(RepoId, u64), Refusal> {
    let (repo, repository) = x.require_repository()?;
    let number = x.number(0)?;
    let issue = repository.issues.get(&number).ok_or_else(Refusal::not_found)?;
    if issue.pull.is_none() && !repository.has_issues {
        return Err(disabled());
    }
    Ok((repo, number))
}

/// Changes an issue.
pub(super) fn change<R>(x: &mut Exchange<'_>, repo: RepoId, number: u64, f: impl FnOnce(&mut Issue) -> R) -> Option<R> {
    x.state.update_repository(repo, |r| r.issues.get_mut(&number).map(f))?
}

fn answered(x: &Exchange<'_>, status: u16, repo: RepoId, number: u64) -> Result<Answer, Refusal> {
    let repository = x.state.repositories.get(&repo).ok_or_else(Refusal::not_found)?;
    let issue = repository.issues.get(&number).ok_or_else(Refusal::not_found)?;
    let issue = render::issues::issue(x.state, repository, issue);
    let url = issue["url"].as_str().unwrap_or_default().to_owned();
    let answer = Answer::json(status, issue);
    Ok(if status == 201 { answer.header("location", url) } else { answer })
}
