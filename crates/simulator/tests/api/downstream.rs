use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::Clock as _;
use switchboard_simulator::{
    Access, BuildkiteJob, CallbackView, DeliveryOutcome, Downstream, Fault, OutgoingCallback, RunStatus, WebhookFault,
};

use crate::support::{World, json_of, refused, request};

const DISPATCHES: &str = "/repos/acme/target/dispatches";
const MINUTE: Duration = Duration::from_secs(60);

async fn token(world: &World) -> String {
    world.installation.set_permissions(&[("contents", Access::Write), ("actions", Access::Write)]);
    world.token().await
}

fn body(payload: &Value) -> Value {
    json!({
        "event_type": "pull_request",
        "client_payload": { "event_type": "pull_request", "delivery_id": "d-1", "payload": payload },
    })
}

fn opened(number: u64) -> Value {
    body(&json!({ "action": "opened", "number": number, "pull_request": { "number": number } }))
}

/// How often things may become due in one go.
const STEPS: usize = 1_000;

/// Lets time pass until nothing is left to happen, and does so to every report that leaves.
fn each_report(world: &World, mut seen: impl FnMut(OutgoingCallback)) {
    for _ in 0..STEPS {
        let Some(due) = world.github.next_due() else { break };
        world.clock.advance_to(due);
        let _ = world.github.take_due();
        world.github.take_due_callbacks().into_iter().for_each(&mut seen);
    }
    assert_eq!(world.github.next_due(), None, "things become due without end");
}

/// Lets time pass until nothing is left to happen, and answers every report with 200. What arrived, and when.
fn play(world: &World) -> Vec<(u64, CallbackView)> {
    let start = world.clock.now();
    let known = world.github.callbacks().iter().filter(|callback| callback.sent_at.is_some()).count();
    each_report(world, |callback| world.github.report_callback(callback.id, DeliveryOutcome::Answered(200)));
    let new = world.github.callbacks().split_off(known);
    new.into_iter().map(|callback| (callback.sent_at.unwrap().since(start).as_secs(), callback)).collect()
}

/// When, which result, which status and conclusion.
fn told(reports: &[(u64, CallbackView)]) -> Vec<(u64, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let line = |(at, c): &(u64, CallbackView)| {
        let workflow = &c.body["workflow"];
        let end = if workflow["conclusion"].is_null() { &workflow["status"] } else { &workflow["conclusion"] };
        (*at, text(&workflow["job_name"]), text(end))
    };
    reports.iter().map(line).collect()
}

fn lines(list: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
    list.iter().map(|(at, name, end)| (*at, (*name).to_owned(), (*end).to_owned())).collect()
}

#[tokio::test]
async fn a_dispatch_starts_a_run_that_reports_back() {
    let world = World::new();
    let token = token(&world).await;
    let ci = world.target.on_dispatch(Downstream::run("CI").result("build").succeeds_after(5 * MINUTE));
    let begun = world.clock.now();
    assert_eq!(world.post(DISPATCHES, &token, opened(7)).await.status(), 204);
    let reports = play(&world);
    assert_eq!(told(&reports), lines(&[(10, "build", "in_progress"), (310, "build", "success")]));

    let run = ci.runs().pop().unwrap();
    let report = &reports[1].1;
    assert_eq!((report.repository.as_deref(), report.run), (Some("acme/target"), Some(run.id)));
    assert_eq!(report.url, "http://127.0.0.1:3000/github/callback");
    assert_eq!(report.body["event_type"], "pull_request");
    assert_eq!(report.body["delivery_id"], "d-1");
    assert_eq!(report.body["payload"], opened(7)["client_payload"]["payload"]);
    let job = world.target.jobs(run.id).pop().unwrap();
    let workflow = &report.body["workflow"];
    assert_eq!((&workflow["name"], &workflow["run_attempt"]), (&json!("CI"), &json!("1")));
    assert_eq!(
        (&workflow["run_id"], &workflow["check_run_id"]),
        (&json!(run.id.to_string()), &json!(job.id.to_string()))
    );
    assert!(report.token.split('.').count() == 3 && report.token != reports[0].1.token);
    assert_eq!((run.event.as_str(), run.conclusion.as_deref()), ("repository_dispatch", Some("success")));

    let since = begun.rfc3339_seconds().replace(':', "%3A");
    let path = format!("/repos/acme/target/actions/runs?event=repository_dispatch&created=%3E%3D{since}");
    let listed = json_of(&world.get(&path, &token).await);
    assert_eq!((&listed["total_count"], &listed["workflow_runs"][0]["id"]), (&json!(1), &json!(run.id)));
    assert_eq!(listed["workflow_runs"][0]["display_title"], "pull_request");
}

