use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::Clock;

use crate::api::actions::{DispatchRequest, dispatched_run};
use crate::api::issues::NewIssue;
use crate::api::repos::{File, KnownFile};
use crate::error::{Class, HoldScope, Reason};
use crate::observe::{CallObserver, Exchange, PutOff};
use crate::permission::{Access, Permission};
use crate::record::CallKind;
use crate::testing::{World, answer, dispatcher, reader, repo};
use crate::transport::{Request, TransportError};
use crate::{Answer, Auth, Error, InstallationId, RunId, Scope};

async fn dispatch(world: &World, workflow: &str) -> Result<Answer, Error> {
    let inputs = BTreeMap::from([("sha".to_owned(), "abc".to_owned())]);
    let request = DispatchRequest { git_ref: "main", inputs: &inputs, return_run_details: true };
    world.github.dispatch_workflow(dispatcher(), &repo(), workflow, &request).send().await
}

fn has_token(request: &Request) -> bool {
    request.headers.contains_key("authorization")
}

#[tokio::test]
async fn a_call_carries_what_github_wants() {
    let world = World::new();
    world.stub.will_answer([answer(200, &[], &json!({"workflow_run_id": 9, "html_url": "u", "more": null}))]);
    let sent = dispatch(&world, "c d.yml").await.unwrap();
    assert_eq!(dispatched_run(sent.body()).unwrap().workflow_run_id, RunId(9));
    let call = &world.stub.calls()[0];
    assert_eq!(call.url.as_str(), "https://api.github.com/repos/octo/hello/actions/workflows/c%20d.yml/dispatches");
    assert_eq!(call.headers["x-github-api-version"], "2022-11-28");
    assert_eq!(call.headers["accept"], "application/vnd.github+json");
    assert!(call.headers["user-agent"].to_str().unwrap().starts_with("switchboard/"));
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body, json!({"ref": "main", "inputs": {"sha": "abc"}, "return_run_details": true}));
    assert_eq!(dispatched_run(b""), None);
}

#[tokio::test]
async fn redirects_on_the_same_server_keep_method_and_body() {
    let world = World::new();
    world.stub.will_answer([
        answer(307, &[("location", "https://api.github.com/repositories/1/x?y=1")], &Value::Null),
        answer(301, &[("location", "/repositories/2/x")], &Value::Null),
        answer(204, &[], &Value::Null),
    ]);
    assert_eq!(dispatch(&world, "cd.yml").await.unwrap().status(), 204);
    let calls = world.stub.calls();
    assert_eq!(calls[1].url.as_str(), "https://api.github.com/repositories/1/x?y=1");
    assert_eq!(calls[2].url.as_str(), "https://api.github.com/repositories/2/x");
    for call in &calls {
        assert!(call.method == "POST" && call.body == calls[0].body && has_token(call));
    }
}

#[tokio::test]
async fn redirects_to_another_server_are_refused_and_send_no_token() {
    for location in [
        "https://evil.example/x",
        "http://api.github.com/x",
        "//evil.example/x",
        "https://api.github.com:444/x",
        "https://api.github.com@evil.example/",
        "file:///etc/passwd",
        "https://",
    ] {
        let world = World::new();
        world.stub.will_answer([answer(307, &[("location", location)], &Value::Null)]);
        let error = dispatch(&world, "cd.yml").await.unwrap_err();
        let elsewhere =
            world.stub.calls().iter().any(|call| call.url.origin().ascii_serialization() != "https://api.github.com");
        assert!(!elsewhere, "{location}");
        assert_eq!((error.code(), world.stub.calls().len()), ("redirect_refused", 1), "{location}");
    }
    let world = World::new();
    world.stub.will_answer((0..6).map(|_| answer(301, &[("location", "/x")], &Value::Null)));
    assert_eq!(dispatch(&world, "cd.yml").await.unwrap_err().code(), "redirect_refused");
    assert_eq!(world.stub.calls().len(), 6);
}

