//! A nightly: a downstream's own run at an upstream commit, reported once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::Reason;
use switchboard_store::{DeliveryId, Settlement};

use crate::handlers::Relay;
use crate::handlers::draft::{Draft, subject};
use crate::handlers::ledger::Ledger;
use crate::handlers::report::AcceptedReport;
use crate::records::{
    Cell, DispatchRecord, HeadRecord, Kind, LevelRecord, RowRecord, TargetRecord, TargetState, keys, views,
};

/// `relay.nightly`: on which of the nightly refs a commit lies; kept, since history does not change under a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct NightlyRecord {
    /// The ref; `None` if it lies on none of them.
    git_ref: Option<String>,
}

impl Relay {
    pub(super) async fn nightly(
        &self,
        accepted: AcceptedReport,
        at: Timestamp,
        seq: DeliveryId,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let sha = accepted.report.delivery_id.to_ascii_lowercase();
        let mut draft = Draft::new(&self.up, context.now, subject(&self.up, None, &sha));
        draft.count_all(Kind::Nightly, "reports");
        draft.pulse("report", self.last_pulse(context, "report").await?);
        let level: Option<LevelRecord> = self.entry(context, &accepted.repository).await?;
        let takes = |level: &&LevelRecord| level.entry.level.reports() && level.entry.options.events.nightly;
        let Some(level) = level.as_ref().filter(takes) else { return Ok(draft.finish()) };

        let key = keys::nightly(&self.up, &sha);
        let known: Option<NightlyRecord> = context.store.get(&views::NIGHTLY, &key).await?;
        let nightly = match known {
            Some(known) => known,
            None => {
                let found = NightlyRecord { git_ref: self.nightly_ref(context, &sha).await? };
                draft.put(views::NIGHTLY, key, &found);
                found
            }
        };
        let Some(git_ref) = nightly.git_ref else {
            let data = json!({ "head": sha, "refs": self.config.nightly_refs });
            draft.fact_of("nightly.refused", &sha, &accepted.repository, data);
            return Ok(draft.finish());
        };
        let mut ledger = self.nightly_ledger(context, draft, level, &sha, &git_ref, seq).await?;
        let report =
            AcceptedReport { report: crate::report::Report { delivery_id: sha, ..accepted.report }, ..accepted };
        self.take(&mut ledger, &report, at);
        // There is nothing to wait for: a nightly reports once, and is not looked after.
        ledger.run(&report.report.run_id, report.attempt, at).ended = true;
        let data = json!({ "workflow": report.report.workflow, "result": report.report.result, "ref": git_ref });
        let (id, repo) = (ledger.dispatch.delivery_id.clone(), ledger.target.repo.clone());
        ledger.draft.fact_of("nightly.recorded", &id, &repo, data);
        ledger.close(context).await
    }

    /// The nightly ref that holds a commit. Reading the commit alone would accept those of forks.
    async fn nightly_ref(&self, context: &Context, sha: &str) -> Result<Option<String>, Trouble> {
        let not_installed =
            || Trouble::again("upstream_not_installed", "the App is not installed on the upstream repository");
        let scope = self.reading(context, &self.up).await?.ok_or_else(not_installed)?;
        for git_ref in &self.config.nightly_refs {
            match context.github.compare(scope.clone(), &self.up, git_ref, sha).fetch().await {
                Ok(compared) if matches!(compared.value.status.as_str(), "behind" | "identical") => {
                    return Ok(Some(git_ref.clone()));
                }
                Ok(_) => {}
                Err(error) if error.reason() == Some(Reason::NotFound) || error.status() == Some(422) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// The books of a nightly: opened, or begun with the first report on its commit.
    async fn nightly_ledger<'l>(
        &'l self,
        context: &Context,
        mut draft: Draft<'l>,
        level: &LevelRecord,
        sha: &str,
        git_ref: &str,
        seq: DeliveryId,
    ) -> Result<Ledger<'l>, Trouble> {
        let repo = &level.entry.repo;
        if let Some(mut opened) = Ledger::open(self, context, sha, repo).await? {
            opened.draft = draft;
            return Ok(opened);
        }
        let dispatch = match super::context::dispatch(context, sha).await? {
            Some(known) => known,
            None => {
                let new = DispatchRecord {
                    delivery_id: sha.to_owned(),
                    seq,
                    kind: Kind::Nightly,
                    action: None,
                    number: None,
                    head: sha.to_owned(),
                    git_ref: Some(git_ref.to_owned()),
                    base: None,
                    labels: Vec::new(),
                    title: String::new(),
                    author: String::new(),
                    planned_at: context.now,
                    lane: keys::nightly_lane(&self.up).as_str().to_owned(),
                    skipped: Vec::new(),
                    superseded: None,
                };
                let key = keys::head(&self.up, sha, "nightly");
                draft.put(views::HEAD, key, &HeadRecord { number: None, dispatches: vec![sha.to_owned()] });
                draft.put(views::DISPATCH, keys::dispatch(sha), &new);
                new
            }
        };
        let target = TargetRecord::of(&level.entry, TargetState::Sent, &self.config, context.now);
        let row = match self.row(context, &dispatch).await? {
            Some(row) => row,
            None => RowRecord::of(&dispatch, BTreeMap::new()),
        };
        let row =
            RowRecord { cells: row.cells.into_iter().chain([(repo.clone(), Cell::of(&target))]).collect(), ..row };
        Ok(Ledger::begun(self, draft, dispatch, target, row, level.entry.clone()))
    }
}
