//! Leases: claiming, extending, taking back.

use std::time::Duration;

use rusqlite::OptionalExtension as _;
use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::code::{self, LEASED};
use super::lane;
use super::row::{self, select_work};
use super::works;
use super::writer::Verb;
use crate::{Claim, Lease, Leased, Result, StoreError, Work};

/// Sleeping heads that one claim wakes at most; the next claim goes on.
const WOKEN_AT_ONCE: i64 = 1000;
/// Workers with queues of their own, whose turns are remembered; beyond that all start over.
const TURNS_KEPT: usize = 1000;

impl Verb for Claim {
    type Answer = Vec<Leased>;

    fn run(&self, batch: &mut Batch<'_>) -> Result<Vec<Leased>> {
        let queues: Vec<String> = self.queues.iter().map(|queue| queue.as_str().to_owned()).collect();
        for queue in &queues {
            wake(batch, queue)?;
        }
        let mut last = batch.memory.turns.get(&queues).copied().unwrap_or(i64::MAX);
        let mut claimed = Vec::new();
        while claimed.len() < self.capacity {
            let next = match next(batch, &queues, last)? {
                None => next(batch, &queues, i64::MIN)?,
                found => found,
            };
            let Some((installation, work)) = next else { break };
            last = installation;
            claimed.push(lease(batch, work, &self.worker, self.lease, true)?);
        }
        if !claimed.is_empty() {
            if batch.memory.turns.len() >= TURNS_KEPT {
                batch.memory.turns.clear();
            }
            batch.memory.turns.insert(queues, last);
        }
        Ok(claimed)
    }
}

/// Makes ready the heads of a queue whose moment has come.
fn wake(batch: &Batch<'_>, queue: &str) -> Result<()> {
    let mut statement = batch.statement(
        "SELECT id, class, installation, due FROM works WHERE turn = 1 AND queue = ?1 AND wake <= ?2
         ORDER BY wake LIMIT ?3",
    )?;
    let woken = statement
        .query_map((queue, batch.now.millis(), WOKEN_AT_ONCE), |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, Timestamp::from_millis(row.get(3)?)))
        })?
        .collect::<rusqlite::Result<Vec<_>>>()?;
    for (id, class, installation, due) in woken {
        let (turn, wake) = lane::turn(batch, code::class_of(class)?, installation, due);
        lane::set_turn(batch, id, Some(turn), wake)?;
    }
    Ok(())
}

/// The oldest ready head of the next installation after `last`.
fn next(batch: &Batch<'_>, queues: &[String], last: i64) -> Result<Option<(i64, i64)>> {
    let mut statement = batch.statement(
        "SELECT installation, pos, seq, id FROM works WHERE queue = ?1 AND turn = 2 AND installation > ?2
         ORDER BY installation, pos, seq LIMIT 1",
    )?;
    let mut best: Option<(i64, i64, i64, i64)> = None;
    for queue in queues {
        let found = statement
            .query_row((queue, last), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        best = match (best, found) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    Ok(best.map(|(installation, _, _, id)| (installation, id)))
}

/// Leases a work; `counts` as one of its attempts.
fn lease(batch: &mut Batch<'_>, id: i64, worker: &str, duration: Duration, counts: bool) -> Result<Leased> {
    let until = batch.now + duration;
    batch.execute(
        "UPDATE works SET state = ?2, turn = NULL, wake = NULL, epoch = epoch + 1, attempts = attempts + ?3,
             first_leased_at = COALESCE(first_leased_at, ?4), leased_at = ?4, lease_until = ?5, worker = ?6
         WHERE id = ?1",
        (id, LEASED, counts, batch.now.millis(), until.millis(), worker),
    )?;
    let (work, epoch, held) = read(batch, id)?;
    if counts {
        batch.delta.leased(&work.automation, &work.kind, 1);
        batch.delta.holding(&work.automation, &work.kind, -i64::from(held));
    }
    Ok(Leased { lease: Lease { work: work.id, epoch }, until, work })
}

/// The work, the epoch of its lease, and whether it held its lane when it was claimed, which changed none of what says so.
fn read(batch: &Batch<'_>, id: i64) -> Result<(Work, u64, bool)> {
    let mut statement = batch.statement(select_work!(", epoch, pos < due AS late", "WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Err(StoreError::corrupt("work", "it is gone")) };
    let work = row::work(row, batch.memory.names)?;
    let held = work.failure.is_some() && row.get("late")?;
    Ok((work, row.get::<_, i64>("epoch")?.cast_unsigned(), held))
}

/// Prolongs a lease.
pub(super) struct Extend(pub(super) Lease, pub(super) Duration);

impl Verb for Extend {
    type Answer = ();

    fn run(&self, batch: &mut Batch<'_>) -> Result<()> {
        let Self(lease, duration) = self;
        let id = batch.memory.names.work_row(lease.work).ok_or(StoreError::StaleLease)?;
        let changed = batch.execute(
            "UPDATE works SET lease_until = ?3 WHERE id = ?1 AND epoch = ?2 AND state = ?4",
            (id, lease.epoch.cast_signed(), (batch.now + *duration).millis(), LEASED),
        )?;
        if changed == 1 { Ok(()) } else { Err(StoreError::StaleLease) }
    }
}

/// Leases to `worker` what others have lost.
pub(super) struct TakeBack {
    pub(super) worker: String,
    pub(super) capacity: usize,
    pub(super) lease: Duration,
}

impl Verb for TakeBack {
    type Answer = Vec<Leased>;

    fn run(&self, batch: &mut Batch<'_>) -> Result<Vec<Leased>> {
        let lost = batch
            .statement("SELECT id FROM works WHERE lease_until <= ?1 ORDER BY lease_until LIMIT ?2")?
            .query_map((batch.now.millis(), code::rows(self.capacity)), |row| row.get::<_, i64>(0))?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        lost.into_iter()
            .map(|id| {
                works::lose(batch, id)?;
                lease(batch, id, &self.worker, self.lease, false)
            })
            .collect()
    }
}
