//! What operators do from the pages.

use http::StatusCode;
use serde_json::Value;
use switchboard_relay::records::{keys, views};
use switchboard_simulator::Downstream;

use crate::site::town;
use crate::support::{MINUTE, dispatched, name};

#[tokio::test]
async fn an_operator_sends_a_target_again_and_the_history_names_them() {
    let mut town = town("L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.up.open_pull("Add a kernel");
    town.soon().await;
    let id = town.newest_of("two/b").await;
    let page = format!("/relay/dispatches/{id}/two/b");
    let answer = town.press(&page, &format!("{page}/redispatch"), "").await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, page.as_str()));
    town.soon().await;
    assert_eq!(town.runs("two/b").len(), 2);
    let told = town.facts("relay.target.redispatched").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0]["by"].as_str().is_some_and(|by| !by.is_empty()), "{told:?}");
    town.end(&[dispatched(2, "two/b")]).await;
}

#[tokio::test]
async fn an_operator_resets_a_pinned_id_and_has_the_list_read_again() {
    let mut town = town("L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.up.open_pull("Add a kernel");
    town.soon().await;
    let pinned: Option<Value> = town.world.record(&views::IDENTITY, keys::identity(&name("two/b"))).await;
    assert!(pinned.is_some());
    let page = "/relay/repos/two/b";
    let answer = town.press(page, &format!("{page}/identity/reset"), "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    town.minutes(1).await;
    let pinned: Option<Value> = town.world.record(&views::IDENTITY, keys::identity(&name("two/b"))).await;
    assert_eq!(pinned, None);
    town.page(&format!("{page}?asked=1")).await.shows(&["none before the first report"]);

    town.up.file(".github/allowlist.yml", "L2: [two/b, two/new]\n");
    let answer = town.press("/relay/allowlist", "/relay/allowlist/refresh", "").await;
    assert_eq!(answer.header("location"), "/relay/allowlist?asked=1");
    town.minutes(1).await;
    town.page("/relay/allowlist").await.shows(&["two/new"]);
    // A form from elsewhere does nothing.
    let forged = http::Request::post("/relay/allowlist/refresh")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("csrf=x&id=0195f4a0-4c1e-7d00-8000-0242ac120002".into())
        .unwrap();
    assert_eq!(town.ask(forged).await.status, StatusCode::FORBIDDEN);
    town.end(&[dispatched(1, "two/b")]).await;
}
