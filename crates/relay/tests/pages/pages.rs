//! The pages around the matrix.

use http::{StatusCode, header};
use switchboard_simulator::{Downstream, PullSpec};

use crate::site::town;
use crate::support::{LABEL, MINUTE};

const LIST: &str = "\
L1: [ one/a ]
L2:
  - two/b: { oncalls: [alice], refs: [refs/heads/main], timeout_minutes: 90 }
L3: { cuda: { three/c: } }
L4: [ four/d ]
";

async fn played() -> crate::support::Town {
    let mut town = town(LIST).await;
    for repo in ["one/a", "three/c", "four/d"] {
        town.downstream(repo, Downstream::run("CI").result("build").succeeds_after(MINUTE));
    }
    let tests = serde_json::json!({ "test_results": { "passed": 7, "failed": 2, "skipped": 1 },
        "failed_tests": [{ "name": "test_add", "message": "1 is not 2" }] });
    town.downstream("two/b", Downstream::run("CI").result("build").says(&tests).fails_after(5 * MINUTE));
    town.up.open_pull(PullSpec::new("Add a kernel").by("alice").labels(&[LABEL]));
    town.soon().await;
    town
}

#[tokio::test]
async fn a_pull_request_has_a_section_for_each_entry_with_results_checks_and_what_is_next() {
    let town = played().await;
    let page = town.page("/relay/prs/1").await;
    page.shows(&[
        "#1 <bdi>Add a kernel</bdi>",
        "two/b",
        "three/c",
        "four/d",
        "one/a",
        "Sent. On L1 reports are not taken.",
        "Done: 0 of 1 passed.",
        "test_add",
        "1 is not 2",
        "7 passed",
        "2 failed",
        "of 10",
        "crcr/three/c/CI/build",
        "crcr/four/d",
        "merge gate",
        "open",
        "nothing scheduled",
    ]);
    page.hides(&["1th", "2th", "3th"]);
    let section = |repo: &str| page.body.find(&format!("id=\"{repo}\"")).unwrap();
    assert!(section("two-b") < section("four-d"), "what failed stands first");
    let id = town.newest_of("two/b").await;
    for path in [format!("/relay/dispatches/{id}"), format!("/relay/dispatches/{id}/two/b")] {
        town.page(&path).await.shows(&["two/b", "test_add", "delivery", "event"]);
    }
    // The panel's own page of it shows the same in brief, and leads there.
    let subject = town.page("/subjects/org/up/1").await;
    subject.shows(&["id=\"about\"", "href=\"/relay/prs/1\"", &format!("href=\"/relay/dispatches/{id}/two/b\"")]);
    let commit = town.dispatches().await[0].head.clone();
    town.page(&format!("/subjects/org/up/@{commit}")).await.shows(&["id=\"about\"", "four/d"]);
    town.page("/subjects/two/b").await.hides(&["id=\"about\""]);
    let found = town.get(&format!("/search?q={id}")).await;
    assert!(found.status.is_redirection() || found.body.contains(&format!("/relay/dispatches/{id}")), "{}", found.body);
    for path in ["/relay/prs/9", "/relay/dispatches/none", &format!("/relay/dispatches/{id}/nobody/here")] {
        assert_eq!(town.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    town.end_as_written().await;
}

#[tokio::test]
async fn an_entry_has_a_page_with_options_windows_its_matrix_and_its_installation() {
    let mut town = played().await;
    // The numbers of the windows follow within a minute.
    town.minutes(2).await;
    let page = town.page("/relay/repos/two/b").await;
    page.shows(&[
        "L2 observation",
        "alice",
        "refs/heads/main",
        "90 min",
        "24 hours",
        "90 days",
        "0 of 1",
        "0 %",
        "build",
        ">installed<",
        "Reset the pinned id",
        "average queue",
        "under 10 min",
    ]);
    page.hides(&["not listed"]);
    let three = town.page("/relay/repos/three/c").await;
    three.shows(&["cuda", LABEL, "1 of 1", "100 %"]);
    let gone = town.get("/relay/repos/nobody/here").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    town.end_as_written().await;
}

#[tokio::test]
async fn levels_trends_allowlist_and_setup_say_what_they_promise() {
    let mut town = played().await;
    // Levels are evaluated after midnight.
    town.minutes(60 * 13).await;
    let levels = town.page("/relay/levels").await;
    levels.shows(&["L4 mature", "four/d", "100 %", "0 of 1", "cuda", "days on the level"]);
    assert_eq!(town.get("/relay/levels?days=3").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let trends = town.page("/relay/trends").await;
    trends.shows(&[
        "Outcomes by day",
        "2 passed, 1 failed, 0 timed out",
        "Average queue",
        "Median end to end",
        "4 sent",
    ]);
    town.page("/relay/trends?repo=two%2Fb&days=90").await.shows(&["of two/b", "0 passed, 1 failed"]);

    town.up.file(".github/allowlist.yml", LIST.replace("L4: [ four/d ]", "L4: [ four/d, new/n ]"));
    town.refresh().await;
    let list = town.page("/relay/allowlist").await;
    list.shows(&[
        "org/up",
        "5 repositories",
        "refs refs/heads/main",
        "line 3",
        "new/n added on L4",
        "two/b added on L2",
        "What changed",
    ]);
    let linted = town.press("/relay/allowlist", "/relay/allowlist/lint", "text=L1%3A+%5B%40x%5D").await;
    linted.shows(&["It would be refused as a whole", "line 1", "quote it or drop the @"]);
    let linted = town.press("/relay/allowlist", "/relay/allowlist/lint", "text=L1%3A+%5Ba%2Fb%5D").await;
    linted.shows(&["It would be taken: 1 entry."]);

    let setup = town.page("/relay/setup").await;
    setup.shows(&["repository_dispatch", "cancel-in-progress", "id-token: write", "/github/callback", "main"]);
    let schema = town.page("/schemas/allowlist.json").await;
    assert_eq!(schema.header(header::CONTENT_TYPE), "application/schema+json");
    let page = town.page("/relay").await;
    let sheet = page.body.split("href=\"/relay/assets/").nth(1).unwrap().split('"').next().unwrap();
    let sheet = town.page(&format!("/relay/assets/{sheet}")).await;
    assert!(sheet.header(header::CACHE_CONTROL).contains("immutable"));
    town.page("/keys").await.shows(&["from cell to cell"]);
    town.end_as_written().await;
}
