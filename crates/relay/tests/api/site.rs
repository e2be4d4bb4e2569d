//! The relay's API in its panel, asked without a network.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_panel::{Access, Auth, Panel, TokenHash, Version};
use switchboard_relay::config::Config;
use switchboard_relay::handlers::Relay;
use switchboard_relay::pages::RelayPages;
use switchboard_simulator::{Downstream, Pull, PullSpec};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::support::{LABEL, MINUTE, Town, UP, config, name};

pub const OPERATOR: &str = "sbt_operator-token-of-the-tests";
pub const VIEWER: &str = "sbt_viewer-token-of-the-tests";

/// One entry on each level.
pub const LEVELS: &str = "\
L1: [one/a]
L2: [{ two/b: { labels: [ready] } }]
L3: { cuda: { three/c: [alice] } }
L4: [four/d]
";

/// The panel over a world's store.
pub struct Site(Router);

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The status and code of a refusal, which is a problem document with a sentence.
    pub fn refusal(&self) -> (u16, String) {
        let problem = self.json();
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json", "{}", self.body);
        assert_eq!(problem["status"], self.status.as_u16(), "{}", self.body);
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{}", self.body);
        (self.status.as_u16(), problem["code"].as_str().unwrap().to_owned())
    }
}

impl Site {
    /// Without sign-in.
    pub fn open(town: &Town) -> Self {
        Self::with(town, config(), Auth::open())
    }

    /// With sign-in for an operator and a viewer.
    pub fn closed(town: &Town) -> Self {
        Self::with(town, config(), signed_in())
    }

    pub fn with(town: &Town, config: Config, auth: Auth) -> Self {
        let relay = Relay::new(config, name(UP), "https://github.com");
        let store = town.world.watched_handle();
        let pages = RelayPages::new(Arc::clone(&store), relay, town.world.engine());
        let panel = Panel {
            store,
            actions: Arc::new(town.world.engine().acceptor().clone()),
            auth,
            access: Access::default(),
            automations: vec![Arc::new(pages)],
            version: Version { version: "1.2.3".to_owned(), image: "unknown".to_owned(), started_at: Timestamp::EPOCH },
            github_url: "https://github.com".to_owned(),
            shutdown: CancellationToken::new(),
            also: Vec::new(),
        };
        Self(panel.router())
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.0.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// What a path under the relay's API answers.
    pub async fn ask(&self, path: &str) -> Answer {
        self.send(Request::get(format!("/api/v1/relay/{path}")).body(Body::empty()).unwrap()).await
    }

    /// The same, of a path that has an answer.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.json()
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.send(Request::post(format!("/api/v1/relay/{path}")).body(body.into()).unwrap()).await
    }

    /// An action with a token, and perhaps an id of its own.
    pub async fn act(&self, path: &str, token: &str, id: Option<&str>, body: &str) -> Answer {
        let mut request =
            Request::post(format!("/api/v1/relay/{path}")).header(header::AUTHORIZATION, format!("Bearer {token}"));
        if let Some(id) = id {
            request = request.header("idempotency-key", id);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }
}

/// Sign-in for an operator and a viewer.
pub fn signed_in() -> Auth {
    Auth { operator: Some(TokenHash::of(OPERATOR)), read_only: Some(TokenHash::of(VIEWER)), ..Auth::open() }
}

/// A town with an entry on each level, in which a pull request was dispatched and all that follows has happened: L1 and L4 pass, L2 is
/// skipped, of L3's two results one fails.
pub async fn played() -> (Town, Pull) {
    let mut town = Town::with(config(), LEVELS).await;
    let passes = || Downstream::run("CI").result("build").succeeds_after(5 * MINUTE);
    for repo in ["one/a", "two/b", "four/d"] {
        town.downstream(repo, passes());
    }
    town.downstream("three/c", passes().result("test").fails_after(7 * MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a <b>kernel</b>").labels(&[LABEL]));
    town.minutes(30).await;
    (town, pull)
}
