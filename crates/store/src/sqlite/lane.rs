//! Lanes: who is next.
//!
//! Every unsettled work has a place in its lane: the moment it was enqueued, or falls due if that is later, then a
//! sequence number. The head of a lane is the work with the smallest place, and only heads are claimed. So a timer that
//! is not due yet stands behind all that is enqueued until then, while a work in backoff keeps the place that it had and
//! with it holds the lane, and a leased one stays the head until it settles.
//!
//! Whether a work is a waiting head stands in its column `turn`. A head that may be claimed is [`READY`]; one that must
//! wait for a moment (its due time, the end of its installation's hold) is [`ASLEEP`] until `wake`, in an index by that
//! moment, so that no claim ever reads past those that sleep.

use rusqlite::{OptionalExtension as _, Row};
use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::code::{self, WAITING};
use super::deliveries::Jobs;
use super::prepare::Wish;
use crate::{Change, Class, Follows, Queue, Result};

/// The values of `turn`.
pub(super) const ASLEEP: i64 = 1;
pub(super) const READY: i64 = 2;

/// Enqueues a job, unless one with its key waits already. What it follows from, unless it says so itself, is `inherited`.
pub(super) fn enqueue_job(batch: &mut Batch<'_>, job: &Wish, inherited: Option<i64>, jobs: &mut Jobs) -> Result<()> {
    if let Some(key) = &job.key {
        let stood_for = batch
            .statement("SELECT id FROM works WHERE key = ?1 AND class = 0 AND state = ?2 AND automation = ?3 LIMIT 1")?
            .exists((key, WAITING, job.automation))?;
        if stood_for {
            return Ok(());
        }
    }
    let delivery = match job.follows {
        Follows::Inherited => inherited,
        Follows::Nothing => None,
        Follows::Delivery(id) => batch.memory.names.delivery_row(id),
    };
    jobs.add(delivery, 1, 0);
    insert(batch, job, delivery)
}

/// Writes a new work at its place.
pub(super) fn insert(batch: &mut Batch<'_>, wish: &Wish, delivery: Option<i64>) -> Result<()> {
    let id = batch.next_id();
    let now = batch.now;
    let due = wish.due.unwrap_or(now);
    let pos = due.max(now);
    let (turn, wake) = match head(batch, wish.lane_print)? {
        Some(head) if head.pos <= pos || head.turn.is_none() => (None, None),
        other => {
            if let Some(head) = other {
                set_turn(batch, head.id, None, None)?;
            }
            let (turn, wake) = turn(batch, wish.class, wish.installation, due);
            (Some(turn), wake)
        }
    };
    let class = code::class_code(wish.class);
    batch.execute(
        "INSERT INTO works (id, class, state, queue, automation, kind, lane, lane_print, key, installation, delivery,
             payload, wish_order, pos, seq, turn, wake, due, attempts, unanswered, created_at, epoch)
         VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?1, ?14, ?15, ?16, 0, 0, ?17, 0)",
        rusqlite::params![
            id,
            class,
            wish.queue.as_str(),
            wish.automation,
            wish.kind,
            wish.lane,
            wish.lane_print,
            wish.key,
            wish.installation,
            delivery,
            wish.payload,
            wish.order,
            pos.millis(),
            turn,
            wake,
            due.millis(),
            now.millis(),
        ],
    )?;
    batch.delta.waiting(wish.automation, &wish.kind, 1);
    if wish.class == Class::Job && delivery.is_some() {
        batch.delta.opened(id, now);
    }
    batch.hint(|| Change::Work(wish.class, wish.queue.clone()));
    Ok(())
}

/// The first unsettled work of a lane.
struct Head {
    id: i64,
    pos: Timestamp,
    /// `None` while it is leased.
    turn: Option<i64>,
}

fn head(batch: &Batch<'_>, lane_print: i64) -> Result<Option<Head>> {
    let read =
        |row: &Row<'_>| Ok(Head { id: row.get(0)?, pos: Timestamp::from_millis(row.get(1)?), turn: row.get(2)? });
    Ok(batch
        .statement(
            "SELECT id, pos, turn FROM works WHERE lane_print = ?1 AND pos IS NOT NULL ORDER BY pos, seq LIMIT 1",
        )?
        .query_row([lane_print], read)
        .optional()?)
}

/// Takes the turn from a lane's head, before the lane is rearranged.
pub(super) fn lower(batch: &Batch<'_>, lane_print: i64) -> Result<()> {
    match head(batch, lane_print)? {
        Some(Head { id, turn: Some(_), .. }) => set_turn(batch, id, None, None),
        _ => Ok(()),
    }
}

/// Gives the turn to a lane's head, after something left the lane or was moved in it.
pub(super) fn raise(batch: &mut Batch<'_>, lane_print: i64) -> Result<()> {
    let found = batch
        .statement(
            "SELECT id, state, class, installation, due, queue FROM works WHERE lane_print = ?1 AND pos IS NOT NULL
             ORDER BY pos, seq LIMIT 1",
        )?
        .query_row([lane_print], |row| {
            let due = Timestamp::from_millis(row.get(4)?);
            Ok((row.get(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?, due, row.get::<_, String>(5)?))
        })
        .optional()?;
    let Some((id, WAITING, class, installation, due, queue)) = found else { return Ok(()) };
    let class = code::class_of(class)?;
    let (turn, wake) = turn(batch, class, installation, due);
    set_turn(batch, id, Some(turn), wake)?;
    batch.hint(|| Change::Work(class, Queue::from(queue)));
    Ok(())
}

/// Whether a head may be claimed now, or when to look again.
pub(super) fn turn(batch: &Batch<'_>, class: Class, installation: i64, due: Timestamp) -> (i64, Option<i64>) {
    let held = match class {
        Class::Job => None,
        Class::Intent => code::installation_of(installation).and_then(|installation| batch.hold(installation)),
    };
    let wake = held.map_or(due, |until| until.max(due));
    if wake <= batch.now { (READY, None) } else { (ASLEEP, Some(wake.millis())) }
}

pub(super) fn set_turn(batch: &Batch<'_>, id: i64, turn: Option<i64>, wake: Option<i64>) -> Result<()> {
    batch.execute("UPDATE works SET turn = ?2, wake = ?3 WHERE id = ?1", (id, turn, wake))?;
    Ok(())
}
