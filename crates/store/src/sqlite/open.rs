//! Opening a database: the lock, the settings, the schema, and what must be known before the first command.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use switchboard_clock::{Clock, Entropy, Timestamp};

use super::backlog::Counts;
use super::batch::{Holds, Memory};
use super::id::{self, Ids, Names};
use super::writer::BUSY_TIMEOUT;
use super::{checkpoint, migrations};
use crate::{Installation, Result, StoreError};

/// Called with the text of each statement that a reader runs.
pub type Trace = Arc<dyn Fn(&str) + Send + Sync>;

/// How a database is opened.
#[derive(Clone)]
pub struct Options {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance, for a new database's seed.
    pub entropy: Arc<dyn Entropy>,
    /// How many reads run at once.
    pub readers: usize,
    /// The most bytes the database file may grow to; beyond it is as if the disk were full. `None` is no limit.
    pub size_max: Option<u64>,
    /// For tests that look at the statements.
    pub trace: Option<Trace>,
}

impl Options {
    /// The options that fit a server.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { clock, entropy, readers: 4, size_max: None, trace: None }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("readers", &self.readers).field("size_max", &self.size_max).finish()
    }
}

/// Bytes of a page. Most bodies, compressed, fill one page and little of another.
const PAGE_BYTES: u32 = 4096;
/// Memory for pages, in KiB: the writer's holds the hot ends of the indexes, a reader's a page of rows.
const WRITER_CACHE_KIB: i64 = 16 * 1024;
const READER_CACHE_KIB: i64 = 1024;
/// Prepared statements that a connection keeps; more than there are.
const STATEMENTS_KEPT: usize = 128;

/// How readers come to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Through the write-ahead log and the memory that its users share.
    Shared,
    /// As a file that nobody writes, so that nothing is made beside it.
    Still,
}

impl Access {
    /// How a database is read that is not ours. Whoever writes to it has its log open, and the log goes when the last one
    /// leaves.
    pub(super) fn beside(path: &Path) -> Self {
        if beside(path, "-wal").exists() { Self::Shared } else { Self::Still }
    }
}

/// An opened database.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// Locked for as long as it is open, if it is open for writing.
    pub(super) lock: Option<File>,
    pub(super) memory: Memory,
    pub(super) counts: Counts,
    /// Time cannot be earlier than this.
    pub(super) at_least: Timestamp,
}

pub(super) fn open(path: &Path, options: &Options) -> Result<Opened> {
    let lock = lock(path)?;
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection)?;
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::unavailable(format!("the file system allows no write-ahead log, only {mode}")));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    checkpoint::configure(&connection, u64::from(PAGE_BYTES))?;
    migrations::migrate(&mut connection)?;
    if let Some(size) = options.size_max {
        let pages = i64::try_from(size / u64::from(PAGE_BYTES)).unwrap_or(i64::MAX).clamp(1, i64::from(u32::MAX - 1));
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
    }
    roll_seed(&connection, options)?;
    // Only one server has the file open, so whoever held a lease is gone.
    connection.execute("UPDATE works SET lease_until = 0 WHERE lease_until IS NOT NULL", [])?;
    opened(connection, Some(lock))
}

/// Opens a database to read, and changes nothing.
pub(super) fn to_read(path: &Path, access: Access) -> Result<Opened> {
    let connection = reader(path, access)?;
    migrations::require(&connection)?;
    opened(connection, None)
}

/// What must be known before the first command.
fn opened(connection: Connection, lock: Option<File>) -> Result<Opened> {
    let last = last_id(&connection)?;
    let memory = Memory {
        ids: Ids::after(last),
        names: Names::new(seed(&connection)?),
        turns: std::collections::HashMap::new(),
        holds: holds(&connection)?,
    };
    let counts = Counts::load(&connection)?;
    Ok(Opened { connection, lock, memory, counts, at_least: id::moment(last) })
}

/// What readers and the writer have in common.
fn configure(connection: &Connection) -> Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // A plan that does not depend on the values bound: otherwise SQLite plans a statement anew for every value that
    // might let it use another partial index, which takes longer than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(())
}

/// A connection that can only read.
pub(super) fn reader(path: &Path, access: Access) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match access {
        Access::Shared => Connection::open_with_flags(path, flags)?,
        Access::Still => Connection::open_with_flags(still(path)?, flags | OpenFlags::SQLITE_OPEN_URI)?,
    };
    configure(&connection)?;
    connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    Ok(connection)
}

/// The address of a database that SQLite is told not to expect changes of: <https://www.sqlite.org/uri.html>.
fn still(path: &Path) -> Result<String> {
    use std::fmt::Write as _;

    let path = path.to_str().ok_or_else(|| StoreError::unavailable("its path is not Unicode"))?;
    let mut uri = "file:".to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(byte)),
            // Writing to a string never fails.
            _ => drop(write!(uri, "%{byte:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    Ok(uri)
}

/// A file beside the database. However the path is spelled, and through whatever links: one database, one file.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = real(path).into_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// The lock's file: on the database itself a lock would clash with SQLite's own.
const LOCK: &str = ".lock";

/// Whether somebody holds the lock. A server that starts at this very moment may find it held, for as long as it takes to
/// ask.
pub(super) fn is_locked(path: &Path) -> Result<bool> {
    let file = match File::open(beside(path, LOCK)) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(StoreError::unavailable(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(StoreError::unavailable(error)),
    }
}

/// Takes the lock beside the database.
fn lock(path: &Path) -> Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(beside(path, LOCK))
        .map_err(StoreError::unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) => Err(StoreError::unavailable(error)),
    }
}

/// Where the database really lies; as far as that can be told before it exists.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (directory.canonicalize(), path.file_name()) {
            (Ok(directory), Some(name)) => directory.join(name),
            _ => path.to_owned(),
        }
    })
}

/// Rolls the number that this database's UUIDs follow from, once.
fn roll_seed(connection: &Connection, options: &Options) -> Result<()> {
    let mut bytes = [0; 8];
    options.entropy.fill(&mut bytes);
    connection.execute("INSERT OR IGNORE INTO meta VALUES ('seed', ?1)", [i64::from_le_bytes(bytes)])?;
    Ok(())
}

fn seed(connection: &Connection) -> Result<i64> {
    Ok(connection.query_row("SELECT value FROM meta WHERE name = 'seed'", [], |row| row.get(0))?)
}

/// The largest row id there is. Every commit that matters for time writes one of these rows.
fn last_id(connection: &Connection) -> Result<i64> {
    let sql = "SELECT MAX(COALESCE((SELECT MAX(id) FROM deliveries), 0), COALESCE((SELECT MAX(id) FROM works), 0),
                          COALESCE((SELECT MAX(id) FROM facts), 0), COALESCE((SELECT MAX(id) FROM attempts), 0))";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn holds(connection: &Connection) -> Result<Holds> {
    let mut statement = connection.prepare("SELECT installation, until FROM holds")?;
    let rows = statement.query_map([], |row| {
        Ok((Installation(row.get::<_, i64>(0)?.cast_unsigned()), Timestamp::from_millis(row.get(1)?)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
