//! The subject page, and the search that leads to it.

mod support;

use http::{StatusCode, header};
use serde_json::json;
use support::site::{OPERATOR, Site, VIEWER};
use support::{About, Sample};
use switchboard_clock::Timestamp;
use switchboard_store::{Failure, Outcome, Settlement, WorkFilter, WorkState};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
const READS_MAX: usize = 8;
const SHA: &str = "9f3c2d1be02a4471c3f0a9b8d7e6f5a4b3c2d1e0";

#[tokio::test]
async fn a_pull_request_is_told_from_its_arrival_to_what_was_written() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/subjects/acme/api/412", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Retry the uploader") && page.body.contains("all settled"));
    assert!(page.body.contains(&format!("href=\"/subjects/acme/api/@{SHA}\"")), "the head leads to its commit");
    let order = ["pull_request.opened", "pull_request.synchronize", "pull_request.labeled", "Dispatch target denied"];
    let places: Vec<_> = order.iter().map(|text| page.body.find(text).unwrap_or_else(|| panic!("no {text}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(page.body.contains("class=\"through\""), "what overlaps stands beside each other");
}

#[tokio::test]
async fn calls_are_shown_for_the_delivery_that_is_opened() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/subjects/acme/api/412", "").await;
    let at = page.body.find("pull_request.synchronize").unwrap();
    let from = at + page.body[at..].find("?open=").unwrap();
    let open = page.body[from..].split(['#', '"', '&']).next().unwrap();
    let opened = site.get(&format!("/subjects/acme/api/412{open}"), "").await;
    for told in ["1 call, 1 token minted", "token minted</span>", "8A1F:99:2C", "4,994", "/dispatches"] {
        assert!(opened.body.contains(told), "{told}");
    }
    site.reads.take();
    site.get(&format!("/subjects/acme/api/412{open}"), "").await;
    assert!(site.reads.take() <= READS_MAX);
}

#[tokio::test]
async fn a_lines_permalink_leads_to_it_however_much_has_arrived_since() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/subjects/acme/api/412", "").await;
    let links: Vec<(&str, &str)> = page
        .body
        .split("class=\"at\" href=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().rsplit_once('#').unwrap())
        .collect();
    assert!(links.len() >= 8, "{links:?}");
    for kind in ["d-", "f-", "w-"] {
        assert!(links.iter().any(|(_, key)| key.starts_with(kind)), "{kind}: {links:?}");
    }
    for n in 0..40 {
        let about = About {
            event: "pull_request",
            action: "labeled",
            repository: "acme/api",
            subject: "acme/api#412",
            body: json!({"number": 412, "n": n}),
        };
        sample.arrive(&about, false).await;
        sample.pass(1_000);
    }
    site.reads.take();
    for (path, key) in links {
        let there = site.get(&path.replace("&#38;", "&").replace("&amp;", "&"), "").await;
        assert!(there.body.contains(&format!("id=\"{key}\"")), "{path} does not show {key}");
        assert!(site.reads.take() <= READS_MAX);
    }
}

#[tokio::test]
async fn a_story_can_be_read_by_direction_and_automation() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/subjects/acme/api/412?flow=in", "").await;
    assert!(page.body.contains("pull_request.opened") && !page.body.contains("Dispatch target denied"));
    let page = site.get("/subjects/acme/api/412?automation=engine", "").await;
    assert!(page.body.contains("pull_request.opened") && !page.body.contains("Dispatch target denied"));
    assert!(page.body.contains("automation=engine"), "the filter stays in the links");
}

#[tokio::test]
async fn every_story_costs_at_most_eight_reads_and_is_paged() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let mut paths: Vec<String> = [
        "/subjects/acme/api",
        "/subjects/ACME/Api",
        "/subjects/acme/api/412",
        "/subjects/acme/nothing",
        "/subjects/installation/48211907",
    ]
    .map(str::to_owned)
    .to_vec();
    paths.push(format!("/subjects/acme/api/@{SHA}"));
    for n in 0..2 {
        for path in &paths {
            let page = site.get(path, "").await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert!(site.reads.take() <= READS_MAX, "{path} costs too much");
        }
        for n in n * 60..60 {
            sample.arrive(&support::run("acme/api", &format!("{n:040x}")), true).await;
            sample.pass(1_000);
        }
    }
    let (mut path, mut seen) = ("/subjects/acme/api".to_owned(), 0);
    for _ in 0..20 {
        let page = site.get(&path, "").await;
        seen += page.body.matches("<li id=\"d-").count();
        let Some(at) = page.body.find("rel=\"prev\"") else { break };
        let start = page.body[..at].rfind("href=\"").unwrap() + 6;
        path = page.body[start..].split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    }
    let filter = switchboard_store::DeliveryFilter::Repository("acme/api".into());
    let all = switchboard_store::Store::deliveries(sample.store.as_ref(), filter, None, 1_000).await.unwrap();
    assert_eq!(seen, all.len(), "paging shows every delivery once");
}

