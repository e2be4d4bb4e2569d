//! The merge gate: one check run on a head, computed whole from everything that was relayed of it.

use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{DeliveryId, KeyRange};

use super::{Unsettled, asked_for, order_by_time};
use crate::allowlist::{Allowlist, Level};
use crate::checks::gate::{Gate, Standing as GateStanding, gate};
use crate::checks::name;
use crate::checks::state::{Desired, Progress};
use crate::conclusion::Conclusion;
use crate::config::GatePolicy;
use crate::handlers::draft::Draft;
use crate::handlers::{Relay, context};
use crate::plan::SkipReason;
use crate::pull::PrState;
use crate::records::{HeadRecord, PullRecord, RelayedHead, TargetRecord, keys, views};
use crate::text::code;

/// Pull requests that may share a head and are looked at.
const SHARING_MAX: usize = 20;

impl Relay {
    /// The merge gate on a pull request's newest head.
    pub(in crate::handlers) async fn project_gate(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        list: &Allowlist,
        record: &PullRecord,
        unsettled: Unsettled<'_>,
    ) -> Result<(), Trouble> {
        if let Some((gate, newest)) = self.gate_of(context, list, record, unsettled).await? {
            let desired = desired_gate(record, &gate, &newest, draft.now);
            // A gate that is there when the pull request is closed may come to its end.
            draft.check(&Desired { create: record.info.state == PrState::Open, ..desired }, None);
        }
        Ok(())
    }

    /// Whether there is a merge gate on the heads that are relayed.
    pub(crate) fn keeps_gate(&self, list: &Allowlist) -> bool {
        match self.config.gate {
            GatePolicy::Never => false,
            GatePolicy::Always => true,
            GatePolicy::Auto => list.has(Level::L4),
        }
    }

    /// The merge gate of a pull request's newest head, with the newest dispatch's place; `None` if it is not to be written.
    pub(crate) async fn gate_of(
        &self,
        context: &Context,
        list: &Allowlist,
        record: &PullRecord,
        unsettled: Unsettled<'_>,
    ) -> Result<Option<(Gate, String)>, Trouble> {
        let head = record.info.head_sha.as_str();
        // One that is there must not hold a merge for entries that are on L4 no more.
        let left = async || asked_for(context, head, name::GATE).await.map(|asked| asked.is_some());
        let written = self.keeps_gate(list) || self.config.gate == GatePolicy::Auto && left().await?;
        let tests = |relayed: &&RelayedHead| relayed.head == head && !relayed.closes;
        let own: Vec<RelayedHead> = record.dispatches.iter().filter(tests).cloned().collect();
        if own.is_empty() || !written {
            return Ok(None);
        }
        let mut groups = vec![own];
        groups.extend(self.sharing(context, head, record.info.number).await?);
        let mut standings = Vec::new();
        for entry in list.on(Level::L4).filter(|entry| !entry.options.silent) {
            let mut newest: Option<(DeliveryId, GateStanding)> = None;
            for group in &groups {
                let found = self.newest_standing(context, group, &entry.repo, unsettled).await?;
                if let Some(found) = found.filter(|found| newest.is_none_or(|known| known.0 < found.0)) {
                    newest = Some(found);
                }
            }
            standings.push((entry.repo.clone(), newest.map_or(GateStanding::Skipped, |(_, standing)| standing)));
        }
        let newest = groups.iter().filter_map(|group| group.last()).map(|relayed| relayed.seq).max();
        Ok(newest.map(|newest| (gate(standings), newest.to_string())))
    }

    /// What else was relayed of a head, by pull request: they share its check runs, and one must not open what another closes.
    /// What something newer took the place of is left out.
    async fn sharing(&self, context: &Context, head: &str, but: u64) -> Result<Vec<Vec<RelayedHead>>, Trouble> {
        let range = KeyRange::prefix(&keys::heads(&self.up, head));
        let heads: Vec<(_, HeadRecord)> = context.store.list(&views::HEAD, range, SHARING_MAX).await?;
        let mut groups = Vec::new();
        for (_, shared) in heads.into_iter().filter(|(_, shared)| shared.number.is_some_and(|number| number != but)) {
            let mut group = Vec::new();
            for delivery_id in shared.dispatches {
                let known = context::dispatch(context, &delivery_id).await?;
                let Some(known) = known.filter(|known| known.superseded.is_none()) else { continue };
                let closes = known.action.as_deref() == Some("closed");
                let head = head.to_owned();
                group.push(RelayedHead { delivery_id, seq: known.seq, head, closes, superseded: false });
            }
            // A pull request that was closed waits for nobody.
            if group.last().is_some_and(|last| !last.closes) {
                groups.push(group);
            }
        }
        Ok(groups)
    }

    /// How the newest target of an entry stands among these dispatches of one pull request; `None` if it was skipped.
    async fn newest_standing(
        &self,
        context: &Context,
        dispatches: &[RelayedHead],
        repo: &RepoName,
        unsettled: Unsettled<'_>,
    ) -> Result<Option<(DeliveryId, GateStanding)>, Trouble> {
        for relayed in dispatches.iter().rev() {
            let here = |(id, target): &&(&str, &TargetRecord)| *id == relayed.delivery_id && target.repo == *repo;
            let target = match unsettled.iter().find(here) {
                Some((_, target)) => Some((*target).clone()),
                None => context::target(context, &relayed.delivery_id, repo).await?,
            };
            if let Some(target) = target {
                return Ok(Some((relayed.seq, target.standing())));
            }
            let dispatch = context::dispatch(context, &relayed.delivery_id).await?;
            let mut skipped = dispatch.iter().flat_map(|dispatch| &dispatch.skipped);
            // An event that was overtaken says nothing of what is required now.
            if skipped.any(|skipped| skipped.repo == *repo && skipped.reason != SkipReason::Stale) {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

pub(super) fn desired_gate(record: &PullRecord, gate: &Gate, newest: &str, now: Timestamp) -> Desired {
    let title = match gate.progress {
        Progress::Completed(Conclusion::Success) => "Open".to_owned(),
        Progress::Completed(_) => "Closed".to_owned(),
        Progress::Queued | Progress::InProgress => "Waiting".to_owned(),
    };
    let mut lines: Vec<String> =
        gate.reasons.iter().map(|(repo, reason)| format!("- {}: {}", code(repo.as_str()), reason.text())).collect();
    if lines.is_empty() {
        lines.push("No L4 repository is to be waited for.".to_owned());
    }
    Desired {
        head: record.info.head_sha.as_str().to_owned(),
        name: name::GATE.to_owned(),
        order: order_by_time(newest, now),
        episode: "gate".to_owned(),
        progress: gate.progress,
        title,
        summary: lines.join("\n"),
        details_url: None,
        external_id: Some(format!(":{}", record.info.number)),
        create: true,
        withdraws: false,
    }
}
