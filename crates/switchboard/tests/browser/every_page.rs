//! What holds for every page.

use serde_json::Value;

use crate::chrome::{Axe, Browser, Scheme, Scripts};
use crate::eyes::{LAPTOP, PHONE, TOO_WIDE};
use crate::site;
use crate::town::Town;

/// Pages that no link leads to; the last one answers 404, which the browser's console notes.
const MORE: [&str; 2] = ["/search?q=acme", "/no-such-page"];

async fn pages(town: &Town) -> Vec<String> {
    let morning = town.morning().await;
    let pull = format!("/subjects/acme/api/{}", morning.pull);
    let starts = [["/", &pull].as_slice(), &MORE].concat();
    let pages = site::pages(&town.server.url, &starts).await;
    assert!(pages.len() > 20, "the pages were not found: {pages:?}");
    pages
}

/// What the console says, apart from answers that are meant to be 404.
async fn complaints(browser: &Browser) -> Vec<String> {
    let mut complaints = browser.complaints().await;
    complaints.retain(|line| !(line.contains("404") && MORE.iter().any(|path| line.contains(path))));
    complaints
}

#[tokio::test]
async fn axe_finds_nothing_serious_on_any_page_in_either_colour_scheme() {
    let Some(axe) = Axe::find() else { return };
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    let mut found = Vec::new();
    for page in pages(&town).await {
        browser.go(&page).await;
        for (scheme, only_colours) in [(Scheme::Light, false), (Scheme::Dark, true)] {
            browser.look(LAPTOP, scheme).await;
            let violations = axe.violations(&browser, only_colours).await;
            found.extend(violations.into_iter().map(|it| format!("{page} ({scheme:?}): {it}")));
        }
        found.extend(complaints(&browser).await.into_iter().map(|it| format!("{page}: console: {it}")));
    }
    browser.click(".account > summary").await;
    browser.click(".account form[action='/sign-out'] button").await;
    browser.arrives("/sign-in").await;
    found.extend(axe.violations(&browser, false).await);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn no_page_scrolls_sideways_on_a_phone_or_a_laptop() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    let mut found = Vec::new();
    for page in pages(&town).await {
        browser.go(&page).await;
        for viewport in [PHONE, LAPTOP] {
            browser.look(viewport, Scheme::Light).await;
            let too_wide = browser.eval(TOO_WIDE).await;
            if too_wide != Value::Null {
                found.push(format!("{page} at {}: {too_wide:#}", viewport.width));
            }
        }
        found.extend(complaints(&browser).await.into_iter().map(|it| format!("{page}: console: {it}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn on_a_phone_the_menu_leads_everywhere() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    browser.look(PHONE, Scheme::Dark).await;
    browser.go("/").await;
    assert_eq!(browser.eval("return getComputedStyle(document.querySelector('nav.tabs')).display").await, "none");
    for (words, path) in [("Deliveries", "/deliveries"), ("Dispatcher", "/dispatcher"), ("Settings", "/settings")] {
        browser.click(".menu > summary").await;
        browser.find(".menu nav").await;
        assert_eq!(browser.eval(TOO_WIDE).await, Value::Null, "the open menu");
        browser.click(&format!(".menu nav a[href='{path}']")).await;
        assert_eq!(browser.arrives(path).await, path, "{words}");
    }
    browser.click(".menu > summary").await;
    browser.click(".menu form[action='/sign-out'] button").await;
    browser.arrives("/sign-in").await;
    assert_eq!(browser.eval(TOO_WIDE).await, Value::Null, "the sign-in page");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
