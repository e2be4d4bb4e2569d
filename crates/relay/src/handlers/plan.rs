//! Beat 2 of an upstream event: who gets it is written down before anything is sent.

use std::collections::BTreeMap;

use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::Trouble;
use switchboard_github::RepoName;
use switchboard_store::{Coalesce, NewIntent};

use crate::allowlist::Entry;
use crate::config::Config;
use crate::fit::{EventType, fit};
use crate::handlers::draft::Draft;
use crate::handlers::{DISPATCH, DISPATCH_EXPIRY, NAME};
use crate::plan::Verdict;
use crate::records::{
    BodyRecord, Cell, DispatchRecord, InboxRecord, Kind, RowRecord, SkippedEntry, TargetRecord, TargetState, keys,
    views,
};

/// What the carrier of a dispatch needs to know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct DispatchOrder {
    /// Which dispatch.
    pub(crate) delivery_id: String,
    /// Where to.
    pub(crate) repo: RepoName,
    /// Which send this is.
    pub(crate) generation: u32,
    /// The lane in which its outcome is decided.
    pub(crate) lane: String,
    /// When it was wanted: it expires from then on.
    pub(crate) at: Timestamp,
}

/// Writes a dispatch with its targets, and asks for those that may go.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    config: &Config,
    mut dispatch: DispatchRecord,
    verdicts: &[(&Entry, Verdict)],
    body: &[u8],
) -> Result<(DispatchRecord, Vec<TargetRecord>), Trouble> {
    let mut targets = Vec::new();
    let mut cells = BTreeMap::new();
    let mut skipped: BTreeMap<&'static str, Vec<&RepoName>> = BTreeMap::new();
    let (mut held, mut sent) = (Vec::new(), Vec::new());
    for (entry, verdict) in verdicts {
        match verdict {
            Verdict::Skip(reason) => {
                dispatch.skipped.push(SkippedEntry { repo: entry.repo.clone(), reason: *reason });
                skipped.entry(reason.word()).or_default().push(&entry.repo);
                cells.insert(entry.repo.clone(), Cell::skipped(entry.level, *reason));
            }
            Verdict::Hold | Verdict::Send => {
                let state = if *verdict == Verdict::Hold { TargetState::Held } else { TargetState::Unsent };
                let target = TargetRecord::of(entry, state, config, draft.now);
                cells.insert(entry.repo.clone(), Cell::of(&target));
                draft.target(&dispatch.delivery_id, None, &target);
                if state == TargetState::Held {
                    held.push(&entry.repo);
                } else {
                    send(draft, &dispatch, &target);
                    sent.push(&entry.repo);
                }
                targets.push(target);
            }
        }
    }
    let row = RowRecord::of(&dispatch, cells);
    if !sent.is_empty() || !held.is_empty() {
        let body = fitted(&dispatch, body, config)?;
        draft.put(views::BODY, keys::dispatch(&dispatch.delivery_id), &BodyRecord { body });
    }
    put_row(draft, &row, None, row.cells.keys());
    for entry in sent.iter().chain(&held) {
        let inbox =
            InboxRecord { delivery_id: dispatch.delivery_id.clone(), kind: dispatch.kind, planned_at: draft.now };
        draft.put(views::INBOX, keys::inbox(entry, dispatch.seq), &inbox);
    }
    draft.put(views::DISPATCH, keys::dispatch(&dispatch.delivery_id), &dispatch);
    let planned = json!({
        "deliveryId": dispatch.delivery_id, "kind": dispatch.kind, "action": dispatch.action, "head": dispatch.head,
        "repos": sent, "held": held, "skipped": skipped,
    });
    draft.fact("dispatch.planned", planned);
    for (reason, entries) in &skipped {
        draft.fact("target.skipped", json!({ "deliveryId": dispatch.delivery_id, "reason": reason, "repos": entries }));
    }
    for entry in held {
        draft.fact_of("target.held", &dispatch.delivery_id, entry, json!({ "head": dispatch.head }));
    }
    Ok((dispatch, targets))
}

/// The request body that all targets get.
fn fitted(dispatch: &DispatchRecord, body: &[u8], config: &Config) -> Result<String, Trouble> {
    let event_type = if dispatch.kind == Kind::Push { EventType::Push } else { EventType::PullRequest };
    let unusable = |error: String| Trouble::permanent("payload_unusable", error);
    let delivery = dispatch.delivery_id.parse().map_err(|_| unusable("no delivery id".to_owned()))?;
    let limit = usize::try_from(config.payload_limit_bytes).unwrap_or(usize::MAX);
    Ok(fit(event_type, &delivery, body, limit).map_err(|error| unusable(error.to_string()))?.text)
}

/// Asks for a target to be sent.
pub(super) fn send(draft: &mut Draft<'_>, dispatch: &DispatchRecord, target: &TargetRecord) {
    let order = DispatchOrder {
        delivery_id: dispatch.delivery_id.clone(),
        repo: target.repo.clone(),
        generation: target.generation,
        lane: dispatch.lane.clone(),
        at: draft.now,
    };
    draft.intent(NewIntent {
        automation: NAME,
        kind: DISPATCH.to_owned(),
        key: keys::dispatch_intent(&order.delivery_id, &order.repo, order.generation),
        // What is dispatched of one pull request or ref goes out in order: a close must not overtake what it closes.
        lane: Some(format!("relay.dispatch:{}:{}", order.repo.key(), order.lane).into()),
        installation: None,
        payload: serde_json::to_value(&order).unwrap_or_default(),
        coalesce: Coalesce::Once,
        order: None,
        due: None,
    });
}

/// Whether a dispatch that was wanted at `at` is not worth sending any more.
pub(crate) fn is_expired(at: Timestamp, now: Timestamp) -> bool {
    now.since(at) >= DISPATCH_EXPIRY
}

/// Writes a row, and what stands of it under the entries that have changed. `before` tells whether it stood among the failing ones.
pub(super) fn put_row<'r>(
    draft: &mut Draft<'_>,
    row: &'r RowRecord,
    before: Option<bool>,
    changed: impl IntoIterator<Item = &'r RepoName>,
) {
    let key = keys::row(draft.up, row.kind, row.seq);
    match (before.unwrap_or(false), row.is_bad()) {
        (_, true) => draft.put(views::ROW_BAD, key.clone(), row),
        (true, false) => draft.delete(views::ROW_BAD, key.clone()),
        (false, false) => {}
    }
    draft.put(views::ROW, key, row);
    for entry in changed {
        let Some(cell) = row.cells.get(entry).filter(|cell| cell.skipped.is_none()) else { continue };
        let own = RowRecord { cells: BTreeMap::from([(entry.clone(), cell.clone())]), ..without_cells(row) };
        draft.put(views::ROW_REPO, keys::row_of(entry, draft.up, row.kind, row.seq), &own);
    }
}

fn without_cells(row: &RowRecord) -> RowRecord {
    RowRecord {
        delivery_id: row.delivery_id.clone(),
        action: row.action.clone(),
        head: row.head.clone(),
        git_ref: row.git_ref.clone(),
        base: row.base.clone(),
        title: row.title.clone(),
        author: row.author.clone(),
        superseded: row.superseded.clone(),
        gate: row.gate.clone(),
        cells: BTreeMap::new(),
        ..*row
    }
}
