//! The pages and the API, over a store as it is after a few days.

mod support;

use axum::body::Body;
use http::{StatusCode, header};
use serde_json::json;
use support::site::{OPERATOR, Site, request};
use support::{About, Sample};
use switchboard_clock::Timestamp;
use switchboard_store::{DeliveryFilter, Failure, Outcome, Queue, Settlement, Store as _, WorkFilter, WorkState};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);
/// What a page may cost, whatever is stored.
const READS_MAX: usize = 8;

/// Every route that shows something, with ids that are in the store.
#[expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
async fn routes(sample: &Sample) -> Vec<String> {
    let store = &sample.store;
    let latest = store.deliveries(DeliveryFilter::All, None, 5).await.unwrap();
    let dead = store.works(WorkFilter::State(WorkState::Dead), None, 1).await.unwrap();
    let (id, guid) = (latest[1].id, &latest[1].key.delivery_id);
    let (letter, followed) = (dead[0].id, dead[0].delivery.unwrap());
    let mut routes: Vec<String> = [
        "/",
        "/?over=6h",
        "/?over=7d",
        "/zone",
        "/installations",
        "/api/v1/overview",
        "/api/v1/installations",
        "/deliveries",
        "/deliveries?state=settled",
        "/deliveries?event=push",
        "/deliveries?repository=acme/api",
        "/deliveries?installation=48211907",
        "/deliveries?subject=acme/web%23301",
        "/jobs",
        "/jobs?class=intent",
        "/jobs?state=dead",
        "/search?q=acme/api",
        "/search?q=nonsense",
        "/nothing",
        "/api/v1/version",
        "/api/v1/deliveries",
        "/api/v1/jobs",
        "/api/v1/jobs?class=intent",
        "/api/v1/jobs?state=dead",
    ]
    .map(str::to_owned)
    .to_vec();
    for delivery in [id, followed] {
        routes.extend([
            format!("/deliveries/{delivery}"),
            format!("/deliveries/{delivery}/body"),
            format!("/api/v1/deliveries/{delivery}"),
            format!("/api/v1/jobs?delivery={delivery}"),
            format!("/search?q={delivery}"),
        ]);
    }
    routes.extend([
        format!("/deliveries/{guid}"),
        format!("/search?q={guid}"),
        format!("/deliveries?cursor={id}"),
        format!("/jobs/{letter}"),
        format!("/search?q={letter}"),
        format!("/api/v1/jobs/{letter}"),
        format!("/deliveries/{letter}"),
    ]);
    routes
}

#[tokio::test]
async fn every_route_answers_with_at_most_eight_reads_however_much_is_stored() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let mut costs = Vec::new();
    for path in routes(&sample).await {
        let answer = site.get(&path, "").await;
        assert!(
            answer.status.is_success() || answer.status.is_redirection() || answer.status == StatusCode::NOT_FOUND,
            "{path}: {}",
            answer.body
        );
        let reads = site.reads.take();
        assert!(reads <= READS_MAX, "{path} reads the store {reads} times");
        costs.push((path, reads));
    }
    for n in 0..300 {
        sample.arrive(&support::run("acme/api", &format!("{n:040x}")), false).await;
    }
    for (path, before) in costs {
        site.get(&path, "").await;
        assert_eq!(site.reads.take(), before, "{path} costs more with more stored");
    }
}

#[tokio::test]
async fn a_delivery_with_many_jobs_costs_no_more() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let id = sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    let intents = (0..60).map(|n| support::intent(&format!("acme/target-{n}"), "9f3c2d1b")).collect();
    sample.decide(10, Settlement { intents, ..Settlement::done() }).await;
    for _ in 0..6 {
        for leased in sample.claim(Queue::OUTBOX).await {
            let failure = Failure { code: "ref_not_found".into(), message: "no such ref".into(), hint: None };
            sample.store.settle(leased.lease, Settlement::with(Outcome::Dead { failure })).await.unwrap();
        }
    }
    let page = site.get(&format!("/deliveries/{id}"), "").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(site.reads.take() <= READS_MAX);
    assert!(page.body.contains("target-59") && page.body.contains("No such ref."));
}

