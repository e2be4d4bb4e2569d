//! What programs get.

use http::StatusCode;
use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;

use crate::site::{Site, end, play, run_of};
use crate::story::{arrange, world};

fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

fn has(value: &Value, names: &[&str]) {
    for name in names {
        assert!(members(value).contains(name), "{name} is missing in {value}");
    }
}

#[tokio::test]
async fn a_run_has_the_contracts_members() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let run = run_of(&world, "acme/api").await;
    let site = Site::open(&world);

    let answer = site.get(&format!("/api/v1/dispatcher/runs/{}", run.key)).await.json();
    has(&answer, &["runKey", "deliveryId", "source", "state", "rootRunKey", "depth", "path", "targets", "issue"]);
    let targets = answer["targets"].as_array().unwrap();
    let names =
        ["n", "repository", "workflow", "ref", "state", "reason", "hint", "attempts", "runId", "runUrl", "result"];
    targets.iter().for_each(|target| has(target, &names));
    let told: Vec<_> = targets.iter().map(|target| (&target["state"], &target["reason"], &target["result"])).collect();
    assert_eq!(
        json!(told),
        json!([
            ["succeeded", null, "success"],
            ["succeeded", null, "failure"],
            ["failed", "ref_not_found", null],
            ["denied", "inbound_not_authorized", null],
            ["denied", "missing_target_config", null],
        ])
    );
    assert!(answer["issue"]["number"].is_u64(), "{answer}");

    let journey = site.get(&format!("/api/v1/dispatcher/journey?deliveryId={}", run.delivery_id)).await.json();
    let kinds: Vec<_> =
        journey["facts"].as_array().unwrap().iter().map(|fact| fact["kind"].as_str().unwrap()).collect();
    assert_eq!(
        (journey["deliveryId"].as_str(), kinds[0], kinds[1]),
        (Some(run.delivery_id.as_str()), "dispatch.request.accepted", "dispatch.plan.created")
    );
    has(&journey["facts"][0], &["id", "at", "kind", "data"]);
    assert_eq!(site.get("/api/v1/dispatcher/journey").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(site.get("/api/v1/dispatcher/journey?deliveryId=x").await.status, StatusCode::NOT_FOUND);
    end(world).await;
}

#[tokio::test]
async fn figures_are_what_was_recorded() {
    let mut world = world(Config::default()).schedules().begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let site = Site::open(&world);

    let summary = site.get("/api/v1/dispatcher/summary?window=15").await.json();
    has(&summary, &["window", "totals", "health"]);
    has(&summary["window"], &["minutes", "from", "to", "counters", "successRate", "latency", "topRepos"]);
    has(&summary["window"]["latency"]["e2e"], &["p50", "p95"]);
    assert_eq!((&summary["window"]["minutes"], &summary["totals"]["failed"]), (&json!(15), &json!(1)));
    let health = site.get("/api/v1/dispatcher/health").await.json();
    has(&health, &["status", "reasons", "checks", "lastEventAt"]);
    has(&health["checks"][0], &["id", "label", "status", "detail"]);

    let trend = site.get("/api/v1/dispatcher/trend?hours=2").await.json();
    has(&trend["hours"][0], &["hour", "counters"]);
    assert!(trend["hours"][0]["counters"].get("plan_1").is_none());
    let api = site.get("/api/v1/dispatcher/trend?hours=2&repo=acme%2Fapi").await.json();
    assert_eq!(api["hours"][0]["counters"]["accepted"], 1);
    for query in [
        "summary?window=7",
        "trend?hours=0",
        "trend?hours=169",
        "trend?repo=x",
        "runs?limit=101",
        "runs?limit=0",
        "runs?reason=odd",
        "problems?cursor=%00",
        "problems?cursor=x",
        "repos?cursor=x",
        "runs?cursor=x",
        "runs?reason=ref_not_found&cursor=x",
    ] {
        let answer = site.get(&format!("/api/v1/dispatcher/{query}")).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        has(&answer.json(), &["type", "title", "status", "detail", "code"]);
    }
    end(world).await;
}

#[tokio::test]
async fn lists_are_read_in_pages_without_gaps_or_repeats() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    for _ in 0..3 {
        play(&mut world, &ci).await;
    }
    let site = Site::open(&world);
    for list in [
        "runs?",
        "runs?source=acme%2Fapi&",
        "runs?target=acme%2Fdeploy&",
        "runs?reason=ref_not_found&",
        "problems?",
        "repos?",
    ] {
        let whole = site.get(&format!("/api/v1/dispatcher/{list}limit=100")).await.json();
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = site.get(&format!("/api/v1/dispatcher/{list}limit=2{cursor}")).await.json();
            items.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(json!(items), whole["items"], "{list}");
        assert!(items.len() >= 3 && whole["next"].is_null(), "{list}");
    }
    let repo = site.get("/api/v1/dispatcher/repos/ACME/deploy").await.json();
    has(&repo, &["file", "out", "in"]);
    has(&repo["file"], &["state", "path", "diagnostics", "checkedAt"]);
    assert_eq!(repo["in"][0]["counters"]["succeeded"], 3);
    assert_eq!(site.get("/api/v1/dispatcher/repos/no/body").await.status, StatusCode::NOT_FOUND);
    end(world).await;
}

#[tokio::test]
async fn questions_are_answered_and_nothing_is_stored() {
    let mut world = world(Config::default()).begin().await;
    arrange(&mut world);
    let site = Site::open(&world);
    let lint = site.post_json("/api/v1/dispatcher/lint", "outbound:\n  - sauce: 1\n").await.json();
    assert_eq!(lint["valid"], false);
    has(&lint["diagnostics"][0], &["severity", "line", "column", "code", "path", "message", "hint"]);
    assert_eq!(site.post_json("/api/v1/dispatcher/lint", "# nothing\n").await.json()["valid"], true);

    let order = r#"{"repository": "acme/api", "workflow": "ci.yml"}"#;
    let simulated = site.post_json("/api/v1/dispatcher/simulate", order).await.json();
    let states: Vec<_> =
        simulated["targets"].as_array().unwrap().iter().map(|target| target["state"].clone()).collect();
    assert_eq!(json!(states), json!(["dispatched", "dispatched", "dispatched", "denied", "denied"]));
    let skipped = site
        .post_json("/api/v1/dispatcher/simulate", r#"{"repository": "acme/api", "workflow": "ci.yml", "branch": "x"}"#);
    assert_eq!(skipped.await.json()["skipped"]["reason"], "source_not_default_branch");
    for wrong in ["", "{}", r#"{"repository": "../x", "workflow": "ci.yml"}"#] {
        assert_eq!(site.post_json("/api/v1/dispatcher/simulate", wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert!(world.deliveries().await.is_empty());
    world.finish(&[]).await;
}