#[tokio::test]
async fn webhooks_tell_of_the_run_to_who_subscribes() {
    let world = World::new();
    let token = token(&world).await;
    let _ = world.github.take_due();
    world.target.on_dispatch(Downstream::run("CI").result("build").fails_after(MINUTE));
    world.post(DISPATCHES, &token, opened(7)).await;
    let mut seen = Vec::new();
    for _ in 0..STEPS {
        let Some(due) = world.github.next_due() else { break };
        world.clock.advance_to(due);
        let _ = world.github.take_due_callbacks();
        for delivery in world.github.take_due() {
            let payload: Value = serde_json::from_slice(&delivery.body).unwrap();
            let action = payload["action"].as_str().unwrap().to_owned();
            seen.push((delivery.event, action, payload["workflow_run"]["conclusion"].clone()));
        }
    }
    let event = |action: &str, conclusion: Value| ("workflow_run".to_owned(), action.to_owned(), conclusion);
    let expected =
        [event("requested", Value::Null), event("in_progress", Value::Null), event("completed", json!("failure"))];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn results_go_each_their_own_way() {
    let world = World::new();
    let token = token(&world).await;
    let script = Downstream::run("CI")
        .waits(MINUTE)
        .matrix("test", 2)
        .starts_after(MINUTE)
        .concludes("neutral", MINUTE)
        .result("quiet")
        .never_reports()
        .succeeds_after(MINUTE)
        .result("late")
        .only_completes()
        .fails_after(4 * MINUTE)
        .result("lost")
        .only_starts()
        .succeeds_after(MINUTE)
        .result("split")
        .job_concludes("failure")
        .says(&json!({ "test_results": { "passed": 3, "failed": 0, "skipped": 1 } }))
        .succeeds_after(MINUTE);
    let ci = world.target.on_dispatch(script);
    world.post(DISPATCHES, &token, opened(7)).await;
    let reports = play(&world);
    let expected = [
        (60, "lost", "in_progress"),
        (60, "split", "in_progress"),
        (120, "test (1)", "in_progress"),
        (120, "test (2)", "in_progress"),
        (120, "split", "success"),
        (180, "test (1)", "neutral"),
        (180, "test (2)", "neutral"),
        (300, "late", "failure"),
    ];
    assert_eq!(told(&reports), lines(&expected));
    assert_eq!(reports[4].1.body["workflow"]["test_results"]["passed"], 3);
    let run = ci.runs().pop().unwrap();
    assert_eq!(run.conclusion.as_deref(), Some("failure"));
    let jobs =
        json_of(&world.get(&format!("/repos/acme/target/actions/runs/{}/attempts/1/jobs", run.id), &token).await);
    let ends: Vec<(&str, &str)> = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["name"].as_str().unwrap(), job["conclusion"].as_str().unwrap()))
        .collect();
    let expected = [
        ("test (1)", "success"),
        ("test (2)", "success"),
        ("quiet", "success"),
        ("late", "failure"),
        ("lost", "success"),
        ("split", "failure"),
    ];
    assert_eq!(ends, expected);
}