#[tokio::test]
async fn every_answer_carries_the_security_headers() {
    let sample = Sample::lived(START).await;
    for site in [Site::open(sample.store.clone()), Site::with_sign_in(sample.store.clone())] {
        let mut paths = routes(&sample).await;
        paths.extend(["/sign-in", "/assets/none.css", "/api/v1/nothing"].map(str::to_owned));
        for path in paths {
            let answer = site.get(&path, "").await;
            let policy = answer.header(header::CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
            assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{path}");
            assert_eq!(answer.header(header::REFERRER_POLICY), "same-origin", "{path}");
            let html = answer.header(header::CONTENT_TYPE).starts_with("text/html");
            if html {
                for inline in ["<style", " style=", "javascript:", " onclick", "<script>"] {
                    assert!(!answer.body.contains(inline), "{path} has {inline}");
                }
            }
        }
    }
}

#[tokio::test]
async fn assets_are_kept_for_ever_under_names_that_change_with_them() {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    let page = site.get("/sign-in", "").await;
    for (start, content_type) in [("/assets/panel.", "text/css"), ("/assets/icon.", "image/svg+xml")] {
        let at = page.body.find(start).unwrap();
        let url = page.body[at..].split('"').next().unwrap();
        let asset = site.get(url, "").await;
        assert_eq!(asset.status, StatusCode::OK);
        assert!(asset.header(header::CONTENT_TYPE).starts_with(content_type));
        assert!(asset.header(header::CACHE_CONTROL).contains("immutable"));
    }
    assert_eq!(site.get("/assets/panel.css", "").await.status, StatusCode::NOT_FOUND);
    assert_eq!(page.header(header::CACHE_CONTROL), "no-store");
}

#[tokio::test]
async fn hostile_text_is_inert_on_every_page() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let evil = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}\u{202e}";
    let about = About {
        event: evil,
        action: evil,
        repository: &format!("acme/{evil}"),
        subject: &format!("acme/{evil}#1"),
        body: json!({"ref": evil, evil: "</pre>"}),
    };
    let id = sample.arrive(&about, true).await;
    let failure = Failure { code: evil.into(), message: evil.into(), hint: Some(evil.into()) };
    let dead = Settlement {
        facts: vec![support::fact(&"acme/x".into(), evil, json!({"reason": evil, evil: evil}))],
        calls: json!([{"method": evil, "path": evil, "failure": evil, "request_id": evil, "kind": evil}]),
        ..Settlement::with(Outcome::Dead { failure })
    };
    sample.decide(10, dead).await;
    let job = sample.store.works(WorkFilter::State(WorkState::Dead), None, 1).await.unwrap()[0].id;
    let search = "/search?q=%3Cscript%3Ealert(1)%3C/script%3E";
    for path in [
        "/",
        "/deliveries",
        "/deliveries?repository=%3Cscript%3E",
        &format!("/deliveries/{id}"),
        &format!("/jobs/{job}"),
        search,
        "/%3Cscript%3E",
    ] {
        let page = site.get(path, "").await;
        assert!(page.header(header::CONTENT_TYPE).starts_with("text/html"), "{path}");
        assert!(!page.body.contains("<script>") && !page.body.contains("<img"), "{path}: {}", page.body);
        assert!(page.body.matches("<script").count() == 1, "{path} has a script that is not ours");
    }
    let raw = site.get(&format!("/deliveries/{id}/body"), "").await;
    assert_eq!(raw.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
    assert_eq!(raw.body, about.body.to_string());
    let api = site.get(&format!("/api/v1/deliveries/{id}"), "").await;
    assert_eq!(api.json()["event"], evil);
}

#[tokio::test]
async fn a_dead_letter_says_why_and_can_be_replayed_from_where_it_is_seen() {
    let sample = Sample::lived(START).await;
    let site = Site::with_sign_in(sample.store.clone());
    let cookie = site.sign_in(OPERATOR).await;
    let letter = sample.store.works(WorkFilter::State(WorkState::Dead), None, 1).await.unwrap().remove(0);
    for path in ["/".to_owned(), format!("/deliveries/{}", letter.delivery.unwrap()), format!("/jobs/{}", letter.id)] {
        let page = site.get(&path, &cookie).await;
        assert!(page.body.contains("has no <code>workflow_dispatch</code> trigger"), "{path}");
        assert!(page.body.contains("Add <code>on: workflow_dispatch</code>"), "{path}");
        assert!(page.body.contains(&format!("action=\"/jobs/{}/revive\"", letter.id)), "{path}");
    }
    let page = site.get("/", &cookie).await;
    let form = format!("csrf={}&id={}", page.field("csrf"), page.field("id"));
    for (verb, event) in [("revive", "engine.revive"), ("discard", "engine.discard")] {
        let answer = site.post(&format!("/jobs/{}/{verb}", letter.id), &cookie, &form).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        let actions = site.actions.0.lock().unwrap();
        let action = actions.last().unwrap();
        assert_eq!((action.event.as_str(), &action.body["work"]), (event, &json!(letter.id)));
    }
}

