//! Reading a `pull_request` webhook: only what is decided by or shown is kept, whatever else the body holds.

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::ids::HeadSha;
use switchboard_github::repo_name::RepoName;

use crate::names::same_label;
use crate::payload::{self, Envelope, Pull, Unreadable};

/// What happened to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Opened,
    /// It was closed, and is open again.
    Reopened,
    /// It has a new head.
    Synchronize,
    /// It was closed or merged.
    Closed,
    /// It got this label.
    Labeled(String),
    /// It lost this label.
    Unlabeled(String),
    /// Anything else: only what is known of the pull request changes.
    Other(String),
}

impl Action {
    /// GitHub's word.
    #[must_use]
    pub fn word(&self) -> &str {
        match self {
            Self::Opened => "opened",
            Self::Reopened => "reopened",
            Self::Synchronize => "synchronize",
            Self::Closed => "closed",
            Self::Labeled(_) => "labeled",
            Self::Unlabeled(_) => "unlabeled",
            Self::Other(word) => word,
        }
    }
}

/// Whether a pull request is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrState {
    /// It is.
    Open,
    /// It was closed or merged.
    Closed,
}

/// What is known of a pull request: from the upstream's own events only, never from a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrInfo {
    /// Its number.
    pub number: u64,
    /// The head.
    pub head_sha: HeadSha,
    /// The branch it is to be merged into.
    pub base: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Whether it is open.
    pub state: PrState,
    /// Its title.
    pub title: String,
    /// Login of its author; empty if the account is gone.
    pub author: String,
    /// When GitHub last changed it.
    pub updated_at: Timestamp,
}

impl PrInfo {
    /// The newer one of what is known and what an event says; of two equally old ones the event's.
    #[must_use]
    pub fn refreshed(known: Option<Self>, told: Self) -> Self {
        known.filter(|known| known.updated_at > told.updated_at).unwrap_or(told)
    }

    /// Whether it carries this label, in whatever case.
    #[must_use]
    pub fn carries(&self, label: &str) -> bool {
        self.labels.iter().any(|carried| same_label(carried, label))
    }
}

/// A `pull_request` webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// The repository of the pull request.
    pub repository: RepoName,
    /// What happened.
    pub action: Action,
    /// The pull request as the event shows it.
    pub info: PrInfo,
    /// How GitHub says that the author stands to the repository: `MEMBER`, `FIRST_TIMER`, …
    pub author_association: String,
    /// The repository that the head comes from, if it still exists.
    pub head_repository: Option<RepoName>,
    /// Login of who did it.
    pub sender: String,
}

/// Most labels that are kept: as many as GitHub lets a pull request carry.
const MAX_LABELS: usize = 100;
/// What stands for an association that GitHub does not say.
const NO_ASSOCIATION: &str = "NONE";

/// Associations by which GitHub says that nothing of an author was merged here before. Source: docs.github.com, GraphQL,
/// `CommentAuthorAssociation`.
const NEW_AUTHORS: [&str; 4] = ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"];

impl PullRequestEvent {
    /// Whether the author is new to the repository.
    #[must_use]
    pub fn is_by_new_author(&self) -> bool {
        NEW_AUTHORS.contains(&self.author_association.as_str())
    }
}

/// Reads the body of a `pull_request` webhook.
///
/// # Errors
/// [`Unreadable`] with the first member at fault.
pub fn read(body: &[u8]) -> Result<PullRequestEvent, Unreadable> {
    let envelope = payload::envelope(body)?;
    let pull = envelope.pull_request.required("pull_request")?;
    let head = pull.head.required("pull_request.head")?;
    let association = pull.author_association.optional_text("pull_request.author_association")?;
    let head_repository = head.repo.present().and_then(|repository| repository.full_name.present());
    Ok(PullRequestEvent {
        repository: payload::repository(&envelope)?,
        action: action(&envelope)?,
        info: info(pull)?,
        author_association: association.unwrap_or_else(|| NO_ASSOCIATION.to_owned()),
        head_repository: head_repository.and_then(|name| name.parse().ok()),
        sender: payload::login(&envelope.sender),
    })
}

fn action(envelope: &Envelope) -> Result<Action, Unreadable> {
    let label = || {
        let label = envelope.label.required("label")?;
        Ok::<_, Unreadable>(payload::name(label.name.required("label.name")?))
    };
    Ok(match envelope.action.required("action")?.as_str() {
        "opened" => Action::Opened,
        "reopened" => Action::Reopened,
        "synchronize" => Action::Synchronize,
        "closed" => Action::Closed,
        "labeled" => Action::Labeled(label()?),
        "unlabeled" => Action::Unlabeled(label()?),
        other => Action::Other(payload::name(other)),
    })
}

fn info(pull: &Pull) -> Result<PrInfo, Unreadable> {
    let head = pull.head.required("pull_request.head")?;
    let base = pull.base.required("pull_request.base")?;
    let updated_at = "pull_request.updated_at";
    let labels = pull.labels.optional("pull_request.labels")?.map_or(&[][..], Vec::as_slice);
    let names = labels.iter().filter_map(|label| label.name.present()).take(MAX_LABELS);
    Ok(PrInfo {
        number: pull.number.number("pull_request.number")?,
        head_sha: payload::sha(&head.sha, "pull_request.head.sha")?,
        base: payload::git_ref(&base.r#ref, "pull_request.base.ref")?,
        labels: names.map(|name| payload::name(name)).collect(),
        state: match pull.state.required("pull_request.state")?.as_str() {
            "open" => PrState::Open,
            "closed" => PrState::Closed,
            _ => return Err("pull_request.state".into()),
        },
        title: payload::title(&pull.title.optional_text("pull_request.title")?.unwrap_or_default()),
        author: payload::login(&pull.user),
        updated_at: Timestamp::parse(pull.updated_at.required(updated_at)?).map_err(|_| updated_at)?,
    })
}

#[cfg(test)]
mod tests;
