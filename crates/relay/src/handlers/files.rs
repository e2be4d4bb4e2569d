//! The allowlist among the files that rules come from, for whoever looks at all of them.

use switchboard_engine::Reader;
use switchboard_engine::files::{BrokenFile, FilesRead};
use switchboard_store::Result;

use super::Relay;
use crate::records::{AllowlistRecord, keys, views};

impl Relay {
    /// The allowlist as it was last read. One that is missing or cannot be reached is not broken.
    pub(super) async fn files_read(&self, store: &Reader) -> Result<FilesRead> {
        let record: Option<AllowlistRecord> = store.get(&views::ALLOWLIST, &keys::upstream(&self.up)).await?;
        let Some(record) = record else { return Ok(FilesRead { all: true, ..FilesRead::default() }) };
        let source = &self.config.allowlist;
        let broken = record.error.filter(|error| !error.diagnostics.is_empty()).map(|error| BrokenFile {
            repository: source.repo(&self.up).to_string(),
            path: source.path().to_owned(),
            diagnostics: error.diagnostics,
            read_at: record.checked_at,
        });
        Ok(FilesRead { repositories: 1, all: true, broken: broken.into_iter().collect() })
    }
}
