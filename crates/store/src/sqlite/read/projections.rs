//! Records, counters and facts.

use super::super::code::rows;
use super::super::row::{self, select_fact};
use super::super::{code, id, projections};
use super::Reader;
use crate::{CounterRow, Counters, Direction, Fact, FactId, FactsOf, Key, KeyRange, Record, Result, View};

/// A statement over a range of keys, by whether the range has an end and by the direction it is read in.
macro_rules! ranged {
    ($select:literal, $range:expr) => {
        match ($range.direction, &$range.to) {
            (Direction::Ascending, None) => concat!($select, " AND key >= ?2 ORDER BY key LIMIT ?3"),
            (Direction::Descending, None) => concat!($select, " AND key >= ?2 ORDER BY key DESC LIMIT ?3"),
            (Direction::Ascending, Some(_)) => concat!($select, " AND key >= ?2 AND key < ?4 ORDER BY key LIMIT ?3"),
            (Direction::Descending, Some(_)) => {
                concat!($select, " AND key >= ?2 AND key < ?4 ORDER BY key DESC LIMIT ?3")
            }
        }
    };
}

impl Reader<'_> {
    pub(in super::super) fn record(self, view: &View, key: &Key) -> Result<Option<serde_json::Value>> {
        self.first("SELECT value FROM records WHERE view = ?1 AND key = ?2", (view.as_str(), key.as_str()), |row| {
            code::json("record", row.get_ref(0)?)
        })
    }

    pub(in super::super) fn records(self, view: &View, range: &KeyRange, limit: usize) -> Result<Vec<Record>> {
        self.range(ranged!("SELECT key, value FROM records WHERE view = ?1", range), view, range, limit, row::record)
    }

    pub(in super::super) fn counter(self, view: &View, key: &Key) -> Result<Counters> {
        let found = self.first(
            "SELECT fields FROM counters WHERE view = ?1 AND key = ?2",
            (view.as_str(), key.as_str()),
            |row| projections::read(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?),
        )?;
        Ok(found.unwrap_or_default())
    }

    pub(in super::super) fn counters(self, view: &View, range: &KeyRange, limit: usize) -> Result<Vec<CounterRow>> {
        let sql = ranged!("SELECT key, fields FROM counters WHERE view = ?1", range);
        self.range(sql, view, range, limit, |row| {
            let counters = projections::read(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?;
            Ok(CounterRow { key: Key::from(row.get::<_, String>(0)?), counters })
        })
    }

    fn range<T>(
        self,
        sql: &'static str,
        view: &View,
        range: &KeyRange,
        limit: usize,
        read: impl Fn(&rusqlite::Row<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let (view, limit) = (view.as_str(), rows(limit));
        match &range.to {
            None => self.all(sql, (view, &range.from, limit), read),
            Some(to) => self.all(sql, (view, &range.from, limit, to), read),
        }
    }

    pub(in super::super) fn facts(self, of: &FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>> {
        let after = after.map_or(0, |after| id::position(after.0));
        let limit = rows(limit);
        let read = |row: &rusqlite::Row<'_>| row::fact(row, self.names);
        match of {
            FactsOf::Subject(subject) => self.all(
                select_fact!("WHERE subject = ?3 AND id > ?1 ORDER BY id LIMIT ?2"),
                (after, limit, subject.as_str()),
                read,
            ),
            FactsOf::Delivery(delivery) => match self.names.delivery_row(*delivery) {
                None => Ok(Vec::new()),
                Some(delivery) => self.all(
                    select_fact!("WHERE delivery = ?3 AND id > ?1 ORDER BY id LIMIT ?2"),
                    (after, limit, delivery),
                    read,
                ),
            },
            FactsOf::Work(work) => match self.names.work_row(*work) {
                None => Ok(Vec::new()),
                Some(work) => self.all(
                    select_fact!("WHERE work = ?3 AND id > ?1 ORDER BY id LIMIT ?2"),
                    (after, limit, work),
                    read,
                ),
            },
        }
    }
}
