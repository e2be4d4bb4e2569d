//! When the write-ahead log is moved into the database file.
//!
//! SQLite would do so every thousand pages, at two fsyncs each time. The hot pages of the indexes are rewritten by every
//! commit but moved only once, so waiting for a larger log saves fsyncs and writes; yet it must stay small enough that
//! moving it does not hold up the deliveries behind it for long.

use rusqlite::Connection;

use crate::Result;

/// Bytes of the log at which it is moved.
const LOG_BYTES: u64 = 16 * 1024 * 1024;
/// Bytes that the log's file is cut down to after it had to grow beyond, for example under a long read.
const LOG_FILE_BYTES: u64 = 64 * 1024 * 1024;

pub(super) fn configure(connection: &Connection, page_bytes: u64) -> Result<()> {
    let limit = i64::try_from(LOG_FILE_BYTES).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "journal_size_limit", limit, |_| Ok(()))?;
    let pages = i64::try_from(LOG_BYTES / page_bytes).unwrap_or(i64::MAX);
    connection.pragma_update_and_check(None, "wal_autocheckpoint", pages, |_| Ok(()))?;
    Ok(())
}
