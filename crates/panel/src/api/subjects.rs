//! `/api/v1/subjects`: the raw material of a subject page.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query};
use serde::{Deserialize, Serialize};
use switchboard_store::{DeliveryId, FactId, FactsOf};
use utoipa::{IntoParams, ToSchema};

use super::problem::Refused;
use super::{limit, wire};
use crate::Fault;
use crate::core::Core;
use crate::topic::Topic;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// `owner/repo`, `owner/repo#12`, `owner/repo@<sha>` or `installation/7`.
    #[param(required, example = "acme/api#12")]
    name: Option<String>,
    /// Where the deliveries begin: `nextDelivery` of the page before.
    cursor: Option<String>,
    /// Where the facts begin: `nextFact` of the page before.
    after: Option<String>,
    /// Rows of each list, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

/// What is known of a subject.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubjectStory {
    /// Its name, in lower case.
    subject: String,
    /// Its deliveries, newest first.
    deliveries: Vec<wire::Delivery>,
    /// Where they go on.
    #[schema(required, format = Uuid)]
    next_delivery: Option<String>,
    /// Its facts, oldest first.
    facts: Vec<wire::Fact>,
    /// Where they go on.
    #[schema(required, format = Uuid)]
    next_fact: Option<String>,
}

/// The deliveries and facts of a repository, a pull request or issue, a commit, or an installation.
#[utoipa::path(get, path = "/api/v1/subjects", tag = "subjects", params(Asked), responses((status = 200, body = SubjectStory), Refused))]
pub(super) async fn one(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<SubjectStory>, Fault> {
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
    Ok(Json(SubjectStory {
        subject: subject.to_string(),
        next_delivery: deliveries.last().filter(|_| more_deliveries).map(|delivery| delivery.id.to_string()),
        deliveries: deliveries.iter().map(wire::Delivery::from).collect(),
        next_fact: facts.last().filter(|_| more_facts).map(|fact| fact.id.to_string()),
        facts: facts.iter().map(wire::Fact::from).collect(),
    }))
}
