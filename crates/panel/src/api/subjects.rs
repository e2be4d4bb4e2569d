//! `/api/v1/subjects`: the raw material of a subject page.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_store::{DeliveryId, FactId, FactsOf};

use super::{limit, wire};
use crate::Fault;
use crate::core::Core;
use crate::topic::Topic;

#[derive(Deserialize)]
pub(super) struct Asked {
    name: Option<String>,
    cursor: Option<String>,
    after: Option<String>,
    limit: Option<String>,
}

/// `GET /api/v1/subjects?name=owner/repo%2312`: its deliveries, newest first from `cursor`, and its facts, oldest first
/// after `after`; `nextDelivery` and `nextFact` say where either goes on.
pub(super) async fn one(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Fault> {
    let limit = limit(asked.limit.as_deref())?;
    let name = asked.name.as_deref().unwrap_or_default().trim();
    let topic = Topic::parse(name, &core.github_url).ok_or_else(|| {
        Fault::parameter("The name is not one of a subject.")
            .hint("Names are `owner/repo`, `owner/repo#12`, `owner/repo@<sha>` and `installation/7`.")
    })?;
    let unknown = |_| Fault::parameter("The cursor is not one that a list gave.");
    let before: Option<DeliveryId> = asked.cursor.map(|text| text.parse().map_err(unknown)).transpose()?;
    let after: Option<FactId> = asked.after.map(|text| text.parse().map_err(unknown)).transpose()?;
    let subject = topic.subject();
    let mut deliveries = core.store.deliveries(topic.filter(), before, limit + 1).await?;
    let mut facts = core.store.facts(FactsOf::Subject(subject.clone()), after, limit + 1).await?;
    let (more_deliveries, more_facts) = (deliveries.len() > limit, facts.len() > limit);
    deliveries.truncate(limit);
    facts.truncate(limit);
    Ok(Json(json!({
        "subject": subject,
        "deliveries": deliveries.iter().map(wire::delivery).collect::<Vec<_>>(),
        "nextDelivery": deliveries.last().filter(|_| more_deliveries).map(|delivery| delivery.id),
        "facts": facts.iter().map(wire::fact).collect::<Vec<_>>(),
        "nextFact": facts.last().filter(|_| more_facts).map(|fact| fact.id),
    })))
}
