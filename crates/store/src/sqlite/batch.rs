//! What the commands of one transaction share: the connection, the moment, and what is to be told once it is committed.

use std::collections::HashMap;

use rusqlite::{CachedStatement, Connection, Params};
use switchboard_clock::Timestamp;

use super::backlog::Delta;
use super::id::{Ids, Names};
use super::traffic::Traffic;
use crate::{Change, Installation, Result};

/// The ends of the holds by installation.
pub(super) type Holds = HashMap<Installation, Timestamp>;

/// What the writer remembers between transactions.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) ids: Ids,
    pub(super) names: Names,
    /// By the queues of a claim: the installation that had its turn last. Lost at a restart, which harms nobody.
    pub(super) turns: HashMap<Vec<String>, i64>,
    /// Copied from the database at the start.
    pub(super) holds: Holds,
}

/// One transaction in the making.
pub(super) struct Batch<'a> {
    pub(super) connection: &'a Connection,
    pub(super) memory: &'a mut Memory,
    pub(super) now: Timestamp,
    pub(super) delta: Delta,
    pub(super) traffic: Traffic,
    /// Holds set in this transaction.
    pub(super) held: Holds,
    /// `None` while nobody listens.
    pub(super) hints: Option<Vec<Change>>,
}

impl Batch<'_> {
    pub(super) fn next_id(&mut self) -> i64 {
        self.memory.ids.next(self.now)
    }

    pub(super) fn statement(&self, sql: &'static str) -> Result<CachedStatement<'_>> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    /// Runs a statement that returns nothing, and says how many rows it changed.
    pub(super) fn execute(&self, sql: &'static str, params: impl Params) -> Result<usize> {
        Ok(self.statement(sql)?.execute(params)?)
    }

    pub(super) fn hint(&mut self, change: impl FnOnce() -> Change) {
        if let Some(hints) = &mut self.hints {
            let change = change();
            if hints.last() != Some(&change) {
                hints.push(change);
            }
        }
    }

    /// When this installation's intents may be sent, if they are held.
    pub(super) fn hold(&self, installation: Installation) -> Option<Timestamp> {
        let until = self.held.get(&installation).or_else(|| self.memory.holds.get(&installation));
        until.copied().filter(|until| *until > self.now)
    }
}
