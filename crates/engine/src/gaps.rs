//! Gap repair: compares the App's own delivery list with what has arrived, and fetches what is missing.
//!
//! GitHub sends every delivery once, and keeps it for three days. So at start and on a schedule the list is read, newest
//! first, back to where the last complete look ended; what the store does not know is asked for again (GitHub then sends
//! it as it was, signed), and what does not come even so is taken in from the list.
//!
//! * The first look of a fresh installation finds nothing missing: what was delivered before it was somebody else's.
//! * A delivery younger than [`SETTLING`] may still be on its way and is left to the next look.
//! * A look is a chain of jobs, one a page, so that an outage of days is read in small settlements.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_github::HookDeliveryId;
use switchboard_github::api::app::HookDelivery;
use switchboard_github::page::NextPage;
use switchboard_store::{
    Coalesce, Follows, Key, KeyRange, Lane, NewFact, NewIntent, NewJob, RecordChange, Settlement, Subject, View, Work,
};

use crate::accept::Acceptor;
use crate::operations::{NAME, QUEUE};
use crate::{Context, GITHUB, Trouble};

/// The scheduled look at the list.
pub const CHECK: &str = "engine.gaps";
/// A further page of a look.
pub const PAGE: &str = "engine.gaps.page";
/// Asks GitHub to send a delivery again.
pub const REDELIVER: &str = "engine.redeliver";
/// Takes a delivery in from the list.
pub const TAKE_IN: &str = "engine.take_in";
/// Looks follow one another.
pub const LANE: Lane = Lane::of("gaps");

/// The view that says how complete we are; key [`CURRENT`] holds a [`Completeness`].
pub const COMPLETENESS: View = View::of("engine.gaps");
/// The one key of [`COMPLETENESS`].
pub const CURRENT: Key = Key::of("current");
/// Deliveries that are missing, by GUID; holds an [`OpenGap`].
const OPEN: View = View::of("engine.gap");

/// GitHub's list reaches three days back (GitHub Docs, "Viewing webhook deliveries").
const REACH: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// How long a delivery may be under way: GitHub waits 10 s for the answer, and its list lags a little.
const SETTLING: Duration = Duration::from_secs(60);
/// How often GitHub is asked to send a delivery again, before it is taken in from the list.
const REDELIVERIES: u32 = 2;
/// Gaps that are looked after at a time.
const OPEN_MAX: usize = 500;

/// How complete we are, as the overview tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// When the last complete look began.
    pub checked_at: Timestamp,
    /// Everything delivered before this moment is known to be here, or to be missing.
    pub complete_until: Timestamp,
    /// Since when nothing has been missing; `None` while something is.
    pub nothing_missing_since: Option<Timestamp>,
    /// Deliveries missing now.
    pub missing: usize,
}

/// A delivery that is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OpenGap {
    delivered_at: Timestamp,
    found_at: Timestamp,
    asked: u32,
    asked_at: Timestamp,
}

/// How far a look has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    began: Timestamp,
    floor: Timestamp,
    cursor: Option<String>,
    missing: usize,
}

/// What an intent needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Missing {
    id: HookDeliveryId,
    guid: String,
    event: String,
}

/// Reads one page of the list.
pub(crate) async fn page(job: &Work, context: &Context) -> Result<Settlement, Trouble> {
    let current: Option<Completeness> = context.store.get(&COMPLETENESS, &CURRENT).await?;
    let mut settlement = Settlement::done();
    let mut progress = if job.kind == CHECK {
        let Some(current) = &current else {
            return Ok(first_look(context.now));
        };
        let open = context.store.list::<OpenGap>(&OPEN, KeyRange::all(), OPEN_MAX).await?;
        let oldest = open.iter().map(|(_, gap)| gap.delivered_at).min().unwrap_or(Timestamp::MAX);
        let floor = current.complete_until.min(oldest).max(context.now - REACH);
        for (guid, gap) in open {
            // Beyond GitHub's reach nothing can be done, and one that has come by itself is no gap.
            let arrived = context.store.delivery_by_key(GITHUB, guid.as_str()).await?.is_some();
            if arrived || gap.delivered_at < context.now - REACH {
                let kind = if arrived { "engine.gap.closed" } else { "engine.gap.lost" };
                settlement.facts.push(fact(guid.as_str(), kind, json!({ "foundAt": gap.found_at })));
                settlement.records.push(RecordChange::Delete(OPEN, guid));
            }
        }
        Progress { began: context.now, floor, cursor: None, missing: 0 }
    } else {
        serde_json::from_value(job.payload.clone())
            .map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))?
    };
    let listed = context.github.hook_deliveries(progress.cursor.as_deref()).fetch().await?;
    let mut seen = std::collections::HashSet::new();
    for delivery in &listed.value {
        let at = delivered_at(delivery);
        let under_way = at > progress.began - SETTLING;
        if under_way || at < progress.floor || !seen.insert(&delivery.guid) {
            continue;
        }
        let missing = context.store.delivery_by_key(GITHUB, &delivery.guid).await?.is_none();
        if missing && repair(delivery, progress.began, context, &mut settlement).await? {
            progress.missing += 1;
        }
    }
    let past_floor = listed.value.last().is_none_or(|last| delivered_at(last) < progress.floor);
    match listed.answer.next().and_then(NextPage::cursor) {
        Some(next) if !past_floor => {
            progress.cursor = Some(next);
            settlement.jobs.push(next_page(&progress));
        }
        _ => settlement.records.push(RecordChange::Put(COMPLETENESS, CURRENT, json!(completed(&progress, current)))),
    }
    Ok(settlement)
}

