//! A delivery's state follows from how many of its jobs are open or dead.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension as _;

use super::batch::Batch;
use super::code;
use crate::traffic::Count;
use crate::{Change, DeliveryState, Result};

/// By how much the open and dead jobs of deliveries change.
#[derive(Debug, Default)]
pub(super) struct Jobs(BTreeMap<i64, (i64, i64)>);

impl Jobs {
    /// Jobs of `delivery` that became, or are no longer, open or dead.
    pub(super) fn add(&mut self, delivery: Option<i64>, open: i64, dead: i64) {
        if let Some(delivery) = delivery {
            let change = self.0.entry(delivery).or_default();
            change.0 += open;
            change.1 += dead;
        }
    }

    /// How many jobs of a delivery that is yet to be written are open.
    pub(super) fn take_open(&mut self, delivery: i64) -> i64 {
        self.0.remove(&delivery).map_or(0, |(open, _)| open)
    }

    /// Writes the deliveries' new counts and states.
    pub(super) fn write(self, batch: &mut Batch<'_>) -> Result<()> {
        self.0
            .into_iter()
            .filter(|(_, change)| *change != (0, 0))
            .try_for_each(|(delivery, (open, dead))| write(batch, delivery, open, dead))
    }
}

fn write(batch: &mut Batch<'_>, id: i64, open_by: i64, dead_by: i64) -> Result<()> {
    let found = batch
        .statement("SELECT open, dead, state FROM deliveries WHERE id = ?1")?
        .query_row([id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        .optional()?;
    // The delivery may have outlived its retention while an intent of it, and now that intent's job, went on.
    let Some((open, dead, before)) = found else { return Ok(()) };
    let (open, dead) = ((open + open_by).max(0), (dead + dead_by).max(0));
    let state = match (open, dead) {
        (1.., _) => DeliveryState::Pending,
        (_, 1..) => DeliveryState::Dead,
        _ => DeliveryState::Settled,
    };
    let settled_at = (state != DeliveryState::Pending).then(|| batch.now.millis());
    let code = code::delivery_state_code(state);
    batch.execute(
        "UPDATE deliveries SET open = ?2, dead = ?3, state = ?4, settled_at = ?5 WHERE id = ?1",
        (id, open, dead, code, settled_at),
    )?;
    if code != before {
        let pending = code::delivery_state_code(DeliveryState::Pending);
        if state == DeliveryState::Settled {
            batch.traffic.count(Count::Settled);
        }
        batch.delta.pending(i64::from(code == pending) - i64::from(before == pending));
        let id = batch.memory.names.delivery(id);
        batch.hint(|| Change::Delivery(id));
    }
    Ok(())
}
