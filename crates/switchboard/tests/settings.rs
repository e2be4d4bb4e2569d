//! Settings through the binary: what is wrong stops the start with exit code 2 and an explanation.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands, also in its own functions")]

use std::fs;
use std::process::{Command, Output};

/// The binary in an empty directory and an empty environment.
fn switchboard(directory: &tempfile::TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.current_dir(directory.path()).env_clear();
    command
}

fn directory(file: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("switchboard.toml"), file).unwrap();
    directory
}

fn ended(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn dispatcher_44_the_start_stops_with_file_line_and_hint() {
    let cases = [
        (
            "[dispatcher]\nsource_repos = [\"myrepo\"]\n",
            "error: dispatcher.source_repos: `myrepo` names no owner\n  at switchboard.toml:2:17\n  hint: write `owner/myrepo`",
        ),
        (
            "[dispatcher]\n\ndry_run = \"maybe\"\n",
            "error: dispatcher.dry_run: expected a boolean, found `maybe`\n  at switchboard.toml:3:11\n  hint: write true or false",
        ),
        (
            "[dispatcher]\nmax_target = 5\n",
            "error: dispatcher.max_target: unknown setting\n  at switchboard.toml:2:1\n  hint: did you mean `max_targets`?",
        ),
    ];
    for (file, expected) in cases {
        for command in ["serve", "settings"] {
            let (code, printed) = ended(&switchboard(&directory(file)).arg(command).output().unwrap());
            assert_eq!(code, Some(2), "{command}: {printed}");
            assert!(printed.contains(expected), "{command}: {printed}");
        }
    }
}

#[test]
fn everything_that_a_server_needs_is_asked_for_at_once() {
    let (code, printed) = ended(&switchboard(&directory("")).arg("serve").output().unwrap());
    assert_eq!(code, Some(2));
    for name in ["GITHUB_APP_ID", "GITHUB_WEBHOOK_SECRET", "GITHUB_APP_PRIVATE_KEY"] {
        assert!(printed.contains(&format!("hint: set {name}")), "{printed}");
    }
}

#[test]
fn a_named_file_that_does_not_exist_is_an_error_and_the_default_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let (code, printed) = ended(&switchboard(&directory).args(["--config", "gone.toml", "settings"]).output().unwrap());
    assert_eq!(code, Some(2));
    assert!(printed.contains("error: gone.toml does not exist"), "{printed}");
    assert_eq!(switchboard(&directory).arg("settings").output().unwrap().status.code(), Some(0));
}

#[test]
fn settings_shows_values_with_their_origin_and_no_secret() {
    let directory = directory("[server]\nport = 8080\n");
    fs::write(directory.path().join(".env"), "LOG_LEVEL=debug\nGITHUB_WEBHOOK_SECRET=password\n").unwrap();
    let output = switchboard(&directory)
        .args(["settings", "--env-file", ".env"])
        .env("SWITCHBOARD__ENGINE__LEASE_SECONDS", "30")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let line = |key: &str| {
        let line = printed.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap_or_default();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("port"), "port = 8080 # switchboard.toml:2:8");
    assert_eq!(line("level"), "level = \"debug\" # .env:1 (LOG_LEVEL)");
    assert_eq!(line("lease_seconds"), "lease_seconds = 30 # environment variable SWITCHBOARD__ENGINE__LEASE_SECONDS");
    assert_eq!(line("webhook_secret"), "webhook_secret = sha256:5e884898… # .env:2 (GITHUB_WEBHOOK_SECRET)");
    assert_eq!(line("max_targets"), "max_targets = 25 # default");
    assert!(!printed.contains("password"));
}

#[test]
fn the_printed_example_is_a_file_that_works() {
    let directory = tempfile::tempdir().unwrap();
    let example = switchboard(&directory).args(["settings", "--example"]).output().unwrap().stdout;
    fs::write(directory.path().join("switchboard.toml"), example).unwrap();
    let (code, printed) = ended(&switchboard(&directory).arg("settings").output().unwrap());
    assert_eq!((code, printed.as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_command_is_a_usage_error() {
    let directory = tempfile::tempdir().unwrap();
    let (code, printed) = ended(&switchboard(&directory).arg("serv").output().unwrap());
    assert_eq!(code, Some(2));
    assert!(printed.contains("similar subcommand exists: 'serve'"), "{printed}");
}