/// When it was sent; one that does not say so counts as long ago, and so ends the look rather than prolonging it.
fn delivered_at(delivery: &HookDelivery) -> Timestamp {
    delivery.delivered_at.as_deref().and_then(|at| Timestamp::parse(at).ok()).unwrap_or(Timestamp::EPOCH)
}

/// What a complete look says.
fn completed(progress: &Progress, before: Option<Completeness>) -> Completeness {
    let since = before.and_then(|before| before.nothing_missing_since);
    Completeness {
        checked_at: progress.began,
        complete_until: progress.began - SETTLING,
        nothing_missing_since: (progress.missing == 0).then(|| since.unwrap_or(progress.began)),
        missing: progress.missing,
    }
}

fn first_look(now: Timestamp) -> Settlement {
    let complete = Completeness { checked_at: now, complete_until: now, nothing_missing_since: Some(now), missing: 0 };
    Settlement { records: vec![RecordChange::Put(COMPLETENESS, CURRENT, json!(complete))], ..Settlement::done() }
}

/// Asks for a missing delivery, more insistently with each look. Says no if this look has asked for it before, because an
/// attempt to redeliver it stood on an earlier page.
///
/// All that is ever tried for one delivery is one intent, so that what failed for good is tried anew by the next look, and
/// leaves no dead letter once it has succeeded.
async fn repair(
    delivery: &HookDelivery,
    began: Timestamp,
    context: &Context,
    settlement: &mut Settlement,
) -> Result<bool, Trouble> {
    let key = Key::from(delivery.guid.as_str());
    let known: Option<OpenGap> = context.store.get(&OPEN, &key).await?;
    let found = known.is_none();
    let now = context.now;
    let mut gap = match known {
        Some(gap) if gap.asked_at >= began => return Ok(false),
        Some(gap) => gap,
        None => OpenGap { delivered_at: delivered_at(delivery), found_at: now, asked: 0, asked_at: now },
    };
    (gap.asked, gap.asked_at) = (gap.asked + 1, now);
    let kind = if gap.asked > REDELIVERIES { TAKE_IN } else { REDELIVER };
    let event = delivery.event.clone().unwrap_or_default();
    let missing = Missing { id: delivery.id, guid: delivery.guid.clone(), event };
    settlement.intents.push(NewIntent {
        automation: NAME,
        kind: kind.to_owned(),
        key: format!("engine.gap/{}", delivery.guid),
        lane: None,
        installation: None,
        payload: json!(missing),
        coalesce: Coalesce::Latest,
        order: None,
        due: None,
    });
    if found {
        let data = json!({ "event": delivery.event, "deliveredAt": delivery.delivered_at, "status": delivery.status });
        settlement.facts.push(fact(&delivery.guid, "engine.gap.found", data));
    }
    settlement.records.push(RecordChange::Put(OPEN, key, json!(gap)));
    Ok(true)
}

fn next_page(progress: &Progress) -> NewJob {
    NewJob {
        queue: QUEUE,
        automation: NAME,
        kind: PAGE.to_owned(),
        lane: LANE,
        key: None,
        installation: None,
        payload: json!(progress),
        due: None,
        follows: Follows::Nothing,
    }
}

/// Asks GitHub to send a delivery again. Asked twice, it is sent twice, and the second is a duplicate.
pub(crate) async fn redeliver(intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
    let missing = missing(intent)?;
    context.github.redeliver(missing.id).send().await?;
    let facts = vec![fact(&missing.guid, "engine.gap.redelivery_asked", json!({ "event": missing.event }))];
    Ok(Settlement { facts, ..Settlement::done() })
}

/// Takes a delivery in from the list. The list holds the payload and not its bytes, so the stored body is the payload
/// written anew; the API's answer over TLS stands for the signature.
pub(crate) async fn take_in(intent: &Work, context: &Context, acceptor: &Acceptor) -> Result<Settlement, Trouble> {
    let missing = missing(intent)?;
    if context.store.delivery_by_key(GITHUB, &missing.guid).await?.is_some() {
        return Ok(Settlement::done());
    }
    let listed = context.github.hook_delivery(missing.id).fetch().await?.value;
    let Some(payload) = listed.request.and_then(|request| request.payload) else {
        return Err(Trouble::permanent("payload_missing", "GitHub's list no longer holds the payload"));
    };
    let body = Bytes::from(payload.get().to_owned());
    acceptor.listed(&missing.guid, &missing.event, body).await?;
    let facts = vec![fact(&missing.guid, "engine.gap.taken_in", json!({ "event": missing.event }))];
    Ok(Settlement { facts, ..Settlement::done() })
}

fn missing(intent: &Work) -> Result<Missing, Trouble> {
    serde_json::from_value(intent.payload.clone())
        .map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))
}

fn fact(guid: &str, kind: &str, data: serde_json::Value) -> NewFact {
    NewFact { automation: NAME, subject: Subject::from(format!("delivery/{guid}")), kind: kind.to_owned(), data }
}
