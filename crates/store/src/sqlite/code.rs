//! How enums, JSON and bodies are stored. The numbers and forms here are part of the file format.

use std::cell::RefCell;

use rusqlite::types::{ToSqlOutput, ValueRef};
use serde_json::Value;

use crate::{Class, DeliveryState, Installation, Result, StoreError, WorkState};

/// zstd's level for bodies. Measured on bodies of 20 KB: level 1 stores a tenth less and takes a little longer; levels -4
/// and -8 store a tenth and a third more, and save next to no time.
const BODY_LEVEL: i32 = -1;
/// JSON from this many bytes on is stored compressed.
const JSON_COMPRESSED_FROM: usize = 1024;
/// In a work's row: no installation. Takes turns like one.
pub(super) const NO_INSTALLATION: i64 = -1;

pub(super) fn class_code(class: Class) -> i64 {
    match class {
        Class::Job => 0,
        Class::Intent => 1,
    }
}

pub(super) fn class_of(code: i64) -> Result<Class> {
    match code {
        0 => Ok(Class::Job),
        1 => Ok(Class::Intent),
        _ => Err(StoreError::corrupt("work", format!("class {code}"))),
    }
}

pub(super) const WAITING: i64 = 0;
pub(super) const LEASED: i64 = 1;
pub(super) const DONE: i64 = 2;
pub(super) const DEAD: i64 = 3;
pub(super) const WITHDRAWN: i64 = 4;
pub(super) const WORK_STATES: [i64; 5] = [WAITING, LEASED, DONE, DEAD, WITHDRAWN];

pub(super) fn work_state_code(state: WorkState) -> i64 {
    match state {
        WorkState::Waiting => WAITING,
        WorkState::Leased => LEASED,
        WorkState::Done => DONE,
        WorkState::Dead => DEAD,
        WorkState::Withdrawn => WITHDRAWN,
    }
}

pub(super) fn work_state_of(code: i64) -> Result<WorkState> {
    match code {
        WAITING => Ok(WorkState::Waiting),
        LEASED => Ok(WorkState::Leased),
        DONE => Ok(WorkState::Done),
        DEAD => Ok(WorkState::Dead),
        WITHDRAWN => Ok(WorkState::Withdrawn),
        _ => Err(StoreError::corrupt("work", format!("state {code}"))),
    }
}

pub(super) fn delivery_state_code(state: DeliveryState) -> i64 {
    match state {
        DeliveryState::Ignored => 0,
        DeliveryState::Pending => 1,
        DeliveryState::Settled => 2,
        DeliveryState::Dead => 3,
    }
}

pub(super) fn delivery_state_of(code: i64) -> Result<DeliveryState> {
    match code {
        0 => Ok(DeliveryState::Ignored),
        1 => Ok(DeliveryState::Pending),
        2 => Ok(DeliveryState::Settled),
        3 => Ok(DeliveryState::Dead),
        _ => Err(StoreError::corrupt("delivery", format!("state {code}"))),
    }
}

pub(super) fn installation_code(installation: Option<Installation>) -> i64 {
    installation.map_or(NO_INSTALLATION, |installation| installation.0.cast_signed())
}

pub(super) fn installation_of(code: i64) -> Option<Installation> {
    (code != NO_INSTALLATION).then(|| Installation(code.cast_unsigned()))
}

/// A number of rows or bytes as SQLite takes it.
pub(super) fn rows(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// JSON as it is stored: text, or a zstd frame where that is worth it.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Plain(String),
    Compressed(Vec<u8>),
}

impl Json {
    /// The stored form, and how many bytes of JSON it stands for.
    pub(super) fn sized(value: &Value) -> (Self, usize) {
        let text = value.to_string();
        let size = text.len();
        if size >= JSON_COMPRESSED_FROM
            && let Some(frame) = compress(text.as_bytes())
        {
            return (Self::Compressed(frame), size);
        }
        (Self::Plain(text), size)
    }

    pub(super) fn of(value: &Value) -> Self {
        Self::sized(value).0
    }

    /// What it stands for.
    pub(super) fn value(&self, what: &'static str) -> Result<Value> {
        json(what, self.stored())
    }

    fn stored(&self) -> ValueRef<'_> {
        match self {
            Self::Plain(text) => ValueRef::Text(text.as_bytes()),
            Self::Compressed(frame) => ValueRef::Blob(frame),
        }
    }
}

impl rusqlite::ToSql for Json {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.stored()))
    }
}

/// Reads JSON back, whichever way it was stored.
pub(super) fn json(what: &'static str, stored: ValueRef<'_>) -> Result<Value> {
    let parsed = match stored {
        ValueRef::Text(text) => serde_json::from_slice(text),
        ValueRef::Blob(frame) => {
            let text = zstd::decode_all(frame).map_err(|error| StoreError::corrupt(what, error))?;
            serde_json::from_slice(&text)
        }
        other => return Err(StoreError::corrupt(what, format!("a {:?} instead of JSON", other.data_type()))),
    };
    parsed.map_err(|error| StoreError::corrupt(what, error))
}

/// `bytes` as a zstd frame, if that is shorter.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    thread_local! {
        // Setting a compressor up takes longer than compressing a small body, so each thread keeps one.
        static COMPRESSOR: RefCell<Option<zstd::bulk::Compressor<'static>>> = const { RefCell::new(None) };
        static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    }
    COMPRESSOR.with_borrow_mut(|slot| {
        if slot.is_none() {
            *slot = zstd::bulk::Compressor::new(BODY_LEVEL).ok();
        }
        let compressor = slot.as_mut()?;
        BUFFER.with_borrow_mut(|buffer| {
            buffer.clear();
            buffer.reserve(zstd::zstd_safe::compress_bound(bytes.len()));
            compressor.compress_to_buffer(bytes, buffer).ok()?;
            let frame = (buffer.len() < bytes.len()).then(|| buffer.as_slice().to_vec());
            buffer.shrink_to(BUFFER_KEPT);
            frame
        })
    })
}

/// What a thread keeps of its buffer for the next body.
const BUFFER_KEPT: usize = 64 * 1024;

/// The bytes behind a stored body of `size` bytes.
pub(super) fn decompress(stored: Vec<u8>, size: usize) -> Result<Vec<u8>> {
    if stored.len() == size {
        return Ok(stored);
    }
    let body = zstd::bulk::decompress(&stored, size).map_err(|error| StoreError::corrupt("body", error))?;
    if body.len() == size { Ok(body) } else { Err(StoreError::corrupt("body", "its size differs")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_json_is_compressed_and_reads_back() {
        let value = serde_json::json!({ "text": "word ".repeat(1000) });
        let (stored, size) = Json::sized(&value);
        let Json::Compressed(frame) = stored else { panic!("stored as text") };
        assert!(frame.len() < size / 10);
        assert_eq!(json("record", ValueRef::Blob(&frame)).unwrap(), value);
        assert!(matches!(Json::of(&Value::Null), Json::Plain(_)));
        assert!(json("record", ValueRef::Blob(b"no frame")).is_err());
        assert!(json("record", ValueRef::Integer(1)).is_err());
    }
}
