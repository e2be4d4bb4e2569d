//! What a page costs: reads of the store, however much is stored.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::handlers::records::{RunRow, TargetState};
use switchboard_dispatcher::keys::{self, views};
use switchboard_dispatcher::matching::CandidateNumber;
use switchboard_dispatcher::reasons::Reason;
use switchboard_dispatcher::run_key::RunKey;
use switchboard_store::{
    Claim, CounterAdd, DeliveryKey, Digest, Follows, Key, Lane, NewDelivery, NewJob, Queue, RecordChange, Settlement,
    View,
};
use switchboard_testkit::World;

use crate::site::{Site, end, play, run_of};
use crate::story::{arrange, world};

/// No page or endpoint reads the store more often than this, the frame included.
const READS_MAX: u64 = 8;
/// Rows that fit into one settlement, with room to spare.
const BATCH: u64 = 200;

#[tokio::test]
async fn dispatcher_41_every_page_reads_the_store_as_often_with_10_runs_as_with_2000() {
    let mut world = world(Config::default()).schedules().begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    fill(&world, 0..10).await;
    let few = reads(&world).await;
    fill(&world, 10..2_000).await;
    let many = reads(&world).await;
    for ((path, few), (_, many)) in few.iter().zip(&many) {
        assert!(*few > 0 && *few <= READS_MAX, "{path}: {few}");
        assert_eq!(few, many, "{path}");
    }
    end(world).await;
}

#[tokio::test]
async fn no_page_aggregates_scans_or_sorts() {
    let mut world = world(Config::default()).schedules().begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let delivery = world.deliveries().await.pop().expect("the story has deliveries");
    let shared = [
        "/".to_owned(),
        "/?over=6h".to_owned(),
        "/?over=7d".to_owned(),
        "/deliveries".to_owned(),
        "/deliveries?event=workflow_run".to_owned(),
        "/deliveries?repository=acme%2Fapi".to_owned(),
        "/deliveries?state=settled".to_owned(),
        format!("/deliveries/{}", delivery.id),
        format!("/search?q={}", delivery.id),
        "/jobs".to_owned(),
        "/jobs?state=dead".to_owned(),
        "/subjects/acme/api".to_owned(),
        "/installations".to_owned(),
        "/audit".to_owned(),
        "/settings".to_owned(),
        "/keys".to_owned(),
        "/api/v1/deliveries".to_owned(),
        "/api/v1/jobs".to_owned(),
        "/api/v1/overview".to_owned(),
        "/api/v1/installations".to_owned(),
        "/zone".to_owned(),
        format!("/installations/{}", delivery.installation.expect("it is from an installation")),
        format!("/api/v1/installations/{}", delivery.installation.expect("it is from an installation")),
    ];
    let site = Site::open(&world);
    let _ = world.statements();
    let mut looked_at = 0;
    for path in paths(&world).await.into_iter().chain(shared) {
        let answer = site.get(&path).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {}", answer.status);
        for (sql, plan) in world.statements() {
            looked_at += plan.len();
            let upper = sql.to_uppercase();
            for word in ["COUNT(", "SUM(", "AVG(", "TOTAL(", "GROUP BY", "DISTINCT", "GROUP_CONCAT("] {
                assert!(!upper.contains(word), "{path} aggregates: {sql}");
            }
            for line in plan {
                assert!(!line.contains("SCAN") && !line.contains("TEMP B-TREE"), "{path}: {line}: {sql}");
            }
        }
    }
    assert!(looked_at > 50, "the pages' statements were not seen: {looked_at}");
    drop(site);
    end(world).await;
}

/// Every page and endpoint of the dispatcher.
async fn paths(world: &World) -> Vec<String> {
    let (api, deploy) = (run_of(world, "acme/api").await, run_of(world, "acme/deploy").await);
    let smoke = run_of(world, "acme/smoke-tests").await;
    let (page, wire) = ("/dispatcher", "/api/v1/dispatcher");
    vec![
        page.to_owned(),
        format!("{page}/runs"),
        format!("{page}/runs?source=acme%2Fapi"),
        format!("{page}/runs?target=acme%2Fdeploy"),
        format!("{page}/runs?reason=inbound_not_authorized"),
        format!("{page}/runs/{}", api.key),
        format!("{page}/runs/{}", deploy.key),
        format!("{page}/runs/{}", smoke.key),
        format!("{page}/repos"),
        format!("{page}/repos/acme/api"),
        format!("/search?q={}", api.source.run_id),
        format!("{wire}/summary"),
        format!("{wire}/health"),
        format!("{wire}/trend?hours=168"),
        format!("{wire}/trend?hours=168&repo=acme%2Fapi"),
        format!("{wire}/runs?limit=100"),
        format!("{wire}/runs?reason=inbound_not_authorized&limit=100"),
        format!("{wire}/problems"),
        format!("{wire}/repos"),
        format!("{wire}/runs/{}", api.key),
        format!("{wire}/journey?deliveryId={}", api.delivery_id),
        format!("{wire}/repos/acme/api"),
    ]
}

