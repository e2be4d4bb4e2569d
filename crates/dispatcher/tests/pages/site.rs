//! The dispatcher's pages in their panel, asked without a network.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::handlers::records::RunRecord;
use switchboard_dispatcher::keys::views;
use switchboard_dispatcher::pages::{DispatcherPages, schemas};
use switchboard_panel::{Access, Auth, Panel, TokenHash, Version};
use switchboard_simulator::{Expected, RunSpec, Workflow};
use switchboard_testkit::World;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::counting::Counting;

pub const OPERATOR: &str = "sbt_operator-token-of-the-tests";
pub const VIEWER: &str = "sbt_viewer-token-of-the-tests";

/// The pages over a world's store.
pub struct Site {
    router: Router,
    store: Arc<Counting>,
}

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

    pub fn header(&self, name: impl header::AsHeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The value of a hidden field.
    pub fn field(&self, name: &str) -> String {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.body.split_once(&start).unwrap_or_else(|| panic!("no field {name}"));
        rest.split('"').next().unwrap().to_owned()
    }

    /// Everything that the body must show.
    pub fn shows(&self, texts: &[&str]) {
        for text in texts {
            assert!(self.body.contains(text), "{text:?} is missing in\n{}", self.body);
        }
    }
}

impl Site {
    /// Without sign-in.
    pub fn open(world: &World) -> Self {
        Self::with(world, Auth::open())
    }

    /// With sign-in for an operator and a viewer.
    pub fn closed(world: &World) -> Self {
        let (operator, read_only) = (Some(TokenHash::of(OPERATOR)), Some(TokenHash::of(VIEWER)));
        Self::with(world, Auth { operator, read_only, ..Auth::open() })
    }

    fn with(world: &World, auth: Auth) -> Self {
        let store = Counting::new(world.store_handle());
        let dispatcher = Arc::new(Dispatcher::new(Config::default(), None));
        let pages = DispatcherPages::new(store.clone(), dispatcher, world.engine());
        let panel = Panel {
            store: store.clone(),
            actions: Arc::new(world.engine().acceptor().clone()),
            auth,
            access: Access::default(),
            automations: vec![Arc::new(pages)],
            version: Version {
                version: "1.2.3".to_owned(),
                image: "sha256:abc".to_owned(),
                started_at: Timestamp::EPOCH,
            },
            github_url: "https://github.com".to_owned(),
            shutdown: CancellationToken::new(),
            also: Vec::new(),
        };
        Self { router: panel.router().merge(schemas()), store }
    }

    /// How often the store has been read for this site.
    pub fn reads(&self) -> u64 {
        self.store.reads()
    }

    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// A request with a token.
    pub async fn with_token(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        let request =
            Request::builder().method(method).uri(path).header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    pub async fn post_json(&self, path: &str, body: &str) -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    /// A form sent from the page at `from`: its fields and the hidden ones that the page gave, as the browser would.
    pub async fn fill_in(&self, from: &str, to: &str, fields: &str) -> Answer {
        let page = self.get(from).await;
        let cookie = page.header(header::SET_COOKIE).split(';').next().unwrap().to_owned();
        let mut form = format!("csrf={}&{fields}", page.field("csrf"));
        if page.body.contains("name=\"id\"") {
            form.push_str(&format!("&id={}", page.field("id")));
        }
        let request = Request::post(to)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::from(form)).unwrap()).await
    }
}

/// The run of `repository` that was planned last, by its key.
pub async fn run_of(world: &World, repository: &str) -> RunRecord {
    let records = world.records(&views::RUN).await;
    let mut runs = records.into_iter().map(|record| serde_json::from_value::<RunRecord>(record.value).unwrap());
    runs.rfind(|run| run.source.repository.to_string() == repository).expect("a run of this repository")
}

/// Lets a run of the source complete, and everything follow.
pub async fn play(world: &mut World, ci: &Workflow) {
    ci.complete_run(&RunSpec::default());
    world.run_for(Duration::from_secs(200)).await;
}

/// Ends a story. Its writes are dispatches and issues; how many of them is the business of stories about dispatching.
pub async fn end(mut world: World) {
    world.run_until_idle(Duration::from_secs(3_600)).await;
    let writes: Vec<Expected> =
        world.github.writes().iter().map(|call| Expected::once(&call.method, &call.path)).collect();
    let wanted = ["/dispatches", "/issues"];
    for call in world.github.writes() {
        assert!(wanted.iter().any(|part| call.path.contains(part)), "{call}");
    }
    world.finish(&writes).await;
}
