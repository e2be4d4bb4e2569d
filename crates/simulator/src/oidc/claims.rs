//! What tokens say, as their issuers document it.
//! <https://docs.github.com/actions/reference/security/oidc>, <https://buildkite.com/docs/agent/cli/reference/oidc>

use std::time::Duration;

use serde_json::{Map, Value, json};
use switchboard_clock::Entropy as _;

use super::{Provider, Requester};
use crate::state::State;
use crate::state::runs::Run;

/// How long a token is good for, from its making on.
pub(crate) const LIFETIME: Duration = Duration::from_secs(300);
/// How far GitHub dates the beginning of a token back.
const BACK_DATED: Duration = Duration::from_secs(600);

/// What another provider says of a job that asks for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildkiteJob {
    /// The organization's UUID.
    pub organization_id: String,
    /// Its name in addresses.
    pub organization_slug: String,
    /// The pipeline's UUID.
    pub pipeline_id: String,
    /// Its name in addresses.
    pub pipeline_slug: String,
    /// Which build of the pipeline.
    pub build_number: u64,
    /// The branch it builds.
    pub build_branch: String,
    /// The commit it builds.
    pub build_commit: String,
    /// How the build came to be: `webhook`, `ui`, `api`, `schedule`, `trigger_job`.
    pub build_source: String,
    /// The step's key.
    pub step_key: String,
    /// The job's UUID.
    pub job_id: String,
    /// The agent's UUID.
    pub agent_id: String,
}

impl BuildkiteJob {
    /// The job `job_id` of a pipeline's first build on `main`.
    #[must_use]
    pub fn new(organization_id: &str, pipeline_id: &str, job_id: &str) -> Self {
        Self {
            organization_id: organization_id.to_owned(),
            organization_slug: "acme-builds".to_owned(),
            pipeline_id: pipeline_id.to_owned(),
            pipeline_slug: "nightly".to_owned(),
            build_number: 1,
            build_branch: "main".to_owned(),
            build_commit: "9f3182061f1e2cca4702c368cbc039b7dc9d4485".to_owned(),
            build_source: "api".to_owned(),
            step_key: "report".to_owned(),
            job_id: job_id.to_owned(),
            agent_id: "0184990a-4782-42b5-afc1-16715b10b8ff".to_owned(),
        }
    }

    /// On this branch.
    #[must_use]
    pub fn on(self, branch: &str) -> Self {
        Self { build_branch: branch.to_owned(), ..self }
    }
}

impl State {
    /// The claims of the job that asks, for this audience; none names the repository's owner, as on GitHub.
    pub(crate) fn actions_claims(&self, asks: Requester, audience: Option<&str>) -> Option<Map<String, Value>> {
        let repository = self.repositories.get(&asks.repo)?;
        let run = repository.runs.get(&asks.run)?;
        let (name, owner) = (self.full_name(repository.id), self.login(repository.owner));
        let branch = run.head_branch.as_deref().unwrap_or(&repository.default_branch);
        let tag = !repository.branches.contains_key(branch) && repository.tags.contains_key(branch);
        let reference = format!("refs/{}/{branch}", if tag { "tags" } else { "heads" });
        let path = run.path.as_deref().unwrap_or_default();
        let definition = format!("{name}/{path}@{reference}");
        let visibility = if repository.private { "private" } else { "public" };
        let mut claims = self.registered(Provider::GitHubActions, BACK_DATED);
        let more = json!({
            "sub": subject(&name, run, &reference),
            "aud": audience.map_or_else(|| self.html_url(&format!("/{owner}")), str::to_owned),
            "ref": reference,
            "ref_type": if tag { "tag" } else { "branch" },
            "ref_protected": "false",
            "sha": run.head_sha,
            "repository": name,
            "repository_id": repository.id.to_string(),
            "repository_owner": owner,
            "repository_owner_id": repository.owner.to_string(),
            "repository_visibility": visibility,
            "run_id": run.id.to_string(),
            "run_number": run.number.to_string(),
            "run_attempt": asks.attempt.to_string(),
            "actor": self.login(run.actor),
            "actor_id": run.actor.to_string(),
            "workflow": run.workflow_name,
            "workflow_ref": definition,
            "workflow_sha": run.head_sha,
            "job_workflow_ref": definition,
            "job_workflow_sha": run.head_sha,
            "head_ref": if run.event.starts_with("pull_request") { branch } else { "" },
            "base_ref": if run.event.starts_with("pull_request") { repository.default_branch.as_str() } else { "" },
            "event_name": run.event,
            "check_run_id": asks.job.to_string(),
            "runner_environment": "github-hosted",
        });
        claims.extend(more.as_object().cloned().unwrap_or_default());
        Some(claims)
    }

    /// The claims of a build's job, for this audience.
    pub(crate) fn buildkite_claims(&self, job: &BuildkiteJob, audience: &str) -> Map<String, Value> {
        let BuildkiteJob { organization_slug, pipeline_slug, build_branch, build_commit, step_key, .. } = job;
        let mut claims = self.registered(Provider::Buildkite, Duration::ZERO);
        let more = json!({
            "sub": format!(
                "organization:{organization_slug}:pipeline:{pipeline_slug}:ref:refs/heads/{build_branch}:commit:{build_commit}:step:{step_key}"
            ),
            "aud": audience,
            "organization_slug": organization_slug,
            "organization_id": job.organization_id,
            "pipeline_slug": pipeline_slug,
            "pipeline_id": job.pipeline_id,
            "build_number": job.build_number,
            "build_branch": build_branch,
            "build_tag": null,
            "build_commit": build_commit,
            "build_source": job.build_source,
            "step_key": step_key,
            "job_id": job.job_id,
            "agent_id": job.agent_id,
            "runner_environment": "self-hosted",
        });
        claims.extend(more.as_object().cloned().unwrap_or_default());
        claims
    }

    /// What every token says: who issued it, when it is good, and a name that no other has.
    fn registered(&self, provider: Provider, back_dated: Duration) -> Map<String, Value> {
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let now = self.now.seconds();
        let claims = json!({
            "jti": self.entropy.id(self.now).to_string(),
            "iss": provider.issuer(&self.settings),
            "iat": now,
            "nbf": now - seconds(back_dated),
            "exp": now + seconds(LIFETIME),
        });
        claims.as_object().cloned().unwrap_or_default()
    }
}

fn subject(name: &str, run: &Run, reference: &str) -> String {
    if run.event == "pull_request" {
        format!("repo:{name}:pull_request")
    } else {
        format!("repo:{name}:ref:{reference}")
    }
}
