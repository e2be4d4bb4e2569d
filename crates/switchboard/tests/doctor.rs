//! `switchboard doctor` through the binary: exit 0 when all is well, 1 when a check found something, 2 when the
//! configuration cannot be used.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands, also in its own functions")]

use std::process::Command;

/// The simulator's published key, which protects nothing.
const KEY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../simulator/keys/simulator-only.rsa-private-key.pem"));

/// A port that nobody listens on: reserved, and not to be bound without rights.
const NOBODY: &str = "http://127.0.0.1:1";

fn doctor(arguments: &[&str], app_id: &str) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .arg("doctor")
        .args(arguments)
        .current_dir(directory.path())
        .env_clear()
        .env("GITHUB_APP_ID", app_id)
        .env("GITHUB_WEBHOOK_SECRET", "simulator-only")
        .env("GITHUB_PRIVATE_KEY", KEY)
        .env("GITHUB_API_URL", NOBODY)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn offline_it_looks_at_this_machine_only() {
    let (code, printed) = doctor(&["--offline"], "7");
    assert_eq!(code, Some(0), "{printed}");
    assert!(printed.contains("ok   store          sqlite:switchboard.db will be made at the first start"), "{printed}");
    assert!(printed.contains("private key    SHA256:"), "{printed}");
    assert!(!printed.contains("GitHub"), "{printed}");
}

#[test]
fn a_github_that_cannot_be_reached_is_a_finding_with_a_hint() {
    let (code, printed) = doctor(&[], "7");
    assert_eq!(code, Some(1), "{printed}");
    assert!(printed.contains("bad  GitHub "), "{printed}");
    assert!(printed.contains("hint: see whether this machine reaches GitHub's API"), "{printed}");
}

#[test]
fn an_unusable_configuration_is_told_before_anything_is_checked() {
    let (code, printed) = doctor(&[], "seven");
    assert_eq!(code, Some(2));
    assert_eq!(
        printed,
        "error: github.app_id: expected a number from 1 up, found `seven`\n  at environment variable GITHUB_APP_ID\n"
    );
}
