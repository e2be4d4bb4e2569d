//! The pages about the server itself: settings, installations, audit.

mod support;

use std::sync::Arc;

use http::{StatusCode, header};
use serde_json::json;
use support::Sample;
use support::site::{OPERATOR, Site, VIEWER};
use switchboard_clock::Timestamp;
use switchboard_panel::{Budget, Budgets, Insight, SettingRow, TokenLife};
use switchboard_store::{Hold, Installation, NewFact, RecordChange, Settlement, Store as _};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
const READS_MAX: usize = 8;
const EVIL: &str = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>";

struct Tenth;

impl Budgets for Tenth {
    fn budget(&self, _: Installation) -> Budget {
        let reset = START + std::time::Duration::from_secs(3_600);
        Budget { hour: Some((500, 5_000, reset)), points_minute: 17, ..Budget::default() }
    }

    fn tokens(&self, _: Installation) -> Vec<TokenLife> {
        let expires_at = START + std::time::Duration::from_secs(1_860);
        vec![TokenLife { scope: "contents: read on 1001".to_owned(), expires_at }]
    }
}

fn insight() -> Insight {
    let row = |name: &str, shown: Option<&str>, origin: &str| SettingRow {
        section: "server".to_owned(),
        name: name.to_owned(),
        shown: shown.map(str::to_owned),
        origin: origin.to_owned(),
        about: "What `it` is for.".to_owned(),
    };
    let settings = vec![
        row("port", Some("3000"), "environment variable PORT"),
        row("host", None, "default"),
        row("hostile", Some(EVIL), EVIL),
    ];
    Insight { settings, budgets: Some(Arc::new(Tenth)), ..Insight::default() }
}

async fn settle(sample: &Sample, settlement: Settlement) {
    sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    sample.decide(10, settlement).await;
}

fn installation(id: u64, account: &str, granted: &str) -> RecordChange {
    let value = json!({"id": id, "account": account, "kind": "Organization", "repositories": "selected",
        "granted": {"contents": granted, "metadata": "read"}, "needed": {"contents": "write", "metadata": "read", "issues": "read"},
        "events": ["push"], "seen_at": START.millis()});
    RecordChange::Put("engine.installation".into(), id.to_string().into(), value)
}

