//! Pull requests, commits and dispatches, with all that is known of their targets.

use serde_json::{Value, json};
use switchboard_simulator::Downstream;

use crate::site::{Site, played};
use crate::support::reports::Said;
use crate::support::*;

fn target<'v>(answer: &'v Value, repo: &str) -> &'v Value {
    answer["targets"].as_array().unwrap().iter().find(|target| target["repository"] == repo).expect("it is a target")
}

#[tokio::test]
async fn a_pull_request_tells_the_newest_target_of_each_entry() {
    let (mut town, pull) = played().await;
    let site = Site::open(&town);
    let told = site.get(&format!("prs/{}", pull.number())).await;
    assert_eq!(
        (&told["number"], &told["state"], &told["base"]),
        (&json!(pull.number()), &json!("open"), &json!("main"))
    );
    assert_eq!((&told["headSha"], &told["labels"]), (&json!(pull.head_sha()), &json!([LABEL])));
    assert_eq!(told["targets"].as_array().unwrap().len(), 3);
    assert_eq!(told["skipped"][0]["repository"], "two/b");
    assert_eq!(told["skipped"][0]["reason"]["code"], "labels");

    let third = target(&told, "three/c");
    assert_eq!((&third["level"], &third["device"], &third["state"]), (&json!("L3"), &json!("cuda"), &json!("sent")));
    assert_eq!((&third["shown"], &third["done"], &third["worst"]), (&json!("failed"), &json!(true), &json!("failure")));
    assert_eq!((&third["passed"], &third["total"], &third["resultsTotal"]), (&json!(1), &json!(2), &json!(2)));
    let run = town.runs("three/c")[0];
    assert_eq!((&third["runs"][0]["id"], &third["runs"][0]["ended"]), (&json!(run.to_string()), &json!(true)));
    assert_eq!(third["runs"][0]["url"], format!("https://github.com/three/c/actions/runs/{run}"));
    let results = third["results"].as_array().unwrap();
    let ends: Vec<_> =
        results.iter().map(|result| (&result["result"], &result["conclusion"], &result["status"])).collect();
    assert_eq!(json!(ends), json!([["build", "success", "completed"], ["test", "failure", "completed"]]));
    assert_eq!(results[0]["executionMs"], 5 * 60_000);
    assert!(results[0]["queueMs"].is_u64() && results[0]["deadline"].is_null(), "{}", results[0]);
    let checks: Vec<&str> =
        third["checks"].as_array().unwrap().iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(checks, ["crcr/three/c", "crcr/three/c/CI/build", "crcr/three/c/CI/test"]);
    let first = target(&told, "one/a");
    assert_eq!((&first["results"], &first["checks"], &first["runs"]), (&json!([]), &json!([]), &json!([])));

    let id = told["dispatches"][0]["deliveryId"].as_str().unwrap();
    let dispatch = site.get(&format!("dispatches/{id}")).await;
    assert_eq!(target(&dispatch, "three/c"), third);
    assert_eq!((&dispatch["kind"], &dispatch["action"]), (&json!("pr"), &json!("opened")));
    let commit = site.get(&format!("commits/{}", pull.head_sha().to_uppercase())).await;
    assert_eq!((&commit["dispatches"], &commit["more"]), (&json!([dispatch]), &json!([])));

    pull.push("More");
    town.minutes(1).await;
    let old = site.get(&format!("dispatches/{id}")).await;
    assert_eq!(old["superseded"]["why"], "new_head");
    assert_eq!(
        site.get(&format!("prs/{}", pull.number())).await["dispatches"][0]["deliveryId"],
        old["superseded"]["by"]
    );
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn an_entrys_results_are_read_in_pages_newest_first() {
    let (mut town, _) = played().await;
    for title in ["Second", "Third"] {
        town.up.open_pull(title);
        town.minutes(20).await;
    }
    let site = Site::open(&town);
    let whole = site.get("repos/three/c/results").await;
    let (mut items, mut before) = (Vec::new(), String::new());
    for _ in 0..10 {
        let page = site.get(&format!("repos/Three/C/results?limit=1{before}")).await;
        items.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        before = format!("&before={next}");
    }
    assert_eq!((json!(items), items.len()), (whole["items"].clone(), 3));
    let numbers: Vec<u64> = items.iter().map(|item| item["number"].as_u64().unwrap()).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    assert_eq!((&items[0]["state"], items[0]["results"].as_array().unwrap().len()), (&json!("failed"), 2));
    assert_eq!(site.get("repos/one/a/results").await["items"][0]["results"], json!([]));
    assert_eq!(site.get("repos/three/c/results?kind=nightly").await["items"], json!([]));
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn what_runs_has_a_deadline_and_what_was_reported_beside_is_told() {
    let mut town = Town::with(config(), "L4: [four/d]").await;
    town.downstream("four/d", Downstream::run("CI").result("build").never_reports().succeeds_after(600 * MINUTE));
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.newest_of("four/d").await, town.runs("four/d")[0]);
    assert_eq!(town.report("four/d", run, &Said::started(&id, run).job("slow")).await.status, 200);
    let said = Said::ended(&id, run, "failure")
        .workflow("url", "javascript:alert(1)")
        .workflow("artifact_url", "https://example.org/log.txt")
        .workflow("test_results", json!({ "passed": 3, "failed": 1, "skipped": 0 }))
        .workflow("failed_tests", json!([{ "name": "<script>alert(1)</script>", "message": "boom" }]))
        .workflow("environment", json!({ "driver": "1.2" }));
    assert_eq!(town.report("four/d", run, &said).await.status, 200);
    town.world.settle().await;
    let site = Site::open(&town);
    let told = site.get(&format!("dispatches/{id}")).await;
    let results = target(&told, "four/d")["results"].as_array().unwrap();
    let (ended, running) = (&results[0], &results[1]);
    assert_eq!((&running["status"], &running["conclusion"]), (&json!("running"), &Value::Null));
    assert!(running["deadline"].as_str().is_some_and(|at| at.ends_with('Z')), "{running}");
    assert_eq!((&ended["url"], &ended["artifactUrl"]), (&Value::Null, &json!("https://example.org/log.txt")));
    assert_eq!(ended["tests"], json!({ "passed": 3, "failed": 1, "skipped": 0, "total": 4 }));
    assert_eq!(ended["failedTests"][0]["name"], "<script>alert(1)</script>");
    assert_eq!((&ended["environment"], &ended["executionMs"]), (&json!({ "driver": "1.2" }), &Value::Null));
    let one = site.get("repos/four/d").await;
    assert_eq!(one["openResults"][0]["result"], "slow");
    assert_eq!((&one["open"], &one["openResults"][0]["deadline"]), (&json!(1), &running["deadline"]));
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn a_nightly_is_found_by_its_commit() {
    let mut town = Town::with(config(), "L2: [{ two/b: { refs: [] } }]").await;
    let sha = town.up.push("main", "Fix", &[("a.txt", "a")]);
    town.minutes(1).await;
    let repository = town.world.repository("two/b");
    repository.start_nightly(Downstream::run("Nightly").result("test").succeeds_after(MINUTE), &sha).unwrap();
    town.minutes(10).await;
    let site = Site::open(&town);
    let told = site.get(&format!("commits/{sha}")).await;
    let kinds: Vec<_> =
        told["dispatches"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"nightly"), "{kinds:?}");
    let night = site.get(&format!("dispatches/{sha}")).await;
    assert_eq!((&night["ref"], &night["targets"][0]["results"][0]["conclusion"]), (&json!("main"), &json!("success")));
    assert_eq!(site.get("matrix?kind=nightly").await["items"][0]["deliveryId"], sha);
    drop(site);
    town.end_as_written().await;
}
