//! Reading a `workflow_run` payload: only the members that the contract lists are kept, whatever else the body holds.

use switchboard_clock::Timestamp;

use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::run_key::RunKey;

mod envelope;

use envelope::{Envelope, Repository, Run};

/// A completed run of a source workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRun {
    /// GitHub's id of the installation that the webhook came from.
    pub installation_id: u64,
    /// GitHub's id of the source repository.
    pub repository_id: u64,
    /// The source repository.
    pub repository: RepositoryName,
    /// Its default branch.
    pub default_branch: Option<String>,
    /// The workflow's file.
    pub workflow: WorkflowFile,
    /// The run's id; re-runs keep it.
    pub run_id: u64,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The workflow's display name. Only shown, never compared.
    pub display_name: Option<String>,
    /// The branch, or the tag, that the run was on.
    pub head_branch: Option<String>,
    /// The commit that the run was on.
    pub head_sha: String,
    /// The event that started the run.
    pub event: String,
    /// How it ended.
    pub conclusion: Option<String>,
    /// The run's page.
    pub url: String,
    /// When the run was created.
    pub created_at: Option<Timestamp>,
    /// Login of who started it.
    pub actor: Option<String>,
    /// Id of the repository that the code came from.
    pub head_repository_id: Option<u64>,
}

impl SourceRun {
    /// The run key of this attempt.
    #[must_use]
    pub const fn key(&self) -> RunKey {
        RunKey::new(self.repository_id, self.run_id, self.attempt)
    }
}

/// A payload that cannot be planned, with what could be read of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusablePayload {
    /// `payload_unusable`, `installation_missing` or `source_workflow_unsupported`.
    pub reason: Reason,
    /// The member at fault, such as `workflow_run.head_sha`; for an unsupported workflow its path.
    pub detail: String,
    /// What is known of the source all the same.
    pub known: KnownSource,
}

/// As much of the source as an unusable payload tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the same fields as in `SourceRun`, each perhaps absent")]
pub struct KnownSource {
    pub installation_id: Option<u64>,
    pub repository_id: Option<u64>,
    pub repository: Option<RepositoryName>,
    pub workflow: Option<WorkflowFile>,
    pub run_id: Option<u64>,
    pub attempt: Option<u32>,
    pub head_sha: Option<String>,
}

/// Reads the body of a `workflow_run` webhook.
///
/// # Errors
/// [`UnusablePayload`] when a needed member is missing or of another type, when no installation is named, or when the workflow is not
/// a file of the workflows folder; checked in that order.
pub fn read(body: &[u8]) -> Result<SourceRun, Box<UnusablePayload>> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
        let known = KnownSource::default();
        return Err(Box::new(UnusablePayload { reason: Reason::PayloadUnusable, detail: "(body)".to_owned(), known }));
    };
    build(&envelope).map_err(|fault| {
        let (reason, detail) = match fault {
            Fault::Member(path) => (Reason::PayloadUnusable, path.to_owned()),
            Fault::NoInstallation => (Reason::InstallationMissing, "installation".to_owned()),
            Fault::Workflow(path) => (Reason::SourceWorkflowUnsupported, path),
        };
        Box::new(UnusablePayload { reason, detail, known: salvage(&envelope) })
    })
}

enum Fault {
    Member(&'static str),
    NoInstallation,
    Workflow(String),
}

impl From<&'static str> for Fault {
    fn from(path: &'static str) -> Self {
        Self::Member(path)
    }
}

