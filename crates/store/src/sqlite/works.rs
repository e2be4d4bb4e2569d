//! What becomes of works: settled, put back, revived, discarded, withdrawn, lost.

use rusqlite::{OptionalExtension as _, Row};
use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::code::{DEAD, DONE, Json, LEASED, WAITING, WITHDRAWN};
use super::deliveries::Jobs;
use super::{code, intents, lane};
use crate::traffic::Count;
use crate::{Class, Failure, Outcome, Result, StoreError};

/// Whether a waiting work holds its lane, in SQL: its attempt failed or was put off, and it kept its place, which is
/// earlier than it is due. A timer's place is when it is due; a revived work has a new one.
macro_rules! holds_lane {
    () => {
        "state = 0 AND failure IS NOT NULL AND pos < due"
    };
}
pub(super) use holds_lane;

/// Attempts of one work that are remembered.
pub(super) const ATTEMPTS_KEPT: i64 = 100;

/// What a change of a work needs to know of it.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) id: i64,
    pub(super) class: Class,
    pub(super) state: i64,
    pub(super) automation: String,
    pub(super) kind: String,
    pub(super) lane_print: i64,
    pub(super) delivery: Option<i64>,
    pub(super) epoch: i64,
    /// Its place in its lane, while it is unsettled.
    pos: Option<i64>,
    /// Whether it holds its lane, see [`holds_lane`].
    pub(super) holding: bool,
    has_turn: bool,
    worker: Option<String>,
    leased_at: Option<i64>,
}

impl Standing {
    pub(super) fn of(batch: &Batch<'_>, id: i64) -> Result<Option<Self>> {
        let read = |row: &Row<'_>| {
            Ok(Self {
                id,
                class: if row.get::<_, i64>(0)? == 0 { Class::Job } else { Class::Intent },
                state: row.get(1)?,
                automation: row.get(2)?,
                kind: row.get(3)?,
                lane_print: row.get(4)?,
                delivery: row.get(5)?,
                epoch: row.get(6)?,
                has_turn: row.get::<_, Option<i64>>(7)?.is_some(),
                worker: row.get(8)?,
                leased_at: row.get(9)?,
                pos: row.get(10)?,
                holding: row.get::<_, Option<bool>>(11)?.unwrap_or(false),
            })
        };
        Ok(batch
            .statement(concat!(
                "SELECT class, state, automation, kind, lane_print, delivery, epoch, turn, worker, leased_at, pos, ",
                holds_lane!(),
                " FROM works WHERE id = ?1",
            ))?
            .query_row([id], read)
            .optional()?)
    }

    /// Moves what is counted from one state to another.
    fn count(&self, batch: &mut Batch<'_>, jobs: &mut Jobs, to: i64) {
        let open = |state| i64::from(state == WAITING || state == LEASED);
        let dead = |state| i64::from(state == DEAD);
        let (open, dead) = (open(to) - open(self.state), dead(to) - dead(self.state));
        batch.delta.waiting(&self.automation, &self.kind, open);
        batch.delta.dead(&self.automation, &self.kind, dead);
        if self.class == Class::Job {
            jobs.add(self.delivery, open, dead);
            if self.delivery.is_some() && open < 0 {
                batch.delta.closed(self.id);
            }
        }
    }
}

/// Applies the outcome of an attempt to the work that it was of.
pub(super) fn settle(batch: &mut Batch<'_>, work: &Standing, outcome: &Outcome, jobs: &mut Jobs) -> Result<()> {
    batch.delta.leased(&work.automation, &work.kind, -1);
    if work.class == Class::Intent && intents::send_next(batch, work, outcome)? {
        return lane::raise(batch, work.lane_print);
    }
    match outcome {
        Outcome::Done => end(batch, work, DONE, None, jobs)?,
        Outcome::Dead { failure } => {
            batch.traffic.count(Count::Failed);
            end(batch, work, DEAD, Some(failure), jobs)?;
        }
        Outcome::Retry { at, failure, counted, unanswered } => {
            if *counted {
                batch.traffic.count(Count::Retried);
            }
            batch.execute(
                "UPDATE works SET state = 0, due = ?2, failure = ?3, attempts = MAX(attempts - ?4, 0),
                     unanswered = ?5, lease_until = NULL WHERE id = ?1",
                (work.id, at.millis(), failure_json(Some(failure))?, !counted, unanswered),
            )?;
            let holds = work.pos.is_some_and(|pos| pos < at.millis());
            batch.delta.holding(&work.automation, &work.kind, i64::from(holds));
        }
    }
    lane::raise(batch, work.lane_print)
}

