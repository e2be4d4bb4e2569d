//! Settlements: everything that one finished attempt changes.

use super::batch::Batch;
use super::code::{self, LEASED};
use super::deliveries::Jobs;
use super::prepare::Changes;
use super::works::{self, Standing};
use super::writer::Verb;
use super::{intents, lane, projections};
use crate::{Class, Hold, Lease, Queue, Result, StoreError, Withdrawal};

pub(super) struct Settle(pub(super) Lease, pub(super) Changes);

impl Verb for Settle {
    type Answer = ();

    fn bytes(&self) -> usize {
        self.1.bytes
    }

    fn run(&self, batch: &mut Batch<'_>) -> Result<()> {
        let Self(lease, changes) = self;
        let id = batch.memory.names.work_row(lease.work).ok_or(StoreError::StaleLease)?;
        let work = Standing::of(batch, id)?
            .filter(|work| work.state == LEASED && work.epoch == lease.epoch.cast_signed())
            .ok_or(StoreError::StaleLease)?;
        let mut jobs = Jobs::default();
        // First what ends or moves, then what is new: so a settlement may take something back and put it anew, and its
        // own work no longer stands in the way.
        if let Some(hold) = changes.hold {
            set_hold(batch, hold)?;
        }
        works::settle(batch, &work, &changes.outcome, &mut jobs)?;
        for withdrawal in &changes.withdraw {
            let found = match withdrawal {
                Withdrawal::Work(id) => batch.memory.names.work_row(*id),
                Withdrawal::Intent(key) => works::intent_with_key(batch, key)?,
            };
            if let Some(id) = found.filter(|found| *found != work.id) {
                works::withdraw(batch, id, &mut jobs)?;
            }
        }
        for id in changes.revive.iter().filter_map(|id| batch.memory.names.work_row(*id)).collect::<Vec<_>>() {
            works::revive(batch, id, &mut jobs)?;
        }
        for id in changes.discard.iter().filter_map(|id| batch.memory.names.work_row(*id)).collect::<Vec<_>>() {
            works::discard(batch, id, &mut jobs)?;
        }
        for job in &changes.jobs {
            lane::enqueue_job(batch, job, work.delivery, &mut jobs)?;
        }
        for (intent, coalesce) in &changes.intents {
            intents::put(batch, intent, *coalesce, work.delivery)?;
        }
        projections::write(batch, &work, changes)?;
        jobs.write(batch)?;
        works::note_settled(batch, &work, &changes.outcome, &changes.calls)
    }
}

/// Puts the installation's intents to sleep until the hold ends.
fn set_hold(batch: &mut Batch<'_>, hold: Hold) -> Result<()> {
    if batch.hold(hold.installation).is_some_and(|until| until >= hold.until) || hold.until <= batch.now {
        return Ok(());
    }
    let installation = hold.installation.0.cast_signed();
    let until = hold.until.millis();
    batch.execute(
        "INSERT INTO holds (installation, until) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET until = excluded.until",
        (installation, until),
    )?;
    batch.held.insert(hold.installation, hold.until);
    for turn in [lane::ASLEEP, lane::READY] {
        batch.execute(
            "UPDATE works SET turn = 1, wake = MAX(due, ?4)
             WHERE queue = ?1 AND turn = ?2 AND installation = ?3 AND class = ?5",
            (Queue::OUTBOX.as_str(), turn, installation, until, code::class_code(Class::Intent)),
        )?;
    }
    Ok(())
}
