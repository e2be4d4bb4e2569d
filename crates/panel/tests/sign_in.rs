//! Who may look, and who may act.

mod support;

use axum::body::Body;
use http::{StatusCode, header};
use support::Sample;
use support::site::{OPERATOR, Site, VIEWER, from, request, tokens};
use switchboard_clock::Timestamp;
use switchboard_panel::{Access, Auth};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

async fn site() -> (Sample, Site, String) {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    let id = sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    (sample, site, format!("/deliveries/{id}"))
}

#[tokio::test]
async fn without_a_sign_in_pages_lead_to_it_and_the_api_answers_401() {
    let (_sample, site, delivery) = site().await;
    for path in ["/", "/deliveries?event=push", delivery.as_str(), "/nothing"] {
        let answer = site.get(path, "").await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header(header::LOCATION).starts_with("/sign-in"), "{path}");
        assert!(!answer.body.contains("acme"));
    }
    assert_eq!(
        site.get("/deliveries?event=push", "").await.header(header::LOCATION),
        "/sign-in?next=%2Fdeliveries%3Fevent%3Dpush"
    );
    for path in ["/api/v1/deliveries", "/api/v1/nothing", "/live"] {
        let answer = site.get(path, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.header(header::CONTENT_TYPE), "application/problem+json");
        assert_eq!(answer.json()["code"], "sign_in_needed");
    }
    let refused = site.post(&format!("{delivery}/replay"), "", "id=x").await;
    assert_eq!(refused.header(header::LOCATION), "/sign-in");
    assert!(site.acted().is_empty());
}

