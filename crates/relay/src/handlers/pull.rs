//! A pull request's event: what is known of it is refreshed, and it is planned, released, or its check runs follow a label.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_github::ids::{DeliveryGuid, HeadSha};
use switchboard_store::{DeliveryId, Settlement, Work};

use crate::allowlist::Entry;
use crate::handlers::draft::{Draft, subject};
use crate::handlers::plan::{self, put_row};
use crate::handlers::{Relay, context};
use crate::names::same_label;
use crate::plan::{EarlierTarget, Event, Memory, Outcome, Verdict, approved_head, plan, released};
use crate::pull::{self, Action, PrInfo, PullRequestEvent};
use crate::records::{
    Cell, DispatchRecord, HeadRecord, Kind, PullRecord, REMEMBERED, RelayedHead, Superseded, SupersededWhy,
    TargetRecord, TargetState, keys, views,
};

/// What was relayed of a pull request and nothing took the place of, with its targets.
struct Live {
    head: RelayedHead,
    targets: Vec<TargetRecord>,
}

impl Relay {
    pub(super) async fn pull(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let (delivery, body) = upstream_event(job, context).await?;
        let event = pull::read(&body).map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))?;
        let list = self.list(context).await?;
        let known = self.pull_record(context, event.info.number).await?;
        let mut record = refreshed(known.clone(), &event);
        let before = known.as_ref().map(|known| &known.info);

        let mut draft =
            Draft::new(&self.up, context.now, subject(&self.up, Some(event.info.number), event.info.head_sha.as_str()));
        draft.pulse("event", self.last_pulse(context, "event").await?);
        draft.count_all(Kind::PullRequest, "events");

        let mut live = Vec::new();
        for head in record.live() {
            live.push(Live { head: head.clone(), targets: context::targets(context, &head.delivery_id).await? });
        }
        let memory = memory(&record, before, &live);
        let released = released(&list, &event, &memory, &self.config);
        if !released.is_empty() {
            let freed = released.iter().map(|(entry, target)| (&entry.repo, target.delivery.as_str()));
            self.release(&mut draft, context, &mut live, freed).await?;
            record.sent_to.extend(released.iter().map(|(entry, _)| entry.repo.clone()));
        }
        if let Some(head) = approved_head(&event, &self.config) {
            remember(&mut record.approved, head.as_str().to_owned());
        }
        // What was planned under this delivery id stands, however often the event is handled.
        let planned = context::dispatch(context, &delivery.guid).await?.is_some();
        let verdicts = match planned {
            true => Vec::new(),
            false => plan(&list, &Event::PullRequest(event.clone()), &memory, &self.config),
        };
        let starts = matches!(event.action, Action::Opened | Action::Reopened | Action::Synchronize | Action::Closed);
        let starts = starts && !planned;
        let mut planned_now = (String::new(), Vec::new());
        if starts || !verdicts.is_empty() {
            let dispatch = self.dispatch_of(&event, &record.info, &delivery, context);
            self.supersede(&mut draft, context, &mut record, &mut live, &dispatch, &event, &verdicts).await?;
            let planned: Vec<_> = verdicts.iter().filter(|(_, verdict)| !matches!(verdict, Verdict::Skip(_))).collect();
            record.sent_to.extend(
                planned.iter().filter(|(_, verdict)| *verdict == Verdict::Send).map(|(entry, _)| entry.repo.clone()),
            );
            let (dispatch, targets) = plan::plan(&mut draft, &self.config, dispatch, &verdicts, &body)?;
            self.remember_head(&mut draft, context, &mut record, &dispatch).await?;
            planned_now = (dispatch.delivery_id, targets);
        }
        draft.put(views::PULL, keys::pull(&self.up, record.info.number), &record);
        if let Action::Labeled(label) | Action::Unlabeled(label) = &event.action {
            self.label_moved(&mut draft, &event, label);
        }
        if before.is_none_or(|before| before.labels != record.info.labels) || starts {
            let of_live =
                live.iter().flat_map(|live| live.targets.iter().map(|target| (live.head.delivery_id.as_str(), target)));
            let of_new = planned_now.1.iter().map(|target| (planned_now.0.as_str(), target));
            let unsettled: Vec<_> = of_live.chain(of_new).collect();
            self.project_pull(&mut draft, context, &list, &record, &unsettled, false).await?;
        }
        Ok(draft.finish())
    }

    fn label_moved(&self, draft: &mut Draft<'_>, event: &PullRequestEvent, label: &str) {
        let word = if matches!(event.action, Action::Labeled(_)) { "label.added" } else { "label.removed" };
        let prefix = &self.config.label_prefix;
        let starts_so = label.get(..prefix.len()).is_some_and(|start| same_label(start, prefix));
        if starts_so || same_label(label, &self.config.approve_label) {
            draft.fact(word, json!({ "label": label, "head": event.info.head_sha, "by": event.sender }));
        }
    }

    fn dispatch_of(
        &self,
        event: &PullRequestEvent,
        info: &PrInfo,
        delivery: &Upstream,
        context: &Context,
    ) -> DispatchRecord {
        DispatchRecord {
            delivery_id: delivery.guid.clone(),
            seq: delivery.seq,
            kind: Kind::PullRequest,
            action: Some(event.action.word().to_owned()),
            number: Some(event.info.number),
            head: event.info.head_sha.as_str().to_owned(),
            git_ref: None,
            base: Some(event.info.base.clone()),
            labels: event.info.labels.clone(),
            title: info.title.clone(),
            author: info.author.clone(),
            planned_at: context.now,
            lane: keys::pull_lane(&self.up, event.info.number).as_str().to_owned(),
            skipped: Vec::new(),
            superseded: None,
        }
    }

    /// Notes under the pull request and under its commit that this was dispatched.
    async fn remember_head(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        record: &mut PullRecord,
        dispatch: &DispatchRecord,
    ) -> Result<(), Trouble> {
        remember(
            &mut record.dispatches,
            RelayedHead {
                delivery_id: dispatch.delivery_id.clone(),
                seq: dispatch.seq,
                head: dispatch.head.clone(),
                closes: dispatch.action.as_deref() == Some("closed"),
                superseded: false,
            },
        );
        let key = keys::head(&self.up, &dispatch.head, &record.info.number.to_string());
        let mut head: HeadRecord = context.store.get(&views::HEAD, &key).await?.unwrap_or_default();
        head.number = Some(record.info.number);
        remember(&mut head.dispatches, dispatch.delivery_id.clone());
        draft.put(views::HEAD, key, &head);
        Ok(())
    }

    /// Sends held targets, under the delivery id that they were planned with.
    async fn release<'r>(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        live: &mut [Live],
        freed: impl Iterator<Item = (&'r RepoName, &'r str)>,
    ) -> Result<(), Trouble> {
        for (entry, delivery_id) in freed {
            let Some(live) = live.iter_mut().find(|live| live.head.delivery_id == delivery_id) else { continue };
            let Some(target) = live.targets.iter_mut().find(|target| target.repo == *entry) else { continue };
            let Some(dispatch) = context::dispatch(context, delivery_id).await? else { continue };
            let before = target.clone();
            target.state = TargetState::Unsent;
            target.planned_at = context.now;
            draft.target(delivery_id, Some(&before), target);
            plan::send(draft, &dispatch, target);
            draft.fact_of("target.released", delivery_id, entry, json!({ "head": dispatch.head }));
            if let Some(mut row) = self.row(context, &dispatch).await? {
                let bad = row.is_bad();
                row.cells.insert(entry.clone(), Cell::of(target));
                put_row(draft, &row, Some(bad), [entry]);
            }
        }
        Ok(())
    }

    /// Marks what the new dispatch takes the place of, and takes back what was not sent of it.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of them are what is known at this moment; a struct would only rename them"
    )]
    async fn supersede(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        record: &mut PullRecord,
        live: &mut [Live],
        dispatch: &DispatchRecord,
        event: &PullRequestEvent,
        verdicts: &[(&Entry, Verdict)],
    ) -> Result<(), Trouble> {
        // An event that was overtaken takes nobody's place.
        if record.info.head_sha != event.info.head_sha || record.info.state != event.info.state {
            return Ok(());
        }
        let closes = event.action == Action::Closed;
        for live in live {
            let why = match (closes, live.head.head == dispatch.head) {
                (true, _) => SupersededWhy::Closed,
                (false, false) => SupersededWhy::NewHead,
                (false, true) => SupersededWhy::Repeated,
            };
            let by = Superseded { why, by: dispatch.delivery_id.clone() };
            let again = |repo: &RepoName| {
                let planned =
                    |(entry, verdict): &&(&Entry, Verdict)| entry.repo == *repo && !matches!(verdict, Verdict::Skip(_));
                verdicts.iter().any(|verdict| planned(&verdict))
            };
            let whole = why != SupersededWhy::Repeated;
            let (mut changed, mut withdrawn) = (Vec::new(), Vec::new());
            for target in live.targets.iter_mut().filter(|target| target.superseded.is_none()) {
                if !whole && !again(&target.repo) {
                    continue;
                }
                let before = target.clone();
                target.superseded = Some(by.clone());
                if matches!(target.state, TargetState::Unsent | TargetState::Unconfirmed) {
                    draft.withdraw(keys::dispatch_intent(&live.head.delivery_id, &target.repo, target.generation));
                }
                if matches!(target.state, TargetState::Unsent | TargetState::Held) {
                    target.state = TargetState::Withdrawn;
                    withdrawn.push(target.repo.clone());
                }
                draft.target(&live.head.delivery_id, Some(&before), target);
                changed.push(target.repo.clone());
            }
            if !whole && changed.is_empty() {
                continue;
            }
            let data = json!({ "deliveryId": live.head.delivery_id, "why": why.as_str(), "by": by.by, "withdrawn": withdrawn });
            draft.fact("dispatch.superseded", data);
            let Some(mut old) = context::dispatch(context, &live.head.delivery_id).await? else { continue };
            let row = self.row(context, &old).await?;
            if whole {
                old.superseded = Some(by.clone());
                draft.put(views::DISPATCH, keys::dispatch(&old.delivery_id), &old);
                if let Some(head) = record.dispatches.iter_mut().find(|head| head.delivery_id == old.delivery_id) {
                    head.superseded = true;
                }
            }
            if let Some(mut row) = row {
                let bad = row.is_bad();
                if whole {
                    row.superseded = Some(by.clone());
                }
                for target in live.targets.iter().filter(|target| changed.contains(&target.repo)) {
                    row.cells.insert(target.repo.clone(), Cell::of(target));
                }
                put_row(draft, &row, Some(bad), &changed);
            }
        }
        Ok(())
    }
}

