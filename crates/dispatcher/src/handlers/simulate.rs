//! What would happen: the same reads and rules as a plan, and nothing stored or sent.

use serde::{Deserialize, Serialize};
use switchboard_engine::Trouble;
use switchboard_engine::yaml::Diagnostic;
use switchboard_github::GitHub;
use utoipa::ToSchema;

use crate::candidates::{Decision, InstallationVerdict, RepositoryVerdict};
use crate::chains::Lineage;
use crate::handlers::Dispatcher;
use crate::handlers::evaluate::{Case, Outcome, evaluate};
use crate::handlers::reads::{self, FileRead};
use crate::names::{RepositoryName, WorkflowFile};
use crate::payload::SourceRun;
use crate::reasons::Reason;
use crate::source_rules;

/// The run that is imagined. What is left out is what usually happens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the contract's members")]
pub struct SimulationRequest {
    #[schema(value_type = String, example = "acme/api")]
    pub repository: RepositoryName,
    #[schema(value_type = String, example = "ci.yml")]
    pub workflow: WorkflowFile,
    #[serde(default)]
    pub branch: Option<String>,
    #[serde(default)]
    pub conclusion: Option<String>,
    #[serde(default)]
    pub event: Option<String>,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Simulated {
    /// Why the run would be skipped, or would have nothing to dispatch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SimulatedReason>,
    /// What would become of each candidate, in file order.
    pub targets: Vec<SimulatedTarget>,
    /// Candidates beyond those.
    #[serde(skip_serializing_if = "is_zero")]
    pub surplus: usize,
    /// Where the source's file was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config_path: Option<String>,
    /// What there is to say about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub diagnostics: Vec<Diagnostic>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// A reason with its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SimulatedReason {
    /// The code.
    #[schema(value_type = String)]
    pub reason: Reason,
    /// The cause in a sentence.
    pub sentence: &'static str,
    /// What the rule looked at. A stranger's text.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
}

/// What would become of a candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the contract's members")]
pub struct SimulatedTarget {
    pub n: u16,
    #[schema(value_type = String)]
    pub repository: RepositoryName,
    #[schema(value_type = String)]
    pub workflow: WorkflowFile,
    /// `dispatched`, `denied` or `unknown`.
    pub state: &'static str,
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Vec<String>>)]
    pub inputs: Vec<(String, String)>,
    pub line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<SimulatedReason>,
}

fn because(reason: Reason, detail: &str) -> SimulatedReason {
    SimulatedReason { reason, sentence: reason.sentence(), detail: detail.to_owned(), hint: reason.hint().to_owned() }
}

fn nothing(skipped: SimulatedReason) -> Simulated {
    Simulated { skipped: Some(skipped), targets: Vec::new(), surplus: 0, config_path: None, diagnostics: Vec::new() }
}

impl Dispatcher {
    /// Imagines a run on the default branch, and says what it would lead to.
    ///
    /// # Errors
    /// [`Trouble`] when GitHub could not be read.
    pub async fn simulate(&self, request: &SimulationRequest, github: &GitHub) -> Result<Simulated, Trouble> {
        let installation_id = match reads::installation(github, &request.repository).await? {
            InstallationVerdict::Installed(id) => id,
            InstallationVerdict::NotInstalled => return Ok(nothing(because(Reason::InstallationMissing, ""))),
        };
        let facts = match reads::repository(github, installation_id, &request.repository).await? {
            RepositoryVerdict::Found(facts) => facts,
            RepositoryVerdict::NotFound => return Ok(nothing(because(Reason::TargetNotAccessible, ""))),
        };
        let text = |given: &Option<String>, usual: &str| given.clone().unwrap_or_else(|| usual.to_owned());
        let run = SourceRun {
            installation_id,
            repository_id: facts.id,
            repository: facts.name.clone(),
            default_branch: Some(facts.default_branch.clone()),
            workflow: request.workflow.clone(),
            run_id: 0,
            attempt: 1,
            display_name: None,
            head_branch: Some(text(&request.branch, &facts.default_branch)),
            head_sha: "0".repeat(40),
            event: text(&request.event, "push"),
            conclusion: Some(text(&request.conclusion, "success")),
            url: String::new(),
            created_at: None,
            actor: None,
            head_repository_id: Some(facts.id),
        };
        self.simulate_run(&run, github).await
    }