#[tokio::test]
async fn a_token_opens_a_session_that_leads_back_and_ends_when_told() {
    let (_sample, site, delivery) = site().await;
    let answer = site.post("/sign-in", "", &format!("token=%20{OPERATOR}%0A&next={delivery}")).await;
    assert_eq!((answer.status, answer.header(header::LOCATION)), (StatusCode::SEE_OTHER, delivery.as_str()));
    let set = answer.header(header::SET_COOKIE);
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && !set.contains("Secure"), "{set}");
    let cookie = answer.cookie();
    let page = site.get(&delivery, &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("Signed in as <b>operator</b>"));

    let foreign = site.post("/sign-out", &cookie, "csrf=guess").await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN);
    let gone = site.post("/sign-out", &cookie, &format!("csrf={}", page.field("csrf"))).await;
    assert_eq!(gone.header(header::LOCATION), "/sign-in");
    assert_eq!(site.get(&delivery, &cookie).await.status, StatusCode::SEE_OTHER, "the cookie is worthless now");
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours() {
    let (sample, site, delivery) = site().await;
    let cookie = site.sign_in(VIEWER).await;
    sample.pass(12 * 3_600_000 - 1);
    assert_eq!(site.get(&delivery, &cookie).await.status, StatusCode::OK);
    sample.pass(1);
    assert_eq!(site.get(&delivery, &cookie).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sign_in_never_leads_elsewhere() {
    let (_sample, site, _) = site().await;
    for next in ["https%3A%2F%2Fevil.example", "%2F%2Fevil.example", "%2F%5Cevil.example", "%2F%09%2Fevil.example"] {
        let answer = site.post("/sign-in", "", &format!("token={OPERATOR}&next={next}")).await;
        assert_eq!(answer.header(header::LOCATION), "/", "{next}");
    }
}

#[tokio::test]
async fn behind_https_the_cookie_belongs_to_this_host_alone() {
    let sample = Sample::empty(START);
    let auth = Auth { public_url: Some("https://switchboard.example".to_owned()), ..tokens() };
    let site = Site::new(sample.store.clone(), auth, Access::default(), Vec::new());
    let answer = site.post("/sign-in", "", &format!("token={OPERATOR}")).await;
    let set = answer.header(header::SET_COOKIE);
    assert!(set.starts_with("__Host-switchboard=") && set.contains("Secure") && set.contains("Path=/;"), "{set}");
    assert_eq!(site.get("/", &answer.cookie()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn wrong_tokens_are_refused_and_then_slowed_down() {
    let (sample, site, _) = site().await;
    let attempt = |address: &'static str, token: &str| {
        let request =
            from(address, "POST", "/sign-in", "").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        site.send(request.body(Body::from(format!("token={token}"))).unwrap())
    };
    for _ in 0..10 {
        let answer = attempt("203.0.113.9", "wrong").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert!(answer.body.contains("not known here") && !answer.body.contains("wrong\""));
    }
    let slowed = attempt("203.0.113.9", OPERATOR).await;
    assert_eq!((slowed.status, slowed.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "30"));
    assert_eq!(attempt("203.0.113.10", OPERATOR).await.status, StatusCode::SEE_OTHER, "others are not kept out");
    sample.pass(30_000);
    assert_eq!(attempt("203.0.113.9", OPERATOR).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_program_sends_the_token_itself() {
    let (_sample, site, _) = site().await;
    assert_eq!(site.with_token("GET", "/api/v1/deliveries", VIEWER).await.status, StatusCode::OK);
    let wrong = site.with_token("GET", "/api/v1/deliveries", "guess").await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (StatusCode::UNAUTHORIZED, Some("token_wrong")));
    for _ in 0..9 {
        site.with_token("GET", "/api/v1/deliveries", "guess").await;
    }
    let slowed = site.with_token("GET", "/api/v1/deliveries", "guess").await;
    assert_eq!(slowed.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn an_operator_acts_by_a_form_of_ours_and_twice_is_once() {
    let (_sample, site, delivery) = site().await;
    let cookie = site.sign_in(OPERATOR).await;
    let page = site.get(&delivery, &cookie).await;
    let form = format!("csrf={}&id={}", page.field("csrf"), page.field("id"));
    for _ in 0..2 {
        let answer = site.post(&format!("{delivery}/replay"), &cookie, &form).await;
        assert_eq!(answer.header(header::LOCATION), format!("{delivery}?asked=replay"));
    }
    let actions = site.acted();
    assert_eq!(actions[0].id, actions[1].id, "the engine sees a duplicate");
    assert_eq!((actions[0].event.as_str(), actions[0].actor.as_str()), ("engine.replay", "operator"));
    assert_eq!(format!("/deliveries/{}", actions[0].body["delivery"].as_str().unwrap()), delivery);
}

#[tokio::test]
async fn a_form_from_elsewhere_does_nothing() {
    let (_sample, site, delivery) = site().await;
    let cookie = site.sign_in(OPERATOR).await;
    let page = site.get(&delivery, &cookie).await;
    let (path, form) = (format!("{delivery}/replay"), format!("csrf={}&id={}", page.field("csrf"), page.field("id")));
    let other = site.get(&delivery, &site.sign_in(OPERATOR).await).await;
    for form in ["", "id=x", "csrf=&id=x", &format!("csrf={}&id={}", other.field("csrf"), other.field("id"))] {
        let answer = site.post(&path, &cookie, form).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{form}");
        assert!(answer.body.contains("was not sent from a page of this panel"));
    }
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let request = request("POST", &path, &cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(name, value);
        let answer = site.send(request.body(Body::from(form.clone())).unwrap()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
    }
    let api = request("POST", &format!("/api/v1{path}"), &cookie).header("sec-fetch-site", "cross-site");
    assert_eq!(site.send(api.body(Body::empty()).unwrap()).await.status, StatusCode::FORBIDDEN);
    assert!(site.acted().is_empty());
}

#[tokio::test]
async fn the_read_only_role_looks_and_does_not_act() {
    let (_sample, site, delivery) = site().await;
    let cookie = site.sign_in(VIEWER).await;
    let page = site.get(&delivery, &cookie).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(!page.body.contains("/replay\""), "no button that would not work");
    let form = format!("csrf={}&id=72d3162e-cc78-41e3-81ab-4c9367dc0958", page.field("csrf"));
    let refused = site.post(&format!("{delivery}/replay"), &cookie, &form).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("signed in to look, not to act"));
    let api = site.with_token("POST", &format!("/api/v1{delivery}/replay"), VIEWER).await;
    assert_eq!((api.status, api.json()["code"].as_str()), (StatusCode::FORBIDDEN, Some("read_only")));
    assert!(site.acted().is_empty());
}

#[tokio::test]
async fn without_sign_in_configured_only_names_of_this_machine_are_answered() {
    let sample = Sample::empty(START);
    let site = Site::open(sample.store.clone());
    let at = |host: &str| request("GET", "/", "").header(header::HOST, host).body(Body::empty()).unwrap();
    let page = site.send(at("localhost:3000")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("no sign-in is configured"));
    let elsewhere = site.send(at("rebound.evil.example")).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert!(elsewhere.headers.get(header::SET_COOKIE).is_none());

    // Even then, a form must come from our own page.
    let id = sample.arrive(&support::run("acme/api", "9f3c2d1b"), true).await;
    let cookie = page.cookie();
    let path = format!("/deliveries/{id}");
    assert_eq!(site.post(&format!("{path}/replay"), &cookie, "id=x").await.status, StatusCode::FORBIDDEN);
    let page = site.get(&path, &cookie).await;
    let form = format!("csrf={}&id={}", page.field("csrf"), page.field("id"));
    assert_eq!(site.post(&format!("{path}/replay"), &cookie, &form).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn outside_the_allowlist_everything_is_403() {
    let sample = Sample::empty(START);
    let access =
        Access { allowed: vec!["192.0.2.0/24".parse().unwrap()], proxies: vec!["10.0.0.0/8".parse().unwrap()] };
    let site = Site::new(sample.store.clone(), tokens(), access, Vec::new());
    for path in ["/", "/sign-in", "/api/v1/deliveries", "/nothing"] {
        let send = |address, forwarded: &str| {
            let request = from(address, "GET", path, "").header("x-forwarded-for", forwarded);
            site.send(request.body(Body::empty()).unwrap())
        };
        assert_eq!(send("198.51.100.7", "192.0.2.1").await.status, StatusCode::FORBIDDEN, "{path}");
        assert_ne!(send("192.0.2.9", "").await.status, StatusCode::FORBIDDEN, "{path}");
        assert_ne!(send("10.1.2.3", "192.0.2.1").await.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(send("10.1.2.3", "192.0.2.1, 203.0.113.1").await.status, StatusCode::FORBIDDEN, "{path}");
    }
}
