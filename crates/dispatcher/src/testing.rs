//! A source run and a configuration that pass every rule, for tests to bend.

use serde_json::{Value, json};

use crate::payload::{self, SourceRun};

/// A payload that passes every source rule of the default configuration.
pub(crate) fn payload() -> Value {
    json!({
        "action": "completed",
        "installation": { "id": 11 },
        "repository": {
            "id": 1, "name": "source", "full_name": "Org/source", "owner": { "login": "Org" }, "default_branch": "main",
        },
        "workflow": { "path": ".github/workflows/ci.yml" },
        "workflow_run": {
            "id": 500, "run_attempt": 1, "name": "CI", "path": ".github/workflows/ci.yml", "head_branch": "main",
            "head_sha": "0123456789abcdef0123456789abcdef01234567", "event": "push", "conclusion": "success",
            "html_url": "https://github.com/Org/source/actions/runs/500", "created_at": "2026-01-05T12:00:00Z",
            "actor": { "login": "someone" }, "head_repository": { "id": 1, "full_name": "Org/source" },
        },
    })
}

/// The run of [`payload`].
pub(crate) fn run() -> SourceRun {
    payload::read(payload().to_string().as_bytes()).expect("the payload is complete")
}

/// A valid `dispatching.yml`.
pub(crate) fn file(text: &str) -> crate::file::DispatchingFile {
    match crate::file::read(text.as_bytes()) {
        Ok((file, _)) => file,
        Err(diagnostics) => panic!("{:#?}", diagnostics.kept()),
    }
}
