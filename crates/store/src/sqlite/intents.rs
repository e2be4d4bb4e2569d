//! Intents: what a second wish under one key means.

use rusqlite::OptionalExtension as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::code::{self, DEAD, Json, LEASED, WAITING};
use super::lane;
use super::prepare::Wish;
use super::works::{self, Standing};
use crate::{Change, Class, Coalesce, Outcome, Queue, Result, StoreError};

/// A newer wish, kept aside while the older one is being carried out.
#[derive(Debug, Serialize, Deserialize)]
struct NextWish {
    kind: String,
    installation: i64,
    delivery: Option<i64>,
    payload: Value,
    due: Option<Timestamp>,
}

/// Puts an intent, which may be dropped, replace an older wish, or wait for its own turn.
pub(super) fn put(batch: &mut Batch<'_>, wish: &Wish, coalesce: Coalesce, delivery: Option<i64>) -> Result<()> {
    let key = wish.key.as_deref().unwrap_or(&wish.lane);
    let Some(id) = works::intent_with_key(batch, key)? else {
        return lane::insert(batch, wish, delivery);
    };
    if coalesce == Coalesce::Once || is_older(batch, id, wish)? {
        return Ok(());
    }
    let Some(known) = Standing::of(batch, id)? else { return Ok(()) };
    match known.state {
        WAITING => replace(batch, &known, wish, delivery),
        LEASED => keep_aside(batch, &known, wish, delivery),
        _ => wait_again(batch, &known, wish, delivery),
    }
}

/// Whether the key last held a wish that sorts behind this one.
fn is_older(batch: &Batch<'_>, id: i64, wish: &Wish) -> Result<bool> {
    let held: Option<String> = batch
        .statement("SELECT wish_order FROM works WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(matches!((&wish.order, held), (Some(new), Some(held)) if *new < held))
}

/// The newer wish takes the place of the one that waits. Its place in the lane is kept, or becomes an earlier one.
fn replace(batch: &mut Batch<'_>, known: &Standing, wish: &Wish, delivery: Option<i64>) -> Result<()> {
    let due = wish.due.unwrap_or(batch.now);
    batch.delta.holding(&known.automation, &known.kind, -i64::from(known.holding));
    lane::lower(batch, known.lane_print)?;
    batch.execute(
        "UPDATE works SET kind = ?2, installation = ?3, delivery = ?4, payload = ?5, wish_order = ?6, due = ?7,
             pos = MIN(pos, ?8), attempts = 0 WHERE id = ?1",
        rusqlite::params![
            known.id,
            wish.kind,
            wish.installation,
            delivery,
            wish.payload,
            wish.order,
            due.millis(),
            due.max(batch.now).millis(),
        ],
    )?;
    recount(batch, known, &wish.kind);
    let holds = Standing::of(batch, known.id)?.is_some_and(|work| work.holding);
    batch.delta.holding(&known.automation, &wish.kind, i64::from(holds));
    lane::raise(batch, known.lane_print)
}

fn keep_aside(batch: &mut Batch<'_>, known: &Standing, wish: &Wish, delivery: Option<i64>) -> Result<()> {
    let next = NextWish {
        kind: wish.kind.clone(),
        installation: wish.installation,
        delivery,
        payload: wish.payload.value("payload")?,
        due: wish.due,
    };
    let next = serde_json::to_value(next).map_err(StoreError::unavailable)?;
    batch.execute(
        "UPDATE works SET next_wish = ?2, wish_order = ?3 WHERE id = ?1",
        (known.id, Json::of(&next), &wish.order),
    )?;
    Ok(())
}

/// The key is remembered, but nothing waits under it: the newer wish goes to the end of its lane.
fn wait_again(batch: &mut Batch<'_>, known: &Standing, wish: &Wish, delivery: Option<i64>) -> Result<()> {
    let now = batch.now;
    let due = wish.due.unwrap_or(now);
    let seq = batch.next_id();
    lane::lower(batch, wish.lane_print)?;
    batch.execute(
        "UPDATE works SET state = 0, automation = ?2, kind = ?3, lane = ?4, lane_print = ?5, installation = ?6,
             delivery = ?7, payload = ?8, wish_order = ?9, due = ?10, pos = ?11, seq = ?12, created_at = ?13,
             attempts = 0, unanswered = unanswered AND ?14, first_leased_at = NULL, settled_at = NULL, failure = NULL
         WHERE id = ?1",
        rusqlite::params![
            known.id,
            wish.automation,
            wish.kind,
            wish.lane,
            wish.lane_print,
            wish.installation,
            delivery,
            wish.payload,
            wish.order,
            due.millis(),
            due.max(now).millis(),
            seq,
            now.millis(),
            known.state == DEAD,
        ],
    )?;
    if known.state == DEAD {
        batch.delta.dead(&known.automation, &known.kind, -1);
    }
    batch.delta.waiting(wish.automation, &wish.kind, 1);
    batch.hint(|| Change::Work(Class::Intent, Queue::OUTBOX));
    lane::raise(batch, wish.lane_print)
}

/// If a newer wish came while this one was carried out, it waits now, in the same place. Says whether there was one.
pub(super) fn send_next(batch: &mut Batch<'_>, work: &Standing, outcome: &Outcome) -> Result<bool> {
    let next = {
        let mut statement = batch.statement("SELECT next_wish FROM works WHERE id = ?1 AND next_wish IS NOT NULL")?;
        let mut rows = statement.query([work.id])?;
        let Some(row) = rows.next()? else { return Ok(false) };
        code::json("intent", row.get_ref(0)?)?
    };
    let next: NextWish = serde_json::from_value(next).map_err(|error| StoreError::corrupt("intent", error))?;
    let now = batch.now;
    let due = next.due.unwrap_or(now);
    // The trouble that told the older wish to wait would meet the newer one too.
    let (due, unanswered) = match outcome {
        Outcome::Retry { at, unanswered, .. } => (due.max(*at), *unanswered),
        Outcome::Done | Outcome::Dead { .. } => (due, false),
    };
    batch.execute(
        "UPDATE works SET state = 0, kind = ?2, installation = ?3, delivery = ?4, payload = ?5, next_wish = NULL,
             due = ?6, attempts = 0, unanswered = ?7, failure = NULL, lease_until = NULL WHERE id = ?1",
        rusqlite::params![
            work.id,
            next.kind,
            next.installation,
            next.delivery,
            Json::of(&next.payload),
            due.millis(),
            unanswered,
        ],
    )?;
    recount(batch, work, &next.kind);
    Ok(true)
}

/// Counts a waiting intent under its new kind.
fn recount(batch: &mut Batch<'_>, known: &Standing, kind: &str) {
    if known.kind != kind {
        batch.delta.waiting(&known.automation, &known.kind, -1);
        batch.delta.waiting(&known.automation, kind, 1);
    }
}
