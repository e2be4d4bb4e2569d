//! A page that is open shows what happens by itself, and holds still when asked to.

use crate::chrome::{Browser, Scripts};
use crate::support::until;
use crate::town::Town;

/// Of the rows of the list, oldest last.
const ROWS: &str = ".deliveries tbody tr";

#[tokio::test]
async fn a_new_delivery_appears_without_a_reload_and_a_paused_page_says_how_many_are_new() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.api.branch("first");
    town.api.open_pull_request(&town.api, "first", "The first").unwrap();
    town.posted("acme/api", "pull_request", "opened").await;
    browser.go("/deliveries?event=pull_request").await;
    browser.find(".live[data-live-state='on']").await;
    assert_eq!(browser.count(ROWS).await, 1);
    // What a reload would lose.
    browser.eval("window.seenBefore = true").await;

    town.api.branch("second");
    town.api.open_pull_request(&town.api, "second", "The second").unwrap();
    rows(&browser, 2).await;

    browser.click(".live .pause").await;
    browser.reads(".live-word", "paused").await;
    town.api.branch("third");
    town.api.open_pull_request(&town.api, "third", "The third").unwrap();
    browser.reads(".fresh-count", "1 new").await;
    assert_eq!(browser.count(ROWS).await, 2, "a paused page holds still");
    browser.click(".fresh-count").await;
    rows(&browser, 3).await;
    browser.find(".live[data-live-state='on']").await;

    assert_eq!(browser.eval("return window.seenBefore").await, true, "the page was never loaded again");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

async fn rows(browser: &Browser, n: usize) {
    until(&format!("{n} rows"), async || (browser.count(ROWS).await == n).then_some(())).await;
}