/// Settles a work for good.
fn end(batch: &mut Batch<'_>, work: &Standing, state: i64, failure: Option<&Failure>, jobs: &mut Jobs) -> Result<()> {
    batch.execute(
        "UPDATE works SET state = ?2, settled_at = ?3, failure = COALESCE(?4, failure), pos = NULL, turn = NULL,
             wake = NULL, lease_until = NULL WHERE id = ?1",
        (work.id, state, batch.now.millis(), failure_json(failure)?),
    )?;
    work.count(batch, jobs, state);
    Ok(())
}

/// Queues a dead work again, its attempts counted afresh. One that is not dead is left alone.
pub(super) fn revive(batch: &mut Batch<'_>, id: i64, jobs: &mut Jobs) -> Result<()> {
    let Some(work) = Standing::of(batch, id)?.filter(|work| work.state == DEAD) else { return Ok(()) };
    lane::lower(batch, work.lane_print)?;
    let seq = batch.next_id();
    let now = batch.now.millis();
    batch.execute(
        "UPDATE works SET state = 0, attempts = 0, settled_at = NULL, due = ?2, pos = ?2, seq = ?3 WHERE id = ?1",
        (id, now, seq),
    )?;
    work.count(batch, jobs, WAITING);
    if work.class == Class::Job && work.delivery.is_some() {
        let created_at = batch
            .statement("SELECT created_at FROM works WHERE id = ?1")?
            .query_row([id], |row| row.get(0).map(Timestamp::from_millis))?;
        batch.delta.opened(id, created_at);
    }
    lane::raise(batch, work.lane_print)
}

/// Closes a dead work. One that is not dead is left alone.
pub(super) fn discard(batch: &mut Batch<'_>, id: i64, jobs: &mut Jobs) -> Result<()> {
    match Standing::of(batch, id)? {
        Some(work) if work.state == DEAD => end(batch, &work, WITHDRAWN, None, jobs),
        _ => Ok(()),
    }
}

/// Takes a waiting work back. One that does not wait is left alone.
pub(super) fn withdraw(batch: &mut Batch<'_>, id: i64, jobs: &mut Jobs) -> Result<()> {
    let Some(work) = Standing::of(batch, id)?.filter(|work| work.state == WAITING) else { return Ok(()) };
    end(batch, &work, WITHDRAWN, None, jobs)?;
    batch.delta.holding(&work.automation, &work.kind, -i64::from(work.holding));
    if work.has_turn { lane::raise(batch, work.lane_print) } else { Ok(()) }
}

/// Notes that a lease ended without a settlement.
pub(super) fn lose(batch: &mut Batch<'_>, id: i64) -> Result<()> {
    let work = Standing::of(batch, id)?.ok_or_else(|| StoreError::corrupt("lease", "its work is gone"))?;
    batch.execute("UPDATE works SET unanswered = 1 WHERE id = ?1", [id])?;
    note_attempt(batch, &work, "lost", None, &Json::of(&serde_json::Value::Null))
}

/// Writes the line of the work's timeline that its settled attempt leaves.
pub(super) fn note_settled(batch: &mut Batch<'_>, work: &Standing, outcome: &Outcome, calls: &Json) -> Result<()> {
    let (name, failure) = match outcome {
        Outcome::Done => ("done", None),
        Outcome::Dead { failure } => ("dead", Some(failure)),
        Outcome::Retry { failure, counted: true, .. } => ("retry", Some(failure)),
        Outcome::Retry { failure, counted: false, .. } => ("held", Some(failure)),
    };
    note_attempt(batch, work, name, failure, calls)
}

fn note_attempt(
    batch: &mut Batch<'_>,
    work: &Standing,
    outcome: &str,
    failure: Option<&Failure>,
    calls: &Json,
) -> Result<()> {
    let id = batch.next_id();
    batch.execute(
        "INSERT INTO attempts (id, work, worker, started_at, ended_at, outcome, failure, calls)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        rusqlite::params![
            id,
            work.id,
            work.worker.as_deref().unwrap_or_default(),
            work.leased_at.unwrap_or_default(),
            batch.now.millis(),
            outcome,
            failure_json(failure)?,
            calls,
        ],
    )?;
    // Every attempt had an epoch of its own, so most works need no look at how many there are.
    if work.epoch > ATTEMPTS_KEPT {
        batch.execute(
            "DELETE FROM attempts WHERE work = ?1 AND id <= (
                 SELECT id FROM attempts WHERE work = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (work.id, ATTEMPTS_KEPT),
        )?;
    }
    Ok(())
}

pub(super) fn failure_json(failure: Option<&Failure>) -> Result<Option<String>> {
    failure.map(serde_json::to_string).transpose().map_err(StoreError::unavailable)
}

/// The id of the intent with this key.
pub(super) fn intent_with_key(batch: &Batch<'_>, key: &str) -> Result<Option<i64>> {
    Ok(batch
        .statement("SELECT id FROM works WHERE key = ?1 AND class = ?2 LIMIT 1")?
        .query_row((key, code::class_code(Class::Intent)), |row| row.get(0))
        .optional()?)
}