/// An upstream delivery: by what its dispatch is named and ordered.
pub(super) struct Upstream {
    pub(super) guid: String,
    pub(super) seq: DeliveryId,
}

/// The upstream delivery that a job follows from, with its body.
pub(super) async fn upstream_event(job: &Work, context: &Context) -> Result<(Upstream, bytes::Bytes), Trouble> {
    let gone = |what: &str| Trouble::permanent("delivery_gone", format!("the {what} of this job is no longer kept"));
    let seq = job.delivery.ok_or_else(|| gone("delivery"))?;
    let delivery = context.store.delivery(seq).await?.ok_or_else(|| gone("delivery"))?;
    let body = context.store.body(seq).await?.ok_or_else(|| gone("body"))?;
    Ok((Upstream { guid: delivery.key.delivery_id, seq }, body))
}

/// Keeps the newest of a list that grows at its end.
pub(super) fn remember<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if list.contains(&item) {
        return;
    }
    list.push(item);
    let surplus = list.len().saturating_sub(REMEMBERED);
    list.drain(..surplus);
}

fn refreshed(known: Option<PullRecord>, event: &PullRequestEvent) -> PullRecord {
    match known {
        Some(known) => PullRecord { info: PrInfo::refreshed(Some(known.info), event.info.clone()), ..known },
        None => PullRecord {
            info: event.info.clone(),
            dispatches: Vec::new(),
            sent_to: BTreeSet::new(),
            approved: Vec::new(),
        },
    }
}

