//! Which `outbound` rules a run fires, and the candidates that come out, in file order.

use std::fmt;
use std::sync::Arc;

use crate::file::{DispatchingFile, Line, OutboundRule};
use crate::names::{GitRef, InputKey, RepositoryName, WorkflowFile};
use crate::payload::SourceRun;

/// The number of a candidate within its plan, from 1, in file order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CandidateNumber(pub u16);

impl fmt::Display for CandidateNumber {
    /// Three digits, as in record keys and lanes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// A target that a matching rule names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its number within the plan.
    pub number: CandidateNumber,
    /// Its line in the source's file.
    pub line: Line,
    /// The target repository; a bare name means the source's owner.
    pub repository: RepositoryName,
    /// The target workflow.
    pub workflow: WorkflowFile,
    /// The ref that the rule asks for.
    pub git_ref: Option<GitRef>,
    /// The inputs before templates are filled in.
    pub inputs: Vec<(InputKey, Arc<str>)>,
}

/// What a file asks for after a run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Candidates {
    /// The candidates that are judged one by one.
    pub judged: Vec<Candidate>,
    /// How many more there were. They share one `max_targets_exceeded` outcome.
    pub surplus: usize,
}

/// How many candidates of one plan have an outcome of their own.
pub const MAX_JUDGED: u16 = 200;

/// The targets of all rules that the run fires; none when no rule matches.
#[must_use]
pub fn candidates(file: &DispatchingFile, run: &SourceRun) -> Candidates {
    let mut targets = file.outbound.iter().filter(|rule| fires(rule, run)).flat_map(|rule| &rule.targets);
    let judged = (1..=MAX_JUDGED).zip(targets.by_ref()).filter_map(|(number, target)| {
        Some(Candidate {
            number: CandidateNumber(number),
            line: target.line.clone(),
            // The source's owner is a valid one, so this resolves.
            repository: target.repository.resolve(run.repository.owner()).ok()?,
            workflow: target.workflow.clone(),
            git_ref: target.git_ref.clone(),
            inputs: target.inputs.clone(),
        })
    });
    let judged = judged.collect();
    Candidates { judged, surplus: targets.count() }
}

fn fires(rule: &OutboundRule, run: &SourceRun) -> bool {
    let concludes =
        |allowed: &Vec<String>| run.conclusion.as_ref().is_some_and(|conclusion| allowed.contains(conclusion));
    rule.workflow == run.workflow && rule.conclusions.as_ref().is_none_or(concludes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{file, run};

    fn named(file: &DispatchingFile, run: &SourceRun) -> Vec<String> {
        candidates(file, run).judged.iter().map(|c| format!("{} {}:{}", c.number, c.repository, c.workflow)).collect()
    }

    #[test]
    fn all_matching_rules_contribute_in_file_order() {
        let file = file(
            "outbound:
             - {source: {workflow: ci.yml}, targets: [{repository: a, workflow: x.yml}, {repository: O/b, workflow: y.yml}]}
             - {source: {workflow: other.yml}, targets: [{repository: c, workflow: z.yml}]}
             - {source: {workflow: .github/workflows/ci.yml}, targets: [{repository: a, workflow: x.yml}]}",
        );
        assert_eq!(named(&file, &run()), ["001 Org/a:x.yml", "002 O/b:y.yml", "003 Org/a:x.yml"]);
    }

    #[test]
    fn workflows_match_exactly_never_by_suffix_case_or_display_name() {
        let rule = |workflow: &str| {
            file(&format!(
                "outbound: [{{source: {{workflow: {workflow}}}, targets: [{{repository: a, workflow: x.yml}}]}}]"
            ))
        };
        let with = |workflow: &str| SourceRun {
            workflow: workflow.parse().unwrap(),
            display_name: Some("ci.yml".to_owned()),
            ..run()
        };
        for (in_file, of_run, fires) in [
            ("ci.yml", "ci.yml", true),
            ("ci.yml", "my-ci.yml", false),
            ("ci.yml", "CI.yml", false),
            ("my-ci.yml", "ci.yml", false),
        ] {
            assert_eq!(!named(&rule(in_file), &with(of_run)).is_empty(), fires, "{in_file} {of_run}");
        }
    }

    #[test]
    fn a_rules_conclusions_narrow_it() {
        let file = file(
            "outbound: [{source: {workflow: ci.yml, conclusions: [failure]}, targets: [{repository: a, workflow: x.yml}]}]",
        );
        for (conclusion, fires) in [(Some("failure"), true), (Some("success"), false), (None, false)] {
            let run = SourceRun { conclusion: conclusion.map(str::to_owned), ..run() };
            assert_eq!(!named(&file, &run).is_empty(), fires, "{conclusion:?}");
        }
    }

    #[test]
    fn candidates_past_two_hundred_are_only_counted() {
        let targets = "{repository: a, workflow: x.yml}, ".repeat(230);
        let file = file(&format!("outbound: [{{source: {{workflow: ci.yml}}, targets: [{targets}]}}]"));
        let found = candidates(&file, &run());
        assert_eq!((found.judged.len(), found.surplus), (200, 30));
    }
}
