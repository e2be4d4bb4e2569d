//! The pages in their panel.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use switchboard_clock::Timestamp;
use switchboard_panel::{Access, Auth, Panel, TokenHash, Version};
use switchboard_relay::config::Config;
use switchboard_relay::handlers::Relay;
use switchboard_relay::pages::{RelayPages, schemas};
use switchboard_testkit::Wiring;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::support::{MINUTE, Town, config};

/// What the operator signs in with where pages are public.
const OPERATOR: &str = "sbt_operator-token-of-the-tests";

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

    /// The value of the first hidden field of this name within the form that posts to `action`, if there is one.
    pub fn field(&self, action: &str, name: &str) -> String {
        let (_, form) = self.body.split_once(&format!("action=\"{action}\"")).expect("the form is there");
        let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\"")).expect("the field is there");
        rest.split('"').next().unwrap().to_owned()
    }

    /// Everything that the body must show.
    pub fn shows(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.body.contains(text), "{text:?} is missing in\n{}", self.main());
        }
    }

    /// Nothing of this.
    pub fn hides(&self, texts: &[&str]) {
        for text in texts {
            assert!(!self.body.contains(text), "{text:?} is there:\n{}", self.main());
        }
    }

    /// What stands within the frame.
    pub fn main(&self) -> &str {
        let (_, main) = self.body.split_once("<main").unwrap_or(("", &self.body));
        main.split("</main>").next().unwrap_or_default()
    }

    /// How often something stands on the page.
    pub fn count(&self, text: &str) -> usize {
        self.main().matches(text).count()
    }
}

/// A town whose server has pages.
pub async fn town(allowlist: &str) -> Town {
    town_with(config(), allowlist).await
}

pub async fn town_with(config: Config, allowlist: &str) -> Town {
    let mut town = Town::beside(config, allowlist, panel).await;
    // The first numbers are put together.
    town.minutes(1).await;
    town
}

fn panel(relay: Relay, wiring: &Wiring<'_>) -> Router {
    let store = Arc::clone(&wiring.store);
    // As the server does it for `[relay] public_pages`.
    let auth = match relay.config().public_pages {
        true => Auth { operator: Some(TokenHash::of(OPERATOR)), public: vec!["relay".to_owned()], ..Auth::open() },
        false => Auth::open(),
    };
    let panel = Panel {
        store: Arc::clone(&store),
        actions: Arc::new(wiring.engine.acceptor().clone()),
        auth,
        access: Access::default(),
        automations: vec![Arc::new(RelayPages::new(store, relay, wiring.engine))],
        version: Version { version: "1.2.3".to_owned(), image: "sha256:abc".to_owned(), started_at: Timestamp::EPOCH },
        github_url: "https://github.com".to_owned(),
        shutdown: CancellationToken::new(),
        also: Vec::new(),
    };
    panel.router().merge(schemas())
}

impl Town {
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A page that is there.
    pub async fn page(&self, path: &str) -> Answer {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.world.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// Presses the button of the page at `from` that posts to `action`, as a browser would.
    pub async fn press(&self, from: &str, action: &str, fields: &str) -> Answer {
        let page = self.page(from).await;
        let cookie = page.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let mut form = format!("csrf={}&{fields}", page.field(action, "csrf"));
        if page.body.contains("name=\"id\"") {
            form.push_str(&format!("&id={}", page.field(action, "id")));
        }
        let request = Request::post(action)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie);
        self.ask(request.body(Body::from(form)).unwrap()).await
    }

    /// So many reads of the store does it take to answer this.
    pub async fn reads(&self, path: &str) -> u64 {
        let before = self.world.store_reads();
        let answer = self.get(path).await;
        assert!(answer.status.is_success(), "{path}: {}\n{}", answer.status, answer.body);
        self.world.store_reads() - before
    }

    /// Time passes until all that follows is done, short of what waits for hours.
    pub async fn soon(&mut self) {
        self.world.run_for(MINUTE * 10).await;
    }
}
