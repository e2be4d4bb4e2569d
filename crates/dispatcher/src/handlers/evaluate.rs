//! From a completed run to a decision about every candidate: reads what the rules need, and lets them decide. Changes
//! nothing, so that planning, a dry run and a simulation are the same thing up to here.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::{self, StreamExt as _};
use switchboard_github::{Class, Error, GitHub};

use crate::candidates::{
    Chain, Decision, Denial, InstallationVerdict, Read, RepositoryVerdict, Screening, Source, Survivor, Taken,
    TargetReads, judge, screen,
};
use crate::chains::Lineage;
use crate::config::Config;
use crate::file::DispatchingFile;
use crate::handlers::reads;
use crate::matching;
use crate::names::{RepositoryName, WorkflowFile};
use crate::payload::SourceRun;

/// Targets read at once for one plan.
const READS_AT_ONCE: usize = 8;

/// What is known about a run before its candidates are looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case<'c> {
    pub run: &'c SourceRun,
    pub config: &'c Config,
    /// `None` when the App started the run and nothing tells for which dispatch.
    pub chain: Option<(&'c Lineage, u32)>,
    /// Targets that a replay leaves out.
    pub succeeded: &'c [(RepositoryName, WorkflowFile)],
}

/// What became of one candidate.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    /// A rule denied it, or both sides consent.
    Decided(Decision),
    /// Something could not be read yet.
    Waiting(Survivor, Error),
    /// Something can never be read: an infrastructure failure, not a denial.
    Unreadable(Survivor, Error),
}

/// The decisions about a run.
#[derive(Debug, Clone)]
pub(crate) struct Evaluation {
    /// One outcome a candidate, in file order.
    pub outcomes: Vec<Outcome>,
    /// Candidates beyond those, which share one outcome.
    pub surplus: usize,
}

/// Decides about all candidates that `file` names for the run.
pub(crate) async fn evaluate(github: &GitHub, case: &Case<'_>, file: &DispatchingFile) -> Evaluation {
    let candidates = matching::candidates(file, case.run);
    let chain = case.chain.map_or(Chain::Unverifiable, |(lineage, dispatched)| Chain::Known { lineage, dispatched });
    let screening = Screening { run: case.run, config: case.config, chain, succeeded: case.succeeded };
    let screened = screen(candidates.judged, &screening);
    let denied = screened.denied.into_iter().map(|denial| (denial.number, denied(denial)));
    let mut outcomes: Vec<_> = denied.collect();
    outcomes.extend(judge_all(github, case, screened.survivors).await);
    outcomes.sort_by_key(|(number, _)| *number);
    let outcomes = outcomes.into_iter().map(|(_, outcome)| outcome).collect();
    Evaluation { outcomes, surplus: candidates.surplus }
}

type Numbered = (crate::matching::CandidateNumber, Outcome);

fn denied(denial: Denial) -> Outcome {
    Outcome::Decided(Decision::Denied(Box::new(denial)))
}

/// Reads about the survivors, eight at a time, and judges them in file order.
async fn judge_all(github: &GitHub, case: &Case<'_>, survivors: Vec<Survivor>) -> Vec<Numbered> {
    let source = Source { run: case.run, config: case.config };
    // First only the repositories: a candidate that fails there needs no further reads.
    let read = |survivor: &Survivor| {
        let name = survivor.candidate.repository.clone();
        async move { read_repository(github, case.run, &name).await }.boxed()
    };
    let found = at_once(survivors.iter().map(read).collect()).await;
    let mut taken = Taken::default();
    let mut judged = Vec::with_capacity(survivors.len());
    let mut open = Vec::new();
    for (survivor, found) in survivors.into_iter().zip(found) {
        let number = survivor.candidate.number;
        match found {
            Err(error) => judged.push((number, unread(survivor, error))),
            Ok(reads) => match judge(&survivor, &reads, source, &mut taken) {
                Decision::Waiting => open.push((survivor, reads)),
                decision => judged.push((number, Outcome::Decided(decision))),
            },
        }
    }
    let read = |(survivor, reads): (Survivor, TargetReads)| {
        async move {
            let read = read_consent(github, case.run, reads).await;
            (survivor, read)
        }
        .boxed()
    };
    for (survivor, read) in at_once(open.into_iter().map(read).collect()).await {
        let number = survivor.candidate.number;
        judged.push(match read {
            Err(error) => (number, unread(survivor, error)),
            Ok(reads) => (number, Outcome::Decided(judge(&survivor, &reads, source, &mut taken))),
        });
    }
    judged
}

/// Runs reads, eight at a time; what they bring stays in their order.
async fn at_once<T>(reads: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    stream::iter(reads).buffered(READS_AT_ONCE).collect().await
}

/// Reads and judges one candidate whose target could not be read before. `taken` holds what the other candidates of the
/// plan have taken.
pub(crate) async fn judge_one(
    github: &GitHub,
    case: &Case<'_>,
    survivor: &Survivor,
    taken: &mut Taken,
) -> Result<Decision, Error> {
    let source = Source { run: case.run, config: case.config };
    let reads = read_repository(github, case.run, &survivor.candidate.repository).await?;
    match judge(survivor, &reads, source, taken) {
        Decision::Waiting => {}
        decided => return Ok(decided),
    }
    let reads = read_consent(github, case.run, reads).await?;
    Ok(judge(survivor, &reads, source, taken))
}

/// Reads the repository. The source's installation reads where the owner is the same, else the target's own: nobody else
/// sees a private repository. Without one, the source's still tells a public repository from one that is not there.
async fn read_repository(github: &GitHub, run: &SourceRun, name: &RepositoryName) -> Result<TargetReads, Error> {
    let mut reads = TargetReads::NONE;
    let mut reader = run.installation_id;
    if !name.is_owned_by(run.repository.owner()) {
        let verdict = reads::installation(github, name).await?;
        if let InstallationVerdict::Installed(id) = verdict {
            reader = id;
        }
        reads.installation = Read::Known(verdict);
    }
    reads.repository = Read::Known(reads::repository(github, reader, name).await?);
    Ok(reads)
}

/// Reads the target's file, under the repository's present name, which `judge` has accepted.
async fn read_consent(github: &GitHub, run: &SourceRun, mut known: TargetReads) -> Result<TargetReads, Error> {
    let installation = match known.installation {
        Read::Known(InstallationVerdict::Installed(id)) => id,
        Read::Known(InstallationVerdict::NotInstalled) => return Ok(known),
        Read::Unavailable => run.installation_id,
    };
    if let Read::Known(RepositoryVerdict::Found(facts)) = &known.repository {
        known.file = Read::Known(reads::file(github, installation, &facts.name).await?.verdict());
    }
    Ok(known)
}

fn unread(survivor: Survivor, error: Error) -> Outcome {
    match error.class() {
        Class::Permanent(_) => Outcome::Unreadable(survivor, error),
        Class::RetryAfter { .. } | Class::Transient | Class::Ambiguous => Outcome::Waiting(survivor, error),
    }
}
