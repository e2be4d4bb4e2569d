//! Repositories, branches, references and the accounts that own them.

use serde_json::{Value, json};

use super::{Answer, Exchange, Refusal};
use crate::render;
use crate::state::Repository;

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    Ok(Answer::ok(render::repository::answered(x.state, repository)))
}

pub(super) fn account(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let id = x.state.find_account(x.param(0)).ok_or_else(Refusal::not_found)?;
    let account = x.state.accounts.get(&id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::account::profile(x.state, account)))
}

pub(super) fn branches(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let all = repository.branches.iter().map(|(name, sha)| short(x, repository, name, sha)).collect();
    Ok(x.listed(all))
}

pub(super) fn branch(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let name = x.param(0);
    let sha = repository.branches.get(name).ok_or_else(|| Refusal::new(404, "Branch not found"))?;
    let commit = repository.commits.get(sha).ok_or_else(Refusal::not_found)?;
    let more = json!({ "commit": render::repository::commit(x.state, repository, commit) });
    Ok(Answer::ok(render::extended(short(x, repository, name, sha), more)))
}

pub(super) fn reference(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let name = x.param(0);
    let full = name.starts_with("heads/") || name.starts_with("tags/");
    let commit = repository.resolve(name).filter(|_| full).ok_or_else(Refusal::not_found)?;
    let base = format!("/repos/{}/git", x.state.full_name(repository.id));
    Ok(Answer::ok(json!({
        "ref": format!("refs/{name}"),
        "node_id": render::node_id("Ref", repository.id.0),
        "url": x.state.api_url(&format!("{base}/refs/{name}")),
        "object": { "type": "commit", "sha": commit.sha, "url": x.state.api_url(&format!("{base}/commits/{}", commit.sha)) },
    })))
}

fn short(x: &Exchange<'_>, repository: &Repository, name: &str, sha: &str) -> Value {
    let url = x.state.api_url(&format!("/repos/{}/commits/{sha}", x.state.full_name(repository.id)));
    json!({ "name": name, "commit": { "sha": sha, "url": url }, "protected": false })
}
