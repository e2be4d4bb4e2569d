//! The schema's versions. They only go forward, each in a transaction of its own.

use std::cmp::Ordering;
use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::open::{self, Access};
use crate::{Result, StoreError};

/// What leads from version `n` to version `n + 1`, at place `n`.
const STEPS: &[&str] = &[include_str!("schema_1.sql")];

/// Where SQLite keeps the version for us.
const VERSION: &str = "user_version";

/// The schema of a database and that of this release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schema {
    /// The version found; 0 if there is no database yet.
    pub found: u32,
    /// The newest version that this release knows.
    pub known: u32,
}

impl Schema {
    /// Reads the version of the database at `path`, changing nothing; a server may have it open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be read.
    pub fn of(path: &Path) -> Result<Self> {
        let known = u32::try_from(STEPS.len()).map_err(StoreError::unavailable)?;
        let found = if path.exists() { version(&open::reader(path, Access::beside(path))?)? } else { 0 };
        Ok(Self { found, known })
    }
}

fn version(connection: &Connection) -> Result<u32> {
    Ok(connection.pragma_query_value(None, VERSION, |row| row.get(0))?)
}

/// Makes sure that the database is of this release's version, and changes nothing.
pub(super) fn require(connection: &Connection) -> Result<()> {
    let (found, known) = (version(connection)?, u32::try_from(STEPS.len()).map_err(StoreError::unavailable)?);
    match found.cmp(&known) {
        Ordering::Less => Err(StoreError::Older { found, known }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(StoreError::Newer { found, known }),
    }
}

/// Brings the database to the newest version.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    run(connection, STEPS)
}

fn run(connection: &mut Connection, steps: &[&str]) -> Result<()> {
    let known = u32::try_from(steps.len()).map_err(StoreError::unavailable)?;
    let found = version(connection)?;
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (version, step) in (1..=known).zip(steps).skip(found as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, VERSION, version)?;
        transaction.commit()?;
        tracing::info!(version, "migrated the database");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_step_leaves_the_version_before_it() {
        let mut db = Connection::open_in_memory().unwrap();
        let broken = ["CREATE TABLE a (x)", "CREATE TABLE b (x); CREATE TABLE a (x)"];
        run(&mut db, &broken).unwrap_err();
        assert_eq!(db.pragma_query_value(None, VERSION, |row| row.get::<_, u32>(0)).unwrap(), 1);
        db.prepare("SELECT x FROM b").unwrap_err();
        run(&mut db, &["CREATE TABLE a (x)", "CREATE TABLE b (x)"]).unwrap();
        db.prepare("SELECT x FROM b").unwrap();
    }

    #[test]
    fn a_newer_database_is_left_alone() {
        let mut db = Connection::open_in_memory().unwrap();
        db.pragma_update(None, VERSION, 7).unwrap();
        assert!(matches!(run(&mut db, STEPS), Err(StoreError::Newer { found: 7, known: 1 })));
    }
}
