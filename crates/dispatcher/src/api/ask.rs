//! Questions that store nothing: is this file in order, and what would a run lead to?

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use switchboard_engine::Trouble;
use switchboard_engine::yaml::Diagnostic;
use switchboard_panel::api::RefusedAction;
use switchboard_panel::{Fault, Session};
use utoipa::ToSchema;

use crate::file;
use crate::handlers::{Simulated, SimulationRequest};
use crate::pages::Desk;

/// What there is to say about a file.
#[derive(Serialize, ToSchema)]
pub(super) struct Linted {
    /// Whether it would be used.
    valid: bool,
    /// Remarks with `severity`, `line`, `column`, `code`, `path`, `message` and perhaps `hint`.
    #[schema(value_type = Vec<Object>)]
    diagnostics: Vec<Diagnostic>,
    /// How many more there are.
    more: usize,
}

/// Whether a `dispatching.yml` is in order. Nothing is stored.
#[utoipa::path(
    post, path = "/api/v1/dispatcher/lint", tag = "dispatcher",
    request_body(content = String, content_type = "application/yaml", description = "The file."),
    responses((status = 200, body = Linted), RefusedAction)
)]
pub(super) async fn lint(_: Session, body: Bytes) -> Json<Linted> {
    let (valid, diagnostics) = match file::read(&body) {
        Ok((_, diagnostics)) => (true, diagnostics),
        Err(diagnostics) => (false, diagnostics),
    };
    Json(Linted { valid, diagnostics: diagnostics.kept().to_vec(), more: diagnostics.dropped() })
}

/// What a run would lead to, with reasons. Reads GitHub; nothing is stored or written.
#[utoipa::path(
    post, path = "/api/v1/dispatcher/simulate", tag = "dispatcher",
    request_body = SimulationRequest,
    responses(
        (status = 200, body = Simulated),
        (status = 502, description = "GitHub could not be read.", content_type = "application/problem+json", body = Object),
        RefusedAction
    )
)]
pub(super) async fn simulate(State(desk): State<Arc<Desk>>, _: Session, body: Bytes) -> Result<Json<Simulated>, Fault> {
    let request: SimulationRequest = serde_json::from_slice(&body).map_err(|error| {
        Fault::parameter(format!("The body is not a simulation: {error}."))
            .hint("Send `{\"repository\": \"owner/name\", \"workflow\": \"ci.yml\"}`, and perhaps branch, conclusion and event.")
    })?;
    desk.dispatcher.simulate(&request, &desk.github).await.map(Json).map_err(unreadable)
}

/// GitHub could not be read, so there is no answer.
fn unreadable(trouble: Trouble) -> Fault {
    let failure = match trouble {
        Trouble::Store(error) => return error.into(),
        Trouble::Wait { failure, .. } | Trouble::Again { failure, .. } | Trouble::Permanent { failure } => failure,
    };
    let fault = Fault::new(
        StatusCode::BAD_GATEWAY,
        "github_unreadable",
        format!("GitHub could not be read: {}.", failure.message.trim_end_matches('.')),
    );
    match failure.hint {
        Some(hint) => fault.hint(hint),
        None => fault,
    }
}
