//! Who may come in: with the operator's token, and no other.

use crate::chrome::{Browser, Scripts};
use crate::town::{TOKEN, Town, sign_in};

#[tokio::test]
async fn the_operators_token_opens_the_page_that_was_asked_for_and_no_other_token_does() {
    let town = Town::build().await;
    let Some(browser) = Browser::open(&town.server.url, Scripts::On).await else { return };
    browser.go("/deliveries?event=push").await;
    browser.arrives("/sign-in?next=").await;

    sign_in(&browser, "not-the-operators-token-at-all").await;
    browser.find(".door .notice").await;
    assert_eq!(browser.count("nav.tabs").await, 0, "nothing of the inside shows");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|line| line.contains("401")), "the browser notes the refusal only: {complaints:?}");

    sign_in(&browser, TOKEN).await;
    assert_eq!(browser.arrives("/deliveries").await, "/deliveries?event=push", "where the reader wanted to go");
    browser.reads("h1", "Deliveries").await;

    browser.click(".account > summary").await;
    browser.click(".account form[action='/sign-out'] button").await;
    browser.arrives("/sign-in").await;
    browser.go("/audit").await;
    browser.arrives("/sign-in").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
