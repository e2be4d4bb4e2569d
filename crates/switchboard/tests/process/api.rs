//! The API against its own document: Schemathesis makes requests of it, good and bad, and compares the answers.

use std::process::{Command, Stdio};

use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

/// Where `cargo xtask test` has put Schemathesis.
const SCHEMATHESIS: &str = "SWITCHBOARD_SCHEMATHESIS";
const TOKEN: &str = "an-operators-token-of-some-length";
/// Requests of each kind for each operation. They are the same in every run.
const EXAMPLES: &str = "15";

#[tokio::test]
async fn no_request_makes_the_api_fail_or_answer_what_its_document_does_not_say() {
    let Some(program) = std::env::var_os(SCHEMATHESIS) else {
        assert!(std::env::var_os("CI").is_none(), "{SCHEMATHESIS} is not set; `cargo xtask test` fetches Schemathesis");
        eprintln!("NOT TESTED: Schemathesis is missing; `cargo xtask test` fetches it");
        return;
    };
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables_with_relay();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    let (_, delivery) = github.complete_run();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    until("an issue tells of the denial", async || (!github.api.issues().is_empty()).then_some(())).await;

    let document = format!("{}/api/v1/openapi.json", server.url);
    let mut command = Command::new(program);
    command.current_dir(folder.path()).stdin(Stdio::null()).args(["run", &document]);
    command.args(["--header", &format!("Authorization: Bearer {TOKEN}"), "--max-examples", EXAMPLES]);
    command.args(["--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--no-color"]);
    let checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
    command.args(["--checks", checks]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{report}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(report.contains("0 failed") || report.contains(" passed"), "something was asked: {report}");
    server.stop().await;
}