    /// What a run would lead to, were its webhook to arrive now.
    ///
    /// # Errors
    /// [`Trouble`] when GitHub could not be read.
    pub async fn simulate_run(&self, run: &SourceRun, github: &GitHub) -> Result<Simulated, Trouble> {
        if let Err(skip) = source_rules::check(run, &self.config, false) {
            return Ok(nothing(because(skip.reason, &skip.detail)));
        }
        let file = reads::file(github, run.installation_id, &run.repository).await?;
        let mut diagnostics = file.diagnostics().map_or_else(Vec::new, |known| known.kept().to_vec());
        let FileRead::Found { path, file: rules, .. } = &file else {
            let missing = matches!(file, FileRead::Missing);
            let reason = if missing { Reason::MissingSourceConfig } else { Reason::InvalidSourceConfig };
            return Ok(Simulated { diagnostics, ..nothing(because(reason, "")) });
        };
        if *path == crate::file::PATHS[0]
            && reads::also_at_second_path(github, run.installation_id, &run.repository).await?
        {
            let message = format!("{} is ignored, since {path} exists", crate::file::PATHS[1]);
            diagnostics.push(Diagnostic::warning(1, 1, message).with_hint("remove one of the two"));
        }
        let lineage = Lineage::root(run.key(), &run.repository, &run.workflow);
        let case = Case { run, config: &self.config, chain: Some((&lineage, 0)), succeeded: &[] };
        let evaluation = evaluate(github, &case, rules).await;
        let targets: Vec<_> = evaluation.outcomes.iter().filter_map(target).collect();
        let none = targets.is_empty().then(|| because(Reason::NoMatchingRule, ""));
        Ok(Simulated {
            skipped: none,
            targets,
            surplus: evaluation.surplus,
            config_path: Some((*path).to_owned()),
            diagnostics,
        })
    }
}

fn target(outcome: &Outcome) -> Option<SimulatedTarget> {
    match outcome {
        Outcome::Decided(Decision::Denied(denial)) => Some(SimulatedTarget {
            n: denial.number.0,
            repository: denial.repository.clone(),
            workflow: denial.workflow.clone(),
            state: "denied",
            git_ref: None,
            inputs: Vec::new(),
            line: denial.line.number,
            why: Some(because(denial.reason, &denial.detail)),
        }),
        Outcome::Decided(Decision::Allowed(allowed)) => {
            let candidate = &allowed.survivor.candidate;
            let inputs = allowed.survivor.inputs.iter();
            Some(SimulatedTarget {
                n: candidate.number.0,
                repository: allowed.repository.name.clone(),
                workflow: candidate.workflow.clone(),
                state: "dispatched",
                git_ref: Some(allowed.git_ref.clone()),
                inputs: inputs.map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect(),
                line: candidate.line.number,
                why: None,
            })
        }
        Outcome::Decided(Decision::Waiting) => None,
        Outcome::Waiting(survivor, error) | Outcome::Unreadable(survivor, error) => {
            let candidate = &survivor.candidate;
            let mut why = because(Reason::TargetConfigUnavailable, &error.to_string());
            if let Some(hint) = error.hint() {
                why.hint = hint.to_string();
            }
            Some(SimulatedTarget {
                n: candidate.number.0,
                repository: candidate.repository.clone(),
                workflow: candidate.workflow.clone(),
                state: "unknown",
                git_ref: None,
                inputs: Vec::new(),
                line: candidate.line.number,
                why: Some(why),
            })
        }
    }
}
