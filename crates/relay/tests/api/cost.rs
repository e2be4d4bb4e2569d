//! What an answer costs: reads of the store by key or by one range of keys, within the contract's bounds.

use switchboard_simulator::Downstream;

use crate::site::{Site, played};
use crate::support::*;

/// Each route with how often it may read, the panel's own frame included.
async fn routes(town: &Town) -> Vec<(String, u64)> {
    let id = town.newest_of("three/c").await;
    let head = town.dispatches().await.pop().unwrap().head;
    // A page of the matrix is one range of rows; ten reads for the strip; a chart is one range.
    [
        ("matrix".to_owned(), 1),
        ("matrix?kind=push&limit=50".to_owned(), 1),
        ("matrix?repo=three%2Fc".to_owned(), 1),
        ("matrix?repo=three%2Fc&failing=1".to_owned(), 1),
        ("matrix?failing=1".to_owned(), 1),
        ("repos".to_owned(), 2),
        ("repos/three/c".to_owned(), 7),
        ("repos/three/c/results".to_owned(), 101),
        ("prs/1".to_owned(), 126),
        (format!("commits/{head}"), 97),
        (format!("dispatches/{id}"), 68),
        (format!("gate/1?sha={head}"), 52),
        ("series?days=90".to_owned(), 1),
        ("series?repo=three%2Fc&metric=queue&days=7".to_owned(), 1),
        ("levels".to_owned(), 2),
        ("allowlist".to_owned(), 1),
        ("status".to_owned(), 10),
    ]
    .into_iter()
    .collect()
}

#[tokio::test]
async fn relay_17_every_answer_stays_within_its_bound_and_nothing_is_aggregated() {
    let (mut town, _) = played().await;
    for n in 0..12 {
        town.up.open_pull(format!("Change {n}").as_str());
        town.minutes(1).await;
    }
    town.minutes(30).await;
    let site = Site::open(&town);
    let _ = town.world.statements();
    let (mut looked_at, routes) = (0, routes(&town).await);
    for (path, bound) in &routes {
        let before = (town.world.store_reads(), town.world.store_writes());
        let answer = site.ask(path).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.body);
        let reads = town.world.store_reads() - before.0;
        assert!(reads <= *bound, "{path}: {reads} reads of {bound}");
        assert_eq!(town.world.store_writes(), before.1, "{path} writes");
        for (sql, plan) in town.world.statements() {
            looked_at += plan.len();
            let upper = sql.to_uppercase();
            for word in ["COUNT(", "SUM(", "AVG(", "TOTAL(", "GROUP BY", "DISTINCT", "GROUP_CONCAT("] {
                assert!(!upper.contains(word), "{path} aggregates: {sql}");
            }
            for line in plan {
                assert!(!line.contains("SCAN") && !line.contains("TEMP B-TREE"), "{path}: {line}: {sql}");
            }
        }
    }
    assert!(looked_at >= routes.len(), "the statements were not seen: {looked_at}");
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_17_an_inbox_of_50_reads_at_most_103_times() {
    let mut town = Town::with(config(), "L1: [one/a]").await;
    town.downstream("one/a", Downstream::run("CI").result("build").never_reports().succeeds_after(600 * MINUTE));
    for n in 0..52 {
        town.up.open_pull(format!("Change {n}").as_str());
        town.minutes(1).await;
    }
    let token = town.token("one/a", town.runs("one/a")[0]).mint();
    let request = |query: &str| {
        let request = http::Request::get(format!("/api/v1/relay/inbox{query}"));
        request.header("authorization", format!("Bearer {token}")).body(axum::body::Body::empty()).unwrap()
    };
    let before = (town.world.store_reads(), town.world.store_writes());
    let page = town.request(request("")).await.body;
    assert_eq!(page["items"].as_array().unwrap().len(), 50);
    assert_eq!((town.world.store_reads() - before.0, town.world.store_writes()), (103, before.1));
    let rest = town.request(request(&format!("?after={}", page["next"].as_str().unwrap()))).await.body;
    assert_eq!((rest["items"].as_array().unwrap().len(), rest["next"].is_null()), (2, true));
    town.end_as_written().await;
}
