//! What a settlement writes to be read: facts, records, counters.

use std::collections::BTreeMap;

use rusqlite::OptionalExtension as _;

use super::batch::Batch;
use super::prepare::{Changes, RecordRow};
use super::works::Standing;
use crate::{Change, CounterAdd, Counters, Result, StoreError};

pub(super) fn write(batch: &mut Batch<'_>, work: &Standing, changes: &Changes) -> Result<()> {
    for record in &changes.records {
        let (view, key) = match record {
            RecordRow::Put(view, key, value) => {
                batch.execute(
                    "INSERT INTO records (view, key, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT DO UPDATE SET value = excluded.value",
                    (view.as_str(), key.as_str(), value),
                )?;
                (view, key)
            }
            RecordRow::Delete(view, key) => {
                batch.execute("DELETE FROM records WHERE view = ?1 AND key = ?2", (view.as_str(), key.as_str()))?;
                (view, key)
            }
            RecordRow::DeleteCounters(view, key) => {
                batch.execute("DELETE FROM counters WHERE view = ?1 AND key = ?2", (view.as_str(), key.as_str()))?;
                continue;
            }
        };
        batch.hint(|| Change::Record(view.clone(), key.clone()));
    }
    for counter in &changes.counters {
        add(batch, counter)?;
    }
    for fact in &changes.facts {
        let id = batch.next_id();
        batch.execute(
            "INSERT INTO facts (id, at, delivery, work, automation, subject, kind, data)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            rusqlite::params![
                id,
                batch.now.millis(),
                work.delivery,
                work.id,
                fact.automation,
                fact.subject.as_str(),
                fact.kind,
                fact.data,
            ],
        )?;
        batch.hint(|| Change::Facts(fact.subject.clone()));
    }
    Ok(())
}

/// Adds to a counter, and says whether it is new.
pub(super) fn add(batch: &Batch<'_>, counter: &CounterAdd) -> Result<bool> {
    let key = (counter.view.as_str(), counter.key.as_str());
    let stored: Option<String> = batch
        .statement("SELECT fields FROM counters WHERE view = ?1 AND key = ?2")?
        .query_row(key, |row| row.get(0))
        .optional()?;
    let mut fields: Counters = stored.as_deref().map_or_else(|| Ok(BTreeMap::new()), read)?;
    for (field, by) in &counter.add {
        let count = fields.entry(field.clone()).or_default();
        *count = count.saturating_add(*by);
    }
    batch.execute(
        "INSERT INTO counters (view, key, fields) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET fields = excluded.fields",
        (key.0, key.1, serde_json::to_string(&fields).map_err(StoreError::unavailable)?),
    )?;
    Ok(stored.is_none())
}

/// Counters as they are stored.
pub(super) fn read(fields: &str) -> Result<Counters> {
    serde_json::from_str(fields).map_err(|error| StoreError::corrupt("counter", error))
}