#[tokio::test]
async fn an_unchanged_read_costs_nothing() {
    let world = World::new();
    let etag = ("etag", "W/\"1\"");
    let (first, unchanged) = (answer(200, &[etag], &json!({"a": 1})), || answer(304, &[], &Value::Null));
    world.stub.will_answer([first, unchanged(), answer(200, &[("etag", "W/\"2\"")], &json!({"a": 2})), unchanged()]);
    let read = async || world.github.contents(reader(), &repo(), "f").conditional().send().await.unwrap();
    let spent = || world.github.budget(InstallationId(7)).points_minute;
    for (body, revalidated, points) in [(1, false, 1), (1, true, 1), (2, false, 2), (2, true, 2)] {
        let answer = read().await;
        assert_eq!(answer.body(), &json!({"a": body}).to_string());
        assert_eq!((answer.is_revalidated(), answer.status(), spent()), (revalidated, 200, points));
    }
    let sent: Vec<_> = world.stub.calls().iter().map(|call| call.headers.get("if-none-match").cloned()).collect();
    assert_eq!(
        sent,
        [None, Some("W/\"1\"".parse().unwrap()), Some("W/\"1\"".parse().unwrap()), Some("W/\"2\"".parse().unwrap())]
    );

    // Neither another scope nor an unconditional read is told what this one knows.
    world.github.contents(dispatcher(), &repo(), "f").conditional().send().await.unwrap();
    world.github.contents(reader(), &repo(), "f").send().await.unwrap();
    assert!(world.stub.calls()[4..].iter().all(|call| !call.headers.contains_key("if-none-match")));
}

#[tokio::test]
async fn equal_reads_under_way_share_one_answer() {
    let world = World::new();
    world.github.repository(reader(), &repo()).send().await.unwrap();
    world.stub.close();
    world.stub.will_answer([answer(404, &[], &json!({}))]);
    let (github, log) = world.github.recording();
    let tasks: Vec<_> = (0..5).map(|_| tokio::spawn(github.contents(reader(), &repo(), "f").send())).collect();
    let other = tokio::spawn(github.contents(reader(), &repo(), "g").send());
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    world.stub.open();
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap_err().reason(), Some(Reason::NotFound));
    }
    other.await.unwrap().unwrap();
    assert_eq!(world.stub.calls().len(), 3);
    let kinds: Vec<CallKind> = log.records().iter().map(|record| record.kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == CallKind::Shared).count(), 4);
    assert_eq!(kinds.iter().filter(|kind| **kind == CallKind::Read).count(), 2);
}

#[tokio::test]
async fn equal_writes_are_never_shared() {
    let world = World::new();
    let (a, b) = tokio::join!(dispatch(&world, "cd.yml"), dispatch(&world, "cd.yml"));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(world.stub.calls().len(), 2);
}

#[tokio::test]
async fn dispatcher_31_a_told_wait_holds_one_installation_and_no_other() {
    let world = World::new();
    world.stub.will_answer([answer(403, &[("retry-after", "37")], &json!({"message": "secondary rate limit"}))]);
    let at = world.clock.now() + Duration::from_secs(37);
    let held = Class::RetryAfter { at, scope: HoldScope::Installation(InstallationId(7)) };
    assert_eq!(dispatch(&world, "cd.yml").await.unwrap_err().class(), held);
    assert_eq!(dispatch(&world, "other.yml").await.unwrap_err().class(), held);
    assert_eq!(world.stub.calls().len(), 1);
    let other = Scope::new(InstallationId(8), Permission::CONTENTS, Access::Read);
    world.github.repository(other, &repo()).send().await.unwrap();
    world.clock.advance(Duration::from_secs(37));
    dispatch(&world, "cd.yml").await.unwrap();
}

#[tokio::test]
async fn a_write_is_sent_once_and_a_lost_answer_is_said_to_be_lost() {
    for (outcome, class) in [
        (Err(TransportError::Timeout), Class::Ambiguous),
        (Err(TransportError::Reset), Class::Ambiguous),
        (Err(TransportError::Connect), Class::Transient),
        (answer(502, &[], &json!({})), Class::Ambiguous),
        (answer(422, &[], &json!({"message": "No ref found for: main"})), Class::Permanent(Reason::Rejected)),
    ] {
        let world = World::new();
        world.stub.will_answer([outcome]);
        let error = dispatch(&world, "cd.yml").await.unwrap_err();
        assert_eq!((error.class(), world.stub.calls().len()), (class, 1));
    }
    let world = World::new();
    world.stub.will_answer([answer(201, &[], &json!("not an issue"))]);
    let issue = NewIssue { title: "t", body: "b" };
    let error = world.github.create_issue(dispatcher(), &repo(), &issue).fetch().await.unwrap_err();
    assert_eq!(error.class(), Class::Ambiguous);
}

