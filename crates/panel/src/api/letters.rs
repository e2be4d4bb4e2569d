//! `/api/v1/letters`: dead letters of one kind, together, after a look at what that would be.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Extension, Query};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use switchboard_engine::operations::LETTERS_MAX;
use switchboard_store::WorkId;
use utoipa::{IntoParams, ToSchema};

use super::deliveries::{action_id, asked};
use super::problem::{Refused, RefusedAction};
use super::wire;
use crate::core::Core;
use crate::pages::actions::{self, Letter};
use crate::pages::letters::of_kind;
use crate::{Fault, Operator};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Kind {
    /// Whose they are: `dispatcher`.
    automation: String,
    /// What they were to do: `dispatch.workflow`.
    kind: String,
}

/// Dead letters of one kind.
#[derive(Serialize, ToSchema)]
pub(super) struct Letters {
    /// How many there are.
    count: u64,
    /// The newest of them, at most 100: as many as can be dealt with at once.
    items: Vec<wire::Job>,
}

/// What is to be done with which dead letters.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    /// Whether they are queued again or closed for good.
    verb: Verb,
    /// Their ids, 1 to 100, as the preview gave them.
    #[schema(min_items = 1, max_items = 100, value_type = Vec<String>)]
    works: Vec<WorkId>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verb {
    Replay,
    Discard,
}

/// What replaying or discarding all dead letters of a kind would be about.
#[utoipa::path(get, path = "/api/v1/letters", tag = "jobs", params(Kind), responses((status = 200, body = Letters), Refused))]
pub(super) async fn preview(
    Extension(core): Extension<Arc<Core>>,
    Query(kind): Query<Kind>,
) -> Result<Json<Letters>, Fault> {
    let (works, count) = of_kind(core.store.as_ref(), &kind.automation, &kind.kind).await?;
    Ok(Json(Letters { count, items: works.iter().map(wire::Job::from).collect() }))
}

/// Replays or discards dead letters, at most 100 at once.
#[utoipa::path(
    post, path = "/api/v1/letters", tag = "jobs",
    params(("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid)),
    request_body = Order,
    responses((status = 202, body = wire::Asked), RefusedAction)
)]
pub(super) async fn act(
    Extension(core): Extension<Arc<Core>>,
    operator: Operator,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<wire::Asked>), Fault> {
    let order: Order = serde_json::from_slice(&body).map_err(|_| {
        Fault::parameter("The body is not an order for dead letters.")
            .hint("Send `{\"verb\": \"replay\" | \"discard\", \"works\": [\"<id>\", …]}`.")
    })?;
    if order.works.is_empty() || order.works.len() > LETTERS_MAX {
        return Err(Fault::parameter("From 1 to 100 dead letters are dealt with at once."));
    }
    let letter = match order.verb {
        Verb::Replay => Letter::Revive,
        Verb::Discard => Letter::Discard,
    };
    let action = action_id(&headers);
    let what = ("works", serde_json::json!(order.works));
    let acceptance = actions::ask(&core, letter.event(), &operator.0, action.clone(), what, None, None).await?;
    Ok(asked(action, &acceptance))
}
