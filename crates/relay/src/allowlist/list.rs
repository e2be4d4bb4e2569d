use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use switchboard_github::repo_name::RepoName;

use super::{Entry, Level};

/// A valid allowlist. Entries stand in the file's order, and each repository stands there once.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Entry>", into = "Vec<Entry>")]
pub struct Allowlist {
    entries: Vec<Entry>,
    by_repo: HashMap<RepoName, usize>,
}

/// A repository that stands in a list twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} stands in the list twice")]
pub struct Twice(pub RepoName);

impl Allowlist {
    /// The list of these entries.
    ///
    /// # Errors
    /// [`Twice`] for a repository that is named twice, in whatever case.
    pub fn new(entries: Vec<Entry>) -> Result<Self, Twice> {
        let mut by_repo = HashMap::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            if by_repo.insert(entry.repo.clone(), at).is_some() {
                return Err(Twice(entry.repo.clone()));
            }
        }
        Ok(Self { entries, by_repo })
    }

    /// All entries in the file's order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a repository, in whatever case it is written.
    #[must_use]
    pub fn entry(&self, repo: &RepoName) -> Option<&Entry> {
        self.entries.get(*self.by_repo.get(repo)?)
    }

    /// The entries on one level, in the file's order.
    pub fn on(&self, level: Level) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.level == level)
    }

    /// Whether anybody stands on this level.
    #[must_use]
    pub fn has(&self, level: Level) -> bool {
        self.on(level).next().is_some()
    }
}

impl PartialEq for Allowlist {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}
impl Eq for Allowlist {}

impl TryFrom<Vec<Entry>> for Allowlist {
    type Error = Twice;
    fn try_from(entries: Vec<Entry>) -> Result<Self, Twice> {
        Self::new(entries)
    }
}

impl From<Allowlist> for Vec<Entry> {
    fn from(list: Allowlist) -> Self {
        list.entries
    }
}