#[tokio::test]
async fn paths_as_github_has_them_lead_to_ours() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    for (path, target) in [
        ("/subjects/acme/api/pull/412", "/subjects/acme/api/412"),
        ("/subjects/acme/api/issues/7", "/subjects/acme/api/7"),
        ("/subjects/acme/api/commit/9f3c2d1", "/subjects/acme/api/@9f3c2d1"),
        ("/subjects/delivery/72d3162e", "/deliveries/72d3162e"),
    ] {
        assert_eq!(site.get(path, "").await.header(header::LOCATION), target, "{path}");
    }
    for path in ["/subjects/acme/api/x", "/subjects/a%20b/c", "/subjects/acme/api/wiki/1"] {
        assert_eq!(site.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(site.get("/subjects/acme/api/1", "").await.body.contains("Nothing has arrived about this yet."));
}

#[tokio::test]
async fn search_leads_from_any_id_to_its_page() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let letter = switchboard_store::Store::works(sample.store.as_ref(), WorkFilter::State(WorkState::Dead), None, 1)
        .await
        .unwrap()
        .remove(0);
    let delivery = letter.delivery.unwrap();
    let guid =
        switchboard_store::Store::delivery(sample.store.as_ref(), delivery).await.unwrap().unwrap().key.delivery_id;
    for (query, target) in [
        ("acme/api", "/subjects/acme/api".to_owned()),
        ("acme/api%23412", "/subjects/acme/api/412".to_owned()),
        ("https://github.com/acme/api/pull/412/files", "/subjects/acme/api/412".to_owned()),
        ("https://github.com/acme/api/commit/9f3c2d1", format!("/subjects/acme/api/@{SHA}")),
        ("acme/api@9f3c2d1be", format!("/subjects/acme/api/@{SHA}")),
        ("9f3c2d1", format!("/subjects/acme/api/@{SHA}")),
        (SHA, format!("/subjects/acme/api/@{SHA}")),
        ("%23412", "/subjects/acme/api/412".to_owned()),
        ("installation/48211907", "/installations/48211907".to_owned()),
        ("48211907", "/installations/48211907".to_owned()),
        (&delivery.to_string(), format!("/deliveries/{delivery}")),
        (&guid, format!("/deliveries/{delivery}")),
        (&guid.to_uppercase(), format!("/deliveries/{delivery}")),
        (&letter.id.to_string(), format!("/jobs/{}", letter.id)),
    ] {
        let answer = site.get(&format!("/search?q={query}"), "").await;
        assert_eq!(answer.header(header::LOCATION), target, "{query}");
        assert!(site.reads.take() <= READS_MAX, "{query}");
    }
}

#[tokio::test]
async fn search_lists_what_is_ambiguous_and_teaches_when_it_finds_nothing() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let about =
        About { event: "issues", action: "opened", repository: "acme/web", subject: "acme/web#412", body: json!({}) };
    sample.arrive(&about, false).await;
    let page = site.get("/search?q=412", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("/subjects/acme/api/412") && page.body.contains("/subjects/acme/web/412"));
    for query in ["999999", "deadbeef", "what%20is%20this", "72d3162e-cc78-11e3-81ab-4c9367dc0958"] {
        let page = site.get(&format!("/search?q={query}"), "").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{query}");
        assert!(page.body.contains("A search takes a delivery"), "{query}");
    }
}

#[tokio::test]
async fn a_story_of_hostile_text_is_inert() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>`\u{202e}";
    let about = About {
        event: evil,
        action: evil,
        repository: "acme/x",
        subject: "acme/x#1",
        body: json!({"pull_request": {"title": evil, "state": evil, "head": {"sha": evil}}}),
    };
    sample.arrive(&about, true).await;
    let failure = Failure { code: evil.into(), message: evil.into(), hint: Some(evil.into()) };
    let dead = Settlement {
        facts: vec![support::fact(&"acme/x#1".into(), evil, json!({"reason": evil, evil: evil}))],
        calls: json!([{"method": evil, "path": evil, "failure": evil, "request_id": evil, "kind": evil}]),
        ..Settlement::with(Outcome::Dead { failure })
    };
    sample.decide(10, dead).await;
    let query = "?flow=%22%3E%3Cscript%3E&automation=%22%3E%3Cscript%3E";
    for path in ["/subjects/acme/x/1", "/subjects/acme/x", &format!("/subjects/acme/x/1{query}")] {
        let page = site.get(path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{path}: {}", page.body);
    }
    let page = site.get("/subjects/acme/x/1", "").await;
    assert!(page.body.contains("1 dead letter") && page.body.contains("replays or discards"));
}

#[tokio::test]
async fn the_raw_story_is_one_click_away_and_acting_is_for_operators() {
    let sample = Sample::lived(START).await;
    let site = Site::with_sign_in(sample.store.clone());
    let operator = site.sign_in(OPERATOR).await;
    let viewer = site.sign_in(VIEWER).await;
    let page = site.get("/subjects/acme/api/412", &operator).await;
    assert!(page.body.contains("replay …"));
    assert!(!site.get("/subjects/acme/api/412", &viewer).await.body.contains("replay …"));
    let at = page.body.find("/api/v1/subjects?name=").unwrap();
    let raw = site.get(page.body[at..].split('"').next().unwrap(), &viewer).await.json();
    assert_eq!(raw["subject"], "acme/api#412");
    assert_eq!(raw["deliveries"].as_array().unwrap().len(), 3);
    assert_eq!(raw["facts"].as_array().unwrap().len(), 4);
    assert_eq!(site.get("/api/v1/subjects?name=x", &viewer).await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
