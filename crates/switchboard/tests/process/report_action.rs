//! The action that downstream workflows report with: its script against a real server, and the example that shows its use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use serde_json::{Value as Json, json};
use switchboard_engine::yaml::{self, Budget, Node, Value};

use crate::support::server::{Ended, Server};
use crate::support::upstream::{Upstream, soon};
use switchboard_simulator::{PullSpec, RunSpec};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../actions/report")
}

/// Runs the script as a runner does, with these variables.
async fn report(variables: &BTreeMap<&str, String>) -> Ended {
    let mut command = Command::new("sh");
    command.arg(folder().join("report.sh")).env_clear().env("PATH", std::env::var("PATH").unwrap());
    command.env("RELAY_RETRIES", "0").envs(variables);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

#[tokio::test]
async fn what_the_action_reports_becomes_a_check() {
    let github = Upstream::start(soon("CI").result("build").never_reports().never_ends()).await;
    let workspace = tempfile::tempdir().unwrap();
    let server = Server::start(workspace.path(), &github.variables()).await;
    github.sends_to(&server);
    let pull = github.up.open_pull(PullSpec::new("Add a kernel").labels(&["ciflow/crcr/gpu"]));
    let run = github.run().await;
    let inputs = github.backend.runs()[0].inputs.clone();
    let input = |name: &str| inputs[name].as_str().unwrap().to_owned();
    let request = github.backend_repo.id_token_request(run).unwrap();
    let output = workspace.path().join("output");
    // A name that would be something else in JSON, a shell or a workflow command.
    let name = "build \"fast\" \\ $(id) `id` ::error:: größe";
    let mut variables = BTreeMap::from([
        ("ACTIONS_ID_TOKEN_REQUEST_URL", request.url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", request.token.clone()),
        ("GITHUB_RUN_ID", run.to_string()),
        ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
        ("GITHUB_OUTPUT", output.display().to_string()),
        ("RELAY_URL", format!("{}/github/callback", server.url)),
        ("RELAY_STATUS", "in_progress".to_owned()),
        ("RELAY_JOB_NAME", name.to_owned()),
        ("RELAY_WORKFLOW_NAME", "CI".to_owned()),
        ("RELAY_EVENT_TYPE", input("event_type")),
        ("RELAY_DELIVERY_ID", input("delivery_id")),
    ]);
    let told = report(&variables).await;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("Reported in_progress: {\"ok\":true"), "{}{}", told.out, told.err);
    let check = format!("crcr/vendor/backend/CI/{name}");
    github.check(&pull.head_sha(), &check, "in_progress").await;

    variables.insert("RELAY_STATUS", "completed".to_owned());
    variables.insert("RELAY_CONCLUSION", "failure".to_owned());
    variables.insert("RELAY_TEST_RESULTS", "{\"passed\": 41,\n \"failed\": 1}, \"conclusion\": \"success\"".to_owned());
    let told = report(&variables).await;
    assert!(told.out.contains("Reported completed: {\"ok\":true"), "{}{}", told.out, told.err);
    let ended = github.check(&pull.head_sha(), &check, "failure").await;
    assert!(ended.summary.as_deref().is_some_and(|summary| summary.contains("41")), "{:?}", ended.summary);
    assert_eq!(std::fs::read_to_string(output).unwrap(), "answer=200\nanswer=200\n");
    assert!(!told.out.contains(&request.token) && told.err.is_empty(), "{}{}", told.out, told.err);

    // What the relay refuses is told with its reason, and fails nothing unless asked for.
    variables.insert("RELAY_CONCLUSION", "maybe".to_owned());
    let told = report(&variables).await;
    assert_eq!(told.code, Some(0));
    assert!(told.out.contains("::warning title=Relay::the relay answered 400: ") && told.out.contains("conclusion"));
    variables.insert("RELAY_FAIL_ON_ERROR", "true".to_owned());
    assert_eq!(report(&variables).await.code, Some(1));
    server.stop().await;
}

#[tokio::test]
async fn trouble_with_the_relay_is_a_warning_and_no_failure() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut variables = BTreeMap::from([
        ("GITHUB_RUN_ID", "1".to_owned()),
        ("RELAY_URL", format!("http://{nobody}/github/callback")),
        ("RELAY_STATUS", "completed".to_owned()),
        ("RELAY_CONCLUSION", "success".to_owned()),
        ("RELAY_JOB_NAME", "build".to_owned()),
        ("RELAY_WORKFLOW_NAME", "CI".to_owned()),
        ("RELAY_EVENT_TYPE", "push".to_owned()),
        ("RELAY_DELIVERY_ID", String::new()),
    ]);
    let expect = async |variables: &BTreeMap<&str, String>, code: i32, text: &str| {
        let told = report(variables).await;
        assert!(told.code == Some(code) && told.out.contains(text), "{text}: {}{}", told.out, told.err);
    };
    expect(&variables, 0, "not started by a relay").await;
    variables.insert("RELAY_DELIVERY_ID", "d-1".to_owned());
    expect(&variables, 0, "::warning title=Relay::this job may not ask for a token: give it 'permissions: id-token")
        .await;
    variables.insert("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{nobody}/token?api-version=2.0"));
    variables.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t".to_owned());
    expect(&variables, 0, "::warning title=Relay::GitHub gave no token").await;
    variables.insert("RELAY_FAIL_ON_ERROR", "true".to_owned());
    expect(&variables, 1, "::error title=Relay::GitHub gave no token").await;

    // GitHub answers, the relay does not.
    let github = Upstream::start(soon("CI").result("build").never_ends()).await;
    let run = github.backend.start_run(&RunSpec::default()).unwrap();
    let request = github.backend_repo.id_token_request(run).unwrap();
    variables.insert("ACTIONS_ID_TOKEN_REQUEST_URL", request.url);
    variables.insert("ACTIONS_ID_TOKEN_REQUEST_TOKEN", request.token);
    variables.insert("RELAY_FAIL_ON_ERROR", "false".to_owned());
    expect(&variables, 0, "cannot be reached").await;
}

