//! Deliveries as GitHub sends them: `pull_request` payloads of about 20 KB, each another text, signed beforehand.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

/// A body and the signature that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub(crate) body: Vec<u8>,
    /// `sha256=` and 64 hexadecimal digits.
    pub(crate) signature: String,
}

/// Signs as GitHub does.
/// <https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries>
#[derive(Debug)]
pub(crate) struct Signer(hmac::Key);

impl Signer {
    pub(crate) fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    pub(crate) fn sign(&self, body: Vec<u8>) -> Signed {
        let tag = hmac::sign(&self.0, &body);
        let signature = tag.as_ref().iter().fold("sha256=".to_owned(), |hex, byte| hex + &format!("{byte:02x}"));
        Signed { body, signature }
    }
}

/// The `n`th pull request's `synchronize` delivery.
pub(crate) fn pull_request(n: u32) -> Vec<u8> {
    let owner = format!("org-{}", n % 50);
    let base = repository(&owner, "api", u64::from(n % 50));
    let organization = json!({
        "login": &owner, "id": 5000 + n % 50, "node_id": format!("O_kgDO{:06}", n % 50),
        "url": format!("https://api.github.com/orgs/{owner}"),
        "repos_url": format!("https://api.github.com/orgs/{owner}/repos"),
        "events_url": format!("https://api.github.com/orgs/{owner}/events"),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", 5000 + n % 50),
        "description": "Builds services.",
    });
    let body = json!({
        "action": "synchronize",
        "number": n + 1,
        "before": commit(n, 1),
        "after": commit(n, 2),
        "pull_request": request(n, &owner, &base),
        "repository": base,
        "organization": organization,
        "sender": contributor(n),
        "installation": { "id": 40_000_000 + n % 50, "node_id": format!("MDIzOkludGVncmF0aW9u{:06}", n % 50) },
    });
    body.to_string().into_bytes()
}

/// The pull request itself: what it is, how far it is, and where it comes from.
fn request(n: u32, owner: &str, base: &Value) -> Value {
    let number = n + 1;
    let api = format!("https://api.github.com/repos/{owner}/api");
    let page = format!("https://github.com/{owner}/api/pull/{number}");
    let mut request = json!({
        "id": 1_900_000_000_u64 + u64::from(n), "node_id": format!("PR_kwDOA{n:09}"), "number": number,
        "url": format!("{api}/pulls/{number}"), "html_url": &page, "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"), "state": "open", "locked": false,
        "title": format!("Take the retry delay of attempt {n} from the answer"),
        "user": contributor(n), "body": description(n),
        "created_at": "2026-03-02T09:14:05Z", "updated_at": "2026-03-04T16:40:31Z", "closed_at": null,
        "merged_at": null, "merge_commit_sha": commit(n, 3), "assignee": null, "assignees": [],
        "requested_reviewers": [], "requested_teams": [],
        "labels": [label(owner, "needs-review", 1), label(owner, "area/webhooks", 2)],
    });
    let progress = json!({
        "milestone": null, "draft": false, "author_association": "CONTRIBUTOR", "auto_merge": null,
        "active_lock_reason": null, "merged": false, "mergeable": null, "rebaseable": null,
        "mergeable_state": "unknown", "merged_by": null, "comments": n % 9, "review_comments": n % 4,
        "maintainer_can_modify": true, "commits": 1 + n % 12, "additions": n % 700, "deletions": n % 300,
        "changed_files": 1 + n % 30,
    });
    if let Value::Object(progress) = progress {
        for (member, value) in progress {
            request[member] = value;
        }
    }
    for (link, address) in [
        ("issue", format!("{api}/issues/{number}")),
        ("commits", format!("{api}/pulls/{number}/commits")),
        ("review_comments", format!("{api}/pulls/{number}/comments")),
        ("review_comment", format!("{api}/pulls/comments{{/number}}")),
        ("comments", format!("{api}/issues/{number}/comments")),
        ("statuses", format!("{api}/statuses/{}", commit(n, 2))),
    ] {
        request["_links"][link] = json!({ "href": &address });
        request[format!("{link}_url")] = json!(address);
    }
    let fork = repository(&contributor_name(n), "api", 100_000 + u64::from(n % 400));
    request["head"] = json!({
        "label": format!("{}:retry-{n}", contributor_name(n)), "ref": format!("retry-{n}"), "sha": commit(n, 2),
        "user": contributor(n), "repo": fork,
    });
    request["base"] = json!({
        "label": format!("{owner}:main"), "ref": "main", "sha": commit(n, 4), "user": user(owner, 5000), "repo": base,
    });
    request
}

fn contributor_name(n: u32) -> String {
    format!("dev-{}", n % 400)
}

fn contributor(n: u32) -> Value {
    user(&contributor_name(n), u64::from(n % 400))
}

/// Forty hexadecimal digits that look like a commit and differ by pull request and role.
fn commit(n: u32, role: u64) -> String {
    // Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4) spreads neighbours apart.
    let spread = (u64::from(n) * 4 + role).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    format!("{spread:016x}{:016x}{:08x}", spread.rotate_left(23), n)
}

fn description(n: u32) -> String {
    let points = (0..6).map(|i| {
        format!("- step {i}: the answer's `retry-after` of {} s is kept as it is, see #{}\r\n", (n * 7 + i) % 60, n + i)
    });
    format!(
        "## What changes\r\n\r\n{}\r\nTested against recorded answers ({}).",
        points.collect::<String>(),
        commit(n, 5)
    )
}

