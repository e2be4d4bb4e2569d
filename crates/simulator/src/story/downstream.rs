//! Workflows that dispatches start and that report back, as those of downstream repositories do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{DEFAULT_ACTOR, Repository, Workflow, WorkflowSpec};
use crate::ids::RunId;
use crate::state::AccountKind;
use crate::state::actions::Trigger;
use crate::state::downstream::{Outcome, Reports, ResultScript, Script};
use crate::state::runs::{HeadRepository, NewRun};

/// A downstream workflow: what starts it, what results its runs have, what they report and when.
///
/// Each result is a job. It reports `in_progress` when it starts and `completed` when it ends, each with a token of its own, to
/// where the settings or [`Downstream::reports_to`] say. A run ends with its last job.
#[derive(Debug, Clone)]
#[must_use = "a script does nothing before a repository has it"]
pub struct Downstream {
    name: String,
    types: Vec<String>,
    script: Script,
    /// How many results were added last, together.
    last: usize,
}

/// Results of a [`Downstream`] in the making. Nothing is added before one of the ending methods says how they end.
#[derive(Debug, Clone)]
#[must_use = "a result is added by saying how it ends"]
pub struct DownstreamResult {
    downstream: Downstream,
    results: Vec<ResultScript>,
}

/// How long a run waits for runners unless said.
const WAITS: Duration = Duration::from_secs(10);

impl Downstream {
    /// The workflow with this display name, started by dispatches of any type, so far without results.
    pub fn run(name: &str) -> Self {
        let script = Script {
            waits: WAITS,
            results: Vec::new(),
            callback_url: None,
            audience: None,
            cancels: false,
            tampered: Map::new(),
        };
        Self { name: name.to_owned(), types: Vec::new(), script, last: 0 }
    }

    /// Started by dispatches of these types only.
    pub fn on_types(self, types: &[&str]) -> Self {
        Self { types: types.iter().map(|name| (*name).to_owned()).collect(), ..self }
    }

    /// Its runs wait this long for runners.
    pub fn waits(mut self, duration: Duration) -> Self {
        self.script.waits = duration;
        self
    }

    /// Its runs report here.
    pub fn reports_to(mut self, url: &str) -> Self {
        self.script.callback_url = Some(url.to_owned());
        self
    }

    /// Its runs' tokens are meant for this audience.
    pub fn audience(mut self, audience: &str) -> Self {
        self.script.audience = Some(audience.to_owned());
        self
    }

    /// A newer run for the same pull request or ref cancels an older one, whose running jobs report `cancelled`; and a run for
    /// `closed` does nothing itself. Workflows do so by a concurrency group.
    pub fn cancels_in_progress(mut self) -> Self {
        self.script.cancels = true;
        self
    }

    /// Its reports say this in place of what they would, for example another `delivery_id` or echo.
    pub fn tampered(mut self, members: &Value) -> Self {
        self.script.tampered = members.as_object().cloned().unwrap_or_default();
        self
    }

    /// A further result of this name.
    pub fn result(self, name: &str) -> DownstreamResult {
        self.results([name])
    }

    /// Further results of these names that all go the same way.
    pub fn results<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> DownstreamResult {
        let result = |name: N| ResultScript {
            name: name.into(),
            starts_after: Duration::ZERO,
            outcomes: Vec::new(),
            reports: Reports::Both,
            decorations: Map::new(),
            job_ends: None,
        };
        DownstreamResult { downstream: self, results: names.into_iter().map(result).collect() }
    }

    /// Further results, named as the legs of a matrix: `test (1)`, `test (2)`, …
    pub fn matrix(self, name: &str, legs: usize) -> DownstreamResult {
        self.results((1..=legs).map(|n| format!("{name} ({n})")))
    }

    /// The results added last succeed in their next attempt, and in all that follow.
    pub fn then_succeeds_after(self, duration: Duration) -> Self {
        self.then_concludes("success", duration)
    }

    /// The results added last fail in their next attempt, and in all that follow.
    pub fn then_fails_after(self, duration: Duration) -> Self {
        self.then_concludes("failure", duration)
    }

    /// The results added last end so in their next attempt, and in all that follow.
    pub fn then_concludes(mut self, conclusion: &str, duration: Duration) -> Self {
        for result in self.script.results.iter_mut().rev().take(self.last) {
            result.outcomes.push(Outcome { takes: Some(duration), conclusion: conclusion.to_owned() });
        }
        self
    }

