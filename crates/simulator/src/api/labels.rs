//! Labels of repositories and issues.

use serde_json::Value;

use super::issue_fields::label_names;
use super::{Answer, Exchange, Refusal, issues};
use crate::ids::RepoId;
use crate::render;

pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let all = repository.labels.values().map(|l| render::issues::label(x.state, repository, l)).collect();
    Ok(x.listed(all))
}

pub(super) fn create(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    let name = x.text("name").filter(|name| !name.trim().is_empty());
    let name = name.ok_or_else(|| Refusal::invalid("Label", "name", "missing_field", ""))?.to_owned();
    if repository.labels.contains_key(&name.to_lowercase()) {
        return Err(Refusal::invalid("Label", "name", "already_exists", ""));
    }
    let color = x.text("color").map(|color| color.trim_start_matches('#').to_lowercase());
    if color.as_ref().is_some_and(|c| c.len() != 6 || !c.bytes().all(|b| b.is_ascii_hexdigit())) {
        return Err(Refusal::invalid("Label", "color", "invalid", ""));
    }
    let description = x.text("description").map(str::to_owned);
    x.state.ensure_label(repo, &name);
    let key = name.to_lowercase();
    x.state.update_repository(repo, |r| {
        if let Some(label) = r.labels.get_mut(&key) {
            label.description = description;
            label.color = color.unwrap_or_else(|| label.color.clone());
        }
    });
    let (_, repository) = x.require_repository()?;
    let label = repository.labels.get(&key).ok_or_else(Refusal::not_found)?;
    Ok(Answer::json(201, render::issues::label(x.state, repository, label)))
}

pub(super) fn of_issue(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = issues::named(x)?;
    answered(x, repo, number)
}

pub(super) fn add(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = issues::named(x)?;
    let names = sent(x)?;
    put(x, repo, number, &names, false);
    answered(x, repo, number)
}

pub(super) fn set(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = issues::named(x)?;
    let names = sent(x)?;
    put(x, repo, number, &names, true);
    answered(x, repo, number)
}

pub(super) fn remove(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = issues::named(x)?;
    let (label, actor) = (x.param(1).to_owned(), x.actor());
    if !x.state.set_label(repo, number, &label, false, actor) {
        return Err(Refusal::new(404, "Label does not exist"));
    }
    answered(x, repo, number)
}

/// The names in the body, which is a list or an object with one.
fn sent(x: &Exchange<'_>) -> Result<Vec<String>, Refusal> {
    let list = if x.body.is_array() { Some(&x.body) } else { x.body.get("labels") };
    label_names(list)?.ok_or_else(|| Refusal::new(422, "Invalid request.\n\n\"labels\" wasn't supplied."))
}

fn put(x: &mut Exchange<'_>, repo: RepoId, number: u64, names: &[String], only_these: bool) {
    let actor = x.actor();
    let before = issues::change(x, repo, number, |issue| issue.labels.clone()).unwrap_or_default();
    for name in names {
        x.state.set_label(repo, number, name, true, actor);
    }
    let kept = |key: &str| names.iter().any(|name| name.to_lowercase() == key);
    for key in before.iter().filter(|key| only_these && !kept(key)) {
        x.state.set_label(repo, number, key, false, actor);
    }
}

fn answered(x: &Exchange<'_>, repo: RepoId, number: u64) -> Result<Answer, Refusal> {
    let repository = x.state.repositories.get(&repo).ok_or_else(Refusal::not_found)?;
    let issue = repository.issues.get(&number).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(Value::Array(render::issues::labels_of(x.state, repository, issue))))
}
