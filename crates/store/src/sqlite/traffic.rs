//! Writes what a transaction adds to the buckets of traffic, and what each installation sent last: once for all of its
//! commands, however many deliveries they accept.

use std::collections::BTreeMap;

use super::batch::Batch;
use super::projections;
use crate::traffic::{ARRIVED, Arrived, Count, Width, arrived_key};
use crate::{CounterAdd, Installation, Result, StoreError};

/// What a transaction adds.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    counts: BTreeMap<Count, i64>,
    arrived: BTreeMap<Installation, Arrived>,
}

impl Traffic {
    pub(super) fn count(&mut self, count: Count) {
        *self.counts.entry(count).or_default() += 1;
    }

    pub(super) fn arrived(&mut self, installation: Installation, arrived: Arrived) {
        self.arrived.insert(installation, arrived);
    }

    pub(super) fn write(self, batch: &Batch<'_>) -> Result<()> {
        for (installation, arrived) in self.arrived {
            let value = serde_json::to_string(&arrived).map_err(StoreError::unavailable)?;
            batch.execute(
                "INSERT INTO records (view, key, value) VALUES (?1, ?2, ?3)
                 ON CONFLICT DO UPDATE SET value = excluded.value",
                (ARRIVED.as_str(), arrived_key(installation).as_str(), value),
            )?;
        }
        if self.counts.is_empty() {
            return Ok(());
        }
        let add: Vec<_> = self.counts.iter().map(|(count, by)| (count.field().to_owned(), *by)).collect();
        for width in Width::ALL {
            let (view, key) = (width.view(), width.key(batch.now));
            let is_new = projections::add(batch, &CounterAdd { view: view.clone(), key, add: add.clone() })?;
            if is_new {
                let oldest = width.key(batch.now - width.kept());
                batch.execute("DELETE FROM counters WHERE view = ?1 AND key < ?2", (view.as_str(), oldest.as_str()))?;
            }
        }
        Ok(())
    }
}

/// Forgets what an installation sent last, if that is the delivery of this id, which goes.
pub(super) fn forget(batch: &mut Batch<'_>, id: i64) -> Result<()> {
    let delivery = batch.memory.names.delivery(id).to_string();
    batch.execute(
        "DELETE FROM records WHERE view = ?1
         AND key = (SELECT CAST(installation AS TEXT) FROM deliveries WHERE id = ?2)
         AND json_extract(value, '$.delivery') = ?3",
        (ARRIVED.as_str(), id, delivery),
    )?;
    Ok(())
}
