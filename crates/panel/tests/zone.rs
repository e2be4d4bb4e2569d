//! The zone in which moments are told: chosen once, honoured everywhere, without a script.

mod support;

use http::{StatusCode, header};
use support::Sample;
use support::site::{OPERATOR, Site};
use switchboard_clock::Timestamp;
use switchboard_store::DeliveryFilter;
use switchboard_store::Store as _;

/// 2026-11-18 12:26:40 UTC
const START: Timestamp = Timestamp::from_seconds(1_795_004_800);

#[tokio::test]
async fn a_zone_that_was_chosen_holds_on_every_page() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let chosen = site.post("/zone", "", "zone=name&name=asia/kolkata&next=/deliveries").await;
    assert_eq!((chosen.status, chosen.header(header::LOCATION)), (StatusCode::SEE_OTHER, "/deliveries"));
    let cookie = chosen.cookie();
    assert_eq!(cookie, "switchboard-zone=Asia/Kolkata");
    let id = sample.store.deliveries(DeliveryFilter::All, None, 1).await.unwrap()[0].id;
    for path in [
        "/".to_owned(),
        "/deliveries".to_owned(),
        format!("/deliveries/{id}"),
        "/jobs".to_owned(),
        "/subjects/acme/api/412".to_owned(),
        "/installations".to_owned(),
        "/audit".to_owned(),
    ] {
        let page = site.get(&path, &cookie).await;
        assert!(page.body.contains("+05:30 Asia/Kolkata"), "{path}");
        assert!(page.body.contains("times in Asia/Kolkata"), "{path}");
        assert!(!page.body.contains(" UTC\""), "{path} tells a moment in UTC");
        // Programs, and the machine-readable part of a page, are told UTC.
        assert!(!page.body.contains("datetime=\"2026-11-18T17"), "{path}");
        let plain = site.get(&path, "").await;
        assert!(plain.body.contains("times in UTC") && !plain.body.contains("Kolkata"), "{path}");
    }
    let moved = site.get("/zone", &cookie).await;
    assert!(moved.body.contains("value=\"Asia/Kolkata\"") && moved.body.contains("<option value=\"Europe/Berlin\">"));
}

#[tokio::test]
async fn a_name_that_is_none_is_said_to_be_none_and_nothing_is_kept() {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    let cookie = site.sign_in(OPERATOR).await;
    for cookie in ["", &cookie] {
        let refused = site.post("/zone", cookie, "zone=name&name=Mars%2FOlympus&next=/jobs").await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.body.contains("There is no time zone <code>Mars/Olympus</code>."), "{}", refused.body);
        assert!(refused.body.contains("value=\"Mars/Olympus\"") && refused.body.contains("value=\"/jobs\""));
        assert!(!refused.header(header::SET_COOKIE).contains("switchboard-zone"));
    }
    let odd = site.post("/zone", "", "zone=moon").await;
    assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_browsers_zone_is_what_its_script_found() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let without = site.post("/zone", "", "zone=browser&found=").await.cookie();
    let page = site.get("/deliveries", &without).await;
    assert!(page.body.contains("data-zone=\"UTC\"") && page.body.contains("times in UTC"));
    let with = site.post("/zone", &without, "zone=browser&found=America%2FNew_York").await.cookie();
    let page = site.get("/deliveries", &with).await;
    assert!(page.body.contains("data-zone=\"America/New_York\"") && page.body.contains("-05:00 America/New_York"));
    let named = site.get("/deliveries", "switchboard-zone=America/New_York").await;
    assert!(!named.body.contains("data-zone="), "a zone that was named is not the script's business");
}
