//! Everything by keyboard, and one always sees where one is.

use fantoccini::key::Key;
use serde_json::Value;

use crate::chrome::{Browser, Scripts};
use crate::eyes::Eyes;
use crate::town::{TOKEN, Town};

/// More stops than any of these pages has.
const STOPS_MAX: usize = 120;

/// What has the focus: what it is, and whether one can see that.
const FOCUSED: &str = r#"
  const it = document.activeElement;
  const style = getComputedStyle(it);
  const box = it.getBoundingClientRect();
  return {
    tag: it.tagName,
    text: (it.innerText || it.getAttribute("aria-label") || it.value || "").trim(),
    place: [".skip", ".bar", ".tabs", "main", ".foot"].find((place) => it.closest(place)) ?? "none",
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
    shown: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight,
  };
"#;

#[tokio::test]
async fn tab_goes_through_a_page_in_its_order_and_the_focus_is_always_seen() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.morning().await;
    for page in ["/", "/deliveries", "/jobs?state=dead", "/dispatcher"] {
        browser.go(page).await;
        let stops = stops(&browser).await;
        let places: Vec<&str> = stops.iter().map(|stop| stop["place"].as_str().unwrap()).collect();
        assert_eq!(places[0], ".skip", "{page}: first of all one may skip the frame");
        let order = [".skip", ".bar", ".tabs", "main", ".foot"];
        let numbers: Vec<usize> =
            places.iter().map(|place| order.iter().position(|it| it == place).expect("a place on the page")).collect();
        assert!(numbers.is_sorted(), "{page}: {places:?}");
        assert!(places.contains(&"main"), "{page}: {places:?}");
        for stop in stops {
            assert!(stop["outlined"] == true && stop["shown"] == true, "{page}: the focus cannot be seen: {stop}");
        }
    }
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_skip_link_leads_past_the_frame() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.morning().await;
    browser.go("/deliveries").await;
    browser.press(&Key::Tab.to_string()).await;
    browser.press(&Key::Enter.to_string()).await;
    assert_eq!(browser.eval("return document.activeElement.id").await, "content");
    browser.press(&Key::Tab.to_string()).await;
    assert_eq!(browser.eval(FOCUSED).await["place"], "main");
}

#[tokio::test]
async fn keys_alone_sign_in_search_open_a_delivery_and_replay_a_dead_letter() {
    let town = Town::build().await;
    let Some(browser) = Browser::open(&town.server.url, Scripts::On).await else { return };
    let enter = Key::Enter.to_string();
    town.refuse_payments().await;
    let delivery = town.posted("acme/payments", "workflow_run", "completed").await;

    // The only field of the page has the focus at once.
    browser.go("/sign-in").await;
    browser.press(TOKEN).await;
    browser.press(&enter).await;
    browser.find(".account").await;

    for keys in ["/".to_owned(), format!("{}k", Key::Control), format!("{}k", Key::Meta)] {
        browser.go("/").await;
        browser.press(&keys).await;
        assert_eq!(browser.eval("return document.activeElement.name").await, "q", "{keys:?} leads to the search box");
    }
    browser.press(&Key::Escape.to_string()).await;
    assert_ne!(browser.eval("return document.activeElement.name").await, "q", "Escape leads out of it");
    browser.press("/").await;
    browser.press(&delivery.guid).await;
    browser.press(&enter).await;
    browser.arrives("/deliveries/").await;

    browser.go("/deliveries?event=workflow_run").await;
    tab_to(&browser, "a.row").await;
    browser.press(&enter).await;
    browser.arrives("/deliveries/").await;

    browser.go("/jobs?state=dead").await;
    tab_to(&browser, ".works form[action$='/revive'] button").await;
    browser.press(&enter).await;
    town.started(&town.staging, 1).await;

    tab_to(&browser, ".account > summary").await;
    browser.press(&enter).await;
    browser.find(".account[open] .sheet").await;
    browser.press(&Key::Escape.to_string()).await;
    assert_eq!(browser.count(".account[open]").await, 0, "Escape closes what is open");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_question_mark_lists_the_keys_in_place_on_every_page() {
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.morning().await;
    let escape = Key::Escape.to_string();
    let mut eyes = Eyes::open();
    for page in ["/", "/deliveries", "/jobs?state=dead", "/dispatcher", "/settings", "/keys", "/no-such-page"] {
        browser.go(page).await;
        assert_eq!(browser.count("dialog[open]").await, 0, "{page}");
        browser.press("?").await;
        browser.find("dialog#keys[open]").await;
        for told in ["Keyboard", "goes to the search box", "shows this list", "closes what is open"] {
            browser.reads("dialog#keys", told).await;
        }
        assert_eq!(browser.eval("return document.activeElement.closest('dialog')?.id").await, "keys", "{page}");
        if page == "/deliveries" {
            eyes.look(&browser, "the list of keys").await;
        }
        browser.press(&escape).await;
        assert_eq!(browser.count("dialog[open]").await, 0, "{page}: Escape closes it");
    }
    eyes.saw_nothing_wrong();

    browser.go("/deliveries").await;
    browser.press("/").await;
    browser.press("what?").await;
    assert_eq!(browser.eval("return document.activeElement.value").await, "what?", "who types means the character");
    assert_eq!(browser.count("dialog[open]").await, 0);
    browser.press(&escape).await;

    browser.press("?").await;
    browser.find("dialog#keys[open]").await;
    browser.press("/").await;
    assert_eq!(browser.eval("return document.activeElement.name").await, "q", "the other keys still work");
    assert_eq!(browser.count("dialog[open]").await, 0);

    // By mouse, too, and without leaving the page.
    browser.click(".foot a[href='/keys']").await;
    browser.click("dialog#keys button").await;
    assert_eq!(browser.count("dialog[open]").await, 0);
    assert_eq!(browser.path().await, "/deliveries");
    let complaints = browser.complaints().await;
    assert!(complaints.iter().all(|line| line.contains("/no-such-page") && line.contains("404")), "{complaints:?}");
}

/// Every stop of the Tab key, from the top of the page to where it leaves it.
async fn stops(browser: &Browser) -> Vec<Value> {
    let mut stops = Vec::new();
    loop {
        browser.press(&Key::Tab.to_string()).await;
        let stop = browser.eval(FOCUSED).await;
        if stop["tag"] == "BODY" || stops.first() == Some(&stop) {
            return stops;
        }
        stops.push(stop);
        assert!(stops.len() < STOPS_MAX, "the Tab key goes round in circles: {stops:?}");
    }
}

/// Presses Tab until what `css` selects has the focus.
async fn tab_to(browser: &Browser, css: &str) {
    let arrived = format!("return document.activeElement.matches({css:?})");
    let mut pressed = 0;
    while browser.eval(&arrived).await != true {
        assert!(pressed < STOPS_MAX, "the Tab key does not lead to {css}");
        browser.press(&Key::Tab.to_string()).await;
        pressed += 1;
    }
}
