//! Reading: a few connections beside the writer's. Every statement seeks in an index and ends at a limit; none sorts,
//! groups or counts.

mod deliveries;
mod projections;
mod works;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Params, Row};
use tokio::sync::Semaphore;

use super::id::Names;
use super::open::{self, Access, Options, Trace};
use crate::{Result, StoreError};

/// A pool of connections. Those at rest wait here; a new one is opened when none does.
pub(super) struct Readers {
    path: PathBuf,
    access: Access,
    names: Names,
    trace: Option<Trace>,
    resting: Mutex<Vec<Connection>>,
    turns: Arc<Semaphore>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readers").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn open(path: &Path, access: Access, options: &Options, names: Names) -> Result<Self> {
        let readers = options.readers.max(1);
        Ok(Self {
            path: path.to_owned(),
            access,
            names,
            trace: options.trace.clone(),
            resting: Mutex::new(vec![open::reader(path, access)?]),
            turns: Arc::new(Semaphore::new(readers)),
        })
    }

    /// Runs `read` on a thread that may block, with a connection to itself.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(Reader<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(StoreError::unavailable)?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            readers.with(|connection| read(Reader { connection, names: readers.names, trace: readers.trace.as_ref() }))
        });
        reading.await.map_err(StoreError::unavailable)?
    }

    pub(super) fn explain(&self, sql: &str) -> Result<Vec<String>> {
        self.with(|connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            // Parameters stay unbound, which is NULL: the plan does not depend on them.
            let mut rows = statement.raw_query();
            let mut lines = Vec::new();
            while let Some(row) = rows.next()? {
                lines.push(row.get("detail")?);
            }
            Ok(lines)
        })
    }

    fn with<T>(&self, run: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let resting = || self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = resting().pop();
        let connection = match rested {
            Some(connection) => connection,
            None => open::reader(&self.path, self.access)?,
        };
        let result = run(&connection);
        resting().push(connection);
        result
    }
}

/// One read in progress.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    connection: &'a Connection,
    names: Names,
    trace: Option<&'a Trace>,
}

impl<'a> Reader<'a> {
    fn statement(self, sql: &'static str) -> Result<CachedStatement<'a>> {
        if let Some(trace) = self.trace {
            trace(sql);
        }
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// All rows of a statement.
    fn all<T>(self, sql: &'static str, params: impl Params, read: impl Fn(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params)?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(read(row)?);
        }
        Ok(all)
    }

    /// The first row of a statement.
    fn first<T>(
        self,
        sql: &'static str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        self.statement(sql)?.query_row(params, |row| Ok(read(row))).optional()?.transpose()
    }
}
