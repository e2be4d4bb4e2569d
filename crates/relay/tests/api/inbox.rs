//! The inbox: a downstream catches up with the token of one of its runs, and with nothing else.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use switchboard_relay::config::Config;
use switchboard_relay::records::{keys, views};
use switchboard_simulator::{Downstream, Provider, PullSpec, RunId};

use crate::support::reports::Answer;
use crate::support::*;

const LIST: &str = "L1: [one/a]\nL2: [{ two/b: { branches: [release] } }]";

fn quiet() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(600 * MINUTE)
}

/// A town in which so many pull requests were dispatched, and a run of `one/a` that asks.
async fn dispatched(config: Config, pulls: u32) -> (Town, RunId) {
    let mut town = Town::with(config, LIST).await;
    for repo in ["one/a", "two/b"] {
        town.downstream(repo, quiet());
    }
    for n in 0..pulls {
        town.up.open_pull(PullSpec::new(&format!("Change {n}")).association("MEMBER"));
        town.minutes(1).await;
    }
    let run = town.runs("one/a")[0];
    (town, run)
}

async fn ask(town: &Town, token: Option<&str>, query: &str) -> Answer {
    let mut request = Request::get(format!("/api/v1/relay/inbox{query}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    town.request(request.body(Body::empty()).unwrap()).await
}

async fn read(town: &Town, run: RunId, query: &str) -> Value {
    let answer = ask(town, Some(&town.token("one/a", run).mint()), query).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_downstream_catches_up_with_everything_in_order_and_each_once() {
    let (mut town, run) = dispatched(config(), 5).await;
    let whole = read(&town, run, "").await;
    let items = whole["items"].as_array().unwrap();
    assert_eq!((items.len(), &whole["next"]), (5, &Value::Null));
    let dispatches = town.dispatches().await;
    for (item, dispatch) in items.iter().zip(&dispatches) {
        assert_eq!((&item["delivery_id"], &item["event_type"]), (&json!(dispatch.delivery_id), &json!("pull_request")));
        assert_eq!((&item["seq"], &item["state"]), (&json!(dispatch.seq.to_string()), &json!("sent")));
        let names: Vec<&String> = item["client_payload"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["delivery_id", "event_type", "payload"]);
        assert_eq!(item["client_payload"]["payload"]["number"], json!(dispatch.number));
    }
    // What is asked for is what the workflow was given.
    let given = &town.world.github.find("one/a").unwrap().runs()[0].inputs;
    assert_eq!(items[0]["client_payload"].as_object(), Some(given));

    let (mut caught_up, mut after) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = read(&town, run, &format!("?limit=2{after}")).await;
        caught_up.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(json!(caught_up), whole["items"]);

    // Later it asks for what has come since.
    let last = items[4]["seq"].as_str().unwrap();
    assert_eq!(read(&town, run, &format!("?after={last}")).await, json!({ "items": [], "next": null }));
    town.up.open_pull("One more");
    town.minutes(1).await;
    let since = read(&town, run, &format!("?after={last}")).await;
    assert_eq!(since["items"][0]["client_payload"]["payload"]["pull_request"]["title"], "One more");
    town.end_as_written().await;
}

#[tokio::test]
async fn only_a_run_of_a_listed_repository_is_answered_and_only_with_its_own() {
    let (mut town, run) = dispatched(config(), 1).await;
    let token = || town.token("one/a", run);
    for (what, token, refusal) in [
        ("expired", token().expired().mint(), (401, "token_invalid")),
        ("for somebody else", token().audience("somebody-else").mint(), (401, "token_invalid")),
        ("forged", token().forged().mint(), (401, "token_invalid")),
        ("unsigned", token().unsigned().mint(), (401, "token_invalid")),
        ("an unknown issuer's", token().claim("iss", "https://evil.example").mint(), (401, "issuer_unknown")),
        ("of no repository", token().without("repository").mint(), (401, "claims_missing")),
        (
            "of a contributor's run",
            token().claim("event_name", "pull_request_target").mint(),
            (403, "untrusted_trigger"),
        ),
        ("noise", "a.b.c".to_owned(), (401, "token_invalid")),
    ] {
        let before = (town.world.store_reads(), town.world.store_writes());
        let answer = ask(&town, Some(&token), "").await;
        assert_eq!(answer.refusal(), refusal, "{what}: {}", answer.body);
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
        assert_eq!(answer.header("www-authenticate") == "Bearer", refusal.0 == 401, "{what}");
        assert_eq!((town.world.store_reads(), town.world.store_writes()), before, "{what}");
    }
    assert_eq!(ask(&town, None, "").await.refusal(), (401, "token_missing"));
    assert_eq!(ask(&town, Some("sbt_operator-token-of-the-tests"), "").await.refusal(), (401, "token_invalid"));

    // A name that stands for another repository now is somebody else.
    let stranger = token().claim("repository_id", "424242").mint();
    assert_eq!(ask(&town, Some(&stranger), "").await.refusal(), (403, "identity_changed"));
    // Whoever was sent nothing has nothing.
    town.world.repository("two/b").start_nightly(quiet(), &"a".repeat(40)).unwrap();
    town.minutes(1).await;
    let other = town.token("two/b", town.runs("two/b")[0]).mint();
    assert_eq!(ask(&town, Some(&other), "").await.body, json!({ "items": [], "next": null }));
    // Off the list is out.
    town.up.file(".github/allowlist.yml", "L2: [two/b]\n");
    town.refresh().await;
    assert_eq!(ask(&town, Some(&town.token("one/a", run).mint()), "").await.refusal(), (403, "not_allowed"));
    town.end_as_written().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_or_too_often_is_refused() {
    let (mut town, run) = dispatched(Config { rate_limit_per_minute: 10, ..config() }, 1).await;
    let token = town.token("one/a", run).mint();
    for wrong in ["?limit=0", "?limit=51", "?limit=x", "?after=x", "?after=%00", "?after=../two"] {
        assert_eq!(ask(&town, Some(&token), wrong).await.refusal(), (422, "parameter_invalid"), "{wrong}");
    }
    assert_eq!(ask(&town, Some(&token), "?limit=1&limit=2").await.refusal(), (400, "request_invalid"));
    let post = Request::post("/api/v1/relay/inbox").body(Body::empty()).unwrap();
    let refused = town.request(post).await;
    assert_eq!((refused.refusal(), refused.header("allow")), ((405, "method"), "GET, HEAD"));

    for _ in 0..10 {
        assert_eq!(ask(&town, Some(&token), "").await.status, 200);
    }
    let refused = ask(&town, Some(&token), "").await;
    assert_eq!(refused.refusal(), (429, "rate_limited"));
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    town.world.run_for(std::time::Duration::from_secs(wait.into())).await;
    assert_eq!(ask(&town, Some(&token), "").await.status, 200, "whoever waits as told gets through");

    town.world.github.issuer(Provider::GitHubActions).fault().times(1).status(502);
    town.world.restart().await;
    let refused = ask(&town, Some(&token), "").await;
    assert_eq!((refused.refusal(), refused.header("retry-after").is_empty()), ((503, "keys_unavailable"), false));
    town.minutes(2).await;
    for nth in 1..=5 {
        town.world.fail_read(nth);
        assert_eq!(
            ask(&town, Some(&town.token("one/a", run).mint()), "").await.refusal(),
            (503, "store"),
            "read {nth}"
        );
    }
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_12_what_is_held_or_expired_has_no_payload() {
    let (mut town, run) = dispatched(Config { hold_new_authors: true, ..config() }, 1).await;
    let newcomer = PullSpec::new("Mine coins").by("eve").forked().association("FIRST_TIME_CONTRIBUTOR");
    let pull = town.up.open_pull(newcomer);
    town.minutes(1).await;
    let held = read(&town, run, "").await["items"][1].clone();
    assert_eq!((&held["state"], &held["client_payload"]), (&json!("held"), &Value::Null));
    pull.label("crcr/approved");
    town.minutes(1).await;
    let released = read(&town, run, "").await["items"][1].clone();
    assert_eq!(released["client_payload"]["payload"]["number"], pull.number());

    pull.push("More");
    town.minutes(1).await;
    let items = read(&town, run, "").await["items"].clone();
    let superseded = &items[1]["superseded"];
    assert_eq!((&superseded["why"], &superseded["by"]), (&json!("new_head"), &items[2]["delivery_id"]));
    assert_eq!(items[2]["state"], "held");

    let first = items[0]["delivery_id"].as_str().unwrap();
    town.write(&views::BODY, &keys::dispatch(first), Value::Null).await;
    let expired = read(&town, run, "").await["items"][0].clone();
    assert_eq!((&expired["state"], &expired["client_payload"]), (&json!("sent"), &Value::Null));
    town.write(&views::TARGET, &keys::target(first, &name("one/a")), Value::Null).await;
    assert_eq!(read(&town, run, "").await["items"][0]["state"], Value::Null);
    town.end_as_written().await;
}
