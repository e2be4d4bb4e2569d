use std::sync::{Arc, Mutex};

use serde_json::json;
use switchboard_clock::SimulatedClock;

use super::*;
use crate::testing::{Stub, answer};

const CALLBACK: &str = "https://switchboard.example/sign-in/github/callback";

fn oauth() -> (Arc<Stub>, OAuth) {
    let stub = Arc::new(Stub::new(SimulatedClock::default()));
    let client = Client { id: "Iv23li".to_owned(), secret: Token::new("cs-secret".to_owned()) };
    let url = |text: &str| text.parse().unwrap();
    let web = url("https://ghe.example");
    (Arc::clone(&stub), OAuth::new(web, url("https://ghe.example/api/v3"), client, stub))
}

fn token() -> UserToken {
    UserToken(Token::new("ghu_secret".to_owned()))
}

#[test]
fn a_browser_is_led_to_the_pages_of_the_same_github() {
    let (_, oauth) = oauth();
    assert_eq!(
        oauth.authorize_url(CALLBACK, "s&t", "ch").as_str(),
        "https://ghe.example/login/oauth/authorize?client_id=Iv23li\
         &redirect_uri=https%3A%2F%2Fswitchboard.example%2Fsign-in%2Fgithub%2Fcallback\
         &state=s%26t&code_challenge=ch&code_challenge_method=S256&allow_signup=false"
    );
}

#[tokio::test]
async fn a_code_is_exchanged_with_every_secret_in_the_body() {
    let (stub, oauth) = oauth();
    stub.will_answer([answer(200, &[], &json!({ "access_token": "ghu_x", "token_type": "bearer", "scope": "" }))]);
    let token = oauth.exchange("c0de", CALLBACK, "ver").await.unwrap();
    assert_eq!(token.0.expose(), "ghu_x");
    assert!(!format!("{oauth:?} {token:?}").contains("ghu_x") && !format!("{oauth:?}").contains("cs-secret"));
    let call = &stub.calls()[0];
    assert_eq!(call.url.as_str(), "https://ghe.example/login/oauth/access_token");
    let body = String::from_utf8(call.body.to_vec()).unwrap();
    assert!(
        body.contains("client_secret=cs-secret") && body.contains("&code=c0de&") && body.ends_with("code_verifier=ver")
    );
    assert_eq!(call.headers["accept"], "application/json");
}

#[tokio::test]
async fn a_refused_exchange_says_whose_fault_it_is() {
    let (stub, oauth) = oauth();
    let told = |error: &str| answer(200, &[], &json!({ "error": error, "error_description": "…" }));
    let unavailable = |message: &str, retry_after| OAuthError::Unavailable { message: message.to_owned(), retry_after };
    for (outcome, error) in [
        (told("bad_verification_code"), OAuthError::CodeRejected),
        (told("incorrect_client_credentials"), OAuthError::ClientRejected("incorrect_client_credentials".to_owned())),
        (told("redirect_uri_mismatch"), OAuthError::ClientRejected("redirect_uri_mismatch".to_owned())),
        (answer(404, &[], &json!({})), OAuthError::ClientRejected("404".to_owned())),
        (answer(503, &[], &json!(null)), unavailable("it answered 503", None)),
        (answer(429, &[("retry-after", "7")], &json!({})), unavailable("it answered 429", Some(7))),
        (answer(403, &[("x-ratelimit-remaining", "0")], &json!({})), unavailable("it answered 403", None)),
        (Err(TransportError::Timeout), unavailable("timed out", None)),
        (answer(200, &[], &json!({})), OAuthError::Unreadable("it holds no token".to_owned())),
        (answer(200, &[], &json!(["ghu_x"])), OAuthError::Unreadable("it is not the expected JSON".to_owned())),
    ] {
        stub.will_answer([outcome]);
        assert_eq!(oauth.exchange("c", CALLBACK, "v").await.unwrap_err(), error);
    }
}

