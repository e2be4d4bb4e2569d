//! The rules that every candidate must pass, in order; the first that fails denies this candidate and no other.
//!
//! They come in two stages, so that the number of reads is bounded before the first one: [`screen`] applies rules 1 to 6 from what the
//! plan already knows, [`judge`] applies rules 7 to 11 to a survivor, given what was read about its target.

use crate::file::Line;
use crate::matching::{Candidate, CandidateNumber};
use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::templates::Inputs;

mod judge;
mod screen;

pub use judge::{
    Allowed, Decision, FileVerdict, InstallationVerdict, Read, RepositoryFacts, RepositoryVerdict, Source, Taken,
    TargetReads, judge,
};
pub use screen::{Chain, Screened, Screening, screen};

/// A candidate that is not dispatched, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    /// Its number within the plan.
    pub number: CandidateNumber,
    /// Its line in the source's file.
    pub line: Line,
    /// The target repository.
    pub repository: RepositoryName,
    /// The target workflow.
    pub workflow: WorkflowFile,
    /// The first rule that failed.
    pub reason: Reason,
    /// What the rule looked at; may hold strangers' text.
    pub detail: String,
}

/// A candidate that passed rules 1 to 6. Its target has to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// The candidate; its inputs are the ones below.
    pub candidate: Candidate,
    /// The inputs, templates filled in.
    pub inputs: Inputs,
}

impl Candidate {
    fn deny(&self, reason: Reason, detail: impl Into<String>) -> Denial {
        Denial {
            number: self.number,
            line: self.line.clone(),
            repository: self.repository.clone(),
            workflow: self.workflow.clone(),
            reason,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests;