#[tokio::test]
async fn what_passes_by_itself_is_asked_again_after_as_long_as_the_answer_says() {
    let bodies: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&bodies);
    let relay = post(move |headers: HeaderMap, body: String| async move {
        assert_eq!(headers["authorization"], "Bearer aaa.bbb.ccc");
        seen.lock().unwrap().push(body);
        let first = seen.lock().unwrap().len() == 1;
        let (status, text) = if first { (503, "come back") } else { (200, "{\"ok\":true}") };
        (StatusCode::from_u16(status).unwrap(), [("Retry-After", "1")], text)
    });
    let token = get(|| async { "{\"count\":1,\"value\":\"aaa.bbb.ccc\"}" });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/relay", relay).route("/token", token);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut variables = BTreeMap::from([
        ("GITHUB_RUN_ID", "17".to_owned()),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", format!("http://{address}/token?api-version=2.0")),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t".to_owned()),
        ("RELAY_URL", format!("http://{address}/relay")),
        ("RELAY_STATUS", "completed".to_owned()),
        ("RELAY_CONCLUSION", "failure".to_owned()),
        ("RELAY_JOB_NAME", "test".to_owned()),
        ("RELAY_WORKFLOW_NAME", "CI".to_owned()),
        ("RELAY_EVENT_TYPE", "push".to_owned()),
        ("RELAY_DELIVERY_ID", "d-1".to_owned()),
        ("RELAY_TEST_RESULTS", "{\"passed\": 3, \"failed\": 2}".to_owned()),
        ("RELAY_FAILED_TESTS", "a::\"quoted\"\n\n  \nb \\ c\t{}\r\n".to_owned()),
        ("RELAY_RETRIES", "2".to_owned()),
    ]);
    let told = report(&variables).await;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    assert!(told.out.contains("The answer was 503; trying again in 1 s (1 of 2)."), "{}", told.out);
    let bodies = std::mem::take(&mut *bodies.lock().unwrap());
    assert!(bodies.len() == 2 && bodies[0] == bodies[1], "{bodies:?}");
    let body: Json = serde_json::from_str(&bodies[0]).unwrap();
    let workflow = json!({
        "status": "completed", "conclusion": "failure", "name": "CI", "job_name": "test",
        "run_id": "17", "run_attempt": "1", "url": "",
        "test_results": { "passed": 3, "failed": 2 },
        "failed_tests": [{ "name": "a::\"quoted\"" }, { "name": "b \\ c{}" }],
    });
    assert_eq!(body, json!({ "event_type": "push", "delivery_id": "d-1", "workflow": workflow }));

    // A token goes nowhere that others could listen in on.
    variables.insert("RELAY_URL", format!("http://relay.example:{}/relay", address.port()));
    let told = report(&variables).await;
    assert!(told.out.contains("a token is sent to https:// only") && !told.out.contains("add-mask"), "{}", told.out);
}

