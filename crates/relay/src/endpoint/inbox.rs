//! `GET /api/v1/relay/inbox`: what was dispatched to an entry, in order, so that a downstream can catch up after an outage of its own.
//!
//! A run asks with the token that it would report with; no sign-in of the panel's is involved. Like a report it costs nothing before
//! the token is believed. It writes nothing. The members are named as in a dispatch, for the same scripts read both.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, CACHE_CONTROL};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use switchboard_store::{DeliveryId, Key, KeyRange};
use utoipa::{IntoParams, ToSchema};

use super::{Callback, store};
use crate::api::limit;
use crate::identity::Identity;
use crate::records::{BodyRecord, InboxRecord, Superseded, TargetRecord, TargetState, keys, views};
use crate::refusal::{Code, Refusal};

/// Where it is.
pub(super) const PATH: &str = "/api/v1/relay/inbox";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InboxQuery {
    /// The `seq` of the last dispatch that is known; from the oldest on unless said.
    #[param(format = Uuid)]
    after: Option<String>,
    /// Dispatches of the page, 1 to 50; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 50)]
    limit: Option<String>,
}

/// What was dispatched to an entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelayInbox {
    /// The dispatches, the oldest first.
    items: Vec<RelayInboxItem>,
    /// What to ask for `after` if there may be more.
    #[schema(required, format = Uuid)]
    next: Option<String>,
}

/// A dispatch.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelayInboxItem {
    /// Its place in the order: remember the last one, and ask for what is `after` it.
    #[schema(format = Uuid)]
    seq: String,
    /// The delivery id to report with.
    delivery_id: String,
    /// `pull_request` or `push`.
    event_type: &'static str,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// `held`, `unsent`, `sent`, `unconfirmed`, `failed`, `withdrawn` or `never_reported`; `null` once it has expired.
    #[schema(required, value_type = Option<String>)]
    state: Option<TargetState>,
    /// What took its place: there is no use in running it any more.
    #[schema(required)]
    superseded: Option<RelayInboxSuperseded>,
    /// What was or will be sent, whole; `null` once it has expired, while it waits for an approval, and if it was taken back unsent.
    #[schema(required, value_type = Option<Object>)]
    client_payload: Option<Box<RawValue>>,
}

/// What took a dispatch's place.
#[derive(Serialize, ToSchema)]
pub(crate) struct RelayInboxSuperseded {
    /// `new_head`, `closed` or `repeated`.
    why: &'static str,
    /// The delivery id of the newer dispatch.
    by: String,
}

/// The request that all targets of a dispatch get, as far as it is of interest here.
#[derive(Deserialize)]
struct Sent {
    client_payload: Box<RawValue>,
}

/// What was dispatched to the repository whose run asks, in order: to catch up after an outage.
#[utoipa::path(get, path = "/api/v1/relay/inbox", tag = "relay", params(InboxQuery), security(("run" = [])),
    responses((status = 200, body = RelayInbox), Refused))]
