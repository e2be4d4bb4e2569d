//! `/api/v1/overview` and `/api/v1/version`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query};
use serde::{Deserialize, Serialize};
use switchboard_store::traffic::Count;
use utoipa::{IntoParams, ToSchema};

use super::problem::Refused;
use super::wire::{Version, time};
use crate::Fault;
use crate::core::Core;
use crate::overview::{Look, Span};
use crate::status::Seen;

type ByKind = BTreeMap<(String, String), u64>;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// How far back the traffic goes: `6h`, `24h` or `7d`; `24h` unless said.
    #[param(inline, value_type = Option<Over>)]
    over: Option<String>,
}

/// How far back.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only the document is made from it")]
enum Over {
    #[schema(rename = "6h")]
    SixHours,
    #[schema(rename = "24h")]
    Day,
    #[schema(rename = "7d")]
    Week,
}

/// How everything is.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    /// How everything is, in words.
    health: Said,
    /// Why deliveries are refused; `null` while they are accepted.
    #[schema(required)]
    refusing: Option<Refusing>,
    /// Deliveries ever accepted.
    accepted_deliveries: u64,
    /// Deliveries with work that is not settled.
    pending_deliveries: u64,
    /// Since when the oldest unsettled job that follows from a delivery waits.
    #[schema(required, format = DateTime)]
    oldest_waiting_at: Option<String>,
    /// Unsettled jobs and intents by automation and kind.
    waiting: BTreeMap<String, BTreeMap<String, u64>>,
    /// Dead letters by automation and kind.
    dead: BTreeMap<String, BTreeMap<String, u64>>,
    /// Installations whose writes wait because GitHub said so, with the end of the wait.
    holds: Vec<Held>,
    /// Since when no delivery has been missing; `null` while one is, or before the first look.
    #[schema(required, format = DateTime)]
    nothing_missing_since: Option<String>,
    /// When ours were last compared with GitHub's own list.
    #[schema(required, format = DateTime)]
    compared_at: Option<String>,
    /// Deliveries of GitHub's own list that are not here.
    missing: u64,
    /// What came in and what became of it.
    traffic: Traffic,
    /// The automations by their own words.
    automations: Vec<Automation>,
    /// What is left of GitHub's budget of each installation, the least first; at most 50.
    budgets: Vec<Budgeted>,
    /// What stands in the way, then what was given up last.
    problems: Vec<Problem>,
}

/// Something said.
#[derive(Serialize, ToSchema)]
pub(super) struct Said {
    /// `waiting`, `running`, `succeeded`, `denied`, `failed` or `dead`.
    state: &'static str,
    /// In words.
    words: String,
}

impl Said {
    fn of(said: crate::overview::Said) -> Self {
        Self { state: said.state.class(), words: said.words }
    }
}

/// Why deliveries are refused.
#[derive(Serialize, ToSchema)]
pub(super) struct Refusing {
    /// What the store says.
    reason: String,
    /// What to do about it.
    #[schema(required)]
    hint: Option<&'static str>,
    /// Since when, as far as it was noticed.
    #[schema(format = DateTime)]
    since: String,
}

/// An installation whose writes wait.
#[derive(Serialize, ToSchema)]
pub(super) struct Held {
    /// Its number.
    installation: u64,
    /// Until when.
    #[schema(format = DateTime)]
    until: String,
}

/// Counts over time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Traffic {
    /// How wide a bucket is.
    bucket_seconds: u64,
    /// The buckets, oldest first; the last one is not over yet.
    buckets: Vec<TrafficBucket>,
}

/// What happened in one stretch of time.
#[derive(Serialize, ToSchema)]
pub(super) struct TrafficBucket {
    /// Its beginning.
    #[schema(format = DateTime)]
    start: String,
    /// Deliveries accepted.
    accepted: u64,
    /// Those of them that nobody wanted.
    ignored: u64,
    /// Deliveries whose last job ended well.
    settled: u64,
    /// Jobs and intents given up.
    failed: u64,
    /// Attempts that failed and were made again.
    retried: u64,
}

/// An automation.
#[derive(Serialize, ToSchema)]
pub(super) struct Automation {
    /// Its name.
    name: &'static str,
    #[serde(flatten)]
    said: Said,
}

