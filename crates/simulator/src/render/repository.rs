//! Repositories, branches and commits.

use serde_json::{Map, Value, json};

use super::{account, extended, links, node_id, time};
use crate::state::git::Commit;
use crate::state::{Repository, State};

/// The addresses that both forms of a repository carry.
const SHORT_LINKS: &[(&str, &str)] = &[
    ("url", ""),
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];

fn addresses(state: &State, repository: &Repository) -> Map<String, Value> {
    links(&state.api_url(&format!("/repos/{}", state.full_name(repository.id))), SHORT_LINKS)
}

/// The short form that runs carry.
pub(crate) fn minimal(state: &State, repository: &Repository) -> Value {
    let full_name = state.full_name(repository.id);
    let base = json!({
        "id": repository.id,
        "node_id": node_id("Repository", repository.id.0),
        "name": repository.name,
        "full_name": full_name,
        "private": repository.private,
        "owner": account::simple(state, repository.owner),
        "html_url": state.html_url(&format!("/{full_name}")),
        "description": repository.description,
        "fork": repository.fork_of.is_some(),
    });
    extended(base, Value::Object(addresses(state, repository)))
}

/// The four members that installation events and token answers name a repository by.
pub(crate) fn named(state: &State, repository: &Repository) -> Value {
    json!({
        "id": repository.id,
        "node_id": node_id("Repository", repository.id.0),
        "name": repository.name,
        "full_name": state.full_name(repository.id),
        "private": repository.private,
    })
}

/// The full form of webhook payloads and of `GET /repos/{owner}/{repo}`.
pub(crate) fn full(state: &State, repository: &Repository) -> Value {
    let html = state.html_url(&format!("/{}", state.full_name(repository.id)));
    let forks = state.repositories.values().filter(|r| r.fork_of == Some(repository.id)).count();
    let more = json!({
        "created_at": time(repository.created_at),
        "updated_at": time(repository.updated_at),
        "pushed_at": time(repository.pushed_at),
        "git_url": format!("{}.git", html.replacen("https://", "git://", 1)),
        "ssh_url": format!("git@github.com:{}.git", state.full_name(repository.id)),
        "clone_url": format!("{html}.git"),
        "svn_url": html,
        "homepage": null,
        "mirror_url": null,
        "size": repository.commits.len(),
        "stargazers_count": 0,
        "watchers_count": 0,
        "language": null,
        "has_issues": repository.has_issues,
        "has_projects": true,
        "has_downloads": true,
        "has_wiki": true,
        "has_pages": false,
        "has_discussions": false,
        "forks_count": forks,
        "archived": repository.archived,
        "disabled": false,
        "open_issues_count": repository.open_issues(),
        "license": null,
        "allow_forking": true,
        "is_template": false,
        "web_commit_signoff_required": false,
        "topics": [],
        "visibility": if repository.private { "private" } else { "public" },
        "forks": forks,
        "open_issues": repository.open_issues(),
        "watchers": 0,
        "default_branch": repository.default_branch,
        "custom_properties": {},
    });
    extended(minimal(state, repository), more)
}

/// The form that pushes carry: the full one, with times as numbers and an owner with a name.
pub(crate) fn pushed(state: &State, repository: &Repository) -> Value {
    let owner = state.login(repository.owner);
    let named = json!({ "name": owner, "email": format!("{owner}@users.noreply.github.com") });
    let more = json!({
        "owner": extended(account::simple(state, repository.owner), named),
        "created_at": repository.created_at.seconds(),
        "pushed_at": repository.pushed_at.seconds(),
        "url": state.html_url(&format!("/{}", state.full_name(repository.id))),
        "master_branch": repository.default_branch,
        "stargazers": 0,
    });
    extended(full(state, repository), more)
}

/// What `GET /repos/{owner}/{repo}` adds to the full form: where a fork comes from.
pub(crate) fn answered(state: &State, repository: &Repository) -> Value {
    let full = full(state, repository);
    match repository.fork_of.and_then(|id| state.repositories.get(&id)) {
        Some(parent) => {
            let parent = self::full(state, parent);
            extended(full, json!({ "parent": parent, "source": parent }))
        }
        None => full,
    }
}

/// The short form of a commit: `head_commit` of runs.
pub(crate) fn head_commit(state: &State, commit: &Commit) -> Value {
    json!({
        "id": commit.sha,
        "tree_id": commit.tree_sha,
        "message": commit.message,
        "timestamp": time(commit.at),
        "author": account::signature(state, commit.author),
        "committer": account::signature(state, commit.author),
    })
}

/// A commit as `GET /repos/{owner}/{repo}/commits/{ref}` answers it.
pub(crate) fn commit(state: &State, repository: &Repository, commit: &Commit) -> Value {
    let base = format!("/repos/{}", state.full_name(repository.id));
    let signed = extended(account::signature(state, commit.author), json!({ "date": time(commit.at) }));
    let parents: Vec<Value> = commit
        .parent
        .iter()
        .map(|sha| json!({ "sha": sha, "url": state.api_url(&format!("{base}/commits/{sha}")) }))
        .collect();
    json!({
        "sha": commit.sha,
        "node_id": node_id("Commit", repository.id.0),
        "url": state.api_url(&format!("{base}/commits/{}", commit.sha)),
        "html_url": state.html_url(&format!("/{}/commit/{}", state.full_name(repository.id), commit.sha)),
        "commit": {
            "author": signed,
            "committer": signed,
            "message": commit.message,
            "tree": { "sha": commit.tree_sha, "url": state.api_url(&format!("{base}/git/trees/{}", commit.tree_sha)) },
            "url": state.api_url(&format!("{base}/git/commits/{}", commit.sha)),
            "comment_count": 0,
        },
        "author": account::simple(state, commit.author),
        "committer": account::simple(state, commit.author),
        "parents": parents,
    })
}
