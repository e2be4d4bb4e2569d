//! Signing in with GitHub, with a directory that says what the test wants.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod support;

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Body;
use http::{StatusCode, header};
use support::Sample;
use support::site::{Answer, Site, from, tokens};
use switchboard_clock::Timestamp;
use switchboard_panel::{Access, Auth, Belonging, Directory, DirectoryError, GitHubSignIn, Grants, Group, Person};

const START: Timestamp = Timestamp::from_seconds(1_795_000_000);

/// Knows `mona` by the code `good`, and nobody else.
struct Fake;

struct Mona;

#[async_trait]
impl Directory for Fake {
    fn authorize_url(&self, redirect_uri: &str, state: &str, challenge: &str) -> String {
        format!(
            "https://github.com/login/oauth/authorize?redirect_uri={redirect_uri}&state={state}&challenge={challenge}"
        )
    }

    async fn identify(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Box<dyn Person>, DirectoryError> {
        assert_eq!((redirect_uri, verifier.len()), ("https://switchboard.example/sign-in/github/callback", 43));
        match code {
            "good" => Ok(Box::new(Mona)),
            "secret" => Err(DirectoryError::Misconfigured { message: "incorrect_client_credentials".to_owned() }),
            "slow" => Err(DirectoryError::Unavailable { retry_after: Some(7) }),
            _ => Err(DirectoryError::CodeRejected),
        }
    }
}

#[async_trait]
impl Person for Mona {
    fn login(&self) -> &'static str {
        "mona"
    }

    async fn belongs(&self, _: &Group) -> Result<Belonging, DirectoryError> {
        Ok(Belonging::Stranger)
    }
}

fn site(sample: &Sample, operators: &[&str]) -> Site {
    let operators = operators.iter().map(|entry| entry.parse().unwrap()).collect();
    let github = GitHubSignIn { directory: Arc::new(Fake), grants: Grants { operators, viewers: Vec::new() } };
    let public_url = Some("https://switchboard.example/".to_owned());
    let auth = Auth { github: Some(github), public_url, ..tokens() };
    Site::new(sample.store.clone(), auth, Access::default(), Vec::new())
}

