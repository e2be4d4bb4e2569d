//! Cases 13 to 15 and 18 to 20: what the endpoint believes, refuses, ignores and takes.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Request;
use serde_json::json;
use switchboard_relay::config::{BUILDKITE_ISSUER, Config, Pipeline, Provider, UnknownRepo};
use switchboard_relay::records::Kind;
use switchboard_simulator::{BuildkiteJob, Downstream, RunId};

use crate::support::reports::*;
use crate::support::*;

const LIST: &str = "L1: [one/a]\nL2: [two/b, { other/e: { events: [pull_request] } }]";

fn silent() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(600 * MINUTE)
}

/// A town in which a pull request was dispatched, with the delivery id and the run that it started at `two/b`.
async fn dispatched_to(config: Config) -> (Town, String, RunId) {
    let mut town = Town::with(config, LIST).await;
    for repo in ["one/a", "two/b", "other/e"] {
        town.downstream(repo, silent());
    }
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("two/b")[0]);
    (town, id, run)
}

fn sent_to_all() -> [switchboard_simulator::Expected; 3] {
    ["one/a", "two/b", "other/e"].map(|repo| dispatched(1, repo))
}

#[tokio::test]
async fn relay_13_tokens_that_nobody_should_believe_are_refused_before_the_store_is_read() {
    let (town, id, run) = dispatched_to(config()).await;
    let said = Said::started(&id, run);
    let token = || town.token("two/b", run);
    let forged = [
        ("expired", token().expired().mint(), "token_invalid"),
        ("wrong audience", token().audience("somebody-else").mint(), "token_invalid"),
        ("unknown issuer", token().claim("iss", "https://evil.example").mint(), "issuer_unknown"),
        ("alg none", token().unsigned().mint(), "token_invalid"),
        ("HS256 with the public key", token().signed_with_public_key().mint(), "token_invalid"),
        ("unknown kid", token().signed_with_unknown_key().mint(), "token_invalid"),
        ("somebody else's key", token().forged().mint(), "token_invalid"),
        ("not yet valid", token().not_yet_valid().mint(), "token_invalid"),
        ("no run", token().without("run_id").mint(), "claims_missing"),
        ("no repository", token().without("repository").mint(), "claims_missing"),
        ("no token", String::new(), "token_missing"),
        ("noise", "a.b.c".to_owned(), "token_invalid"),
        ("a megabyte", "a".repeat(1024 * 1024), "token_invalid"),
    ];
    for (what, token, code) in forged {
        let before = (town.world.store_reads(), town.world.store_writes());
        let answer = town.say(&token, &said).await;
        assert_eq!(answer.refusal(), (401, code), "{what}: {}", answer.body);
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{what}");
        assert_eq!((town.world.store_reads(), town.world.store_writes()), before, "{what}");
        assert!(!answer.body["detail"].as_str().unwrap().is_empty() && !answer.body["hint"].is_null(), "{what}");
    }
    assert_eq!(town.say(&token().mint(), &said).await.status, 200, "an honest one is believed");
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_13_keys_that_cannot_be_had_are_said_to_be_ours_to_mend() {
    let (town, id, run) = dispatched_to(config()).await;
    town.world.github.issuer(switchboard_simulator::Provider::GitHubActions).fault().times(1).status(502);
    let answer = town.report("two/b", run, &Said::started(&id, run)).await;
    assert_eq!(answer.refusal(), (503, "keys_unavailable"));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_14_a_run_speaks_for_itself_and_for_one_dispatch_alone() {
    let (mut town, id, run) = dispatched_to(config()).await;
    let other = RunId(run.0 + 1);
    let answer = town.report("two/b", run, &Said::started(&id, other)).await;
    assert_eq!(answer.refusal(), (403, "run_mismatch"));
    let token = town.token("two/b", run).claim("run_attempt", "2").mint();
    assert_eq!(town.say(&token, &Said::started(&id, run).attempt(1)).await.refusal(), (403, "run_mismatch"));
    for event in ["pull_request", "pull_request_target", "pull_request_review", "issue_comment"] {
        let token = town.token("two/b", run).claim("event_name", event).mint();
        assert_eq!(town.say(&token, &Said::started(&id, run)).await.refusal(), (403, "untrusted_trigger"), "{event}");
    }

    // The first dispatch that a run reports for is the only one, and a token speaks for one result.
    let token = town.token("two/b", run).mint();
    assert_eq!(town.say(&token, &Said::started(&id, run)).await.status, 200);
    assert_eq!(town.say(&token, &Said::started(&id, run).job("test")).await.refusal(), (403, "token_reused"));
    assert_eq!(town.say(&token, &Said::ended(&id, run, "success")).await.status, 200, "both reports of one result");
    town.up.open_pull("Another");
    town.minutes(1).await;
    let second = town.dispatches().await[1].delivery_id.clone();
    let answer = town.report("two/b", run, &Said::started(&second, run).job("test")).await;
    assert_eq!(answer.refusal(), (403, "run_bound"));
    let answer = town.report("two/b", run, &Said::started("never-was", run).job("test")).await;
    assert_eq!(answer.refusal(), (403, "run_bound"), "whether or not the other one exists");
    // What happened is remembered across a restart.
    town.world.restart().await;
    let answer = town.report("two/b", run, &Said::started(&second, run).job("test")).await;
    assert_eq!(answer.refusal(), (403, "run_bound"));
    assert_eq!(town.say(&token, &Said::started(&id, run).job("test")).await.refusal(), (403, "token_reused"));
    town.end(&["one/a", "two/b", "other/e"].map(|repo| dispatched(2, repo))).await;
}

#[tokio::test]
async fn relay_14_a_name_that_stands_for_another_repository_now_is_somebody_else() {
    let (town, id, run) = dispatched_to(config()).await;
    let token = town.token("two/b", run).claim("repository_id", "424242").mint();
    assert_eq!(town.say(&token, &Said::started(&id, run)).await.refusal(), (403, "identity_changed"));
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_14_a_pipeline_speaks_for_the_repository_it_is_mapped_to() {
    let pipeline = Pipeline {
        organization_id: "org-uuid".to_owned(),
        pipeline_id: "pipe-uuid".to_owned(),
        repo: name("two/b"),
        required_claims: BTreeMap::from([("build_branch".to_owned(), vec!["main".to_owned()])]),
    };
    let provider = Provider { issuer: BUILDKITE_ISSUER.to_owned(), pipelines: vec![pipeline] };
    let (mut town, id, _) = dispatched_to(Config { providers: vec![provider], ..config() }).await;
    let build = "0190046e-e199-453b-a302-a21a4d649d31";
    let said = Said::started(&id, build).workflow("url", "https://buildkite.com/acme/nightly/builds/1");
    let token = |job: &BuildkiteJob| town.world.github.buildkite_token(job, AUDIENCE).mint();
    let unmapped = BuildkiteJob::new("org-uuid", "another", "job");
    assert_eq!(town.say(&token(&unmapped), &said).await.refusal(), (403, "pipeline_unmapped"));
    let branch = BuildkiteJob::new("org-uuid", "pipe-uuid", "job").on("feature");
    assert_eq!(town.say(&token(&branch), &said).await.refusal(), (403, "claim_refused"));
    let mapped = BuildkiteJob::new("org-uuid", "pipe-uuid", "job");
    let answer = town.say(&token(&mapped), &said).await;
    assert_eq!((answer.status, answer.body), (200, json!({ "ok": true, "status": "in_progress" })));
    town.minutes(1).await;
    assert_eq!(town.result().await.run_id, build);
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_15_what_is_below_l2_or_unknown_is_ignored_without_a_write() {
    let (mut town, id, _) = dispatched_to(config()).await;
    let stranger = town.world.repository("some/body");
    let strange = stranger.on_dispatch(silent()).start_run(&switchboard_simulator::RunSpec::default()).unwrap();
    for (repo, run) in [("one/a", town.runs("one/a")[0]), ("some/body", strange)] {
        let (before, deliveries) = (town.world.store_writes(), town.world.deliveries().await.len());
        let answer = town.report(repo, run, &Said::started(&id, run)).await;
        assert_eq!((answer.status, answer.body), (200, json!({ "ok": true, "status": "ignored" })), "{repo}");
        // Whatever the body is: it is not even read.
        let answer = town.send(&town.token(repo, run).mint(), "not JSON").await;
        assert_eq!(answer.body["status"], "ignored");
        assert_eq!((town.world.store_writes(), town.world.deliveries().await.len()), (before, deliveries), "{repo}");
    }
    assert!(town.results().await.is_empty());
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_15_strangers_are_refused_where_the_operator_forbids_them() {
    let (town, id, _) = dispatched_to(Config { unknown_repo: UnknownRepo::Forbid, ..config() }).await;
    let run = town.runs("one/a")[0];
    let answer = town.report("one/a", run, &Said::started(&id, run)).await;
    assert_eq!(answer.refusal(), (403, "not_allowed"));
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_15_before_there_is_a_list_a_report_is_asked_to_come_back() {
    let mut town = Town::with(config(), "L5: nonsense\nL1: 7").await;
    let run = {
        let repository = town.world.repository("two/b");
        repository.on_dispatch(silent()).start_run(&switchboard_simulator::RunSpec::default()).unwrap()
    };
    let answer = town.report("two/b", run, &Said::started("d-1", run)).await;
    assert_eq!(answer.refusal(), (503, "allowlist_unavailable"));
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0);
    // Nothing is dropped meanwhile: what happened upstream is dispatched once there is a list.
    town.up.open_pull("Add a kernel");
    town.minutes(5).await;
    assert!(town.dispatches().await.is_empty());
    town.up.file(".github/allowlist.yml", "L2: [two/b]");
    town.refresh().await;
    town.minutes(30).await;
    assert_eq!(town.dispatches().await.len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_18_the_same_report_again_is_a_duplicate_whatever_its_clock_says() {
    let (mut town, id, run) = dispatched_to(config()).await;
    let at =
        |second: u8| Said::ended(&id, run, "success").workflow("started_at", format!("2026-01-01T00:00:0{second}Z"));
    let first = town.report("two/b", run, &at(1).with("payload", json!({ "action": "opened" }))).await;
    assert_eq!(first.body, json!({ "ok": true, "status": "completed" }));
    let again = town.report("two/b", run, &at(2).with("payload", json!({ "action": "closed" }))).await;
    assert_eq!((again.status, again.body), (200, json!({ "ok": true, "status": "completed", "duplicate": true })));
    town.minutes(1).await;
    let again = town.report("two/b", run, &at(3).without("started_at").workflow("run_id", run.0)).await;
    assert_eq!(again.body["duplicate"], true, "a number is the same run as its text");
    town.minutes(1).await;
    assert_eq!(town.results().await.len(), 1);
    assert_eq!(town.rows(Kind::PullRequest).await.len(), 1);
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_18_another_attempt_is_no_duplicate_though_only_its_token_says_so() {
    let (mut town, id, run) = dispatched_to(config()).await;
    for attempt in ["1", "2"] {
        let token = town.token("two/b", run).claim("run_attempt", attempt).mint();
        let answer = town.say(&token, &Said::started(&id, run)).await;
        assert_eq!(answer.body, json!({ "ok": true, "status": "in_progress" }), "attempt {attempt}");
        town.minutes(1).await;
    }
    let attempts: Vec<_> = town.results().await.into_iter().map(|result| result.attempt).collect();
    assert_eq!(attempts, [1, 2]);
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_19_what_is_wrong_with_a_body_is_named() {
    let (town, id, run) = dispatched_to(config()).await;
    let ended = || Said::ended(&id, run, "success");
    let fields = [
        (ended().without("conclusion"), "workflow.conclusion"),
        (ended().workflow("conclusion", "maybe"), "workflow.conclusion"),
        (ended().workflow("conclusion", json!(null)), "workflow.conclusion"),
        (ended().workflow("status", "queued"), "workflow.status"),
        (ended().workflow("run_id", "abc"), "workflow.run_id"),
        (ended().workflow("run_id", "9223372036854775808"), "workflow.run_id"),
        (ended().workflow("run_attempt", 0), "workflow.run_attempt"),
        (ended().workflow("name", ""), "workflow.name"),
        (ended().workflow("name", "a\nb"), "workflow.name"),
        (ended().job(&"x".repeat(256)), "workflow.job_name"),
        (ended().with("delivery_id", "a/b"), "delivery_id"),
        (ended().with("event_type", "release"), "event_type"),
        (ended().with("event_type", "push"), "event_type"),
        (ended().with("workflow", json!([])), "workflow"),
    ];
    for (said, field) in fields {
        let answer = town.report("two/b", run, &said).await;
        assert_eq!(answer.refusal(), (400, "field"), "{said:?}");
        assert!(answer.body["detail"].as_str().unwrap().contains(&format!("`{field}`")), "{field}: {}", answer.body);
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nan = ended().0.to_string().replacen("null", "NaN", 1).replacen("\"success\"", "NaN", 1);
    for body in ["[]", "null", "\"text\"", "{", "", &nan, &deep] {
        let answer = town.send(&town.token("two/b", run).mint(), body.to_owned()).await;
        assert_eq!(answer.refusal(), (400, "json"), "{body:.40}");
    }
    let token = town.token("two/b", run).mint();
    let large = ended().with("payload", json!({ "text": "x".repeat(3 * 1024 * 1024) })).0.to_string();
    assert_eq!(town.send(&token, large.clone()).await.refusal(), (413, "too_large"));
    let announced = post(CALLBACK, &token).header("content-length", large.len()).body(Body::from(large)).unwrap();
    assert_eq!(town.request(announced).await.refusal(), (413, "too_large"));
    assert!(town.world.deliveries().await.iter().all(|delivery| delivery.key.platform != "callback"));
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_19_methods_types_and_addresses_are_the_contracts() {
    let (town, id, run) = dispatched_to(config()).await;
    let token = town.token("two/b", run).mint();
    let body = || Body::from(Said::started(&id, run).0.to_string());
    let get = Request::get(CALLBACK).header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    let answer = town.request(get).await;
    assert_eq!((answer.refusal(), answer.header("allow")), ((405, "method"), "POST"));
    let text = post(CALLBACK, &token).header("content-type", "text/plain").body(body()).unwrap();
    assert_eq!(town.request(text).await.refusal(), (415, "content_type"));
    let slash = post("/github/callback/", &token).header("content-type", "application/json; charset=utf-8");
    assert_eq!(town.request(slash.body(body()).unwrap()).await.status, 200);
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_19_somebody_elses_dispatch_is_as_unknown_as_one_that_never_was() {
    let (town, id, run) = dispatched_to(config()).await;
    let never = town.report("two/b", run, &Said::started("never-was", run)).await;
    assert_eq!(never.refusal(), (400, "unknown_dispatch"));
    let mut town = town;
    town.up.file(".github/allowlist.yml", format!("{LIST}\nL4: [late/f]"));
    town.refresh().await;
    town.downstream("late/f", silent());
    let theirs = town.world.github.find("late/f").unwrap().workflow("ci.yml");
    let late = theirs.start_run(&switchboard_simulator::RunSpec::default()).unwrap();
    let foreign = town.report("late/f", late, &Said::started(&id, late)).await;
    assert_eq!((foreign.status, &foreign.body), (400, &never.body), "nobody learns which ids exist");
    town.end(&sent_to_all()).await;
}

#[tokio::test]
async fn relay_20_the_hundred_and_first_waits_as_long_as_told_and_then_gets_through() {
    let (mut town, id, run) = dispatched_to(config()).await;
    let job = |n: u32| Said::started(&id, run).job(&format!("test ({n})"));
    for n in 1..=100 {
        assert_eq!(town.report("two/b", run, &job(n)).await.status, 200, "{n}");
        // What is refused does not count.
        let refused = town.report("two/b", run, &job(n).workflow("status", "odd")).await;
        assert_eq!(refused.status, if n < 100 { 400 } else { 429 });
    }
    let answer = town.report("two/b", run, &job(101)).await;
    assert_eq!(answer.refusal(), (429, "rate_limited"));
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait));
    for _ in 1..wait {
        town.world.run_for(MINUTE / 60).await;
        assert_eq!(town.report("two/b", run, &job(101)).await.status, 429);
    }
    town.world.run_for(MINUTE / 60).await;
    assert_eq!(town.report("two/b", run, &job(101)).await.status, 200);
    town.end(&sent_to_all()).await;
}

fn post(uri: &str, token: &str) -> http::request::Builder {
    Request::post(uri).header("authorization", format!("Bearer {token}"))
}
