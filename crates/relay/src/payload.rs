//! The JSON members that are read of the upstream's webhooks, and what is said of one that cannot be read.

use switchboard_engine::members::Member;
use switchboard_engine::object;
use switchboard_github::ids::HeadSha;
use switchboard_github::repo_name::RepoName;

/// A webhook's body that cannot be planned: it is not JSON, or a needed member is missing or not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the payload cannot be used: {member}")]
pub struct Unreadable {
    /// The member at fault, such as `pull_request.head.sha`; `(body)` for the whole.
    pub member: &'static str,
}

impl From<&'static str> for Unreadable {
    fn from(member: &'static str) -> Self {
        Self { member }
    }
}

/// Longest title that is kept, in characters: as long as GitHub lets a title be.
pub const MAX_TITLE: usize = 256;
/// Longest login or label that is kept, in characters; GitHub's own are shorter.
const MAX_NAME: usize = 100;
/// Longest ref that is read, in bytes. Git's file systems end at 255 for each segment.
const MAX_REF: usize = 1_024;

object!(Envelope {
    action: String,
    repository: Repository,
    sender: Account,
    pull_request: Pull,
    label: Label,
    r#ref: String,
    before: String,
    after: String,
    deleted: bool,
    head_commit: Commit,
});

object!(Repository { full_name: String, default_branch: String });

object!(Account { login: String });

object!(Label { name: String });

object!(Commit { message: String });

object!(Pull {
    number: u64,
    state: String,
    title: String,
    user: Account,
    labels: Vec<Label>,
    updated_at: String,
    author_association: String,
    head: Side,
    base: Side,
});

object!(Side { r#ref: String, sha: String, repo: Repository });

/// Reads a body's members.
pub(crate) fn envelope(body: &[u8]) -> Result<Envelope, Unreadable> {
    match serde_json::from_slice(body) {
        Ok(Member::Present(envelope)) => Ok(envelope),
        _ => Err("(body)".into()),
    }
}

pub(crate) fn repository(envelope: &Envelope) -> Result<RepoName, Unreadable> {
    let repository = envelope.repository.required("repository")?;
    let path = "repository.full_name";
    repository.full_name.required(path)?.parse().map_err(|_| path.into())
}

/// A login; empty where there is no account any more.
pub(crate) fn login(account: &Member<Account>) -> String {
    account.present().and_then(|account| account.login.present()).map(|login| name(login)).unwrap_or_default()
}

/// A login or label, cut to what is kept.
pub(crate) fn name(text: &str) -> String {
    text.chars().take(MAX_NAME).collect()
}

/// First line of a title or message, cut to what is kept.
pub(crate) fn title(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().chars().take(MAX_TITLE).collect()
}

pub(crate) fn sha(member: &Member<String>, path: &'static str) -> Result<HeadSha, Unreadable> {
    member.required(path)?.parse().map_err(|_| path.into())
}

/// A branch's or tag's name, whole: a cut one would be another's.
pub(crate) fn git_ref(member: &Member<String>, path: &'static str) -> Result<String, Unreadable> {
    let git_ref = member.required(path)?;
    if (1..=MAX_REF).contains(&git_ref.len()) { Ok(git_ref.clone()) } else { Err(path.into()) }
}