#[tokio::test]
async fn the_list_pages_through_everything_once_with_its_filter() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let mut path = "/api/v1/deliveries?repository=ACME%2Fapi&limit=7".to_owned();
    let (mut seen, mut pages) = (Vec::new(), 0);
    loop {
        let answer = site.get(&path, "").await.json();
        seen.extend(answer["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        pages += 1;
        let Some(next) = answer["next"].as_str() else { break };
        path = format!("/api/v1/deliveries?repository=ACME%2Fapi&limit=7&cursor={next}");
    }
    let all = sample.store.deliveries(DeliveryFilter::Repository("acme/api".into()), None, 1_000).await.unwrap();
    assert!(pages > 2);
    assert_eq!(seen, all.iter().map(|delivery| delivery.id.to_string()).collect::<Vec<_>>());

    let first = site.get("/deliveries", "").await;
    assert!(first.body.contains("rel=\"next\"") && !first.body.contains(">Newest<"));
    let at = first.body.find("/deliveries?cursor=").unwrap();
    let older = site.get(first.body[at..].split('"').next().unwrap(), "").await;
    assert!(older.body.contains(">Newest<"));
    let form = site.get("/deliveries?by=repository&value=acme/api", "").await;
    assert_eq!(form.header(header::LOCATION), "/deliveries?repository=acme%2Fapi");
}

#[tokio::test]
async fn what_cannot_be_asked_for_is_a_problem_with_a_code() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    for (path, status, code) in [
        ("/api/v1/deliveries?limit=0", 422, "parameter_invalid"),
        ("/api/v1/deliveries?limit=101", 422, "parameter_invalid"),
        ("/api/v1/deliveries?cursor=x", 422, "parameter_invalid"),
        ("/api/v1/deliveries?event=a&state=dead", 422, "parameter_invalid"),
        ("/api/v1/jobs?state=odd", 422, "parameter_invalid"),
        ("/api/v1/jobs?automation=dispatcher", 422, "parameter_invalid"),
        ("/api/v1/jobs?cursor=x", 422, "parameter_invalid"),
        ("/api/v1/audit?cursor=x", 422, "parameter_invalid"),
        ("/api/v1/installations?cursor=x", 422, "parameter_invalid"),
        ("/api/v1/subjects?name=acme%2Fapi&cursor=x", 422, "parameter_invalid"),
        ("/api/v1/deliveries?limit=1&limit=2", 400, "request_invalid"),
        ("/api/v1/deliveries/72d3162e-cc78-11e3-81ab-4c9367dc0958", 404, "not_found"),
        ("/api/v1/jobs/x", 404, "not_found"),
        ("/api/v1/nothing", 404, "not_found"),
        ("/api/v1/deliveries/x/replay", 405, "method_not_allowed"),
    ] {
        let answer = site.get(path, "").await;
        assert_eq!(answer.status.as_u16(), status, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json", "{path}");
        let problem = answer.json();
        assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some(code), Some(status.into())), "{path}");
    }
    for page in ["/audit?cursor=x", "/installations?cursor=x", "/deliveries?cursor=x", "/jobs?cursor=x"] {
        let page = site.get(page, "").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains("The cursor is not one that a list gave."), "{}", page.body);
    }
    let page = site.get("/deliveries/72d3162e-cc78-11e3-81ab-4c9367dc0958", "").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.body.contains("There is no delivery <code>72d3162e") && page.body.contains("the last three days"));
}

#[tokio::test]
async fn empty_pages_teach() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    for path in ["/", "/deliveries"] {
        let page = site.get(path, "").await;
        assert!(page.body.contains("switchboard demo") && page.body.contains("/webhooks/github"), "{path}");
    }
    assert!(site.get("/", "").await.body.contains("Ready; no delivery has arrived yet."));
}

#[tokio::test]
async fn the_header_says_for_how_long_nothing_has_been_missing() {
    let sample = Sample::lived(START).await;
    let site = Site::open(sample.store.clone());
    let page = site.get("/deliveries", "").await;
    assert!(page.body.contains("nothing missing for") && page.body.contains(">3 d</time>"), "{}", page.body);
    let empty = Sample::empty(START);
    let page = Site::open(empty.store.clone()).get("/", "").await;
    assert!(page.body.contains("not compared with GitHub yet"));
}

#[tokio::test]
async fn the_colours_are_remembered_without_a_script() {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    let answer = site.post("/theme", "", "theme=dark&next=/deliveries?state=dead").await;
    assert_eq!(answer.header(header::LOCATION), "/deliveries?state=dead");
    let page = site.get("/sign-in", &answer.cookie()).await;
    assert!(page.body.contains("data-theme=\"dark\"") && page.body.contains("value=\"light\""));
}

#[tokio::test]
async fn live_hints_arrive_and_the_stream_ends_with_the_server() {
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let request = request("GET", "/live", "").body(Body::empty()).unwrap();
    let response = site.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body();
    let mut heard = String::new();
    let mut next = async || match body.frame().await {
        Some(frame) => String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap(),
        None => "the end".to_owned(),
    };
    heard.push_str(&next().await);
    assert_eq!(heard, "event: changed\ndata: *\n\n");
    let id = sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    assert!(next().await.contains(&format!("delivery/{id}")));
    site.shutdown.cancel();
    assert_eq!(next().await, "the end");
}
