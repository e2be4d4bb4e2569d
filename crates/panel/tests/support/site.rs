//! A panel to send requests to, without a network.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use switchboard_clock::Timestamp;
use switchboard_engine::accept::Action;
use switchboard_engine::sign_ins;
use switchboard_panel::{Access, Auth, AutomationPages, Insight, Panel, TokenHash, Version};
use switchboard_store::Store;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::Noted;
use super::counting::Counting;

pub const OPERATOR: &str = "sbt_operator-token-of-the-tests";
pub const VIEWER: &str = "sbt_viewer-token-of-the-tests";

/// A panel over a store.
pub struct Site {
    pub router: Router,
    pub reads: Arc<Counting>,
    pub actions: Arc<Noted>,
    pub shutdown: CancellationToken,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The name and value of the cookie that was set.
    pub fn cookie(&self) -> String {
        self.header(header::SET_COOKIE).split(';').next().unwrap().to_owned()
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let at = self.body.find(&start).unwrap_or_else(|| panic!("no field {name}")) + start.len();
        self.body[at..].split('"').next().unwrap().to_owned()
    }
}

impl Site {
    /// With sign-in for an operator and a viewer.
    pub fn with_sign_in(store: Arc<dyn Store>) -> Self {
        Self::new(store, tokens(), Access::default(), Vec::new())
    }

    /// Without sign-in.
    pub fn open(store: Arc<dyn Store>) -> Self {
        Self::new(store, Auth::open(), Access::default(), Vec::new())
    }

    /// Without sign-in, by a server that tells about itself.
    pub fn with_insight(store: Arc<dyn Store>, insight: Insight) -> Self {
        Self::telling(store, Auth::open(), Access::default(), Vec::new(), insight)
    }

    pub fn new(store: Arc<dyn Store>, auth: Auth, access: Access, automations: Vec<Arc<dyn AutomationPages>>) -> Self {
        Self::telling(store, auth, access, automations, Insight::default())
    }

    pub fn telling(
        store: Arc<dyn Store>,
        auth: Auth,
        access: Access,
        automations: Vec<Arc<dyn AutomationPages>>,
        insight: Insight,
    ) -> Self {
        let reads = Counting::new(store);
        let actions = Arc::new(Noted::default());
        let shutdown = CancellationToken::new();
        let panel = Panel {
            store: reads.clone(),
            actions: actions.clone(),
            auth,
            access,
            automations,
            version: Version {
                version: "1.2.3".to_owned(),
                image: "sha256:abc".to_owned(),
                started_at: Timestamp::EPOCH,
            },
            github_url: "https://github.com".to_owned(),
            shutdown: shutdown.clone(),
            also: Vec::new(),
        };
        Self { router: panel.router_with(insight), reads, actions, shutdown }
    }

    /// What operators asked for, their sign-ins and sign-outs apart.
    pub fn acted(&self) -> Vec<Action> {
        let actions = self.actions.0.lock().unwrap();
        let notes = [sign_ins::SIGNED_IN, sign_ins::REFUSED, sign_ins::SIGNED_OUT];
        actions.iter().filter(|action| !notes.contains(&action.event.as_str())).cloned().collect()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// `GET`, with a cookie if there is one.
    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(request("GET", path, cookie).body(Body::empty()).unwrap()).await
    }

    /// `POST` of a form.
    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let request = request("POST", path, cookie).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A request with a token instead of a cookie.
    pub async fn with_token(&self, method: &str, path: &str, token: &str) -> Answer {
        let request = request(method, path, "").header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Signs in and returns the cookie.
    pub async fn sign_in(&self, token: &str) -> String {
        let answer = self.post("/sign-in", "", &format!("token={token}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        answer.cookie()
    }
}

pub fn tokens() -> Auth {
    Auth { operator: Some(TokenHash::of(OPERATOR)), read_only: Some(TokenHash::of(VIEWER)), ..Auth::open() }
}

pub fn request(method: &str, path: &str, cookie: &str) -> http::request::Builder {
    from("198.51.100.7", method, path, cookie)
}

/// A request from an address.
pub fn from(address: &str, method: &str, path: &str, cookie: &str) -> http::request::Builder {
    let peer = SocketAddr::new(address.parse::<IpAddr>().unwrap(), 40_000);
    let builder = Request::builder().method(method).uri(path).extension(ConnectInfo(peer));
    if cookie.is_empty() { builder } else { builder.header(header::COOKIE, cookie) }
}