#[tokio::test]
async fn memberships_are_yes_no_not_yet_or_not_told() {
    let (stub, oauth) = oauth();
    for (outcome, membership) in [
        (answer(200, &[], &json!({ "state": "active", "role": "admin" })), Membership::Active),
        (answer(200, &[], &json!({ "state": "pending", "role": "member" })), Membership::Pending),
        (answer(404, &[], &json!({ "message": "Not Found" })), Membership::None),
        (answer(403, &[], &json!({ "message": "no ghu_secret" })), Membership::Hidden("no [redacted]".to_owned())),
    ] {
        stub.will_answer([outcome.clone(), outcome]);
        assert_eq!(oauth.organization(&token(), "acme").await.unwrap(), membership);
        assert_eq!(oauth.team(&token(), "acme", "ops", "mona").await.unwrap(), membership);
    }
    let calls = stub.calls();
    assert_eq!(calls[0].url.path(), "/api/v3/user/memberships/orgs/acme");
    assert_eq!(calls[1].url.path(), "/api/v3/orgs/acme/teams/ops/memberships/mona");
    assert_eq!(calls[0].headers["authorization"], "Bearer ghu_secret");
    assert!(calls[0].headers["authorization"].is_sensitive());
    stub.will_answer([answer(200, &[], &json!({ "state": "odd" })), answer(301, &[], &json!({}))]);
    for _ in 0..2 {
        assert!(matches!(oauth.organization(&token(), "acme").await, Err(OAuthError::Unreadable(_))));
    }
}

#[tokio::test]
async fn a_person_is_named_unless_suspended() {
    let (stub, oauth) = oauth();
    stub.will_answer([
        answer(200, &[], &json!({ "id": 7, "login": "mona", "type": "User" })),
        answer(403, &[], &json!({ "message": "Sorry. Your account was suspended." })),
    ]);
    assert_eq!(oauth.user(&token()).await.unwrap(), User { id: 7, login: "mona".to_owned() });
    assert_eq!(oauth.user(&token()).await.unwrap_err(), OAuthError::AccountSuspended);
}

#[tokio::test]
async fn a_token_is_taken_back_by_the_app() {
    let (stub, oauth) = oauth();
    stub.will_answer([answer(204, &[], &json!(null)), answer(404, &[], &json!({ "message": "Not Found" }))]);
    oauth.revoke(token()).await.unwrap();
    let call = &stub.calls()[0];
    assert_eq!((call.method.as_str(), call.url.path()), ("DELETE", "/api/v3/applications/Iv23li/token"));
    assert_eq!(call.headers["authorization"], "Basic SXYyM2xpOmNzLXNlY3JldA==");
    assert!(matches!(oauth.revoke(token()).await, Err(OAuthError::Unreadable(_))));
}

#[derive(Debug, Default)]
struct Heard(Mutex<Vec<Exchange>>);

impl CallObserver for Heard {
    fn exchanged(&self, exchange: &Exchange) {
        self.0.lock().unwrap().push(*exchange);
    }
}

#[tokio::test]
async fn whoever_measures_hears_of_signing_in() {
    let (stub, oauth) = oauth();
    let heard = Arc::new(Heard::default());
    let oauth = oauth.observed(Arc::clone(&heard) as _);
    stub.will_answer([
        answer(200, &[], &json!({ "access_token": "ghu_x" })),
        answer(200, &[], &json!({ "id": 7, "login": "mona" })),
        Err(TransportError::Reset),
        answer(204, &[], &json!({})),
    ]);
    let token = oauth.exchange("c0de", CALLBACK, "ver").await.unwrap();
    oauth.user(&token).await.unwrap();
    oauth.organization(&token, "acme").await.unwrap_err();
    oauth.revoke(token).await.unwrap();
    let heard: Vec<_> = heard.0.lock().unwrap().iter().map(|it| (it.kind, it.method, it.route, it.status)).collect();
    assert_eq!(
        heard,
        [
            (CallKind::Write, "POST", "/login/oauth/access_token", Some(200)),
            (CallKind::Read, "GET", "/user", Some(200)),
            (CallKind::Read, "GET", "/user/memberships/orgs/{org}", None),
            (CallKind::Write, "DELETE", "/applications/{client}/token", Some(204)),
        ]
    );
}
