//! Every source's `dispatching.yml`, as the last plan read it.

use switchboard_engine::Reader;
use switchboard_engine::files::{BrokenFile, FilesRead};
use switchboard_store::{Key, KeyRange, Result};

use crate::handlers::records::RepoRecord;
use crate::keys::views;

/// Records of one read.
const PAGE: usize = 500;
/// Records that are looked at altogether.
const RECORDS_MAX: usize = 20_000;

/// Reads the records of [`views::REPO`].
pub(super) async fn read(store: &Reader) -> Result<FilesRead> {
    let mut read = FilesRead::default();
    let mut range = KeyRange::all();
    while read.repositories < RECORDS_MAX {
        let page = store.list::<RepoRecord>(&views::REPO, range.clone(), PAGE).await?;
        read.repositories += page.len();
        read.all = page.len() < PAGE;
        range = page.last().map_or(range.clone(), |(last, _)| range.past(last.as_str()));
        read.broken.extend(page.into_iter().filter_map(broken));
        if read.all {
            break;
        }
    }
    Ok(read)
}

fn broken((repository, record): (Key, RepoRecord)) -> Option<BrokenFile> {
    let RepoRecord { state, path, diagnostics, checked_at } = record;
    (state == "invalid").then(|| BrokenFile {
        repository: repository.to_string(),
        path: path.unwrap_or_else(|| crate::file::PATHS[0].to_owned()),
        diagnostics,
        read_at: checked_at,
    })
}
