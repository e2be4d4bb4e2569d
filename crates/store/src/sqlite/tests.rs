//! The suite over this backend.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use switchboard_clock::{SeededEntropy, SimulatedClock};
use tempfile::TempDir;

use super::{Options, SqliteStore};
use crate::Store;
use crate::conformance::Backend;

/// A directory that needs no disk, where there is one: durability is the file system's part, and tests are many.
pub(super) fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

pub(super) fn options(clock: &SimulatedClock) -> Options {
    Options::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(7)))
}

struct InFile {
    store: Arc<SqliteStore>,
    directory: TempDir,
    clock: SimulatedClock,
}

impl InFile {
    fn open(directory: TempDir, clock: SimulatedClock) -> Self {
        let store = SqliteStore::open(directory.path().join("store.db"), &options(&clock)).unwrap();
        Self { store, directory, clock }
    }
}

#[async_trait]
impl Backend for InFile {
    async fn create(clock: SimulatedClock) -> Self {
        Self::open(directory(), clock)
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    async fn reopen(self) -> Self {
        let Self { store, directory, clock } = self;
        drop(store);
        Self::open(directory, clock)
    }
}

crate::conformance!(InFile);
