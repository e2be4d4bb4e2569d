//! From a delivery to what it led to.

use crate::chrome::Scripts;
use crate::town::Town;

#[tokio::test]
async fn a_delivery_is_followed_to_the_run_that_it_started() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    let morning = town.morning().await;
    browser.go("/deliveries").await;
    let delivery = town.posted("acme/api", "workflow_run", "completed").await;
    browser.go(&format!("/deliveries/{}", delivery.guid)).await;
    browser.reads("main", "acme/api").await;

    // Its story tells of the run, and the run's page of each target.
    browser.click("main a[href^='/dispatcher/runs/']").await;
    browser.arrives("/dispatcher/runs/").await;
    browser.reads("main", "acme/deploy").await;
    browser.reads("main", "acme/docs").await;
    let source = browser.source().await;
    assert!(source.contains("inbound_not_authorized") || source.contains("missing_target_config"), "why not acme/docs");
    let started = format!("a[href='{}/acme/deploy/actions/runs/{}']", town.github_url, morning.started);
    browser.find(&started).await;

    // And back, from the run that was started to the delivery that it came from.
    browser.go(&format!("/search?q={}", morning.started)).await;
    browser.arrives("/dispatcher/runs/").await;
    assert!(browser.source().await.contains(&delivery.guid), "the delivery is named");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
