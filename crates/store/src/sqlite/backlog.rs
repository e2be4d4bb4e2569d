//! How much waits: counted once at the start, then moved along with every commit.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension as _};
use switchboard_clock::Timestamp;

use super::code::{DEAD, LEASED, WAITING};
use super::works::holds_lane;
use crate::{Backlog, Result};

/// Works of one automation and kind.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    waiting: i64,
    leased: i64,
    holding: i64,
    dead: i64,
}

/// Changes to the counts, to be applied when they are committed.
#[derive(Debug, Default)]
pub(super) struct Delta {
    works: HashMap<(String, String), Count>,
    pending_deliveries: i64,
    accepted_deliveries: i64,
    /// The lowest id among jobs that wait from now on.
    pub(super) enqueued: Option<(i64, Timestamp)>,
    /// Jobs that were settled.
    settled: Vec<i64>,
}

impl Delta {
    fn of(&mut self, automation: &str, kind: &str) -> &mut Count {
        self.works.entry((automation.to_owned(), kind.to_owned())).or_default()
    }

    /// Works that wait from now on, or no longer do.
    pub(super) fn waiting(&mut self, automation: &str, kind: &str, by: i64) {
        self.of(automation, kind).waiting += by;
    }

    /// Works that are leased from now on, or no longer are.
    pub(super) fn leased(&mut self, automation: &str, kind: &str, by: i64) {
        self.of(automation, kind).leased += by;
    }

    /// Works that hold their lane from now on, or no longer do.
    pub(super) fn holding(&mut self, automation: &str, kind: &str, by: i64) {
        self.of(automation, kind).holding += by;
    }

    pub(super) fn dead(&mut self, automation: &str, kind: &str, by: i64) {
        self.of(automation, kind).dead += by;
    }

    pub(super) fn pending(&mut self, by: i64) {
        self.pending_deliveries += by;
    }

    pub(super) fn accepted(&mut self) {
        self.accepted_deliveries += 1;
    }

    /// A job that follows from a delivery is unsettled from now on.
    pub(super) fn opened(&mut self, id: i64, created_at: Timestamp) {
        if self.enqueued.is_none_or(|(lowest, _)| id < lowest) {
            self.enqueued = Some((id, created_at));
        }
    }

    /// A job that follows from a delivery no longer is.
    pub(super) fn closed(&mut self, id: i64) {
        self.settled.push(id);
    }
}

/// The counts as committed.
#[derive(Debug, Default)]
pub(super) struct Counts {
    works: BTreeMap<(String, String), Count>,
    pending_deliveries: i64,
    accepted_deliveries: i64,
    oldest: Option<(i64, Timestamp)>,
}

impl Counts {
    /// Counts what the database holds. Only at the start: it reads every unsettled work.
    pub(super) fn load(connection: &Connection) -> Result<Self> {
        let mut counts = Self::default();
        let mut works = connection.prepare(concat!(
            "SELECT automation, kind, state, COUNT(*), SUM(",
            holds_lane!(),
            ") FROM works WHERE class IN (0, 1) AND state IN (0, 1, 3) GROUP BY automation, kind, state",
        ))?;
        let mut rows = works.query([])?;
        while let Some(row) = rows.next()? {
            let count = counts.works.entry((row.get(0)?, row.get(1)?)).or_default();
            let (state, works, holding) = (row.get(2)?, row.get::<_, i64>(3)?, row.get::<_, i64>(4)?);
            match state {
                DEAD => count.dead += works,
                LEASED => (count.waiting, count.leased) = (count.waiting + works, count.leased + works),
                _ => (count.waiting, count.holding) = (count.waiting + works, count.holding + holding),
            }
        }
        let count = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
        counts.pending_deliveries = count("SELECT COUNT(*) FROM deliveries WHERE state = 1")?;
        counts.accepted_deliveries = count("SELECT COUNT(*) FROM deliveries")?
            + count("SELECT COALESCE((SELECT value FROM meta WHERE name = 'swept_deliveries'), 0)")?;
        counts.oldest = oldest_from(connection, 0)?;
        Ok(counts)
    }

    /// The oldest unsettled job once `delta` is applied. Jobs are opened with ever larger ids, so that looking onwards
    /// from the oldest one reads each of them once.
    pub(super) fn oldest_after(&self, delta: &Delta, connection: &Connection) -> Result<Option<(i64, Timestamp)>> {
        let oldest = match (self.oldest, delta.enqueued) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        match oldest {
            Some((id, _)) if delta.settled.contains(&id) => oldest_from(connection, id),
            oldest => Ok(oldest),
        }
    }

    pub(super) fn apply(&mut self, delta: Delta, oldest: Option<(i64, Timestamp)>) {
        for (key, by) in delta.works {
            let count = self.works.entry(key).or_default();
            count.waiting += by.waiting;
            count.leased += by.leased;
            count.holding += by.holding;
            count.dead += by.dead;
        }
        self.pending_deliveries += delta.pending_deliveries;
        self.accepted_deliveries += delta.accepted_deliveries;
        self.oldest = oldest;
    }

    pub(super) fn backlog(&self) -> Backlog {
        let of = |pick: fn(&Count) -> i64| {
            self.works
                .iter()
                .map(|(key, count)| (key, unsigned(pick(count))))
                .filter(|(_, count)| *count > 0)
                .map(|(key, count)| (key.clone(), count))
                .collect()
        };
        Backlog {
            oldest_waiting: self.oldest.map(|(_, created_at)| created_at),
            waiting: of(|count| count.waiting),
            leased: of(|count| count.leased),
            holding: of(|count| count.holding),
            dead: of(|count| count.dead),
            pending_deliveries: unsigned(self.pending_deliveries),
            accepted_deliveries: unsigned(self.accepted_deliveries),
        }
    }
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn oldest_from(connection: &Connection, id: i64) -> Result<Option<(i64, Timestamp)>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, created_at FROM works WHERE class = 0 AND state = ?1 AND id >= ?2 AND delivery IS NOT NULL
         ORDER BY id LIMIT 1",
    )?;
    let mut oldest = None;
    for state in [WAITING, LEASED] {
        let found = statement
            .query_row((state, id), |row| Ok((row.get(0)?, Timestamp::from_millis(row.get(1)?))))
            .optional()?;
        oldest = match (oldest, found) {
            (Some(a), Some(b)) => Some(std::cmp::min::<(i64, Timestamp)>(a, b)),
            (a, b) => a.or(b),
        };
    }
    Ok(oldest)
}