fn build(envelope: &Envelope) -> Result<SourceRun, Fault> {
    envelope.action.text("action")?;
    let installation_id = match envelope.installation.optional("installation")? {
        Some(installation) => match installation.id.optional_number("installation.id")? {
            Some(id) if i64::try_from(id).is_err() => return Err(Fault::Member("installation.id")),
            id => id,
        },
        None => None,
    };
    let owner = envelope.repository.required("repository")?;
    let repository_id = owner.id.number("repository.id")?;
    let repository = repository_name(owner)?;
    let default_branch = owner.default_branch.optional_text("repository.default_branch")?;
    let run = envelope.workflow_run.required("workflow_run")?;
    let run_id = run.id.number("workflow_run.id")?;
    let attempt = attempt(run)?;
    let display_name = run.name.optional_text("workflow_run.name")?;
    let head_branch = run.head_branch.optional_text("workflow_run.head_branch")?;
    let head_sha = run.head_sha.text("workflow_run.head_sha")?;
    let event = run.event.text("workflow_run.event")?;
    let conclusion = run.conclusion.optional_text("workflow_run.conclusion")?;
    let url = run.html_url.text("workflow_run.html_url")?;
    let created_at = created_at(run)?;
    let actor = match run.actor.optional("workflow_run.actor")? {
        Some(actor) => actor.login.optional_text("workflow_run.actor.login")?,
        None => None,
    };
    let head_repository_id = match run.head_repository.optional("workflow_run.head_repository")? {
        Some(head) => head.id.optional_number("workflow_run.head_repository.id")?,
        None => None,
    };
    let path = path(envelope, run)?;
    let installation_id = installation_id.ok_or(Fault::NoInstallation)?;
    let workflow = WorkflowFile::from_run_path(&path, &repository).ok_or(Fault::Workflow(path))?;
    Ok(SourceRun {
        installation_id,
        repository_id,
        repository,
        default_branch,
        workflow,
        run_id,
        attempt,
        display_name,
        head_branch,
        head_sha,
        event,
        conclusion,
        url,
        created_at,
        actor,
        head_repository_id,
    })
}

/// Owner and name must agree with the full name, so that no two members of one payload can mean two repositories.
fn repository_name(repository: &Repository) -> Result<RepositoryName, Fault> {
    let name = repository.name.text("repository.name")?;
    let login = repository.owner.required("repository.owner")?.login.text("repository.owner.login")?;
    let full_name = repository.full_name.text("repository.full_name")?;
    let named = RepositoryName::new(&login, &name).map_err(|_| "repository.name")?;
    match full_name.parse::<RepositoryName>() {
        Ok(full) if full == named => Ok(full),
        _ => Err(Fault::Member("repository.full_name")),
    }
}

fn attempt(run: &Run) -> Result<u32, Fault> {
    let attempt = run.run_attempt.optional_number("workflow_run.run_attempt")?.unwrap_or(1);
    u32::try_from(attempt).map_err(|_| Fault::Member("workflow_run.run_attempt"))
}

fn created_at(run: &Run) -> Result<Option<Timestamp>, Fault> {
    let Some(text) = run.created_at.optional_text("workflow_run.created_at")? else { return Ok(None) };
    Timestamp::parse(&text).map(Some).map_err(|_| Fault::Member("workflow_run.created_at"))
}

fn path(envelope: &Envelope, run: &Run) -> Result<String, Fault> {
    if let Some(path) = run.path.optional_text("workflow_run.path")? {
        return Ok(path);
    }
    match envelope.workflow.optional("workflow")? {
        Some(workflow) => Ok(workflow.path.text("workflow.path")?),
        None => Err(Fault::Member("workflow_run.path")),
    }
}

fn salvage(envelope: &Envelope) -> KnownSource {
    let repository = envelope.repository.present();
    let run = envelope.workflow_run.present();
    let name = repository.and_then(|repository| repository_name(repository).ok());
    let path = run.and_then(|run| path(envelope, run).ok());
    KnownSource {
        installation_id: envelope.installation.present().and_then(|installation| installation.id.present().copied()),
        repository_id: repository.and_then(|repository| repository.id.present().copied()),
        workflow: name.as_ref().zip(path).and_then(|(name, path)| WorkflowFile::from_run_path(&path, name)),
        repository: name,
        run_id: run.and_then(|run| run.id.present().copied()),
        attempt: run.and_then(|run| attempt(run).ok()),
        head_sha: run.and_then(|run| run.head_sha.present().cloned()),
    }
}

#[cfg(test)]
mod tests;
