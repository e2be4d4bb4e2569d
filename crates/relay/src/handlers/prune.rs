//! What is older than the retention goes, a little at a time.

use std::time::Duration;

use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_store::{Follows, Key, KeyRange, Lane, NewJob, RecordChange, Settlement, View};

use crate::handlers::{PRUNE, Relay, context, job};
use crate::records::{Kind, RowRecord, keys, views};

/// Changes of one settlement; the rest comes with the next one.
const CHANGES_MAX: usize = 500;
/// How long counters of hours and days are kept.
const HOURS_KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
const DAYS_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);
/// How long what a token was bound to is kept after its end: no verifier takes it by then.
const TOKENS_KEPT: Duration = Duration::from_secs(3 * 3600);
/// How often it is looked for.
pub(super) const EVERY: Duration = Duration::from_secs(3600);
/// Rows that are looked at in one go.
const ROWS_MAX: usize = 50;

impl Relay {
    pub(super) async fn prune(&self, context: &Context) -> Result<Settlement, Trouble> {
        let mut changes = Vec::new();
        let retention = Duration::from_secs(u64::from(self.config.retention_days) * 24 * 3600);
        for kind in Kind::ALL {
            self.old_rows(&mut changes, kind, context.now - retention, context).await?;
        }
        self.old_tokens(&mut changes, context).await?;
        self.old_counters(&mut changes, context).await?;
        let more = changes.len() >= CHANGES_MAX;
        let mut settlement = Settlement { records: changes, ..Settlement::done() };
        if more {
            let again = job(PRUNE, Lane::of(PRUNE), None, &json!({}));
            settlement.jobs.push(NewJob { key: Some("prune/more".to_owned()), follows: Follows::Nothing, ..again });
        }
        Ok(settlement)
    }

    /// Dispatches with everything that hangs on them, the oldest first.
    async fn old_rows(
        &self,
        changes: &mut Vec<RecordChange>,
        kind: Kind,
        before: Timestamp,
        context: &Context,
    ) -> Result<(), Trouble> {
        let range = KeyRange::prefix(&keys::rows(&self.up, kind)).descending();
        let rows: Vec<(Key, RowRecord)> = context.store.list(&views::ROW, range, ROWS_MAX).await?;
        for (key, row) in rows.into_iter().take_while(|(_, row)| row.at < before) {
            if changes.len() >= CHANGES_MAX {
                return Ok(());
            }
            self.old_dispatch(changes, &row, context).await?;
            changes.push(RecordChange::Delete(views::ROW_BAD, key.clone()));
            changes.push(RecordChange::Delete(views::ROW, key));
        }
        Ok(())
    }

    async fn old_dispatch(
        &self,
        changes: &mut Vec<RecordChange>,
        row: &RowRecord,
        context: &Context,
    ) -> Result<(), Trouble> {
        let mut delete = |view: View, key: Key| changes.push(RecordChange::Delete(view, key));
        let id = row.delivery_id.as_str();
        for target in context::targets(context, id).await? {
            for run in &target.runs {
                delete(views::RUN, keys::run(&target.repo, &run.id));
                delete(views::BOUND, keys::bound_run(&target.repo, &run.id));
            }
            for result in context::results(context, id, &target.repo).await? {
                let (workflow, name) = (&result.workflow, &result.result);
                delete(views::RESULT, keys::result(id, &target.repo, workflow, name, &result.run_id, result.attempt));
            }
            delete(views::INBOX, keys::inbox(&target.repo, row.seq));
            delete(views::FAILED, keys::failed(&target.repo, row.seq));
            delete(views::ROW_REPO, keys::row_of(&target.repo, &self.up, row.kind, row.seq));
            delete(views::TARGET, keys::target(id, &target.repo));
        }
        let range = KeyRange::prefix(&keys::checks(&row.head));
        for (key, _) in context.store.list::<serde_json::Value>(&views::CHECK, range, CHANGES_MAX).await? {
            delete(views::CHECK, key);
        }
        let of = row.number.map_or_else(|| row.git_ref.clone().unwrap_or_default(), |number| number.to_string());
        let of = if row.kind == Kind::Nightly { "nightly".to_owned() } else { of };
        delete(views::HEAD, keys::head(&self.up, &row.head, &of));
        if row.kind == Kind::Nightly {
            delete(views::NIGHTLY, keys::nightly(&self.up, &row.head));
        }
        // A pull request goes with its last dispatch.
        if let Some(number) = row.number
            && let Some(record) = self.pull_record(context, number).await?
            && record.dispatches.last().is_none_or(|last| last.delivery_id == row.delivery_id)
        {
            delete(views::PULL, keys::pull(&self.up, number));
        }
        delete(views::PROBE, keys::probe(&self.up, row.seq));
        delete(views::BODY, keys::dispatch(id));
        delete(views::DISPATCH, keys::dispatch(id));
        Ok(())
    }

    async fn old_tokens(&self, changes: &mut Vec<RecordChange>, context: &Context) -> Result<(), Trouble> {
        let range = KeyRange::between("jti/", keys::bound_tokens_before(context.now - TOKENS_KEPT));
        let left = CHANGES_MAX.saturating_sub(changes.len());
        let old: Vec<(Key, serde_json::Value)> = context.store.list(&views::BOUND, range, left).await?;
        changes.extend(old.into_iter().map(|(key, _)| RecordChange::Delete(views::BOUND, key)));
        Ok(())
    }

    async fn old_counters(&self, changes: &mut Vec<RecordChange>, context: &Context) -> Result<(), Trouble> {
        let listed = self.list(context).await.map(|list| list.entries().to_vec()).unwrap_or_default();
        let entries = listed.iter().map(|entry| Some(&entry.repo)).chain([None]);
        for entry in entries {
            for kind in Kind::ALL {
                let hours = keys::hour_of(&self.up, entry, kind, context.now - HOURS_KEPT);
                let days = keys::day(&self.up, entry, kind, context.now - DAYS_KEPT);
                for (view, end) in [(views::COUNT_HOUR, hours), (views::COUNT_DAY, days)] {
                    let left = CHANGES_MAX.saturating_sub(changes.len());
                    if left == 0 {
                        return Ok(());
                    }
                    let range = KeyRange::between(keys::days(&self.up, entry, kind), end.as_str());
                    let old = context.store.counters(&view, range, left).await?;
                    changes.extend(old.into_iter().map(|row| RecordChange::DeleteCounters(view.clone(), row.key)));
                }
            }
        }
        Ok(())
    }
}
