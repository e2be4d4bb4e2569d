//! The overview and its API: how everything is, from what was counted beforehand.

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use http::StatusCode;
use serde_json::json;
use support::Sample;
use support::site::Site;
use switchboard_clock::Timestamp;
use switchboard_engine::health::{Told, Wellness};
use switchboard_engine::readiness::Readiness;
use switchboard_panel::{Access, Auth, AutomationPages, Budget, Budgets, Insight, NavItem};
use switchboard_store::{Failure, Hold, Installation, Outcome, RecordChange, Settlement};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
const READS_MAX: usize = 8;
const EVIL: &str = "`\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

/// An automation that has a name and nothing else; what it says stands in its record.
struct Named(&'static str);

#[async_trait]
impl AutomationPages for Named {
    fn name(&self) -> &'static str {
        self.0
    }

    fn nav(&self) -> NavItem {
        NavItem { label: self.0, path: "/dispatcher" }
    }

    fn routes(&self) -> Router {
        Router::new()
    }
}

struct Tenth;

impl Budgets for Tenth {
    fn budget(&self, _: Installation) -> Budget {
        let reset = START + std::time::Duration::from_secs(900_000);
        Budget { hour: Some((500, 5_000, reset)), ..Budget::default() }
    }
}

fn automations(number: usize) -> Vec<Arc<dyn AutomationPages>> {
    ["dispatcher", "relay", "builds", "orgs", "triage"]
        .into_iter()
        .take(number)
        .map(|name| Arc::new(Named(name)) as _)
        .collect()
}

fn insight(sample: &Sample) -> Insight {
    let readiness = Arc::new(Readiness::new(sample.store.clone()));
    Insight { budgets: Some(Arc::new(Tenth)), readiness: Some(readiness), ..Insight::default() }
}

fn site(sample: &Sample, number: usize) -> Site {
    Site::telling(sample.store.clone(), Auth::open(), Access::default(), automations(number), insight(sample))
}

fn told(automation: &str, wellness: Wellness, words: &str) -> RecordChange {
    Told { wellness, words: words.to_owned(), since: START }.record(automation, &json!({"more": 1}))
}

async fn settle(sample: &Sample, settlement: Settlement) {
    sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    sample.decide(10, settlement).await;
}

#[tokio::test]
async fn the_overview_says_what_came_in_what_became_of_it_and_what_is_wrong() {
    let sample = Sample::lived(START).await;
    let records = vec![told("dispatcher", Wellness::Look, "Latency: 95 % of the dispatches took at most 90 s.")];
    settle(&sample, Settlement { records, ..Settlement::done() }).await;
    let page = site(&sample, 1).get("/", "").await;
    for told in [
        "<title id=\"traffic-title\">What came in and what became of it, over the last 24 hours</title>",
        "Nothing missing since",
        "Latency: 95 % of the dispatches",
        "has suspended the App",
        "has not granted <code>issues: write</code>",
        "500 of 5,000",
        "Oldest unprocessed",
        "/jobs?state=dead",
    ] {
        assert!(page.body.contains(told), "{told}: {}", page.body);
    }
}

#[tokio::test]
async fn the_api_tells_the_same() {
    let sample = Sample::lived(START).await;
    settle(
        &sample,
        Settlement { records: vec![told("dispatcher", Wellness::Well, "All well.")], ..Settlement::done() },
    )
    .await;
    let answer = site(&sample, 1).get("/api/v1/overview?over=7d", "").await.json();
    let buckets = answer["traffic"]["buckets"].as_array().unwrap();
    assert_eq!((buckets.len(), answer["traffic"]["bucketSeconds"].as_u64()), (168, Some(3_600)));
    let total = |field: &str| buckets.iter().map(|bucket| bucket[field].as_u64().unwrap()).sum::<u64>();
    assert_eq!(total("accepted"), answer["acceptedDeliveries"].as_u64().unwrap());
    let pending = answer["pendingDeliveries"].as_u64().unwrap();
    assert_eq!(total("accepted"), total("ignored") + total("settled") + pending);
    assert_eq!((total("failed"), total("retried")), (1, 1));
    assert_eq!(answer["automations"], json!([{"name": "dispatcher", "state": "succeeded", "words": "All well."}]));
    assert_eq!(answer["refusing"], json!(null));
    let problems = answer["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["state"] == "dead" && problem["hint"].is_string()), "{problems:?}");
    assert_eq!(answer["budgets"][0]["remaining"], 500);
}

#[tokio::test]
async fn it_costs_the_same_with_five_automations_and_fifty_installations() {
    let sample = Sample::lived(START).await;
    let mut costs = Vec::new();
    for number in [0, 5] {
        let site = site(&sample, number);
        for path in ["/", "/?over=6h", "/?over=7d", "/api/v1/overview"] {
            assert_eq!(site.get(path, "").await.status, StatusCode::OK);
            let reads = site.reads.take();
            assert!(reads <= READS_MAX, "{path} reads the store {reads} times");
            costs.push(reads);
        }
        let many = (0..50).map(|id| {
            let value = json!({"id": id, "account": format!("account-{id}"), "seen_at": START.millis()});
            RecordChange::Put("engine.installation".into(), id.to_string().into(), value)
        });
        settle(&sample, Settlement { records: many.collect(), ..Settlement::done() }).await;
    }
    assert_eq!(costs[..4], costs[4..]);
}

#[tokio::test]
async fn a_store_that_takes_nothing_is_what_is_said_first() {
    let sample = Sample::lived(START).await;
    let full = support::counting::Counting::refusing(sample.store.clone());
    let insight = Insight { readiness: Some(Arc::new(Readiness::new(full))), ..insight(&sample) };
    let site = Site::telling(sample.store.clone(), Auth::open(), Access::default(), Vec::new(), insight);
    let page = site.get("/", "").await;
    let sentence = "New deliveries are refused: the disk is full, noticed just now. Free some space; deliveries that \
                    were refused meanwhile are fetched again afterwards.";
    assert!(page.body.contains(sentence), "{}", page.body);
    let answer = site.get("/api/v1/overview", "").await.json();
    assert_eq!(answer["refusing"]["reason"], "the disk is full");
    assert_eq!(answer["health"]["state"], "failed");
}

#[tokio::test]
async fn what_strangers_and_automations_say_is_inert() {
    let sample = Sample::empty(START);
    let failure = Failure { code: EVIL.into(), message: EVIL.into(), hint: Some(EVIL.into()) };
    let installed = json!({"id": 7, "account": EVIL, "needed": {EVIL: "read"}, "seen_at": START.millis()});
    let dead = Settlement {
        records: vec![
            told("dispatcher", Wellness::Bad, EVIL),
            RecordChange::Put("engine.installation".into(), "7".into(), installed),
        ],
        hold: Some(Hold { installation: Installation(7), until: START + std::time::Duration::from_secs(90) }),
        ..Settlement::with(Outcome::Dead { failure })
    };
    settle(&sample, dead).await;
    let site = site(&sample, 1);
    for path in ["/", "/?over=6h", "/zone?next=/%22%3E%3Cscript%3E", "/installations", "/installations/7"] {
        let page = site.get(path, "").await;
        assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{path}: {}", page.body);
        assert_eq!(page.body.matches("<script").count(), 1, "{path}");
    }
    let refused = site.post("/zone", "", &format!("zone=name&name={}", "%3Cscript%3Ealert(1)%3C/script%3E")).await;
    assert!(!refused.body.contains("<script>alert"), "{}", refused.body);
    assert_eq!(site.get("/?over=1y", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}