#[tokio::test]
async fn failed_jobs_run_again_under_the_old_run_and_a_new_attempt() {
    let world = World::new();
    let token = token(&world).await;
    let script = Downstream::run("CI")
        .result("build")
        .succeeds_after(MINUTE)
        .matrix("test", 2)
        .fails_after(2 * MINUTE)
        .then_succeeds_after(MINUTE);
    let ci = world.target.on_dispatch(script);
    world.post(DISPATCHES, &token, opened(7)).await;
    let run = ci.runs().pop().unwrap().id;
    let at = |rest: &str| format!("/repos/acme/target/actions/runs/{run}/{rest}");
    refused(&world.post(&at("rerun-failed-jobs"), &token, json!({})).await, 403, "This workflow is already running");
    play(&world);
    let answer = world.post(&at("rerun-failed-jobs"), &token, json!({})).await;
    assert_eq!((answer.status().as_u16(), json_of(&answer)), (201, json!({})));
    let again = play(&world);
    let legs = [
        (10, "test (1)", "in_progress"),
        (10, "test (2)", "in_progress"),
        (70, "test (1)", "success"),
        (70, "test (2)", "success"),
    ];
    assert_eq!(told(&again), lines(&legs));
    assert_eq!(again[0].1.body["delivery_id"], "d-1");
    assert_eq!(again[0].1.body["workflow"]["run_attempt"], "2");
    let view = ci.runs().pop().unwrap();
    assert_eq!((view.id, view.attempt, view.conclusion.as_deref()), (run, 2, Some("success")));
    let names = |answer: &Value| {
        let jobs = answer["jobs"].as_array().unwrap();
        jobs.iter().map(|job| (job["run_attempt"].as_u64().unwrap(), job["id"].as_u64().unwrap())).collect::<Vec<_>>()
    };
    let second = names(&json_of(&world.get(&at("attempts/2/jobs"), &token).await));
    assert_eq!(
        second.iter().map(|(attempt, _)| *attempt).collect::<Vec<_>>(),
        [2, 2, 2],
        "what succeeded is carried over"
    );
    assert_eq!(names(&json_of(&world.get(&at("jobs"), &token).await)), second);
    assert_eq!(names(&json_of(&world.get(&at("jobs?filter=all"), &token).await)).len(), 6);
    refused(&world.get(&at("attempts/3/jobs"), &token).await, 404, "Not Found");
    refused(&world.post(&at("rerun-failed-jobs"), &token, json!({})).await, 403, "This workflow run cannot be retried");
    assert_eq!(world.post(&at("rerun"), &token, json!({})).await.status(), 201);
    assert_eq!(told(&play(&world)).len(), 6, "everything runs again");
}

#[tokio::test]
async fn a_run_that_never_ends_goes_on_until_somebody_cancels_it() {
    let world = World::new();
    let token = token(&world).await;
    let ci = world.target.on_dispatch(Downstream::run("CI").result("build").never_ends());
    world.post(DISPATCHES, &token, opened(7)).await;
    assert_eq!(told(&play(&world)), lines(&[(10, "build", "in_progress")]));
    world.pass(86_400);
    let run = ci.runs().pop().unwrap();
    assert_eq!(run.status, RunStatus::InProgress);
    world.target.cancel_run(run.id);
    assert_eq!(told(&play(&world)), lines(&[(0, "build", "cancelled")]));
    assert_eq!(ci.runs()[0].conclusion.as_deref(), Some("cancelled"));
}

#[tokio::test]
async fn a_newer_run_cancels_an_older_one_of_the_same_pull_request() {
    let world = World::new();
    let token = token(&world).await;
    let script = Downstream::run("CI").cancels_in_progress().result("build").succeeds_after(5 * MINUTE);
    let ci = world.target.on_dispatch(script);
    world.post(DISPATCHES, &token, opened(7)).await;
    world.post(DISPATCHES, &token, opened(8)).await;
    world.pass(60);
    world.post(DISPATCHES, &token, opened(7)).await;
    let closed = body(&json!({ "action": "closed", "number": 8, "pull_request": { "number": 8 } }));
    world.post(DISPATCHES, &token, closed).await;
    play(&world);
    let ends: Vec<Option<String>> = ci.runs().into_iter().map(|run| run.conclusion).collect();
    let ends: Vec<&str> = ends.iter().map(|end| end.as_deref().unwrap()).collect();
    assert_eq!(ends, ["cancelled", "cancelled", "success", "skipped"]);
}

#[tokio::test]
async fn reports_get_lost_delayed_and_doubled() {
    let world = World::new();
    let token = token(&world).await;
    world.target.on_dispatch(Downstream::run("CI").results(["a", "b"]).succeeds_after(MINUTE));
    world.github.callback_fault(Some("in_progress"), 1, WebhookFault::Drop);
    world.github.callback_fault(Some("in_progress"), 1, WebhookFault::Delay(2 * MINUTE));
    world.github.callback_fault(Some("completed"), 1, WebhookFault::Duplicate);
    world.post(DISPATCHES, &token, opened(7)).await;
    let mut left = Vec::new();
    each_report(&world, |callback| {
        let body: Value = serde_json::from_slice(&callback.body).unwrap();
        left.push(format!("{} {}", body["workflow"]["job_name"], body["workflow"]["status"]).replace('"', ""));
    });
    assert_eq!(left, ["a completed", "a completed", "b completed", "b in_progress"]);
    assert_eq!(world.github.callbacks()[0].outcome, Some(DeliveryOutcome::Unreachable));
}