#[tokio::test]
async fn every_call_is_noted_without_secrets() {
    let world = World::new();
    let (github, log) = world.github.recording();
    let headers = [("x-github-request-id", "A:1"), ("x-ratelimit-remaining", "4990")];
    world.stub.will_answer([answer(200, &headers, &json!({})), Err(TransportError::Reset)]);
    github.contents(reader(), &repo(), "a b").query("q", "x&y").send().await.unwrap();
    github.repository(reader(), &repo()).send().await.unwrap_err();
    world.github.repository(reader(), &repo()).send().await.unwrap();
    let records = log.records();
    let kinds: Vec<_> = records.iter().map(|record| (record.kind, record.status)).collect();
    assert_eq!(kinds, [(CallKind::Mint, Some(201)), (CallKind::Read, Some(200)), (CallKind::Read, None)]);
    assert_eq!(records[1].route, "/repos/{owner}/{repo}/contents/{path…}");
    assert_eq!(records[1].path, "/repos/octo/hello/contents/a%20b?q=x%26y");
    assert_eq!((records[1].request_id.as_deref(), records[1].remaining), (Some("A:1"), Some(4990)));
    assert_eq!(records[1].scope, "contents: read on all repositories of installation 7");
    assert_eq!(records[2].failure.as_deref(), Some("connection lost"));
    let printed =
        format!("{records:?} {} {:?} {:?}", serde_json::to_string(&records).unwrap(), world.github, world.stub.calls());
    assert!(!printed.contains("ghs_") && !printed.contains("eyJ"), "{printed}");
}

#[derive(Debug, Default)]
struct Heard {
    exchanges: Mutex<Vec<Exchange>>,
    put_off: Mutex<Vec<PutOff>>,
}

impl CallObserver for Heard {
    fn exchanged(&self, exchange: &Exchange) {
        self.exchanges.lock().unwrap().push(*exchange);
    }

    fn put_off(&self, reason: PutOff) {
        self.put_off.lock().unwrap().push(reason);
    }
}

#[tokio::test]
async fn whoever_measures_hears_of_every_call_and_of_those_that_were_put_off() {
    let world = World::new();
    let heard = Arc::new(Heard::default());
    let github = world.github.observed(heard.clone());
    let (recording, log) = github.recording();
    for n in 0..210 {
        recording.contents(reader(), &repo(), &format!("f{n}")).send().await.unwrap();
    }
    github.repository(reader(), &repo()).send().await.unwrap();
    world.stub.will_answer([Err(TransportError::Reset), answer(403, &[("retry-after", "60")], &json!({}))]);
    github.repository(reader(), &repo()).send().await.unwrap_err();
    github.repository(reader(), &repo()).send().await.unwrap_err();
    github.repository(reader(), &repo()).send().await.unwrap_err();
    let exchanges = heard.exchanges.lock().unwrap().clone();
    assert_eq!((exchanges.len(), log.records().len()), (1 + 210 + 1 + 2, 200), "a mint and every call");
    let told = |n: usize| (exchanges[n].kind, exchanges[n].method, exchanges[n].route, exchanges[n].status);
    assert_eq!(told(0), (CallKind::Mint, "POST", "/app/installations/{installation}/access_tokens", Some(201)));
    assert_eq!(told(1), (CallKind::Read, "GET", "/repos/{owner}/{repo}/contents/{path…}", Some(200)));
    assert_eq!(told(212), (CallKind::Read, "GET", "/repos/{owner}/{repo}", None));
    assert_eq!(told(213).3, Some(403));
    assert_eq!(*heard.put_off.lock().unwrap(), [PutOff::Held]);
}

#[tokio::test]
async fn a_value_that_fits_no_path_sends_nothing() {
    let world = World::new();
    for path in ["../x", "a//b", ""] {
        let error = world.github.contents(reader(), &repo(), path).send().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::RequestInvalid), "{path}");
    }
    assert!(world.stub.calls().is_empty() && world.stub.mints().is_empty());
}

#[tokio::test]
async fn a_file_that_another_process_has_read_is_only_asked_about() {
    let world = World::new();
    world.stub.will_answer([
        answer(304, &[], &Value::Null),
        answer(200, &[("etag", "W/\"2\"")], &json!("new")),
        answer(304, &[], &Value::Null),
    ]);
    let known = || Some(KnownFile { bytes: "old".into(), etag: "W/\"1\"".to_owned() });
    let read = async || world.github.file_known(reader(), &repo(), "f", Some("main"), known(), 99).await.unwrap();
    let found = |text: &str, revalidated, etag: &str| File::Found {
        bytes: text.to_owned().into(),
        revalidated,
        etag: Some(etag.to_owned()),
    };
    assert_eq!(read().await, found("old", true, "W/\"1\""));
    assert_eq!(read().await, found("\"new\"", false, "W/\"2\""));
    assert_eq!(read().await, found("\"new\"", true, "W/\"2\""), "what the client has read itself counts");
    assert!(world.stub.calls().iter().all(|call| call.url.query() == Some("ref=main")));
}