/// What is left to an installation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Budgeted {
    /// Its number.
    installation: u64,
    /// The account's name.
    account: String,
    /// Requests left of the hour, as GitHub last said.
    #[schema(required)]
    remaining: Option<u64>,
    /// Requests that it allows an hour.
    #[schema(required)]
    limit: Option<u64>,
    /// When the hour starts anew.
    #[schema(required, format = DateTime)]
    reset_at: Option<String>,
    /// No write before this moment, because GitHub said so.
    #[schema(required, format = DateTime)]
    held_until: Option<String>,
}

/// A problem.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem {
    #[serde(flatten)]
    said: Said,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
    /// When it arose, if that is known.
    #[schema(required, format = DateTime)]
    at: Option<String>,
    /// The page about it.
    #[schema(required)]
    page: Option<String>,
}

/// How everything is: what came in and what became of it, what waits and since when, problems, budgets, and whether
/// anything is missing.
#[utoipa::path(get, path = "/api/v1/overview", tag = "state", params(Asked),
    responses((status = 200, body = Overview), Refused))]
pub(super) async fn overview(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Overview>, Fault> {
    let look = Look::read(&core, Span::asked(asked.over.as_deref())?, false).await?;
    let (since, compared, missing) = match look.status.seen {
        Seen::NotYet | Seen::Unreadable => (None, None, 0),
        Seen::Complete { since, checked_at } => (Some(since), Some(checked_at), 0),
        Seen::Missing { count, checked_at } => (None, Some(checked_at), count),
    };
    let refusing = look.refusing.map(|refusing| Refusing {
        reason: refusing.reason,
        hint: refusing.hint,
        since: refusing.since.rfc3339(),
    });
    Ok(Json(Overview {
        health: Said::of(look.health),
        refusing,
        accepted_deliveries: look.backlog.accepted_deliveries,
        pending_deliveries: look.backlog.pending_deliveries,
        oldest_waiting_at: time(look.backlog.oldest_waiting),
        waiting: nested(&look.backlog.waiting),
        dead: nested(&look.backlog.dead),
        holds: look
            .holds
            .iter()
            .map(|hold| Held { installation: hold.installation.0, until: hold.until.rfc3339() })
            .collect(),
        nothing_missing_since: time(since),
        compared_at: time(compared),
        missing,
        traffic: traffic(&look.traffic),
        automations: look
            .automations
            .into_iter()
            .map(|one| Automation { name: one.name, said: Said::of(one.said) })
            .collect(),
        budgets: look.budgets.into_iter().map(budgeted).collect(),
        problems: look.problems.into_iter().map(problem).collect(),
    }))
}

fn traffic(traffic: &crate::overview::Traffic) -> Traffic {
    let bucket = |(start, counters): &(switchboard_clock::Timestamp, switchboard_store::Counters)| TrafficBucket {
        start: start.rfc3339(),
        accepted: Count::Accepted.of(counters),
        ignored: Count::Ignored.of(counters),
        settled: Count::Settled.of(counters),
        failed: Count::Failed.of(counters),
        retried: Count::Retried.of(counters),
    };
    Traffic {
        bucket_seconds: traffic.span.width().span().as_secs(),
        buckets: traffic.buckets.iter().map(bucket).collect(),
    }
}

fn budgeted(budget: crate::overview::Budgeted) -> Budgeted {
    Budgeted {
        installation: budget.id,
        account: budget.account,
        remaining: budget.left.as_ref().map(|left| left.left),
        limit: budget.left.as_ref().map(|left| left.of),
        reset_at: time(budget.left.map(|left| left.reset)),
        held_until: time(budget.held_until),
    }
}

fn problem(problem: crate::overview::Problem) -> Problem {
    let (at, page) = (time(problem.at), problem.said.href.clone());
    Problem { said: Said::of(problem.said), hint: problem.hint, at, page }
}

fn nested(counts: &ByKind) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut nested = BTreeMap::<String, BTreeMap<String, u64>>::new();
    for ((automation, kind), count) in counts.iter().filter(|(_, count)| **count > 0) {
        nested.entry(automation.clone()).or_default().insert(kind.clone(), *count);
    }
    nested
}

/// What runs, and since when.
#[utoipa::path(get, path = "/api/v1/version", tag = "state", responses((status = 200, body = Version), Refused))]
pub(super) async fn version(Extension(core): Extension<Arc<Core>>) -> Json<Version> {
    let version = &core.version;
    Json(Version {
        version: version.version.clone(),
        image_sha: version.image.clone(),
        started_at: version.started_at.rfc3339(),
    })
}
