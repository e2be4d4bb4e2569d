//! Rows as the trait's types.

use rusqlite::Row;
use rusqlite::types::{FromSql, ValueRef};
use switchboard_clock::Timestamp;

use super::code;
use super::id::Names;
use crate::{
    Attempt, Delivery, DeliveryKey, Digest, Fact, Failure, Installation, Key, Lane, Queue, Record, Result, StoreError,
    Subject, Work,
};

/// `SELECT` of what [`work`] reads; with more columns at the end, if need be.
macro_rules! select_work {
    ($rest:literal) => {
        select_work!("", $rest)
    };
    ($more:literal, $rest:literal) => {
        concat!(
            "SELECT id, class, queue, automation, kind, lane, key, installation, delivery, payload, state, attempts, ",
            "unanswered, created_at, first_leased_at, due, settled_at, failure",
            $more,
            " FROM works ",
            $rest
        )
    };
}
pub(super) use select_work;

/// `SELECT` of what [`delivery`] reads.
macro_rules! select_delivery {
    ($rest:literal) => {
        concat!(
            "SELECT id, platform, delivery_id, event, action, digest, headers, body_bytes, body_kept, installation, ",
            "repository, subject, accepted_at, state, settled_at, duplicates FROM deliveries ",
            $rest
        )
    };
}
pub(super) use select_delivery;

/// `SELECT` of what [`fact`] reads.
macro_rules! select_fact {
    ($rest:literal) => {
        concat!("SELECT id, at, delivery, work, automation, subject, kind, data FROM facts ", $rest)
    };
}
pub(super) use select_fact;

/// `SELECT` of what [`attempt`] reads.
macro_rules! select_attempt {
    ($rest:literal) => {
        concat!("SELECT worker, started_at, ended_at, outcome, failure, calls FROM attempts ", $rest)
    };
}
pub(super) use select_attempt;

/// Reads columns one after the other.
struct Columns<'a> {
    row: &'a Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    fn raw(&mut self) -> Result<ValueRef<'a>> {
        let value = self.row.get_ref(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn get<T: FromSql>(&mut self) -> Result<T> {
        let value = self.row.get(self.next)?;
        self.next += 1;
        Ok(value)
    }

    fn moment(&mut self) -> Result<Timestamp> {
        self.get().map(Timestamp::from_millis)
    }

    fn moment_if_any(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.get::<Option<i64>>()?.map(Timestamp::from_millis))
    }

    fn json(&mut self, what: &'static str) -> Result<serde_json::Value> {
        code::json(what, self.raw()?)
    }

    fn failure(&mut self) -> Result<Option<Failure>> {
        let text: Option<String> = self.get()?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| StoreError::corrupt("failure", error))).transpose()
    }
}

pub(super) fn work(row: &Row<'_>, names: Names) -> Result<Work> {
    let mut columns = Columns::of(row);
    Ok(Work {
        id: names.work(columns.get()?),
        class: code::class_of(columns.get()?)?,
        queue: Queue::from(columns.get::<String>()?),
        automation: columns.get()?,
        kind: columns.get()?,
        lane: Lane::from(columns.get::<String>()?),
        key: columns.get()?,
        installation: code::installation_of(columns.get()?),
        delivery: columns.get::<Option<i64>>()?.map(|id| names.delivery(id)),
        payload: columns.json("payload")?,
        state: code::work_state_of(columns.get()?)?,
        attempts: columns.get()?,
        unanswered: columns.get()?,
        created_at: columns.moment()?,
        first_leased_at: columns.moment_if_any()?,
        due: columns.moment()?,
        settled_at: columns.moment_if_any()?,
        failure: columns.failure()?,
    })
}

pub(super) fn delivery(row: &Row<'_>, names: Names) -> Result<Delivery> {
    let mut columns = Columns::of(row);
    Ok(Delivery {
        id: names.delivery(columns.get()?),
        key: DeliveryKey {
            platform: columns.get()?,
            delivery_id: columns.get()?,
            event: columns.get()?,
            action: columns.get()?,
        },
        digest: Digest(columns.get()?),
        headers: serde_json::from_str(&columns.get::<String>()?)
            .map_err(|error| StoreError::corrupt("delivery", error))?,
        body_bytes: columns.get::<i64>()?.cast_unsigned(),
        body_kept: columns.get()?,
        installation: columns.get::<Option<i64>>()?.map(|number| Installation(number.cast_unsigned())),
        repository: columns.get()?,
        subject: columns.get::<Option<String>>()?.map(Subject::from),
        accepted_at: columns.moment()?,
        state: code::delivery_state_of(columns.get()?)?,
        settled_at: columns.moment_if_any()?,
        duplicates: columns.get()?,
    })
}

pub(super) fn fact(row: &Row<'_>, names: Names) -> Result<Fact> {
    let mut columns = Columns::of(row);
    Ok(Fact {
        id: names.fact(columns.get()?),
        at: columns.moment()?,
        delivery: columns.get::<Option<i64>>()?.map(|id| names.delivery(id)),
        work: names.work(columns.get()?),
        automation: columns.get()?,
        subject: Subject::from(columns.get::<String>()?),
        kind: columns.get()?,
        data: columns.json("fact")?,
    })
}

pub(super) fn attempt(row: &Row<'_>) -> Result<Attempt> {
    let mut columns = Columns::of(row);
    Ok(Attempt {
        worker: columns.get()?,
        started_at: columns.moment()?,
        ended_at: columns.moment()?,
        outcome: columns.get()?,
        failure: columns.failure()?,
        calls: columns.json("attempt")?,
    })
}

/// Reads `key` and `value`.
pub(super) fn record(row: &Row<'_>) -> Result<Record> {
    let mut columns = Columns::of(row);
    Ok(Record { key: Key::from(columns.get::<String>()?), value: columns.json("record")? })
}