/// How often each page and endpoint reads.
async fn reads(world: &World) -> Vec<(String, u64)> {
    let site = Site::open(world);
    let mut counted = Vec::new();
    for path in paths(world).await {
        let before = site.reads();
        let answer = site.get(&path).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {}", answer.status);
        counted.push((path, site.reads() - before));
    }
    counted
}

/// Writes rows of further runs of `acme/api` beside those of the story.
async fn fill(world: &World, runs: std::ops::Range<u64>) {
    let model = run_of(world, "acme/api").await;
    let source = &model.source.repository;
    let mut batch = Settlement::done();
    let mut number = 0;
    for n in runs {
        let at = model.planned_at - Duration::from_secs(n + 1);
        let key = RunKey::new(model.source.repository_id, 1_000_000 + n, 1);
        let row = json!(RunRow {
            key,
            repository: source.clone(),
            workflow: model.source.workflow.clone(),
            branch: model.source.branch.clone(),
            sha: model.source.sha.clone(),
            planned_at: at,
            counts: model.counts,
            reason: None,
            invalid: false,
        });
        let reason = Reason::InboundNotAuthorized;
        let problem = json!({
            "key": key, "n": 1, "source": source, "sourceWorkflow": "ci.yml", "repository": "acme/web", "workflow": "cd.yml",
            "state": TargetState::Denied, "reason": reason, "at": at,
        });
        let mut record = model.clone();
        record.key = key;
        let mut put =
            |view: View, key: Key, value: &Value| batch.records.push(RecordChange::Put(view, key, value.clone()));
        put(views::RUN, keys::run(key), &json!(record));
        put(views::RECENT, keys::recent(at, key), &row);
        put(views::RECENT_SOURCE, keys::recent_of(source, at, key), &row);
        put(views::RECENT_TARGET, keys::recent_of(&"acme/deploy".parse().unwrap(), at, key), &row);
        put(views::PROBLEM, keys::problem(at, key, CandidateNumber(1)), &problem);
        put(views::PROBLEM_REASON, keys::problem_of(reason, at, key, CandidateNumber(1)), &problem);
        let repository = format!("acme/r{n}").parse().unwrap();
        let verdict = json!({ "state": "found", "path": "dispatching.yml", "checkedAt": at });
        put(views::REPO, keys::repository(&repository), &verdict);
        for view in [views::HOUR, views::HOUR_REPO] {
            let hour = Timestamp::from_millis(at.millis() - i64::try_from(n).unwrap() * 3_600_000);
            let key = if view == views::HOUR { keys::hour(hour) } else { keys::hour_repository(source, hour) };
            batch.counters.push(CounterAdd { view, key, add: vec![("accepted".to_owned(), 1)] });
        }
        number += 1;
        if number == BATCH {
            settle(world, std::mem::take(&mut batch)).await;
            number = 0;
        }
    }
    settle(world, batch).await;
}

/// Writes a settlement through a job of its own.
async fn settle(world: &World, settlement: Settlement) {
    let store = world.store_handle();
    let queue = Queue::of("fill");
    let key = format!("fill-{}", world.deliveries().await.len());
    let job = NewJob {
        queue: queue.clone(),
        automation: "test",
        kind: "fill".to_owned(),
        lane: Lane::from(key.clone()),
        key: None,
        installation: None,
        payload: json!({}),
        due: None,
        follows: Follows::Inherited,
    };
    let delivery = NewDelivery {
        key: DeliveryKey {
            platform: "api".to_owned(),
            delivery_id: key.clone(),
            event: "fill".to_owned(),
            action: String::new(),
        },
        digest: Digest::of(key.as_bytes()),
        headers: Vec::new(),
        body: "{}".into(),
        installation: None,
        repository: None,
        subject: None,
        jobs: vec![job],
        bindings: Vec::new(),
    };
    store.accept(delivery).await.unwrap();
    let claim = Claim { worker: "test".to_owned(), queues: vec![queue], capacity: 1, lease: Duration::from_secs(60) };
    let leased = store.claim(claim).await.unwrap().pop().expect("the job that was just accepted");
    store.settle(leased.lease, settlement).await.unwrap();
}
