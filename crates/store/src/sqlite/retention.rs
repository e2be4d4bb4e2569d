//! Forgetting what has outlived its retention, a few rows at a time.
//!
//! Bodies go first, then settled works with their attempts and facts, then deliveries. What is pending or dead has no
//! entry in the indexes that are read here, so it is neither deleted nor read past.

use rusqlite::params;
use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::writer::Verb;
use super::{code, id, traffic};
use crate::{Result, Retention};

pub(super) struct Sweep(pub(super) Retention, pub(super) usize);

impl Verb for Sweep {
    type Answer = usize;

    fn run(&self, batch: &mut Batch<'_>) -> Result<usize> {
        let Self(retention, limit) = *self;
        let (bodies, history) = (batch.now - retention.bodies, batch.now - retention.history);
        batch.execute("DELETE FROM holds WHERE until <= ?1", [batch.now.millis()])?;
        batch.memory.holds.retain(|_, until| *until > batch.now);
        let mut swept = sweep_bodies(batch, bodies, limit)?;
        swept += sweep_works(batch, history, limit.saturating_sub(swept))?;
        swept += sweep_deliveries(batch, history, limit.saturating_sub(swept))?;
        Ok(swept)
    }
}

fn ids(batch: &Batch<'_>, sql: &'static str, before: i64, limit: usize) -> Result<Vec<i64>> {
    let mut statement = batch.statement(sql)?;
    let ids = statement.query_map((before, code::rows(limit)), |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn sweep_bodies(batch: &Batch<'_>, before: Timestamp, limit: usize) -> Result<usize> {
    let old = ids(
        batch,
        "SELECT id FROM deliveries WHERE body_kept = 1 AND state IN (0, 2) AND accepted_at < ?1
         ORDER BY accepted_at LIMIT ?2",
        before.millis(),
        limit,
    )?;
    for id in &old {
        batch.execute("DELETE FROM bodies WHERE id = ?1", [id])?;
        batch.execute("UPDATE deliveries SET body_kept = 0 WHERE id = ?1", [id])?;
    }
    Ok(old.len())
}

/// Deletes works with all that belongs to them. A work's attempts and facts are deleted together with it when they are
/// few, and otherwise by and by before it.
fn sweep_works(batch: &Batch<'_>, before: Timestamp, limit: usize) -> Result<usize> {
    let old = ids(
        batch,
        "SELECT id FROM works WHERE state IN (2, 4) AND settled_at < ?1 ORDER BY settled_at LIMIT ?2",
        before.millis(),
        limit,
    )?;
    let mut swept = 0;
    for id in old {
        for sql in [
            "DELETE FROM facts WHERE id IN (SELECT id FROM facts WHERE work = ?1 LIMIT ?2)",
            "DELETE FROM attempts WHERE id IN (SELECT id FROM attempts WHERE work = ?1 LIMIT ?2)",
        ] {
            swept += batch.execute(sql, params![id, code::rows(limit.saturating_sub(swept))])?;
        }
        if swept >= limit {
            break;
        }
        swept += batch.execute("DELETE FROM works WHERE id = ?1", [id])?;
    }
    Ok(swept)
}

fn sweep_deliveries(batch: &mut Batch<'_>, before: Timestamp, limit: usize) -> Result<usize> {
    let mut swept = 0;
    for sql in [
        "SELECT id FROM deliveries WHERE state = 0 AND id < ?1 ORDER BY id LIMIT ?2",
        "SELECT id FROM deliveries WHERE state = 2 AND id < ?1 ORDER BY id LIMIT ?2",
    ] {
        for id in ids(batch, sql, id::first_at(before), limit - swept)? {
            batch.execute("DELETE FROM bodies WHERE id = ?1", [id])?;
            traffic::forget(batch, id)?;
            swept += batch.execute("DELETE FROM deliveries WHERE id = ?1", [id])?;
        }
    }
    if swept > 0 {
        // The number of deliveries ever accepted is what is left and what went.
        batch.execute(
            "INSERT INTO meta (name, value) VALUES ('swept_deliveries', ?1)
             ON CONFLICT DO UPDATE SET value = value + excluded.value",
            [code::rows(swept)],
        )?;
    }
    Ok(swept)
}

/// Writes something and takes it away again, to find out whether that is possible.
pub(super) struct Probe;

impl Verb for Probe {
    type Answer = ();

    fn run(&self, batch: &mut Batch<'_>) -> Result<()> {
        batch.execute("INSERT INTO meta (name, value) VALUES ('probe', ?1)", [batch.now.millis()])?;
        batch.execute("DELETE FROM meta WHERE name = 'probe'", [])?;
        Ok(())
    }
}
