//! What handlers read: the list, entries, and what is known of a dispatch.

use std::time::Duration;

use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Failure, KeyRange};

use crate::allowlist::Allowlist;
use crate::handlers::Relay;
use crate::records::{
    AllowlistRecord, DispatchRecord, HealthRecord, LevelRecord, PullRecord, Pulse, ResultRecord, RowRecord,
    TargetRecord, keys, views,
};

/// How often what waits for a first list looks whether there is one. It waits for as long as it takes: nothing is dropped.
const LIST_AGAIN: Duration = Duration::from_secs(60);
/// The same before its source was read at all, which a server does first of all.
const FIRST_LIST_AGAIN: Duration = Duration::from_secs(2);
/// Targets of one dispatch that are read at once; there are never more.
const TARGETS_MAX: usize = 1_000;
/// Results of one target that are read at once; there are never more.
const RESULTS_MAX: usize = 10_000;

impl Relay {
    /// The list in force.
    pub(crate) async fn list(&self, context: &Context) -> Result<Allowlist, Trouble> {
        let record: Option<AllowlistRecord> = context.store.get(&views::ALLOWLIST, &keys::upstream(&self.up)).await?;
        let again = if record.is_some() { LIST_AGAIN } else { FIRST_LIST_AGAIN };
        record.and_then(|record| record.list).ok_or_else(|| {
            let (code, message) = ("allowlist_unavailable", "no valid allowlist has been read yet; it is waited for");
            let failure = Failure { code: code.to_owned(), message: message.to_owned(), hint: None };
            Trouble::Wait { until: context.now + again, hold: None, failure }
        })
    }

    /// An entry as it is listed now.
    pub(crate) async fn entry(&self, context: &Context, name: &RepoName) -> Result<Option<LevelRecord>, Trouble> {
        Ok(context.store.get(&views::LEVEL, &keys::entry(&self.up, name)).await?)
    }

    /// Whether an entry gets no new check runs because its demotion is due.
    pub(crate) async fn is_suppressed(&self, context: &Context, name: &RepoName) -> Result<bool, Trouble> {
        if self.config.demotion == crate::config::Demotion::Report {
            return Ok(false);
        }
        let health: Option<HealthRecord> = context.store.get(&views::HEALTH, &keys::entry(&self.up, name)).await?;
        Ok(health.is_some_and(|health| health.suppresses(context.now)))
    }

    pub(crate) async fn pull_record(&self, context: &Context, number: u64) -> Result<Option<PullRecord>, Trouble> {
        Ok(context.store.get(&views::PULL, &keys::pull(&self.up, number)).await?)
    }

    pub(crate) async fn last_pulse(&self, context: &Context, what: &str) -> Result<Option<Pulse>, Trouble> {
        Ok(context.store.get(&views::PULSE, &keys::pulse(&self.up, what)).await?)
    }

    pub(crate) async fn row(&self, context: &Context, dispatch: &DispatchRecord) -> Result<Option<RowRecord>, Trouble> {
        let key = keys::row(&self.up, dispatch.kind, dispatch.seq);
        Ok(context.store.get(&views::ROW, &key).await?)
    }
}

/// A dispatch.
pub(crate) async fn dispatch(context: &Context, delivery_id: &str) -> Result<Option<DispatchRecord>, Trouble> {
    Ok(context.store.get(&views::DISPATCH, &keys::dispatch(delivery_id)).await?)
}

/// A target.
pub(crate) async fn target(
    context: &Context,
    delivery_id: &str,
    name: &RepoName,
) -> Result<Option<TargetRecord>, Trouble> {
    Ok(context.store.get(&views::TARGET, &keys::target(delivery_id, name)).await?)
}

/// All targets of a dispatch, skipped ones aside.
pub(crate) async fn targets(context: &Context, delivery_id: &str) -> Result<Vec<TargetRecord>, Trouble> {
    let range = KeyRange::prefix(&keys::targets(delivery_id));
    let rows = context.store.list(&views::TARGET, range, TARGETS_MAX).await?;
    Ok(rows.into_iter().map(|(_, target)| target).collect())
}

/// All results of a target, every attempt.
pub(crate) async fn results(
    context: &Context,
    delivery_id: &str,
    name: &RepoName,
) -> Result<Vec<ResultRecord>, Trouble> {
    let range = KeyRange::prefix(&keys::results(delivery_id, name));
    let rows = context.store.list(&views::RESULT, range, RESULTS_MAX).await?;
    Ok(rows.into_iter().map(|(_, result)| result).collect())
}
