//! Jobs, intents, and when the next of them is due.

use switchboard_clock::Timestamp;

use super::super::code::rows;
use super::super::row::{self, select_attempt, select_work};
use super::super::works::ATTEMPTS_KEPT;
use super::super::{code, id, print};
use super::Reader;
use crate::{Attempt, Class, Queue, Result, Work, WorkFilter, WorkId};

impl Reader<'_> {
    /// When the first head in these queues may be claimed; a moment in the past if that was possible before.
    pub(in super::super) fn next_wake(self, queues: &[Queue]) -> Result<Option<Timestamp>> {
        let mut next: Option<i64> = None;
        for queue in queues {
            let ready =
                self.first("SELECT due FROM works WHERE queue = ?1 AND turn = 2 LIMIT 1", [queue.as_str()], |row| {
                    Ok(row.get::<_, i64>(0)?)
                })?;
            if ready.is_some() {
                return Ok(Some(Timestamp::EPOCH));
            }
            let asleep: Option<i64> = self.first(
                "SELECT wake FROM works WHERE queue = ?1 AND turn = 1 ORDER BY wake LIMIT 1",
                [queue.as_str()],
                |row| Ok(row.get(0)?),
            )?;
            next = next.into_iter().chain(asleep).min();
        }
        Ok(next.map(Timestamp::from_millis))
    }

    pub(in super::super) fn work(self, id: WorkId) -> Result<Option<Work>> {
        let Some(id) = self.names.work_row(id) else { return Ok(None) };
        self.first(select_work!("WHERE id = ?1"), [id], |row| row::work(row, self.names))
    }

    pub(in super::super) fn works(
        self,
        filter: &WorkFilter,
        before: Option<WorkId>,
        limit: usize,
    ) -> Result<Vec<Work>> {
        let position = before.map_or(i64::MAX, |before| id::position(before.0));
        let read = |row: &rusqlite::Row<'_>| row::work(row, self.names);
        match filter {
            WorkFilter::Class(class) => {
                let class = code::class_code(*class);
                self.merged(code::WORK_STATES.map(|state| (class, state)), position, limit)
            }
            WorkFilter::State(state) => {
                let state = code::work_state_code(*state);
                let classes = [Class::Job, Class::Intent].map(code::class_code);
                self.merged(classes.map(|class| (class, state)), position, limit)
            }
            WorkFilter::Delivery(delivery) => {
                let Some(delivery) = self.names.delivery_row(*delivery) else { return Ok(Vec::new()) };
                self.all(
                    select_work!("WHERE delivery = ?3 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                    (position, rows(limit), delivery),
                    read,
                )
            }
            WorkFilter::Lane(class, automation, lane) => {
                let print = print::of_lane(*class, automation, lane.as_str());
                self.lane(print, before, limit)
            }
            WorkFilter::IntentKey(key) => self.all(
                select_work!("WHERE key = ?3 AND class = 1 AND id < ?1 LIMIT ?2"),
                (position, rows(limit), key),
                read,
            ),
        }
    }

    /// The newest of several runs of the index by class and state. Each is in order already, so merging them here needs
    /// no more than `limit` rows of each.
    fn merged<const N: usize>(self, runs: [(i64, i64); N], before: i64, limit: usize) -> Result<Vec<Work>> {
        let mut works = Vec::new();
        for (class, state) in runs {
            works.extend(self.all(
                select_work!("WHERE class = ?3 AND state = ?4 AND id < ?1 ORDER BY id DESC LIMIT ?2"),
                (before, rows(limit), class, state),
                |row| row::work(row, self.names),
            )?);
        }
        works.sort_unstable_by_key(|work| std::cmp::Reverse(work.id));
        works.truncate(limit);
        Ok(works)
    }

    /// The unsettled works of a lane, the last in line first.
    fn lane(self, print: i64, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>> {
        let place = match before.and_then(|before| self.names.work_row(before)) {
            None => None,
            Some(id) => self.first("SELECT pos, seq FROM works WHERE id = ?1", [id], |row| {
                Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?))
            })?,
        };
        let (pos, seq) = match place {
            None => (i64::MAX, i64::MAX),
            // It was settled meanwhile, and so was everything before it; what is left of the list is what is due later.
            Some((None, _)) => return Ok(Vec::new()),
            Some((Some(pos), seq)) => (pos, seq),
        };
        self.all(
            select_work!(
                "WHERE lane_print = ?3 AND pos IS NOT NULL AND (pos, seq) < (?1, ?4)
                 ORDER BY pos DESC, seq DESC LIMIT ?2"
            ),
            (pos, rows(limit), print, seq),
            |row| row::work(row, self.names),
        )
    }

    pub(in super::super) fn attempts(self, id: WorkId) -> Result<Vec<Attempt>> {
        let Some(id) = self.names.work_row(id) else { return Ok(Vec::new()) };
        let mut attempts =
            self.all(select_attempt!("WHERE work = ?1 ORDER BY id DESC LIMIT ?2"), [id, ATTEMPTS_KEPT], row::attempt)?;
        attempts.reverse();
        Ok(attempts)
    }
}
