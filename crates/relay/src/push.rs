//! Reading a `push` webhook: only what is decided by or shown is kept, whatever else the body holds.

use switchboard_github::ids::HeadSha;
use switchboard_github::repo_name::RepoName;

/// A `push` webhook: a branch or tag moved, came or went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushEvent {
    /// The repository.
    pub repository: RepoName,
    /// The full ref: `refs/heads/main`, `refs/tags/v1`.
    pub full_ref: String,
    /// The commit it pointed to; all zeros if it is new.
    pub before: HeadSha,
    /// The commit it points to; all zeros if it is gone.
    pub after: HeadSha,
    /// Whether it says that the ref is gone.
    pub deleted: bool,
    /// First line of the newest commit's message; empty if there is none.
    pub title: String,
    /// Login of who pushed.
    pub sender: String,
}

impl PushEvent {
    /// Whether the ref is gone, by either sign.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.deleted || is_zero(&self.after)
    }
}

/// Whether a SHA is Git's name for "no commit".
#[must_use]
pub fn is_zero(sha: &HeadSha) -> bool {
    sha.as_str().bytes().all(|digit| digit == b'0')
}
