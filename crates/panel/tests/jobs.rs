//! The pages about jobs and intents: one of them from beginning to end, lanes, and dead letters in bulk.

mod support;

use http::StatusCode;
use serde_json::json;
use support::Sample;
use support::site::{OPERATOR, Site, VIEWER};
use switchboard_clock::Timestamp;
use switchboard_store::{Failure, Outcome, Queue, Settlement, Store as _, WorkFilter, WorkState};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
const READS_MAX: usize = 8;

#[tokio::test]
async fn a_job_is_told_from_its_enqueueing_to_its_next_run() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let waiting = sample.store.works(WorkFilter::State(WorkState::Waiting), None, 50).await.unwrap();
    let retried = waiting.iter().find(|work| work.failure.is_some()).unwrap();
    let page = site.get(&format!("/jobs/{}", retried.id), "").await;
    assert!(site.reads.take() <= READS_MAX);
    let order = ["Enqueued.", "Attempt 1 failed, to be retried", "GitHub answered 502", "Runs in"];
    let places: Vec<_> =
        order.iter().map(|text| page.body.rfind(text).unwrap_or_else(|| panic!("no {text}"))).collect();
    assert!(places[0] < places[1] && places[1] < places[3], "{places:?}");
    assert!(page.body.contains("GitHub&#39;s request id") || page.body.contains("GitHub's request id"));

    let dead = sample.store.works(WorkFilter::State(WorkState::Dead), None, 1).await.unwrap().remove(0);
    let page = site.get(&format!("/jobs/{}", dead.id), "").await;
    assert!(page.body.contains("Attempt 1 given up") && page.body.contains("until somebody replays or discards it"));
}

#[tokio::test]
async fn a_held_lane_says_by_what() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    let intents = (0..3).map(|n| support::intent("acme/deploy", &format!("{n}"))).collect();
    sample.decide(10, Settlement { intents, ..Settlement::done() }).await;
    let failure = Failure { code: "github_unavailable".into(), message: "GitHub answered 502".into(), hint: None };
    let at = sample.now() + std::time::Duration::from_secs(40);
    let again = Settlement::with(Outcome::Retry { at, failure, counted: true, unanswered: false });
    sample.carry(5, again).await;
    let waiting = sample.store.works(WorkFilter::State(WorkState::Waiting), None, 10).await.unwrap();
    let (newest, oldest) = (&waiting[0], &waiting[2]);
    let page = site.get(&format!("/jobs/{}", newest.id), "").await;
    assert!(page.body.contains("Waits behind 2 jobs and intents of its lane"), "{}", page.body);
    assert!(page.body.contains(&format!("/jobs/{}", oldest.id)));
    let lane = "/jobs?lane=target%2Facme%2Fdeploy%2Fcd.yml&of=intent&automation=dispatcher";
    assert!(page.body.replace("&#38;", "&").replace("&amp;", "&").contains(lane));
    site.reads.take();
    let page = site.get(lane, "").await;
    assert!(site.reads.take() <= READS_MAX);
    assert!(page.body.contains("holds the lane until it is tried again in 39 s; 2 wait behind it."), "{}", page.body);
    assert_eq!(site.get("/jobs?lane=x", "").await.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn an_installation_that_github_holds_is_told_where_its_intents_wait() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/jobs?state=waiting", "").await;
    assert!(page.body.contains("Writes of <a href=\"/installations/50118332\">installation 50118332</a> wait"));
}

#[tokio::test]
async fn dead_letters_of_a_kind_are_dealt_with_at_once_after_a_look() {
    let sample = Sample::empty(START);
    sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    let intents = (0..130).map(|n| support::intent(&format!("acme/t{n}"), "9f3c2d1b")).collect();
    sample.decide(10, Settlement { intents, ..Settlement::done() }).await;
    for _ in 0..13 {
        for leased in sample.claim(Queue::OUTBOX).await {
            let failure = Failure { code: "ref_not_found".into(), message: "no such ref".into(), hint: None };
            sample.store.settle(leased.lease, Settlement::with(Outcome::Dead { failure })).await.unwrap();
        }
    }
    let site = Site::with_sign_in(sample.store.clone());
    let (operator, viewer) = (site.sign_in(OPERATOR).await, site.sign_in(VIEWER).await);
    let list = site.get("/jobs?state=dead", &operator).await;
    assert!(list.body.contains("replay all …") && list.body.contains(">130<"));
    assert!(!site.get("/jobs?state=dead", &viewer).await.body.contains("replay all …"));

    let path = "/jobs/letters?verb=replay&automation=dispatcher&kind=dispatch.workflow";
    site.reads.take();
    let preview = site.get(path, &operator).await;
    assert!(site.reads.take() <= READS_MAX);
    assert!(
        preview.body.contains("Replay queues 100 dead letters again") && preview.body.contains("30 more of this kind")
    );
    assert!(!site.get(path, &viewer).await.body.contains("<input type=\"hidden\" name=\"works\""));
    let before = site.actions.0.lock().unwrap().len();
    let ids = preview.field("works");
    let form = format!("csrf={}&id={}&verb=replay&works={ids}", preview.field("csrf"), preview.field("id"));
    let answer = site.post("/jobs/letters", &operator, &form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    {
        let actions = site.actions.0.lock().unwrap();
        assert_eq!(actions.len(), before + 1, "all of them are one action");
        let action = actions.last().unwrap();
        assert_eq!(action.event, "engine.revive");
        assert_eq!(action.body["works"].as_array().unwrap().len(), 100);
        assert_eq!(action.body["works"][0], json!(ids.split(',').next().unwrap()));
    }
    let refused = site.post("/jobs/letters", &viewer, &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    for wrong in ["verb=explode&works=x", "verb=replay&works=x"] {
        let form = format!("csrf={}&id={}&{wrong}", preview.field("csrf"), preview.field("id"));
        assert_eq!(site.post("/jobs/letters", &operator, &form).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let none = site.get("/jobs/letters?verb=discard&automation=a&kind=%3Cscript%3E", &operator).await;
    assert!(none.body.contains("There is none of this kind any more.") && !none.body.contains("<script>"));
}
