//! Beat one: a delivery and its first jobs, or the recognition of one that is known.

use switchboard_clock::Timestamp;

use super::batch::Batch;
use super::code::{self, DEAD, Json};
use super::prepare::Arrival;
use super::writer::Verb;
use super::{deliveries, lane, works};
use crate::traffic::{Arrived, Count};
use crate::{Acceptance, Binding, Change, DeliveryKey, DeliveryState, Installation, Result, Verdict};

impl Verb for Arrival {
    type Answer = Acceptance;

    fn bytes(&self) -> usize {
        self.body.len()
    }

    fn run(&self, batch: &mut Batch<'_>) -> Result<Acceptance> {
        match self.known(batch)? {
            Known::No => match self.bound_elsewhere(batch)? {
                Some(binding) => {
                    let (id, now) = (batch.next_id(), batch.now);
                    Ok(answer(batch, id, now, Verdict::Bound { binding }))
                }
                None => self.write(batch),
            },
            Known::Conflict(id, accepted_at) => Ok(answer(batch, id, accepted_at, Verdict::Conflict)),
            Known::Same(id, accepted_at, state) => {
                batch.execute("UPDATE deliveries SET duplicates = duplicates + 1 WHERE id = ?1", [id])?;
                if state != DeliveryState::Dead {
                    return Ok(answer(batch, id, accepted_at, Verdict::Duplicate));
                }
                let mut change = deliveries::Jobs::default();
                for work in dead_jobs(batch, id)? {
                    works::revive(batch, work, &mut change)?;
                }
                change.write(batch)?;
                Ok(answer(batch, id, accepted_at, Verdict::Requeued))
            }
        }
    }
}

/// What the store knows of a delivery's id.
enum Known {
    No,
    Same(i64, Timestamp, DeliveryState),
    Conflict(i64, Timestamp),
}

impl Arrival {
    fn known(&self, batch: &Batch<'_>) -> Result<Known> {
        let mut statement = batch.statement(
            "SELECT id, accepted_at, platform, delivery_id, event, action, digest, state FROM deliveries
             WHERE key_print = ?1 ORDER BY id",
        )?;
        let mut rows = statement.query([self.key_print])?;
        let mut same = Known::No;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column)?.as_str().map_err(rusqlite::Error::from);
            if text(2)? != self.key.platform || text(3)? != self.key.delivery_id {
                continue;
            }
            let (id, accepted_at) = (row.get(0)?, Timestamp::from_millis(row.get(1)?));
            if row.get::<_, [u8; 32]>(6)? != self.digest.0 {
                return Ok(Known::Conflict(id, accepted_at));
            }
            if text(4)? == self.key.event && text(5)? == self.key.action {
                same = Known::Same(id, accepted_at, code::delivery_state_of(row.get(7)?)?);
            }
        }
        Ok(same)
    }

    /// The first binding that holds another value.
    fn bound_elsewhere(&self, batch: &Batch<'_>) -> Result<Option<usize>> {
        for (n, Binding { view, key, value }) in self.bindings.iter().enumerate() {
            let mut statement = batch.statement("SELECT value FROM records WHERE view = ?1 AND key = ?2")?;
            let mut rows = statement.query((view.as_str(), key.as_str()))?;
            if let Some(row) = rows.next()?
                && code::json("record", row.get_ref(0)?)? != *value
            {
                return Ok(Some(n));
            }
        }
        Ok(None)
    }

    fn write(&self, batch: &mut Batch<'_>) -> Result<Acceptance> {
        let id = batch.next_id();
        let now = batch.now;
        let mut jobs = deliveries::Jobs::default();
        for job in &self.jobs {
            lane::enqueue_job(batch, job, Some(id), &mut jobs)?;
        }
        let open = jobs.take_open(id);
        let state = match (self.jobs.is_empty(), open) {
            (true, _) => DeliveryState::Ignored,
            // Each of its jobs is stood for by one that waited already, or follows from something else.
            (false, 0) => DeliveryState::Settled,
            (false, _) => DeliveryState::Pending,
        };
        let settled_at = (state == DeliveryState::Settled).then(|| now.millis());
        batch.execute(
            "INSERT INTO deliveries (id, key_print, platform, delivery_id, event, action, digest, headers, body_bytes,
                 body_kept, installation, repository, subject, accepted_at, state, open, dead, settled_at, duplicates)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1, ?10, ?11, ?12, ?13, ?14, ?15, 0, ?16, 0)",
            rusqlite::params![
                id,
                self.key_print,
                self.key.platform,
                self.key.delivery_id,
                self.key.event,
                self.key.action,
                self.digest.0,
                self.headers,
                code::rows(self.body_bytes),
                self.installation,
                self.repository,
                self.subject.as_ref().map(crate::Subject::as_str),
                now.millis(),
                code::delivery_state_code(state),
                open,
                settled_at,
            ],
        )?;
        batch.execute("INSERT INTO bodies (id, body) VALUES (?1, ?2)", (id, &self.body))?;
        for Binding { view, key, value } in &self.bindings {
            batch.execute(
                "INSERT INTO records (view, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                (view.as_str(), key.as_str(), Json::of(value)),
            )?;
        }
        batch.delta.accepted();
        self.count(batch, id, state);
        if state == DeliveryState::Pending {
            batch.delta.pending(1);
        }
        jobs.write(batch)?;
        let acceptance = answer(batch, id, now, Verdict::Accepted);
        batch.hint(|| Change::Delivery(acceptance.id));
        Ok(acceptance)
    }
}

impl Arrival {
    fn count(&self, batch: &mut Batch<'_>, id: i64, state: DeliveryState) {
        batch.traffic.count(Count::Accepted);
        match state {
            DeliveryState::Ignored => batch.traffic.count(Count::Ignored),
            DeliveryState::Settled => batch.traffic.count(Count::Settled),
            DeliveryState::Pending | DeliveryState::Dead => {}
        }
        if let Some(installation) = self.installation {
            let DeliveryKey { event, action, .. } = self.key.clone();
            let delivery = batch.memory.names.delivery(id);
            let arrived = Arrived { delivery, at: batch.now, event, action };
            batch.traffic.arrived(Installation(installation.cast_unsigned()), arrived);
        }
    }
}

fn answer(batch: &Batch<'_>, id: i64, accepted_at: Timestamp, verdict: Verdict) -> Acceptance {
    Acceptance { id: batch.memory.names.delivery(id), accepted_at, verdict }
}

fn dead_jobs(batch: &Batch<'_>, delivery: i64) -> Result<Vec<i64>> {
    let mut statement = batch.statement("SELECT id FROM works WHERE delivery = ?1 AND class = 0 AND state = ?2")?;
    let ids = statement.query_map((delivery, DEAD), |row| row.get(0))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}
