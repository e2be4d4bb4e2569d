//! The API without a server: its routes, called in this process.

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use switchboard_engine::accept::Action;
use switchboard_panel::{Access, Actions, Auth, Panel, generate_token};
use switchboard_store::sqlite::SqliteStore;
use switchboard_store::{Acceptance, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::Errand;
use crate::assembly::{Components, Server};
use crate::cli::Failure;
use crate::serve;
use crate::settings::Settings;

/// See the [module's documentation](self).
pub struct InProcess {
    router: Router,
    /// Whoever may open the store's file may do everything, so the door that belongs to a server gets a key of its own.
    token: String,
}

impl InProcess {
    pub(super) fn new(settings: &Settings, store: Arc<SqliteStore>, errand: Errand) -> Result<Self, Failure> {
        let (token, hash) = generate_token();
        let auth = Auth { operator: Some(hash), ..Auth::open() };
        let store = store as Arc<dyn Store>;
        let router = match errand {
            Errand::Read => reading(settings, store, auth),
            Errand::Act => {
                let components = serve::components(settings, store)?;
                let components = Components { auth, access: Access::default(), ..components };
                Server::new(components, CancellationToken::new()).into_router()
            }
        };
        Ok(Self { router, token })
    }

    pub(super) async fn ask(&self, method: Method, path: &str, body: String) -> Result<(StatusCode, Vec<u8>), Failure> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json")
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::from(body))
            .map_err(failed)?;
        let answer = match self.router.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(failed)?.to_bytes();
        Ok((status, body.to_vec()))
    }
}

/// The pages and API that only read, which need no App.
fn reading(settings: &Settings, store: Arc<dyn Store>, auth: Auth) -> Router {
    let panel = Panel {
        store,
        actions: Arc::new(NoActions),
        auth,
        access: Access::default(),
        automations: Vec::new(),
        version: serve::version(settings),
        github_url: String::new(),
        shutdown: CancellationToken::new(),
        also: Vec::new(),
    };
    panel.router()
}

/// Takes nothing in. Who comes to read asks for nothing.
struct NoActions;

#[async_trait]
impl Actions for NoActions {
    async fn action(&self, _: Action) -> Result<Acceptance, StoreError> {
        Err(StoreError::Unavailable { reason: "it was opened to read".to_owned() })
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed {
        message: error.to_string(),
        hint: "look at the argument: it becomes part of an address".to_owned(),
    }
}