fn label(owner: &str, name: &str, id: u32) -> Value {
    json!({
        "id": id, "node_id": format!("LA_kwDO{id:06}"), "name": name, "color": "0e8a16", "default": false,
        "url": format!("https://api.github.com/repos/{owner}/api/labels/{name}"), "description": "Where it belongs",
    })
}

fn user(login: &str, id: u64) -> Value {
    let api = format!("https://api.github.com/users/{login}");
    let mut user = json!({
        "login": login, "id": id, "node_id": format!("U_kgDO{id:06}"), "gravatar_id": "", "type": "User",
        "site_admin": false, "user_view_type": "public", "url": &api,
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{id}?v=4"),
        "html_url": format!("https://github.com/{login}"),
        "following_url": format!("{api}/following{{/other_user}}"),
        "gists_url": format!("{api}/gists{{/gist_id}}"),
        "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"),
        "events_url": format!("{api}/events{{/privacy}}"),
    });
    for list in ["followers", "subscriptions", "organizations", "repos", "received_events"] {
        let path = if list == "organizations" { "orgs" } else { list };
        user[format!("{list}_url")] = json!(format!("{api}/{path}"));
    }
    user
}

/// The links of a repository that GitHub repeats in every payload, by path.
const REPOSITORY_LINKS: [(&str, &str); 36] = [
    ("archive", "/{archive_format}{/ref}"),
    ("assignees", "/assignees{/user}"),
    ("blobs", "/git/blobs{/sha}"),
    ("branches", "/branches{/branch}"),
    ("collaborators", "/collaborators{/collaborator}"),
    ("comments", "/comments{/number}"),
    ("commits", "/commits{/sha}"),
    ("compare", "/compare/{base}...{head}"),
    ("contents", "/contents/{+path}"),
    ("contributors", "/contributors"),
    ("deployments", "/deployments"),
    ("downloads", "/downloads"),
    ("events", "/events"),
    ("forks", "/forks"),
    ("git_commits", "/git/commits{/sha}"),
    ("git_refs", "/git/refs{/sha}"),
    ("git_tags", "/git/tags{/sha}"),
    ("hooks", "/hooks"),
    ("issue_comment", "/issues/comments{/number}"),
    ("issue_events", "/issues/events{/number}"),
    ("issues", "/issues{/number}"),
    ("keys", "/keys{/key_id}"),
    ("labels", "/labels{/name}"),
    ("languages", "/languages"),
    ("merges", "/merges"),
    ("milestones", "/milestones{/number}"),
    ("notifications", "/notifications{?since,all,participating}"),
    ("pulls", "/pulls{/number}"),
    ("releases", "/releases{/id}"),
    ("stargazers", "/stargazers"),
    ("statuses", "/statuses/{sha}"),
    ("subscribers", "/subscribers"),
    ("subscription", "/subscription"),
    ("tags", "/tags"),
    ("teams", "/teams"),
    ("trees", "/git/trees{/sha}"),
];

fn repository(owner: &str, name: &str, id: u64) -> Value {
    let api = format!("https://api.github.com/repos/{owner}/{name}");
    let page = format!("https://github.com/{owner}/{name}");
    let mut repository = json!({
        "id": 600_000_000 + id, "node_id": format!("R_kgDO{id:06}"), "name": name,
        "full_name": format!("{owner}/{name}"), "private": false, "owner": user(owner, 5000 + id),
        "description": "Answers what it is asked, and writes down what it answered.", "fork": id >= 100_000,
        "created_at": "2021-06-01T08:00:00Z", "updated_at": "2026-03-04T11:22:33Z",
        "pushed_at": "2026-03-04T16:40:30Z", "html_url": &page, "url": &api, "svn_url": &page,
        "git_url": format!("git://github.com/{owner}/{name}.git"),
        "ssh_url": format!("git@github.com:{owner}/{name}.git"),
        "clone_url": format!("{page}.git"), "homepage": null, "size": 18_211, "mirror_url": null,
        "language": "Rust", "topics": ["webhooks", "automation"], "visibility": "public", "default_branch": "main",
        "license": {
            "key": "mit", "name": "MIT License", "spdx_id": "MIT", "node_id": "MDc6TGljZW5zZTEz",
            "url": "https://api.github.com/licenses/mit",
        },
    });
    for (count, value) in [("stargazers", 311), ("watchers", 311), ("forks", 42), ("open_issues", 17)] {
        repository[count] = json!(value);
        repository[format!("{count}_count")] = json!(value);
    }
    let switches = [
        ("has_issues", true),
        ("has_projects", true),
        ("has_downloads", true),
        ("has_wiki", false),
        ("has_pages", false),
        ("has_discussions", false),
        ("archived", false),
        ("disabled", false),
        ("allow_forking", true),
        ("is_template", false),
        ("web_commit_signoff_required", false),
        ("allow_squash_merge", true),
        ("allow_merge_commit", false),
        ("allow_rebase_merge", true),
        ("allow_auto_merge", true),
        ("delete_branch_on_merge", true),
    ];
    for (switch, on) in switches {
        repository[switch] = json!(on);
    }
    for (link, path) in REPOSITORY_LINKS {
        repository[format!("{link}_url")] = json!(format!("{api}{path}"));
    }
    repository
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_about_20_kb_and_differ() {
        let (one, other) = (pull_request(1), pull_request(2));
        assert!((18_000..=23_000).contains(&one.len()), "{} bytes", one.len());
        assert_ne!(one, other);
    }

    #[test]
    fn signatures_are_those_that_github_documents() {
        // The example of GitHub's page on validating deliveries.
        let signed = Signer::new("It's a Secret to Everybody").sign(b"Hello, World!".to_vec());
        assert_eq!(signed.signature, "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
    }
}