/// Begins, and returns the cookie and the state that GitHub would bring back.
async fn begin(site: &Site, next: &str) -> (String, String) {
    let begun = site.get(&format!("/sign-in/github{next}"), "").await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let location = begun.header(header::LOCATION);
    let state = location.split("&state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    (begun.cookie(), state)
}

async fn back(site: &Site, cookie: &str, code: &str, state: &str) -> Answer {
    site.get(&format!("/sign-in/github/callback?code={code}&state={state}"), cookie).await
}

#[tokio::test]
async fn behind_https_every_cookie_belongs_to_this_host_alone() {
    let sample = Sample::empty(START);
    let site = site(&sample, &["@mona"]);
    let begun = site.get("/sign-in/github", "").await;
    let set = begun.header(header::SET_COOKIE).to_owned();
    assert!(set.starts_with("__Host-switchboard-flow="), "{set}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Secure", "Path=/;", "Max-Age=600"] {
        assert!(set.contains(attribute), "{attribute}: {set}");
    }
    let (cookie, state) = begin(&site, "").await;
    let entered = back(&site, &cookie, "good", &state).await;
    let cookies: Vec<&str> =
        entered.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-switchboard=operator."), "{cookies:?}");
    assert!(cookies[1].starts_with("__Host-switchboard-flow=; ") && cookies[1].contains("Max-Age=0"), "{cookies:?}");
    assert_eq!(site.get("/", &entered.cookie()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_sign_in_may_take_ten_minutes_and_a_session_twelve_hours() {
    let sample = Sample::empty(START);
    let site = site(&sample, &["@mona"]);
    let (cookie, state) = begin(&site, "").await;
    sample.pass(600_000 - 1);
    let entered = back(&site, &cookie, "good", &state).await;
    assert_eq!(entered.status, StatusCode::SEE_OTHER);
    sample.pass(1);
    let late = back(&site, &cookie, "good", &state).await;
    assert_eq!(late.status, StatusCode::BAD_REQUEST);
    assert!(late.body.contains("sign_in_expired"));
    sample.pass(12 * 3_600_000 - 2);
    assert_eq!(site.get("/", &entered.cookie()).await.status, StatusCode::OK);
    sample.pass(1);
    assert_eq!(site.get("/", &entered.cookie()).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn it_leads_back_to_where_somebody_wanted_and_never_elsewhere() {
    let sample = Sample::empty(START);
    let site = site(&sample, &["@mona"]);
    let long = format!("%2F{}", "a".repeat(3_000));
    for (next, expected) in [
        ("%2Fdeliveries%3Fevent%3Dpush", "/deliveries?event=push"),
        ("https%3A%2F%2Fevil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("%2F%5Cevil.example", "/"),
        ("%2Fsign-in%2Fgithub", "/"),
        (&long, "/"),
    ] {
        let (cookie, state) = begin(&site, &format!("?next={next}")).await;
        let entered = back(&site, &cookie, "good", &state).await;
        assert_eq!((entered.status, entered.header(header::LOCATION)), (StatusCode::SEE_OTHER, expected), "{next}");
    }
}

#[tokio::test]
async fn failures_are_explained_and_too_many_are_slowed_down() {
    let sample = Sample::empty(START);
    let site = site(&sample, &["acme"]);
    let attempt = async |address: &'static str, code: &str| {
        let (cookie, state) = begin(&site, "").await;
        let path = format!("/sign-in/github/callback?code={code}&state={state}");
        site.send(from(address, "GET", &path, &cookie).body(Body::empty()).unwrap()).await
    };
    for (code, status, word) in [
        ("good", StatusCode::FORBIDDEN, "not_a_member"),
        ("guess", StatusCode::BAD_REQUEST, "code_rejected"),
        ("secret", StatusCode::BAD_GATEWAY, "sign_in_misconfigured"),
        ("slow", StatusCode::SERVICE_UNAVAILABLE, "github_unavailable"),
    ] {
        let page = attempt("203.0.113.1", code).await;
        assert_eq!((page.status, page.body.contains(word)), (status, true), "{}", page.body);
        assert!(!page.body.contains("incorrect_client_credentials"), "GitHub's words are for the log");
        if word == "github_unavailable" {
            assert_eq!(page.header(header::RETRY_AFTER), "7");
        }
    }
    for _ in 0..10 {
        assert_eq!(attempt("203.0.113.9", "guess").await.status, StatusCode::BAD_REQUEST);
    }
    let slowed = attempt("203.0.113.9", "good").await;
    assert_eq!((slowed.status, slowed.header(header::RETRY_AFTER)), (StatusCode::TOO_MANY_REQUESTS, "30"));
    assert_eq!(attempt("203.0.113.10", "good").await.status, StatusCode::FORBIDDEN, "others are not kept out");
}

#[tokio::test]
async fn sign_ins_refusals_and_sign_outs_are_actions_of_whoever_it_was() {
    let sample = Sample::empty(START);
    let site = site(&sample, &["@mona"]);
    let (cookie, state) = begin(&site, "").await;
    let entered = back(&site, &cookie, "good", &state).await;
    let page = site.get("/", &entered.cookie()).await;
    let form = format!("csrf={}", page.field("csrf"));
    assert_eq!(site.post("/sign-out", &entered.cookie(), &form).await.status, StatusCode::SEE_OTHER);
    site.post("/sign-in", "", "token=guess").await;
    let noted = site.actions.0.lock().unwrap().clone();
    let told: Vec<(&str, &str)> = noted.iter().map(|action| (action.event.as_str(), action.actor.as_str())).collect();
    assert_eq!(
        told,
        [("engine.signed_in", "@mona"), ("engine.signed_out", "@mona"), ("engine.sign_in_refused", "somebody")]
    );
    assert_eq!((&noted[0].body["by"], &noted[0].body["role"]), (&"github".into(), &"operator".into()));
    assert_eq!((&noted[2].body["code"], &noted[2].body["count"]), (&"token_wrong".into(), &1.into()));
}

#[tokio::test]
async fn without_it_there_is_no_button_and_no_way() {
    let sample = Sample::empty(START);
    let site = Site::with_sign_in(sample.store.clone());
    assert!(!site.get("/sign-in", "").await.body.contains("GitHub"));
    for path in ["/sign-in/github", "/sign-in/github/callback?code=good&state=x"] {
        assert_eq!(site.get(path, "").await.status, StatusCode::NOT_FOUND, "{path}");
    }
}
