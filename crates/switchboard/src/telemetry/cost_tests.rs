use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::json;
use switchboard_clock::{Clock, SimulatedClock, SystemEntropy};
use switchboard_github::secret::AppKey;
use switchboard_github::{AppId, GitHub, HttpTransport};
use switchboard_simulator::SIMULATOR_ONLY_PRIVATE_KEY;
use switchboard_store::sqlite::{Options, SqliteStore};
use switchboard_store::{DeliveryKey, Digest, Follows, Lane, NewDelivery, NewJob, Queue, Store};
use tower::ServiceExt as _;

use super::{Metrics, Watched, WatchedRelay, router};

/// What one scrape may ask the store.
const READS_MAX: usize = 8;

async fn fill(store: &SqliteStore, jobs: std::ops::Range<usize>) {
    let accepting = jobs.map(|n| {
        let key = format!("delivery-{n}");
        let job = NewJob {
            queue: Queue::of("test"),
            automation: "testing",
            kind: format!("testing.{}", n % 1000),
            lane: Lane::from(key.clone()),
            key: None,
            installation: None,
            payload: json!({}),
            due: None,
            follows: Follows::Inherited,
        };
        let (platform, event, action) = ("github".to_owned(), "push".to_owned(), String::new());
        store.accept(NewDelivery {
            bindings: Vec::new(),
            digest: Digest::of(key.as_bytes()),
            key: DeliveryKey { platform, delivery_id: key, event, action },
            headers: Vec::new(),
            body: "{}".into(),
            installation: None,
            repository: None,
            subject: None,
            jobs: vec![job],
        })
    });
    futures::future::try_join_all(accepting).await.unwrap();
}

#[tokio::test]
async fn a_scrape_reads_as_little_from_a_full_store_as_from_an_empty_one_and_its_lines_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimulatedClock::default());
    let statements: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&statements);
    let options = Options {
        trace: Some(Arc::new(move |sql: &str| seen.lock().unwrap().push(sql.to_owned()))),
        ..Options::new(clock.clone(), Arc::new(SystemEntropy))
    };
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, &options).unwrap();
    let key = AppKey::from_pem(SIMULATOR_ONLY_PRIVATE_KEY).unwrap();
    let settings = switchboard_github::Settings::new(AppId(1), key);
    let transport = Arc::new(HttpTransport::new().unwrap());
    let github = GitHub::new(settings, transport, clock.clone(), Arc::new(SystemEntropy)).unwrap();
    let watched = Watched::new(Arc::clone(&store) as Arc<dyn Store>, github, Some(path), "1.2.3".to_owned())
        .with_relay(Some(WatchedRelay { upstream: "org/up".parse().unwrap(), stale_after: Duration::from_secs(60) }));
    let router = router(Arc::new(Metrics::default()), watched, clock.now());
    let scrape = async || {
        statements.lock().unwrap().clear();
        let answer = router.clone().oneshot(Request::get("/metrics").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        (statements.lock().unwrap().clone(), String::from_utf8(text.to_vec()).unwrap())
    };

    let (empty, _) = scrape().await;
    fill(&store, 0..2_000).await;
    let (full, text) = scrape().await;
    assert_eq!(full, empty);
    assert!(!full.is_empty() && full.len() <= READS_MAX, "{full:?}");
    for sql in &full {
        for word in ["COUNT(", "SUM(", "GROUP BY", "DISTINCT"] {
            assert!(!sql.to_uppercase().contains(word), "{sql}");
        }
        for step in store.explain(sql).unwrap() {
            assert!(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "{step}: {sql}");
        }
    }
    // A thousand kinds of work, though the program has some dozens.
    let waiting: Vec<&str> = text.lines().filter(|line| line.starts_with("switchboard_work_waiting{")).collect();
    assert_eq!(waiting.len(), 201);
    assert!(waiting.contains(&"switchboard_work_waiting{automation=\"other\",kind=\"other\"} 1600"), "{waiting:?}");
    assert!(text.contains("\nswitchboard_build_info{version=\"1.2.3\"} 1\n") && !text.contains("EOF"), "{text}");
}
