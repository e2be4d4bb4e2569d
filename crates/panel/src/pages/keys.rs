//! `/keys`: what keys do, for who has no script to press `?` with, or no such key. It tells nothing of this server, so anybody
//! may read it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;

use crate::core::Core;
use crate::shortcuts::{Group, groups};
use crate::{Fault, Session, Shell};

#[derive(Template)]
#[template(path = "pages/keys.html")]
struct KeysPage {
    shortcuts: Vec<Group>,
}

/// `GET /keys`
pub(crate) async fn page(State(core): State<Arc<Core>>, request: Request) -> Result<Response, Fault> {
    let session = request.extensions().get::<Session>().cloned();
    let page = KeysPage { shortcuts: groups(&core, session.as_ref()) };
    Shell::for_anybody(core, session, &request).page("Keyboard", &page).await
}
