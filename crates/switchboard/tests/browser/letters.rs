//! Dead letters, and what an operator does about them.

use crate::chrome::Scripts;
use crate::town::Town;

#[tokio::test]
async fn a_dead_letter_is_replayed_and_its_run_starts_what_it_names() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.refuse_payments().await;
    browser.go("/").await;
    browser.click("main a[href^='/jobs']").await;
    browser.arrives("/jobs").await;
    browser.go("/jobs?state=dead").await;
    browser.click(".works a.kind").await;
    browser.arrives("/jobs/").await;
    browser.reads(".notice", "contents: read").await;

    // The owner has granted the permission meanwhile.
    assert!(town.staging.runs().is_empty());
    browser.click("form[action$='/revive'] button").await;
    town.started(&town.staging, 1).await;
    browser.reads("#now", "done").await;
    assert_eq!(
        browser.count("form[action$='/revive'], #trouble .notice").await,
        0,
        "the page no longer offers what is over"
    );
    assert!(!browser.text("#story").await.contains("A dead letter: it stays"));
    browser.go("/jobs?state=dead").await;
    assert_eq!(browser.count(".works a.kind").await, 0, "no dead letter is left");
    browser.go("/audit").await;
    browser.reads("main", "Queued 1 dead letter").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn letters_of_a_kind_are_replayed_together_after_a_preview_of_how_many() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.refuse_payments().await;
    town.refuse_payments().await;
    browser.go("/jobs?state=dead").await;
    browser.click("a[href^='/jobs/letters?']").await;
    browser.arrives("/jobs/letters?").await;
    browser.reads(".now", "2 ").await;
    assert!(town.staging.runs().is_empty(), "a preview starts nothing");
    browser.click("form[action='/jobs/letters'] button.main").await;
    town.started(&town.staging, 2).await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