#[tokio::test]
async fn a_nightly_run_reports_once() {
    let world = World::new();
    let script = Downstream::run("Nightly").reports_to("http://relay.invalid/x").result("all").succeeds_after(MINUTE);
    let sha = "0123456789abcdef0123456789abcdef01234567";
    world.target.start_nightly(script.tampered(&json!({ "event_type": "periodic" })), sha).unwrap();
    let reports = play(&world);
    assert_eq!(told(&reports), lines(&[(70, "all", "success")]));
    let report = &reports[0].1;
    assert_eq!((&report.body["event_type"], &report.body["delivery_id"]), (&json!("periodic"), &json!(sha)));
    assert_eq!(report.url, "http://relay.invalid/x");
}

#[tokio::test]
async fn a_dispatch_has_limits() {
    let world = World::new();
    let token = token(&world).await;
    let dispatch = |event_type: &str, payload: Value| {
        let body = json!({ "event_type": event_type, "client_payload": payload });
        let (world, token) = (&world, &token);
        async move { world.post(DISPATCHES, token, body).await }
    };
    let empty = json!({ "a": "" }).to_string().len();
    let sized = |bytes: usize| json!({ "a": "x".repeat(bytes - empty) });
    assert_eq!(dispatch(&"t".repeat(100), sized(65_535)).await.status(), 204);
    refused(&dispatch("t", sized(65_536)).await, 422, "client_payload is too large.");
    refused(&dispatch(&"t".repeat(101), json!({})).await, 422, "Invalid request.");
    let many: Value = (0..11).map(|n| (n.to_string(), json!(n))).collect::<serde_json::Map<_, _>>().into();
    let answer = dispatch("t", many).await;
    refused(&answer, 422, "Invalid request.");
    let text = json_of(&answer)["message"].as_str().unwrap().to_owned();
    assert!(text.ends_with("No more than 10 properties are allowed; 11 were supplied."), "{text}");
    refused(&world.post("/repos/acme/absent/dispatches", &token, opened(1)).await, 404, "Not Found");
    let narrow = world.narrow_token(json!({ "repositories": ["target"], "permissions": { "contents": "read" } })).await;
    refused(&world.post(DISPATCHES, &narrow, opened(1)).await, 403, "Resource not accessible by integration");
    let elsewhere = json!({ "repositories": ["source"], "permissions": { "contents": "write" } });
    refused(&world.post(DISPATCHES, &world.narrow_token(elsewhere).await, opened(1)).await, 404, "Not Found");
}

#[tokio::test]
async fn a_dispatch_whose_answer_is_lost_has_started_its_run() {
    let world = World::new();
    let token = token(&world).await;
    let ci = world.target.on_dispatch(Downstream::run("CI").on_types(&["pull_request"]).result("a").never_ends());
    world.github.fault("POST", "/repos/*/*/dispatches").lose_answer();
    world.github.fault("POST", "/repos/*/*/dispatches").reset();
    let dispatch = || request("POST", DISPATCHES, &token, Some(opened(7)));
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Reset);
    assert_eq!(ci.runs().len(), 1);
    assert_eq!(world.try_send(dispatch()).await.unwrap_err(), Fault::Reset);
    assert_eq!(ci.runs().len(), 1);
    let mut push = opened(7);
    push["event_type"] = json!("push");
    assert_eq!(world.post(DISPATCHES, &token, push).await.status(), 204);
    assert_eq!(ci.runs().len(), 1, "nobody listens to that");
}

#[tokio::test]
async fn a_story_may_report_by_hand() {
    let world = World::new();
    let job = BuildkiteJob::new("organization", "pipeline", "job");
    let token = world.github.buildkite_token(&job, "relay").mint();
    let id = world.github.call_back(&token, &json!({ "workflow": { "status": "completed" } }));
    let reports = play(&world);
    assert_eq!((reports[0].1.id, reports[0].1.run, reports[0].1.token.as_str()), (id, None, token.as_str()));
    assert_eq!(reports[0].1.outcome, Some(DeliveryOutcome::Answered(200)));
}
