use std::collections::HashMap;
use std::sync::Arc;

use super::{Denial, Survivor};
use crate::authorisation::{Request, authorise};
use crate::config::Config;
use crate::file::{DispatchingFile, Line};
use crate::matching::CandidateNumber;
use crate::names::{RepositoryName, WorkflowFile};
use crate::payload::SourceRun;
use crate::reasons::Reason;
use crate::refs;

/// Something that was to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read<T> {
    /// It was.
    Known(T),
    /// It was not, or not yet: there is no verdict.
    Unavailable,
}

/// What GitHub said about the target repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryVerdict {
    /// 404: it does not exist, or is not for us to see.
    NotFound,
    /// It is there.
    Found(RepositoryFacts),
}

/// A repository as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryFacts {
    /// GitHub's id.
    pub id: u64,
    /// Its present name, renames followed.
    pub name: RepositoryName,
    /// Whether it is archived.
    pub archived: bool,
    /// Its default branch.
    pub default_branch: String,
}

/// Whether the App is installed on another owner's target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InstallationVerdict {
    /// It is, as this installation.
    Installed(u64),
    /// It is not.
    NotInstalled,
}

/// What the target's `dispatching.yml` is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileVerdict {
    /// Not there.
    Missing,
    /// There, but unusable.
    Invalid,
    /// Valid.
    Found {
        /// Where it stands.
        path: &'static str,
        /// What it says.
        file: Arc<DispatchingFile>,
    },
}

/// What was read about a target. The file is read last, and only if [`judge`] still waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetReads {
    /// The repository.
    pub repository: Read<RepositoryVerdict>,
    /// The installation; looked at for another owner's target only, whose repository and file it then reads.
    pub installation: Read<InstallationVerdict>,
    /// The file.
    pub file: Read<FileVerdict>,
}

impl TargetReads {
    /// Nothing read yet.
    pub const NONE: Self =
        Self { repository: Read::Unavailable, installation: Read::Unavailable, file: Read::Unavailable };
}

/// The target repositories and workflows that earlier survivors of the same plan have taken, by repository id.
#[derive(Debug, Clone, Default)]
pub struct Taken(HashMap<(u64, WorkflowFile), CandidateNumber>);

impl Taken {
    /// Marks a target as taken by the candidate `number`, unless an earlier one has it.
    pub fn take(&mut self, repository_id: u64, workflow: WorkflowFile, number: CandidateNumber) {
        self.0.entry((repository_id, workflow)).or_insert(number);
    }

    fn by_another(
        &self,
        repository_id: u64,
        workflow: &WorkflowFile,
        number: CandidateNumber,
    ) -> Option<CandidateNumber> {
        self.0.get(&(repository_id, workflow.clone())).copied().filter(|taken| *taken != number)
    }
}

/// What rules 7 to 11 look at beside the target.
#[derive(Debug, Clone, Copy)]
pub struct Source<'s> {
    /// The completed run.
    pub run: &'s SourceRun,
    /// The operator's settings.
    pub config: &'s Config,
}

/// The verdict on a survivor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Both sides consent.
    Allowed(Box<Allowed>),
    /// A rule failed.
    Denied(Box<Denial>),
    /// The rules so far hold, but something is not read yet.
    Waiting,
}

/// A dispatch that both sides consent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowed {
    /// The candidate with its inputs.
    pub survivor: Survivor,
    /// The target repository.
    pub repository: RepositoryFacts,
    /// The installation whose token dispatches.
    pub installation_id: u64,
    /// The ref to start on.
    pub git_ref: String,
    /// The consenting line in the target's file.
    pub inbound: Line,
    /// Where that file stands.
    pub inbound_path: &'static str,
}

/// Applies rules 7 to 11. Survivors of one plan are judged in file order with one `taken`; judging the same one again with more reads
/// changes nothing but the verdict.
pub fn judge(survivor: &Survivor, reads: &TargetReads, source: Source<'_>, taken: &mut Taken) -> Decision {
    match decide(survivor, reads, source, taken) {
        Ok(Some(allowed)) => Decision::Allowed(Box::new(allowed)),
        Ok(None) => Decision::Waiting,
        Err((reason, detail)) => Decision::Denied(Box::new(survivor.candidate.deny(reason, detail))),
    }
}

type Refused = (Reason, String);

fn decide(
    survivor: &Survivor,
    reads: &TargetReads,
    Source { run, config }: Source<'_>,
    taken: &mut Taken,
) -> Result<Option<Allowed>, Refused> {
    let candidate = &survivor.candidate;
    let Read::Known(repository) = &reads.repository else { return Ok(None) };
    let repository = check_repository(survivor, repository, run, taken)?;

    let installation_id = if candidate.repository.is_owned_by(run.repository.owner()) {
        run.installation_id
    } else {
        match reads.installation {
            Read::Unavailable => return Ok(None),
            Read::Known(InstallationVerdict::Installed(id)) => id,
            Read::Known(InstallationVerdict::NotInstalled) => {
                return Err((Reason::TargetNotInstalled, repository.name.to_string()));
            }
        }
    };
    let (inbound_path, file) = match &reads.file {
        Read::Unavailable => return Ok(None),
        Read::Known(FileVerdict::Missing) => return Err((Reason::MissingTargetConfig, String::new())),
        Read::Known(FileVerdict::Invalid) => return Err((Reason::InvalidTargetConfig, String::new())),
        Read::Known(FileVerdict::Found { path, file }) => (*path, file),
    };
    let request = Request {
        source: &run.repository,
        source_workflow: &run.workflow,
        target_owner: repository.name.owner(),
        target_workflow: &candidate.workflow,
        inputs: &survivor.inputs,
    };
    let inbound = authorise(file, &request).map_err(|refusal| (refusal.reason, refusal.detail))?.clone();
    let branch = run.head_branch.as_deref();
    let git_ref = refs::choose(candidate.git_ref.as_ref(), config, branch, &repository.default_branch);
    Ok(Some(Allowed {
        survivor: survivor.clone(),
        repository: repository.clone(),
        installation_id,
        git_ref,
        inbound,
        inbound_path,
    }))
}

/// Rule 7, with rules 3 and 4 again now that the repository's id is known.
fn check_repository<'v>(
    survivor: &Survivor,
    verdict: &'v RepositoryVerdict,
    run: &SourceRun,
    taken: &mut Taken,
) -> Result<&'v RepositoryFacts, Refused> {
    let candidate = &survivor.candidate;
    let RepositoryVerdict::Found(facts) = verdict else {
        return Err((Reason::TargetNotAccessible, candidate.repository.to_string()));
    };
    if !facts.name.is_owned_by(candidate.repository.owner()) {
        return Err((Reason::TargetMoved, format!("now {}", facts.name)));
    }
    if facts.archived {
        return Err((Reason::TargetArchived, facts.name.to_string()));
    }
    if let Some(first) = taken.by_another(facts.id, &candidate.workflow, candidate.number) {
        return Err((Reason::DuplicateTarget, format!("the same repository as candidate {first}")));
    }
    if facts.id == run.repository_id && candidate.workflow == run.workflow {
        return Err((Reason::SelfDispatchBlocked, format!("{}:{}", facts.name, candidate.workflow)));
    }
    taken.take(facts.id, candidate.workflow.clone(), candidate.number);
    Ok(facts)
}