fn memory(record: &PullRecord, before: Option<&PrInfo>, live: &[Live]) -> Memory {
    let mut earlier: HashMap<RepoName, Vec<EarlierTarget>> = HashMap::new();
    let approved = record.approved.iter().filter_map(|head| head.parse().ok()).collect();
    // What was sent of dispatches whose place is taken is known only in sum.
    let old = record.dispatches.iter().find(|dispatch| dispatch.superseded);
    if let Some((delivery, head_sha)) = old.and_then(names) {
        for repo in &record.sent_to {
            let (delivery, head_sha) = (delivery.clone(), head_sha.clone());
            let target = EarlierTarget { delivery, head_sha, outcome: Outcome::Planned, superseded: true };
            earlier.entry(repo.clone()).or_default().push(target);
        }
    }
    for Live { head, targets } in live {
        let Some((delivery, head_sha)) = names(head) else { continue };
        for target in targets {
            let outcome = if target.state == TargetState::Held { Outcome::Held } else { Outcome::Planned };
            let (delivery, head_sha) = (delivery.clone(), head_sha.clone());
            let superseded = target.superseded.is_some();
            let known = EarlierTarget { delivery, head_sha, outcome, superseded };
            earlier.entry(target.repo.clone()).or_default().push(known);
        }
    }
    Memory { info: before.cloned(), approved, earlier }
}

/// A dispatch's names, as they were taken from its event.
fn names(head: &RelayedHead) -> Option<(DeliveryGuid, HeadSha)> {
    Some((head.delivery_id.parse().ok()?, head.head.parse().ok()?))
}
