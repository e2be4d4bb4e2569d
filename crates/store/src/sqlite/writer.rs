//! The one thread that writes. It takes every command that waits, runs them in one transaction and commits them with one
//! fsync; while that runs, the next batch gathers. Replies go out after the commit, so what was answered is durable.
//!
//! A command says no before it writes anything, so a batch needs no savepoints. Should one fail halfway after all, the
//! batch is rolled back and its commands run again one by one, so that only the culprit fails. When it is the disk that
//! is in trouble, all of them fail, nothing of them is kept, and the next batch tries again.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

use super::backlog::Delta;
use super::batch::{Batch, Holds, Memory};
use super::shared::Shared;
use super::traffic::Traffic;
use crate::{Result, StoreError};

/// Commands in one transaction, at most.
const BATCH_COMMANDS: usize = 512;
/// Bytes of bodies in one transaction, so that no commit takes long; a single larger body goes alone.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Something to be done inside a transaction.
pub(super) trait Verb: Send + 'static {
    type Answer: Send + 'static;

    /// Does it. May be called again after a rollback.
    fn run(&self, batch: &mut Batch<'_>) -> Result<Self::Answer>;

    /// About how many bytes it writes.
    fn bytes(&self) -> usize {
        0
    }
}

/// A verb on its way to the writer, with the way back for its answer.
struct Task<V: Verb> {
    verb: V,
    outcome: Option<Result<V::Answer>>,
    reply: oneshot::Sender<Result<V::Answer>>,
    _room: Option<OwnedSemaphorePermit>,
}

pub(super) trait Command: Send {
    fn bytes(&self) -> usize;
    /// Runs inside the transaction. Fails only if the transaction must be rolled back.
    fn run(&mut self, batch: &mut Batch<'_>) -> Result<()>;
    /// Answers: what the run came to, or `error` if it was not committed.
    fn finish(self: Box<Self>, error: Option<&StoreError>);
}

impl<V: Verb> Command for Task<V> {
    fn bytes(&self) -> usize {
        self.verb.bytes()
    }

    fn run(&mut self, batch: &mut Batch<'_>) -> Result<()> {
        let outcome = self.verb.run(batch);
        match outcome {
            Err(error) if !error.is_refusal() => Err(error),
            outcome => {
                self.outcome = Some(outcome);
                Ok(())
            }
        }
    }

    fn finish(self: Box<Self>, error: Option<&StoreError>) {
        let outcome = match (error, self.outcome) {
            (Some(error), _) => Err(error.again()),
            (None, Some(outcome)) => outcome,
            (None, None) => Err(StoreError::unavailable("the command did not run")),
        };
        // Whoever asked may have stopped waiting.
        let _ = self.reply.send(outcome);
    }
}

pub(super) type Commands = mpsc::Sender<Box<dyn Command>>;

/// Hands a verb to the writer and waits until it is committed.
pub(super) async fn write<V: Verb>(
    commands: &Commands,
    verb: V,
    room: Option<OwnedSemaphorePermit>,
) -> Result<V::Answer> {
    let (reply, answer) = oneshot::channel();
    let stopped = |_| StoreError::unavailable("the writer has stopped");
    let task = Box::new(Task { verb, outcome: None, reply, _room: room });
    commands.send(task).await.map_err(|_| stopped(()))?;
    answer.await.map_err(|_| stopped(()))?
}

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) memory: Memory,
    pub(super) shared: Arc<Shared>,
}

/// What a transaction leaves to be told.
struct Effects {
    delta: Delta,
    held: Holds,
    hints: Option<Vec<crate::Change>>,
    oldest: Option<(i64, switchboard_clock::Timestamp)>,
}

impl Writer {
    /// Works until nobody can send any more.
    pub(super) fn run(mut self, mut commands: mpsc::Receiver<Box<dyn Command>>) {
        let mut waiting = Vec::with_capacity(BATCH_COMMANDS);
        while commands.blocking_recv_many(&mut waiting, BATCH_COMMANDS) > 0 {
            let mut rest = waiting.drain(..).peekable();
            while rest.peek().is_some() {
                let mut bytes = 0;
                let mut batch = Vec::new();
                while let Some(next) = rest.next_if(|next| bytes == 0 || bytes + next.bytes() <= BATCH_BYTES) {
                    bytes += next.bytes();
                    batch.push(next);
                }
                self.commit(batch);
            }
        }
        // Once the server has stopped, the file alone shall be whole. If the log cannot be moved now, the next start does.
        if let Err(error) = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            tracing::warn!(%error, "the log could not be moved into the database");
        }
    }

    fn commit(&mut self, mut batch: Vec<Box<dyn Command>>) {
        match self.attempt(&mut batch) {
            Ok(()) => batch.into_iter().for_each(|command| command.finish(None)),
            Err(error) if batch.len() == 1 || error.is_trouble() => {
                tracing::warn!(%error, commands = batch.len(), "a transaction was rolled back");
                batch.into_iter().for_each(|command| command.finish(Some(&error)));
            }
            Err(_) => batch.into_iter().for_each(|command| self.commit(vec![command])),
        }
    }

    /// Runs the commands and commits them, or leaves nothing of them.
    fn attempt(&mut self, batch: &mut [Box<dyn Command>]) -> Result<()> {
        match self.transact(batch) {
            Ok(effects) => {
                self.memory.holds.extend(&effects.held);
                self.shared.committed(effects.delta, effects.oldest, effects.held);
                self.shared.tell(effects.hints);
                Ok(())
            }
            Err(error) => {
                // SQLite has ended the transaction itself after some errors.
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "could not roll back");
                }
                Err(error)
            }
        }
    }

    fn transact(&mut self, commands: &mut [Box<dyn Command>]) -> Result<Effects> {
        let connection = &self.connection;
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut batch = Batch {
            connection,
            memory: &mut self.memory,
            now: self.shared.clock.now(),
            delta: Delta::default(),
            traffic: Traffic::default(),
            held: Holds::new(),
            hints: self.shared.has_listeners().then(Vec::new),
        };
        for command in commands {
            command.run(&mut batch)?;
        }
        std::mem::take(&mut batch.traffic).write(&batch)?;
        let Batch { delta, held, hints, .. } = batch;
        let oldest = self.shared.oldest_after(&delta, connection)?;
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(Effects { delta, held, hints, oldest })
    }
}

/// How long a writer waits for a reader that is about to recover the log; longer means that something is wrong.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