    fn file(&self) -> String {
        let slug: String =
            self.name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
        format!("{slug}.yml")
    }
}

impl DownstreamResult {
    /// They start this long after the run has got its runners.
    pub fn starts_after(self, duration: Duration) -> Self {
        self.each(|result| result.starts_after = duration)
    }

    /// Their first report is lost.
    pub fn only_completes(self) -> Self {
        self.each(|result| result.reports = Reports::End)
    }

    /// Their last report is lost.
    pub fn only_starts(self) -> Self {
        self.each(|result| result.reports = Reports::Start)
    }

    /// They never report anything.
    pub fn never_reports(self) -> Self {
        self.each(|result| result.reports = Reports::Neither)
    }

    /// Their jobs end so on GitHub, whatever they report.
    pub fn job_concludes(self, conclusion: &str) -> Self {
        self.each(|result| result.job_ends = Some(conclusion.to_owned()))
    }

    /// Their reports say this in `workflow` as well, or in place of what they would.
    pub fn says(self, members: &Value) -> Self {
        self.each(|result| result.decorations.extend(members.as_object().cloned().unwrap_or_default()))
    }

    /// They succeed this long after their start.
    pub fn succeeds_after(self, duration: Duration) -> Downstream {
        self.concludes("success", duration)
    }

    /// They fail this long after their start.
    pub fn fails_after(self, duration: Duration) -> Downstream {
        self.concludes("failure", duration)
    }

    /// They report this conclusion so long after their start.
    pub fn concludes(self, conclusion: &str, duration: Duration) -> Downstream {
        self.ending(&Outcome { takes: Some(duration), conclusion: conclusion.to_owned() })
    }

    /// They run until somebody cancels the run.
    pub fn never_ends(self) -> Downstream {
        self.ending(&Outcome { takes: None, conclusion: String::new() })
    }

    fn ending(self, outcome: &Outcome) -> Downstream {
        let Self { mut downstream, results } = self.each(|result| result.outcomes.push(outcome.clone()));
        downstream.last = results.len();
        downstream.script.results.extend(results);
        downstream
    }

    fn each(mut self, change: impl Fn(&mut ResultScript)) -> Self {
        self.results.iter_mut().for_each(change);
        self
    }
}

impl Repository {
    /// Adds a downstream workflow, which repository dispatches start; one of the same name goes by the new script from its next
    /// attempt on.
    pub fn on_dispatch(&self, downstream: Downstream) -> Workflow {
        let types = downstream.types.clone();
        self.scripted(downstream, |spec| spec.on(Trigger::RepositoryDispatch(types)))
    }

    /// A run of a downstream workflow that a schedule starts and that reports once, when it ends, on the upstream's commit
    /// `sha`.
    pub fn start_nightly(&self, mut downstream: Downstream, sha: &str) -> Option<RunId> {
        let silent = |result: &ResultScript| matches!(result.reports, Reports::Start | Reports::Neither);
        for result in &mut downstream.script.results {
            result.reports = if silent(result) { Reports::Neither } else { Reports::End };
        }
        let workflow = self.scripted(downstream, |spec| spec).id();
        let inputs = json!({ "event_type": "nightly", "delivery_id": sha });
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let repository = state.repositories.get(&self.id)?;
            let head_branch = repository.default_branch.clone();
            let new = NewRun {
                workflow,
                event: "schedule".to_owned(),
                head_sha: repository.branches.get(&head_branch)?.clone(),
                head_branch: Some(head_branch),
                head_repository: HeadRepository::Same,
                actor,
                title: None,
                inputs: inputs.as_object().cloned().unwrap_or_default(),
            };
            let run = state.queue_run(self.id, new)?;
            state.schedule_run(self.id, run);
            Some(run)
        })
    }

    fn scripted(&self, downstream: Downstream, started: impl FnOnce(WorkflowSpec) -> WorkflowSpec) -> Workflow {
        let spec = started(WorkflowSpec::new(&downstream.file()).name(&downstream.name));
        let workflow = self.workflow(spec);
        workflow.change(|workflow| workflow.downstream = Some(Arc::new(downstream.script)));
        workflow
    }
}
