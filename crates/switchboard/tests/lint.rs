//! `switchboard lint` through the binary: exit 0 for a valid file, 1 for an invalid one, 2 for none.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands, also in its own functions")]

use std::fs;
use std::process::Command;

fn lint(content: Option<&str>) -> (Option<i32>, String) {
    let directory = tempfile::tempdir().unwrap();
    if let Some(content) = content {
        fs::write(directory.path().join("dispatching.yml"), content).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_switchboard"))
        .args(["lint", "dispatching.yml"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

#[test]
fn a_valid_file_passes() {
    let file = "\
outbound:
  - source: { workflow: ci.yml }
    targets: [ { repository: my-target, workflow: cd.yml, ref: main } ]
";
    assert_eq!(lint(Some(file)), (Some(0), String::new()));
    assert_eq!(lint(Some("# nothing yet\n")).0, Some(0));
}

#[test]
fn dispatcher_15_an_invalid_file_is_refused_with_line_and_field() {
    let file = "\
outbound:
  - source: { workflow: ci.yml }
    targets: [ { repository: my-target, workflow: cd.yml, inputs: { n: 5 } } ]
";
    let (code, printed) = lint(Some(file));
    assert_eq!(code, Some(1));
    assert!(printed.starts_with("dispatching.yml:3:"), "{printed}");
    assert!(printed.contains("error: outbound[0].targets[0].inputs.n: "), "{printed}");
}

#[test]
fn a_missing_file_is_a_usage_error() {
    let (code, printed) = lint(None);
    assert_eq!(code, Some(2));
    assert!(printed.starts_with("error: dispatching.yml cannot be read"), "{printed}");
}
