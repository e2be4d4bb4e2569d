//! `/gate/{number}`: whether a merge may go ahead, for bots. It is decided anew from the targets, as `crcr/gate` is.
//!
//! A bot merges on `open` and on nothing else, so whatever cannot be known here is never `open`: a head that the relay has not heard
//! of is `pending`, and whatever goes wrong while answering is 503.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use switchboard_engine::Trouble;
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use switchboard_store::StoreError;
use utoipa::{IntoParams, ToSchema};

use super::row::{RelayGateReason, reasons, state};
use super::{given, number};
use crate::pages::{Desk, question, reading};
use crate::records::{PullRecord, keys, views};

/// After how many seconds asking again makes sense.
const COME_BACK: u64 = 30;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct GateQuery {
    /// The commit that is to be merged, in full: a gate that was open for an earlier head says nothing about it.
    #[param(required, example = "2b66fd261ee5c6cfc8de7fa466bab600bcfe4f69")]
    sha: Option<String>,
}

/// Whether a merge may go ahead.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayGateState {
    /// `open`: merge. `closed`: something failed. `pending`: not yet known. `none`: there is no gate, because nothing was relayed, or
    /// because none is kept here.
    state: &'static str,
    /// Why.
    reasons: Vec<RelayGateReason>,
}

impl RelayGateState {
    fn because(state: &'static str, reason: &'static str, text: &'static str) -> Self {
        Self { state, reasons: vec![RelayGateReason { repository: None, reason, text }] }
    }
}

/// Whether a commit may be merged, as far as L4 repositories say. Whatever fails is 503, never an open gate.
#[utoipa::path(get, path = "/api/v1/relay/gate/{number}", tag = "relay",
    params(("number" = u64, Path, description = "The pull request's number."), GateQuery),
    responses((status = 200, body = RelayGateState), Refused))]
pub(super) async fn gate(
    State(desk): State<Arc<Desk>>,
    Path(asked): Path<String>,
    Query(query): Query<GateQuery>,
) -> Result<Json<RelayGateState>, Fault> {
    let number = number(&asked)?;
    let sha = given(query.sha.as_deref()).ok_or_else(|| {
        Fault::parameter("The parameter `sha` is missing.")
            .hint("Say which commit is to be merged: `?sha=<40 hex digits>`.")
    })?;
    let sha = question::sha(sha)?;
    let key = keys::pull(desk.relay.upstream(), number);
    let record: Option<PullRecord> = desk.reader.get(&views::PULL, &key).await.map_err(unknowable)?;
    let Some(record) = record else {
        let text = "nothing of this pull request was relayed";
        return Ok(Json(RelayGateState::because("none", "not_relayed", text)));
    };
    Ok(Json(of(&desk, &record, &sha).await?))
}

/// The gate of a commit of this pull request, as of now.
///
/// # Errors
/// 503 for anything that leaves it open how the gate stands.
pub(super) async fn of(desk: &Desk, record: &PullRecord, sha: &str) -> Result<RelayGateState, Fault> {
    let list = reading::allowlist(desk).await.map_err(unknowable)?.and_then(|record| record.list);
    let list = list.ok_or_else(|| {
        let detail = "No valid allowlist has been read yet, so nobody knows whom the gate waits for.";
        later("allowlist_unavailable", detail).hint("See /relay/allowlist for what is wrong with it.")
    })?;
    if !desk.relay.keeps_gate(&list) {
        let text = "no gate is kept: the setting `gate` is `never`, or `auto` while no repository is on L4";
        return Ok(RelayGateState::because("none", "no_gate", text));
    }
    if record.info.head_sha.as_str() != sha {
        let text = "not the newest head that the relay has heard of";
        return Ok(RelayGateState::because("pending", "other_head", text));
    }
    // The same rule as the check run's, so that the two cannot differ.
    let gate = desk.relay.gate_of(&desk.context(), &list, record, &[]).await.map_err(|trouble| unread(&trouble))?;
    let Some((gate, _)) = gate else {
        return Ok(RelayGateState::because("none", "not_relayed", "nothing of this head was relayed"));
    };
    Ok(RelayGateState { state: state(gate.progress), reasons: reasons(&gate) })
}

/// Any failure of the store: a record that does not read back is not a missing one.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn unknowable(error: StoreError) -> Fault {
    tracing::error!(%error, hint = error.hint(), "the store could not say how a gate stands");
    later("store_unavailable", "The database cannot say how the gate stands.")
        .hint("Do not merge on this answer; ask again.")
}

fn unread(trouble: &Trouble) -> Fault {
    tracing::error!(?trouble, "what a gate waits for could not be read");
    later("store_unavailable", "The database cannot say how the gate stands.")
        .hint("Do not merge on this answer; ask again.")
}

fn later(code: &'static str, detail: &'static str) -> Fault {
    let mut fault = Fault::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
    fault.retry_after = Some(COME_BACK);
    fault
}