pub(crate) async fn inbox(
    State(callback): State<Arc<Callback>>,
    query: Result<Query<InboxQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    let identity = callback.identified(&headers).await?;
    let Query(query) = query.map_err(|rejection| {
        Fault::new(StatusCode::BAD_REQUEST, "request_invalid", format!("{}.", rejection.body_text()))
    })?;
    let after = match query.after.as_deref().filter(|after| !after.is_empty()) {
        None => None,
        Some(text) => {
            let refusal = || Fault::parameter("`after` is the `seq` of a dispatch.");
            Some(text.parse().map(DeliveryId).map_err(|_| refusal())?)
        }
    };
    let limit = limit(query.limit.as_deref())?;
    let page = callback.dispatched_to(&identity, after, limit).await?;
    Ok(([(CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(page)).into_response())
}

/// Any method but GET.
pub(super) async fn other_method() -> Response {
    let fault = Fault::new(StatusCode::METHOD_NOT_ALLOWED, "method", "The inbox is only read.").hint("Ask with GET.");
    let mut response = fault.into_response();
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

impl Callback {
    /// At most three reads, and two for each dispatch.
    async fn dispatched_to(
        &self,
        identity: &Identity,
        after: Option<DeliveryId>,
        limit: usize,
    ) -> Result<RelayInbox, Refusal> {
        let repo = &identity.repository;
        if self.entry(identity).await?.is_none() {
            return Err(Refusal::new(Code::NotAllowed, format!("{repo} is not on the allowlist.")));
        }
        self.inbox_windows.take(repo, self.clock.now(), &[]).map_err(|wait| {
            Refusal::new(Code::RateLimited, format!("{repo} has asked as often as it may in a minute."))
                .retry_after(wait)
        })?;
        self.pinned(identity).await?;
        let prefix = format!("{}/", crate::keys::repo(repo));
        let mut range = KeyRange::prefix(&prefix);
        if let Some(after) = after {
            range = range.past(keys::inbox(repo, after).as_str());
        }
        let mut found: Vec<(Key, InboxRecord)> =
            self.store.list(&views::INBOX, range, limit + 1).await.map_err(store)?;
        let more = found.len() > limit;
        found.truncate(limit);
        let mut items = Vec::with_capacity(found.len());
        for (key, record) in found {
            let seq = key.as_str().strip_prefix(&prefix).unwrap_or_default().to_owned();
            let target: Option<TargetRecord> =
                self.store.get(&views::TARGET, &keys::target(&record.delivery_id, repo)).await.map_err(store)?;
            let client_payload = match target.as_ref().filter(|target| !target.is_withheld()) {
                Some(_) => self.payload(&record.delivery_id).await?,
                None => None,
            };
            items.push(RelayInboxItem {
                seq,
                event_type: record.kind.event_type(),
                planned_at: record.planned_at.rfc3339(),
                state: target.as_ref().map(|target| target.state),
                superseded: target.and_then(|target| target.superseded).map(RelayInboxSuperseded::from),
                client_payload,
                delivery_id: record.delivery_id,
            });
        }
        let next = items.last().filter(|_| more).map(|item| item.seq.clone());
        Ok(RelayInbox { items, next })
    }

    async fn payload(&self, delivery_id: &str) -> Result<Option<Box<RawValue>>, Refusal> {
        let body: Option<BodyRecord> =
            self.store.get(&views::BODY, &keys::dispatch(delivery_id)).await.map_err(store)?;
        let Some(body) = body else { return Ok(None) };
        let sent: Sent = serde_json::from_str(&body.body).map_err(store)?;
        Ok(Some(sent.client_payload))
    }
}

impl From<Superseded> for RelayInboxSuperseded {
    fn from(superseded: Superseded) -> Self {
        Self { why: superseded.why.as_str(), by: superseded.by }
    }
}

/// A refusal as the API tells it. What is refused here is asking, not reporting.
impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let hint = match refusal.code {
            Code::NotAllowed => "Ask the upstream's maintainers to list your repository.",
            Code::RateLimited => "Wait as long as Retry-After says; ask for 50 dispatches at once.",
            Code::UntrustedTrigger => {
                "Ask from a run that a push or a schedule started, not from one that a pull request or comment started."
            }
            Code::Store => "Try again later: the database cannot be read at the moment.",
            code => code.hint(),
        };
        let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let detail = match refusal.code {
            Code::Store => "The database cannot be read at the moment.".to_owned(),
            _ => refusal.detail,
        };
        let mut fault = Self::new(status, refusal.code.as_str(), detail).hint(hint);
        // Rounded up: at that time a request succeeds.
        let seconds = refusal.retry_after.map(|wait| wait.as_millis().div_ceil(1000).max(1));
        fault.retry_after = seconds.map(|seconds| u64::try_from(seconds).unwrap_or(u64::MAX));
        fault
    }
}
