//! Every `dispatching.yml` as it was last read: a source's by the last plan, with what is wrong with it; a target's by the verdict of
//! the last dispatch that it denied.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::Reader;
use switchboard_engine::files::{BrokenFile, FilesRead};
use switchboard_store::{Key, KeyRange, Result};

use crate::file::PATHS;
use crate::handlers::records::{ProblemRow, RepoRecord};
use crate::keys::{self, views};
use crate::reasons::Reason;

/// Records of one read.
const PAGE: usize = 500;
/// Records that are looked at altogether.
const RECORDS_MAX: usize = 20_000;
/// Denials that are looked at.
const DENIALS_MAX: usize = 500;
/// How long a denial speaks of a target's file: nobody reads the file again until the next run that names it.
const DENIAL_COUNTS: Duration = Duration::from_secs(24 * 60 * 60);

/// Reads the verdicts on sources, and the latest denials of targets.
pub(super) async fn read(store: &Reader) -> Result<FilesRead> {
    let mut read = FilesRead::default();
    let mut checked: BTreeMap<String, Timestamp> = BTreeMap::new();
    let mut range = KeyRange::all();
    while !read.all && read.repositories < RECORDS_MAX {
        let page = store.list::<RepoRecord>(&views::REPO, range.clone(), PAGE).await?;
        read.repositories += page.len();
        read.all = page.len() < PAGE;
        range = page.last().map_or(range.clone(), |(last, _)| range.past(last.as_str()));
        checked.extend(page.iter().map(|(key, record)| (key.to_string(), record.checked_at)));
        read.broken.extend(page.into_iter().filter_map(broken));
    }
    let range = keys::problems_of(Reason::InvalidTargetConfig);
    for (_, row) in store.list::<ProblemRow>(&views::PROBLEM_REASON, range, DENIALS_MAX).await? {
        let name = row.repository.lower();
        if store.now().since(row.at) > DENIAL_COUNTS {
            break;
        }
        // The first is the latest; a plan that read the file later knows better.
        if checked.get(&name).is_none_or(|at| *at < row.at) {
            checked.insert(name.clone(), row.at);
            read.broken.retain(|file| file.repository != name);
            read.broken.push(BrokenFile {
                repository: name,
                path: PATHS[0].to_owned(),
                diagnostics: Vec::new(),
                read_at: row.at,
            });
        }
    }
    read.broken.sort_by(|one, other| one.repository.cmp(&other.repository));
    Ok(read)
}

fn broken((repository, record): (Key, RepoRecord)) -> Option<BrokenFile> {
    let RepoRecord { state, path, diagnostics, checked_at } = record;
    (state == "invalid").then(|| BrokenFile {
        repository: repository.to_string(),
        path: path.unwrap_or_else(|| PATHS[0].to_owned()),
        diagnostics,
        read_at: checked_at,
    })
}
