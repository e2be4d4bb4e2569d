//! Questions that store nothing: is this file in order, and what would a run lead to?

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::StatusCode;
use serde_json::{Value, json};
use switchboard_engine::Trouble;
use switchboard_panel::{Fault, Session};

use crate::file;
use crate::handlers::{Simulated, SimulationRequest};
use crate::pages::Desk;

/// `POST /api/v1/dispatcher/lint`, the file's bytes as the body.
pub(super) async fn lint(_: Session, body: Bytes) -> Json<Value> {
    let (valid, diagnostics) = match file::read(&body) {
        Ok((_, diagnostics)) => (true, diagnostics),
        Err(diagnostics) => (false, diagnostics),
    };
    Json(json!({ "valid": valid, "diagnostics": diagnostics.kept(), "more": diagnostics.dropped() }))
}

/// `POST /api/v1/dispatcher/simulate`
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