#[tokio::test]
async fn settings_say_where_they_come_from() {
    let sample = Sample::empty(START);
    let site = Site::with_insight(sample.store.clone(), insight());
    let page = site.get("/settings", "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(site.reads.take() <= READS_MAX);
    for told in [
        "[server]",
        ">3000<",
        "environment variable PORT",
        "unset",
        "<code>it</code>",
        "href=\"#server\"",
        "id=\"server\"",
        "2 set",
    ] {
        assert!(page.body.contains(told), "{told}");
    }
    assert!(!page.body.contains("<script>") && !page.body.contains("<img"));
    let silent = Site::open(sample.store.clone()).get("/settings", "").await;
    assert!(silent.body.contains("switchboard settings"));
}

#[tokio::test]
async fn installations_tell_what_is_granted_and_what_is_left() {
    let sample = Sample::empty(START);
    let hold = Hold { installation: Installation(8), until: START + std::time::Duration::from_secs(90) };
    let records = vec![installation(7, "acme", "read"), installation(8, EVIL, "admin")];
    settle(&sample, Settlement { records, hold: Some(hold), ..Settlement::done() }).await;
    let site = Site::with_insight(sample.store.clone(), insight());
    let list = site.get("/installations", "").await;
    assert!(site.reads.take() <= READS_MAX);
    for told in [">acme</a>", "2 permissions missing", "held", "500 of 5,000"] {
        assert!(list.body.contains(told), "{told}");
    }
    assert!(!list.body.contains("<script>") && !list.body.contains("<img"));
    let one = site.get("/installations/7", "").await;
    assert!(site.reads.take() <= READS_MAX);
    for told in ["to be approved", "granted", "selected", "Points in the last minute", "/subjects/installation/7"] {
        assert!(one.body.contains(told), "{told}");
    }
    assert!(site.get("/installations/8", "").await.body.contains("writes go on"));
    let arrived = site.get("/installations/48211907", "").await;
    assert!(arrived.body.contains("not on GitHub's list") && arrived.body.contains("workflow_run.completed"));
    for path in ["/installations/9", "/installations/x"] {
        assert_eq!(site.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let empty = Sample::empty(START);
    let page = Site::open(empty.store.clone()).get("/installations", "").await;
    assert!(page.body.contains("No installation is known yet."));
}

#[tokio::test]
async fn the_audit_pages_through_what_was_done_newest_first() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    assert!(site.get("/audit", "").await.body.contains("Nobody has done anything yet."));
    let entry = |n: i64, action: &str, data: serde_json::Value| {
        let value =
            json!({"at": START.millis() + n, "actor": "mona", "action": action, "delivery": null, "data": data});
        RecordChange::Put(
            "engine.audit".into(),
            format!("{:015}/01a1fd1c-cc72-7000-83e5-{n:012}", 1_000 - n).into(),
            value,
        )
    };
    let mut records: Vec<_> =
        (0..60).map(|n| entry(n, "engine.signed_in", json!({"client": "198.51.100.7"}))).collect();
    records.push(entry(61, "engine.revive", json!({"works": 12, "kinds": ["dispatch.workflow"]})));
    records.push(entry(62, EVIL, json!({"x": EVIL})));
    settle(&sample, Settlement { records, ..Settlement::done() }).await;
    site.reads.take();
    let first = site.get("/audit", "").await;
    assert!(site.reads.take() <= READS_MAX);
    assert!(first.body.contains("Queued 12 dead letters <code>dispatch.workflow</code> again."));
    assert!(first.body.contains("Signed in from <code>198.51.100.7</code>."));
    assert!(!first.body.contains("<script>") && !first.body.contains("<img"));
    let at = first.body.find("/audit?cursor=").unwrap();
    let older = site.get(first.body[at..].split('"').next().unwrap(), "").await;
    assert_eq!(first.body.matches("<li id=").count(), 50);
    assert_eq!(older.body.matches("<li id=").count(), 12);
}

#[tokio::test]
async fn a_sign_in_is_noted_and_no_token_with_it() {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    site.sign_in(OPERATOR).await;
    site.sign_in(VIEWER).await;
    let wrong = site.post("/sign-in", "", "token=wrong").await;
    assert!(wrong.header(header::SET_COOKIE).is_empty());
    let actions = site.actions.0.lock().unwrap();
    let noted: Vec<_> = actions.iter().map(|action| (action.event.as_str(), action.actor.as_str())).collect();
    let refused = ("engine.sign_in_refused", "somebody");
    assert_eq!(noted, [("engine.signed_in", "operator"), ("engine.signed_in", "read-only"), refused]);
    assert_eq!(actions[0].body["client"], "198.51.100.7");
    assert!(!format!("{actions:?}").contains(OPERATOR));
}

#[tokio::test]
async fn an_installation_tells_its_repositories_its_last_delivery_and_how_long_its_tokens_live() {
    let sample = Sample::empty(START);
    let covered = json!({"count": 312, "names": ["acme/api", format!("acme/{EVIL}")], "seen_at": START.millis()});
    let records = vec![
        installation(48_211_907, "acme", "write"),
        RecordChange::Put("engine.installation.repositories".into(), "48211907".into(), covered),
        installation(9, "quiet", "write"),
    ];
    settle(&sample, Settlement { records, ..Settlement::done() }).await;
    let site = Site::with_insight(sample.store.clone(), insight());
    let one = site.get("/installations/48211907", "").await;
    assert!(site.reads.take() <= READS_MAX);
    for told in [
        "312 selected:",
        "/subjects/acme/api\">acme/api</a>",
        "and 310 more",
        "contents: read on 1001",
        "in 30 min",
        "Last delivery",
        "workflow_run.completed</a>",
    ] {
        assert!(one.body.contains(told), "{told}: {}", one.body);
    }
    assert!(!one.body.contains("<script>") && !one.body.contains("<img"));
    let list = site.get("/installations", "").await;
    assert!(site.reads.take() <= READS_MAX);
    assert!(list.body.contains("last delivery <a href=\"/deliveries/"), "{}", list.body);
    assert_eq!(list.body.matches("last delivery").count(), 1, "the quiet one has sent nothing");
    let api = site.get("/api/v1/installations/48211907", "").await.json();
    assert!(site.reads.take() <= READS_MAX);
    assert_eq!(api["repositoryNames"][0], "acme/api");
    assert_eq!(api["tokens"][0]["scope"], "contents: read on 1001");
    assert_eq!(api["lastDelivery"]["event"], "workflow_run.completed");
}

#[tokio::test]
async fn a_delivery_leads_to_githubs_own_list_and_tells_that_it_was_missing() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let id = sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    let guid = sample.store.delivery(id).await.unwrap().unwrap().key.delivery_id;
    let unknown = site.get(&format!("/deliveries/{id}/on-github"), "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let app = json!({"slug": "switchboard", "owner": "acme", "by_organization": true});
    let gap = NewFact {
        automation: "engine",
        subject: format!("delivery/{guid}").into(),
        kind: "engine.gap.redelivery_asked".to_owned(),
        data: json!({}),
    };
    let records = vec![RecordChange::Put("engine.app".into(), "current".into(), app)];
    sample.decide(10, Settlement { records, facts: vec![gap], ..Settlement::done() }).await;
    site.reads.take();
    let page = site.get(&format!("/deliveries/{id}"), "").await;
    assert!(site.reads.take() <= READS_MAX);
    assert_eq!(page.body.matches("Asked GitHub to send it again.").count(), 1);
    assert!(page.body.contains(&format!("/deliveries/{id}/on-github")));
    let there = site.get(&format!("/deliveries/{id}/on-github"), "").await;
    assert_eq!(
        there.header(header::LOCATION),
        "https://github.com/organizations/acme/settings/apps/switchboard/advanced"
    );
}