/// Set by `cargo xtask test` once the program is installed: a test that cannot find it then is broken.
const HANDSHAKE: &str = "SWITCHBOARD_SHELLCHECK";

#[test]
fn nothing_in_the_script_is_doubtful() {
    match Command::new("shellcheck").arg(folder().join("report.sh")).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(error) => {
            let required = [HANDSHAKE, "CI"].into_iter().find(|name| std::env::var_os(name).is_some());
            assert!(required.is_none(), "no shellcheck, and {} is set: {error}", required.unwrap_or_default());
            eprintln!("NOT TESTED: shellcheck is missing; on Debian: apt-get install shellcheck");
        }
    }
}

const BUDGET: Budget = Budget { bytes: 64 * 1024, depth: 16, nodes: 10_000, aliases: false };

fn read(file: &str) -> Node {
    yaml::parse(&std::fs::read(folder().join(file)).unwrap(), &BUDGET).unwrap().unwrap()
}

fn member<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    members(node).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn members(node: &Node) -> impl Iterator<Item = (&str, &Node)> {
    let entries = match &*node.value {
        Value::Map(entries) => entries.as_slice(),
        Value::Seq(_) | Value::Scalar(_) => &[],
    };
    entries.iter().map(|entry| (&*entry.key.text, &entry.value))
}

fn text(node: Option<&Node>) -> &str {
    match node.map(|node| &*node.value) {
        Some(Value::Scalar(scalar)) => &scalar.text,
        _ => "",
    }
}

fn steps(job: &Node) -> Vec<&Node> {
    match member(job, "steps").map(|steps| &*steps.value) {
        Some(Value::Seq(steps)) => steps.iter().collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_examples_reporting_jobs_run_nobodys_code_and_no_script_holds_foreign_text() {
    let example = read("example.yml");
    let jobs = member(&example, "jobs").unwrap();
    let mut reporting = 0;
    for (name, job) in members(jobs) {
        let steps = steps(job);
        let holds_token = text(member(member(job, "permissions").unwrap(), "id-token")) == "write";
        reporting += usize::from(holds_token);
        let report = |step: &&Node| text(member(step, "uses")).contains("/actions/report@");
        assert_eq!(steps.iter().all(report), holds_token, "{name}");
        assert!(steps.iter().all(|step| !text(member(step, "run")).contains("${{")), "{name}");
        assert!(text(member(job, "if")).contains("action != 'closed'"), "{name}");
    }
    assert_eq!(reporting, 2);
    assert_eq!(text(member(member(&example, "concurrency").unwrap(), "cancel-in-progress")), "true");
}

#[test]
fn the_action_passes_every_input_by_a_variable() {
    let action = read("action.yml");
    let inputs: Vec<&str> = members(member(&action, "inputs").unwrap()).map(|(name, _)| name).collect();
    let step = steps(member(&action, "runs").unwrap())[0];
    assert!(!text(member(step, "run")).contains("${{"));
    let passed: Vec<&str> = members(member(step, "env").unwrap()).map(|(_, value)| text(Some(value))).collect();
    for input in inputs {
        assert!(passed.contains(&format!("${{{{ inputs.{input} }}}}").as_str()), "{input} reaches no script");
    }
    let script = std::fs::read_to_string(folder().join("report.sh")).unwrap();
    for (name, _) in members(member(step, "env").unwrap()) {
        assert!(script.contains(name), "{name} is not read");
    }
}
