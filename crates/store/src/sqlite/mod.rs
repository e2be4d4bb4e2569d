//! The embedded backend: one SQLite file.
//!
//! One thread writes (`writer`), many commands to a transaction, so that thousands of deliveries a second each survive a
//! loss of power without an fsync of their own. A few connections beside it read (`read`), each statement a seek in an
//! index, so that no page is slower the more is stored. The write-ahead log keeps the two out of each other's way.
//!
//! The verbs that write are a file each: `accept`, `claim`, `settle` (with `works`, `intents` and
//! `projections`), `retention`. Who is next in a `lane` is decided when something enters or leaves it, not when
//! somebody asks, so that a claim costs the same with ten works waiting or a million.
//!
//! A second server is kept out by a lock beside the file. That is also why every lease found at the start is over: its
//! holder cannot be alive.

mod accept;
mod backlog;
mod batch;
mod checkpoint;
mod claim;
mod code;
mod deliveries;
mod error;
mod id;
mod intents;
mod lane;
mod migrations;
mod now;
mod open;
mod prepare;
mod print;
mod projections;
mod read;
mod retention;
mod row;
mod settle;
mod shared;
#[cfg(test)]
mod tests;
mod traffic;
mod verbs;
mod works;
mod writer;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::{Semaphore, mpsc};

pub use migrations::Schema;
use open::Access;
pub use open::{Options, Trace};
use read::Readers;
use shared::Shared;
use writer::{Commands, Writer};

use crate::{Result, StoreError};

/// Commands that wait for the writer; whoever has one more waits to hand it over.
const COMMANDS_WAITING: usize = 1024;

/// The store in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    shared: Arc<Shared>,
    readers: Arc<Readers>,
    /// `None` while dropping, and where it was opened to read.
    commands: Option<Commands>,
    writer: Option<JoinHandle<()>>,
    /// Room for bodies on their way to the writer, so that many large ones wait outside instead of in memory.
    room: Arc<Semaphore>,
    /// Released when everything else is closed.
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the database at `path`, making it if it is not there, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError::InUse`] if another server has it open, [`StoreError::Newer`] if a newer release wrote it,
    /// [`StoreError::Unavailable`] if it cannot be opened for writing.
    pub fn open(path: impl AsRef<Path>, options: &Options) -> Result<Arc<Self>> {
        let path = path.as_ref();
        let opened = open::open(path, options)?;
        let names = opened.memory.names;
        let shared = Arc::new(Shared::new(options, &opened));
        shared.set_counts(opened.counts);
        let readers = Arc::new(Readers::open(path, Access::Shared, options, names)?);
        let (commands, waiting) = mpsc::channel(COMMANDS_WAITING);
        let writer = Writer { connection: opened.connection, memory: opened.memory, shared: Arc::clone(&shared) };
        let writer = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(StoreError::unavailable)?;
        Ok(Arc::new(Self {
            shared,
            readers,
            commands: Some(commands),
            writer: Some(writer),
            room: Arc::new(Semaphore::new(verbs::ROOM_KIB as usize)),
            _lock: opened.lock,
        }))
    }

    /// Opens the database at `path` to read, beside the server that may have it open. Nothing is written, migrated or made,
    /// and every verb that writes fails. What waits is counted once, here.
    ///
    /// # Errors
    /// [`StoreError::Older`] or [`StoreError::Newer`] if another release wrote it, [`StoreError::Unavailable`] if it is not
    /// there or cannot be read.
    pub fn open_beside(path: impl AsRef<Path>, options: &Options) -> Result<Arc<Self>> {
        let path = path.as_ref();
        let access = Access::beside(path);
        let opened = open::to_read(path, access)?;
        let names = opened.memory.names;
        let shared = Arc::new(Shared::new(options, &opened));
        shared.set_counts(opened.counts);
        Ok(Arc::new(Self {
            shared,
            readers: Arc::new(Readers::open(path, access, options, names)?),
            commands: None,
            writer: None,
            room: Arc::new(Semaphore::new(verbs::ROOM_KIB as usize)),
            _lock: None,
        }))
    }

    /// Whether a server has the database at `path` open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if that cannot be told.
    pub fn is_in_use(path: impl AsRef<Path>) -> Result<bool> {
        open::is_locked(path.as_ref())
    }

    /// How SQLite would run a statement: the lines of `EXPLAIN QUERY PLAN`. For tests that look at the statements.
    ///
    /// # Errors
    /// What SQLite says of the statement.
    pub fn explain(&self, sql: &str) -> Result<Vec<String>> {
        self.readers.explain(sql)
    }
}

impl Drop for SqliteStore {
    /// Waits until everything handed over is committed and the file is closed, so that it may be opened again.
    fn drop(&mut self) {
        self.commands = None;
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer ended in a panic");
        }
    }
}
