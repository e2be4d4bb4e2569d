//! Measures how fast [`Envelope::parse`] goes over pull request deliveries of about 20 KB, on one core.
//!
//! `cargo run --release -p switchboard-github --example envelope_speed`

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};
use switchboard_github::webhook::envelope::Envelope;

fn user(id: u32) -> Value {
    let base = format!("https://api.github.com/users/octocat-{id}");
    let mut user = json!({"login": format!("octocat-{id}"), "id": id, "node_id": "MDQ6VXNlcjIxMDMxMDY3", "type": "User",
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"), "gravatar_id": "", "site_admin": false});
    for name in ["followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events"] {
        user[format!("{name}_url")] = format!("{base}/{name}{{/other_user}}").into();
    }
    user
}

fn repository(id: u32) -> Value {
    let base = "https://api.github.com/repos/octo-org/hello-world";
    let mut repository = json!({"id": id, "node_id": "MDEwOlJlcG9zaXRvcnkxODY4NTMwMDI=", "name": "hello-world",
        "full_name": "octo-org/hello-world", "private": false, "owner": user(id), "description": null, "fork": false,
        "size": 4_302, "stargazers_count": 17, "default_branch": "main", "pushed_at": "2026-05-15T15:20:32Z"});
    for name in [
        "forks",
        "keys",
        "collaborators",
        "teams",
        "hooks",
        "issue_events",
        "events",
        "assignees",
        "branches",
        "tags",
        "blobs",
        "git_tags",
        "git_refs",
        "trees",
        "statuses",
        "languages",
        "stargazers",
        "contributors",
        "subscribers",
        "subscription",
        "commits",
        "git_commits",
        "comments",
        "issue_comment",
        "contents",
        "compare",
        "merges",
        "archive",
        "downloads",
        "issues",
        "pulls",
        "milestones",
        "notifications",
        "labels",
        "releases",
        "deployments",
    ] {
        repository[format!("{name}_url")] = format!("{base}/{name}{{/sha}}").into();
    }
    repository
}

fn body() -> String {
    let side = |id| {
        json!({"label": "octo-org:changes", "ref": "changes", "sha": "ec26c3e57ca3a959ca5aad62de7213c562f8c821",
        "user": user(id), "repo": repository(id)})
    };
    json!({"action": "synchronize", "number": 2, "pull_request": {"url": "https://api.github.com/repos/octo-org/hello-world/pulls/2",
            "id": 279_147_437, "number": 2, "state": "open", "title": "Update the README with new information – é",
            "body": "This is a pretty simple change that we need to pull into main.\r\n\r\n- \"quoted\"\r\n- done\r\n".repeat(6),
            "user": user(1), "head": side(2), "base": side(3), "requested_reviewers": [user(8), user(9), user(10), user(11)], "merged": false, "commits": 1, "additions": 1, "deletions": 1},
        "repository": repository(4), "organization": {"login": "octo-org", "id": 6}, "sender": user(5), "installation": {"id": 7}})
    .to_string()
}

fn main() {
    let body = body();
    let rounds = 40_000;
    let start = Instant::now();
    for _ in 0..rounds {
        black_box(Envelope::parse(black_box(body.as_bytes())).is_ok());
    }
    let took = start.elapsed();
    let (bytes, seconds) = (body.len() as f64, took.as_secs_f64() / f64::from(rounds));
    println!("{} bytes, {:.1} µs a body, {:.0} MB/s", body.len(), seconds * 1e6, bytes / seconds / 1e6);
}