#[tokio::test]
async fn a_file_is_found_missing_too_large_or_no_file() {
    let raw = ("content-type", "application/vnd.github.raw+json; charset=utf-8");
    for (outcome, expected) in [
        (answer(200, &[raw], &json!("x")), File::Found { bytes: "\"x\"".into(), revalidated: false, etag: None }),
        (answer(200, &[raw], &json!("too long")), File::TooLarge),
        (answer(200, &[("content-type", "application/json; charset=utf-8")], &json!([])), File::NotAFile),
        (answer(404, &[], &json!({})), File::Missing),
    ] {
        let world = World::new();
        world.stub.will_answer([outcome]);
        assert_eq!(world.github.file(reader(), &repo(), "dispatching.yml", 5).await.unwrap(), expected);
        assert_eq!(world.stub.calls()[0].headers["accept"], "application/vnd.github.raw+json");
    }
    let world = World::new();
    world.stub.will_answer([answer(403, &[], &json!({"message": "Resource not accessible by integration"}))]);
    let error = world.github.file(reader(), &repo(), "dispatching.yml", 5).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::PermissionMissing));
    world.stub.will_mint((0..3).map(|_| answer(404, &[], &json!({}))));
    let elsewhere = Scope::new(InstallationId(8), Permission::CONTENTS, Access::Read);
    let error = world.run(world.github.file(elsewhere, &repo(), "dispatching.yml", 5)).await.unwrap_err();
    assert_eq!(error.reason(), Some(Reason::NotInstalled), "a missing installation is no missing file");
}

#[tokio::test]
async fn the_delivery_list_is_paged_by_cursor() {
    let world = World::new();
    let link = ("link", "<https://api.github.com/app/hook/deliveries?per_page=100&cursor=v1_5>; rel=\"next\"");
    let delivery = json!({"id": 5, "guid": "g", "status_code": 502, "status": "Bad Gateway", "throttled_at": null, "action": null});
    world.stub.will_answer([
        answer(200, &[link], &json!([delivery])),
        answer(200, &[], &json!([])),
        answer(
            200,
            &[],
            &json!({"id": 5, "guid": "g", "request": {"headers": {"X-GitHub-Event": "push"}, "payload": {"a": 1.50}}}),
        ),
        answer(202, &[], &json!({})),
    ]);
    let first = world.github.hook_deliveries(None).fetch().await.unwrap();
    assert!(!first.value[0].succeeded() && first.value[0].guid == "g");
    let cursor = first.answer.next().unwrap().cursor().unwrap();
    let second = world.github.hook_deliveries(Some(&cursor)).fetch().await.unwrap();
    assert!(second.value.is_empty() && second.answer.next().is_none());
    let detail = world.github.hook_delivery(first.value[0].id).fetch().await.unwrap().value;
    assert_eq!(detail.request.unwrap().payload.unwrap().get(), r#"{"a":1.5}"#);
    world.github.redeliver(first.value[0].id).send().await.unwrap();
    let paths: Vec<_> = world.stub.calls().iter().map(|call| call.url.path().to_owned()).collect();
    assert_eq!(paths[2..], ["/app/hook/deliveries/5", "/app/hook/deliveries/5/attempts"]);
    assert_eq!(world.stub.calls()[1].url.query(), Some("per_page=100&cursor=v1_5"));
}

#[tokio::test]
async fn answers_that_do_not_fit_say_so() {
    let world = World::new();
    world.stub.will_answer([answer(200, &[], &json!({"id": "x"})), answer(200, &[], &json!({"id": 1}))]);
    let read = || world.github.call(Auth::App, &crate::endpoint::APP, &[]).typed::<crate::api::app::App>();
    assert_eq!(read().fetch().await.unwrap_err().reason(), Some(Reason::AnswerUnreadable));
    assert_eq!(read().max_body(3).fetch().await.unwrap_err().reason(), Some(Reason::AnswerTooLarge));
}
