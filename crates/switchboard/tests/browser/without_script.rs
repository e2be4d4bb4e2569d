//! The essential paths in a browser that runs no scripts.

use crate::chrome::{Browser, Scripts};
use crate::town::{TOKEN, Town, sign_in};

#[tokio::test]
async fn without_scripts_one_signs_in_searches_follows_a_delivery_and_replays_a_dead_letter() {
    let town = Town::build().await;
    let Some(browser) = Browser::open(&town.server.url, Scripts::Off).await else { return };
    let morning = town.morning().await;
    let delivery = town.posted("acme/api", "workflow_run", "completed").await;

    browser.go("/").await;
    browser.arrives("/sign-in").await;
    sign_in(&browser, TOKEN).await;
    browser.find(".account").await;
    assert_eq!(browser.count("html.js").await, 0, "the page's script has not run");

    browser.fill(".search input", &delivery.guid).await;
    browser.fill(".search input", "\n").await;
    browser.arrives("/deliveries/").await;
    browser.click("main a[href^='/dispatcher/runs/']").await;
    browser.arrives("/dispatcher/runs/").await;
    let started = format!("a[href='{}/acme/deploy/actions/runs/{}']", town.github_url, morning.started);
    browser.find(&started).await;

    browser.go("/deliveries").await;
    let before = browser.count(".deliveries tbody tr").await;
    // The morning had a pull request already: what counts is that the webhook of this one has been answered.
    let more = || {
        town.api.branch("more");
        town.api.open_pull_request(&town.api, "more", "One more").unwrap();
    };
    town.sends("acme/api", "pull_request", "opened", more).await;
    browser.click(".live .refresh").await;
    browser.find(&format!(".deliveries tbody tr:nth-child({})", before + 1)).await;

    browser.click(".bar > .theme button").await;
    browser.find("html[data-theme='dark']").await;

    browser.go("/jobs?state=dead").await;
    browser.click(".works a.kind").await;
    browser.arrives("/jobs/").await;
    browser.click("form[action$='/revive'] button").await;
    town.started(&town.staging, 1).await;

    browser.click(".foot a[href='/keys']").await;
    browser.arrives("/keys").await;
    browser.reads("main .keys", "goes to the search box").await;

    browser.click(".account > summary").await;
    browser.click(".account form[action='/sign-out'] button").await;
    browser.arrives("/sign-in").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
