//! Reading a `push` webhook: only what is decided by or shown is kept, whatever else the body holds.

use switchboard_engine::members::{MAX_ITEMS, Member};
use switchboard_engine::object;
use switchboard_github::ids::HeadSha;
use switchboard_github::repo_name::RepoName;

use crate::payload::{self, Unreadable};

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
    /// The repository's default branch.
    pub default_branch: Option<String>,
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

/// Reads the body of a `push` webhook.
///
/// # Errors
/// [`Unreadable`] with the first member at fault.
pub fn read(body: &[u8]) -> Result<PushEvent, Unreadable> {
    let envelope = payload::envelope(body)?;
    let full_ref = payload::git_ref(&envelope.r#ref, "ref")?;
    if !full_ref.starts_with("refs/") {
        return Err("ref".into());
    }
    let message = envelope.head_commit.present().and_then(|commit| commit.message.present());
    let repository = envelope.repository.present();
    Ok(PushEvent {
        repository: payload::repository(&envelope)?,
        full_ref,
        before: payload::sha(&envelope.before, "before")?,
        after: payload::sha(&envelope.after, "after")?,
        deleted: envelope.deleted.optional("deleted")?.copied().unwrap_or_default(),
        title: message.map(|message| payload::title(message)).unwrap_or_default(),
        sender: payload::login(&envelope.sender),
        default_branch: repository.and_then(|repository| repository.default_branch.present().cloned()),
    })
}

object!(Pushed { created: bool, deleted: bool, forced: bool, commits: Vec<Commit> });

object!(Commit { added: Vec<String>, modified: Vec<String>, removed: Vec<String> });

/// Whether a push may have changed the file at `path`. Where the body does not say for sure (the branch is new, gone or was rewritten, or
/// lists are longer than what is read of them), it may have.
#[must_use]
pub fn may_touch(body: &[u8], path: &str) -> bool {
    let Ok(Member::Present(pushed)) = serde_json::from_slice::<Member<Pushed>>(body) else { return true };
    let told = |member: &Member<bool>| member.present().copied().unwrap_or_default();
    if told(&pushed.created) || told(&pushed.deleted) || told(&pushed.forced) {
        return true;
    }
    let Some(commits) = pushed.commits.present().filter(|commits| commits.len() < MAX_ITEMS) else { return true };
    commits.iter().flat_map(|commit| [&commit.added, &commit.modified, &commit.removed]).any(|list| {
        list.present().is_none_or(|paths| paths.len() >= MAX_ITEMS || paths.iter().any(|touched| touched == path))
    })
}

#[cfg(test)]
mod tests;
