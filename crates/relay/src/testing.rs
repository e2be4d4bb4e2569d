//! Bodies and lists for the tests of several modules.

use serde_json::{Value, json};

/// A `pull_request` webhook of a fork, with one label.
pub(crate) fn pull_request_body(action: &str) -> Value {
    json!({
        "action": action,
        "number": 12,
        "repository": {"id": 1, "full_name": "Org/Up", "default_branch": "main", "keys_url": "https://api.github.com/keys"},
        "sender": {"login": "ann", "id": 7, "type": "User"},
        "pull_request": {
            "number": 12,
            "state": "open",
            "title": "Add a kernel",
            "body": "A long story.",
            "user": {"login": "ann", "id": 7},
            "labels": [{"name": "ciflow/crcr/cuda", "color": "ff0000"}],
            "draft": false,
            "merged": false,
            "merged_at": null,
            "updated_at": "2026-01-05T12:00:00Z",
            "author_association": "MEMBER",
            "html_url": "https://github.com/Org/Up/pull/12",
            "_links": {"self": {"href": "https://api.github.com/repos/Org/Up/pulls/12"}},
            "head": {"ref": "kernel", "sha": "a".repeat(40), "repo": {"id": 2, "full_name": "ann/up", "fork": true}},
            "base": {"ref": "main", "sha": "b".repeat(40), "repo": {"id": 1, "full_name": "Org/Up", "fork": false}},
        },
        "installation": {"id": 3},
    })
}

/// A `push` webhook of one commit.
pub(crate) fn push_body(full_ref: &str) -> Value {
    json!({
        "ref": full_ref,
        "before": "a".repeat(40),
        "after": "b".repeat(40),
        "created": false,
        "deleted": false,
        "forced": false,
        "compare": "https://github.com/Org/Up/compare/a...b",
        "repository": {"id": 1, "full_name": "Org/Up", "default_branch": "main"},
        "pusher": {"name": "ann"},
        "sender": {"login": "ann", "id": 7, "type": "User"},
        "head_commit": {"id": "b".repeat(40), "message": "Fix a kernel\n\nIt was broken.", "timestamp": "2026-01-05T12:00:00Z"},
        "commits": [{"id": "b".repeat(40), "added": ["new.txt"], "modified": ["kernel.c"], "removed": ["old.txt"]}],
    })
}
