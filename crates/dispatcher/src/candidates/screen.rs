use std::collections::HashMap;

use super::{Denial, Survivor};
use crate::chains::Lineage;
use crate::config::Config;
use crate::matching::{Candidate, CandidateNumber};
use crate::names::{RepositoryName, WorkflowFile};
use crate::payload::SourceRun;
use crate::reasons::Reason;
use crate::templates::{InputsRefused, Variables, expand_inputs};

/// Where the run stands in its chain, for rule 5.
#[derive(Debug, Clone, Copy)]
pub enum Chain<'c> {
    /// The run's lineage, and the dispatches that its root has caused so far, queued and waiting ones included.
    Known {
        /// Root, depth and path.
        lineage: &'c Lineage,
        /// Dispatches so far.
        dispatched: u32,
    },
    /// The App started the run, and nothing tells for which dispatch.
    Unverifiable,
}

/// What rules 1 to 6 look at.
#[derive(Debug, Clone, Copy)]
pub struct Screening<'s> {
    /// The completed run.
    pub run: &'s SourceRun,
    /// The operator's settings.
    pub config: &'s Config,
    /// The run's chain.
    pub chain: Chain<'s>,
    /// What a replay of unsuccessful targets leaves out: the targets that the run has dispatched before.
    pub succeeded: &'s [(RepositoryName, WorkflowFile)],
}

/// What rules 1 to 6 leave.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Screened {
    /// Candidates whose targets have to be read, in file order; never more than `max_targets`.
    pub survivors: Vec<Survivor>,
    /// The others, in file order.
    pub denied: Vec<Denial>,
}

/// Applies rules 1 to 6 to all candidates of a plan, in file order.
#[must_use]
pub fn screen(candidates: Vec<Candidate>, screening: &Screening<'_>) -> Screened {
    let variables = Variables::of(screening.run);
    let mut first_of = HashMap::new();
    let mut screened = Screened::default();
    for mut candidate in candidates {
        match check(&mut candidate, screening, &variables, &first_of, screened.survivors.len()) {
            Ok(inputs) => {
                first_of.insert((candidate.repository.clone(), candidate.workflow.clone()), candidate.number);
                screened.survivors.push(Survivor { candidate, inputs });
            }
            Err((reason, detail)) => screened.denied.push(candidate.deny(reason, detail)),
        }
    }
    screened
}

type FirstOf = HashMap<(RepositoryName, WorkflowFile), CandidateNumber>;

fn check(
    candidate: &mut Candidate,
    screening: &Screening<'_>,
    variables: &Variables,
    first_of: &FirstOf,
    survivors: usize,
) -> Result<crate::templates::Inputs, (Reason, String)> {
    let Screening { run, config, .. } = screening;
    let inputs = std::mem::take(&mut candidate.inputs);
    let inputs = expand_inputs(&inputs, variables, config.max_inputs)
        .map_err(|InputsRefused { reason, detail }| (reason, detail))?;

    let target = &candidate.repository;
    if !config.allows_target_owner(target.owner(), run.repository.owner()) {
        return Err((Reason::TargetOrgNotAllowlisted, target.owner().to_owned()));
    }
    if !config.target_repos.is_empty() && !config.target_repos.iter().any(|pattern| pattern.matches(target)) {
        return Err((Reason::TargetRepoNotAllowlisted, target.to_string()));
    }
    if let Some(first) = first_of.get(&(target.clone(), candidate.workflow.clone())) {
        return Err((Reason::DuplicateTarget, format!("same as candidate {first}")));
    }
    if *target == run.repository && candidate.workflow == run.workflow {
        return Err((Reason::SelfDispatchBlocked, format!("{target}:{}", candidate.workflow)));
    }
    if screening.succeeded.iter().any(|(repository, workflow)| repository == target && *workflow == candidate.workflow)
    {
        return Err((Reason::AlreadyDispatched, String::new()));
    }
    check_chain(candidate, screening, survivors)?;
    if survivors >= config.max_targets as usize {
        return Err((Reason::MaxTargetsExceeded, format!("at most {}", config.max_targets)));
    }
    Ok(inputs)
}

/// Rule 5. Every survivor takes its place in the chain at once, so the limit holds whatever the later rules say.
fn check_chain(candidate: &Candidate, screening: &Screening<'_>, survivors: usize) -> Result<(), (Reason, String)> {
    let Chain::Known { lineage, dispatched } = screening.chain else {
        return Err((Reason::ChainUnverifiable, String::new()));
    };
    if !lineage.may_dispatch(screening.config) {
        let path = lineage.child(&candidate.repository, &candidate.workflow).path_text();
        return Err((Reason::ChainDepthExceeded, path));
    }
    let room = screening.config.max_chain_dispatches.saturating_sub(dispatched);
    if survivors >= room as usize {
        let limit = screening.config.max_chain_dispatches;
        return Err((Reason::ChainSizeExceeded, format!("{dispatched} of {limit} so far; root {}", lineage.root)));
    }
    Ok(())
}
