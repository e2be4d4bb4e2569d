//! What operators ask for: each becomes a delivery of its own, whose facts name them.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use switchboard_panel::api::{Asked, RefusedAction};
use switchboard_panel::{Fault, Operator};
use utoipa::ToSchema;

use crate::handlers::{DEMOTION_LIFT, DEMOTION_SUPPRESS, IDENTITY_RESET};
use crate::pages::operate::{self, RepoPath, TargetPath};
use crate::pages::{Desk, question};

/// What is to become of a due demotion's consequences.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RelayDemotionOrder {
    /// `lift`, unless `suppress` is said.
    action: RelayDemotionAction,
}

/// What operators do about a due demotion.
#[derive(Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum RelayDemotionAction {
    /// The entry gets check runs as before, for 7 days.
    #[default]
    Lift,
    /// The entry gets no new check runs: ends what was lifted.
    Suppress,
}

/// Sends a dispatch to an entry once more.
#[utoipa::path(post, path = "/api/v1/relay/dispatches/{id}/{owner}/{name}/redispatch", tag = "relay",
    params(
        ("id" = String, Path, description = "The delivery id of the dispatch."),
        ("owner" = String, Path, description = "The entry's owner."),
        ("name" = String, Path, description = "The entry's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    responses((status = 202, body = Asked), RefusedAction))]
pub(super) async fn redispatch(
    State(desk): State<Arc<Desk>>,
    Path((id, owner, name)): Path<TargetPath>,
    Operator(session): Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let (repo, action) = (question::entry(&format!("{owner}/{name}"))?, action_id(&desk, &headers));
    let acceptance = operate::again(&desk, &id, &repo, &session, action.clone()).await?;
    Ok((StatusCode::ACCEPTED, Json(Asked::of(action, &acceptance))))
}

/// Lifts the consequences of an entry's due demotion for 7 days, or ends that.
#[utoipa::path(post, path = "/api/v1/relay/repos/{owner}/{name}/demotion", tag = "relay",
    params(
        ("owner" = String, Path, description = "The entry's owner."),
        ("name" = String, Path, description = "The entry's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    request_body = Option<RelayDemotionOrder>,
    responses((status = 202, body = Asked), RefusedAction))]
pub(super) async fn demotion(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
    Operator(session): Operator,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let order: Option<RelayDemotionOrder> = if body.is_empty() {
        None
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| Fault::parameter("The body is `{\"action\": \"lift\"}` or `{\"action\": \"suppress\"}`."))?
    };
    let event = match order.unwrap_or_default().action {
        RelayDemotionAction::Lift => DEMOTION_LIFT,
        RelayDemotionAction::Suppress => DEMOTION_SUPPRESS,
    };
    of_entry(&desk, event, &owner, &name, &Operator(session), &headers).await
}

/// Lets an entry's name stand for another repository than the one whose id is pinned: the next report or send pins anew.
#[utoipa::path(post, path = "/api/v1/relay/repos/{owner}/{name}/identity/reset", tag = "relay",
    params(
        ("owner" = String, Path, description = "The entry's owner."),
        ("name" = String, Path, description = "The entry's name."),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    responses((status = 202, body = Asked), RefusedAction))]
pub(super) async fn identity_reset(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
    operator: Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    of_entry(&desk, IDENTITY_RESET, &owner, &name, &operator, &headers).await
}

/// Reads the allowlist now.
#[utoipa::path(post, path = "/api/v1/relay/allowlist/refresh", tag = "relay",
    params(("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid)),
    responses((status = 202, body = Asked), RefusedAction))]
pub(super) async fn refresh(
    State(desk): State<Arc<Desk>>,
    Operator(session): Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let action = action_id(&desk, &headers);
    let acceptance = operate::read_list(&desk, &session, action.clone()).await?;
    Ok((StatusCode::ACCEPTED, Json(Asked::of(action, &acceptance))))
}

async fn of_entry(
    desk: &Desk,
    event: &str,
    owner: &str,
    name: &str,
    operator: &Operator,
    headers: &HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let (repo, action) = (question::entry(&format!("{owner}/{name}"))?, action_id(desk, headers));
    let acceptance = operate::of_entry(desk, event, &repo, &operator.0, action.clone()).await?;
    Ok((StatusCode::ACCEPTED, Json(Asked::of(action, &acceptance))))
}

/// The id of an action: the one that the caller chose, so that sending it twice is asking once, or a new one.
fn action_id(desk: &Desk, headers: &HeaderMap) -> String {
    match headers.get("idempotency-key") {
        Some(id) => String::from_utf8_lossy(id.as_bytes()).into_owned(),
        None => desk.new_id(),
    }
}
