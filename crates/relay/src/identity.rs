//! Who reports: what a verified token says about the run that it was given to, by the rules of its provider.

use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_github::oidc::Claims;

use crate::config::{Pipeline, Provider};
use crate::refusal::{Code, Refusal};
use crate::report::{ATTEMPTS_MAX, RunIds};

/// The characters of a token's id that are kept; more than any provider uses.
const TOKEN_ID_BYTES_MAX: usize = 128;

/// The run that reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its repository.
    pub repository: RepoName,
    /// The repository's id, which a re-registered name does not keep. Only GitHub tells it.
    pub repository_id: Option<u64>,
    /// The run, if the token is bound to one.
    pub run_id: Option<String>,
    /// Its attempt, if the token tells.
    pub run_attempt: Option<u32>,
    /// The token itself.
    pub token_id: Option<String>,
    /// When the token ends.
    pub expires_at: Timestamp,
    /// What its provider's run ids look like.
    pub run_ids: RunIds,
}

/// Events whose runs a stranger can start with content of their own.
fn is_untrusted(event: &str) -> bool {
    event == "issue_comment" || event.starts_with("pull_request")
}

/// Who reports.
///
/// # Errors
/// [`Code::ClaimsMissing`] if the token names no run, [`Code::UntrustedTrigger`], [`Code::PipelineUnmapped`] or
/// [`Code::ClaimRefused`] if that run may not report.
pub fn identify(claims: &Claims, providers: &[Provider]) -> Result<Identity, Refusal> {
    let provider = providers.iter().find(|provider| provider.issuer == claims.issuer());
    match provider {
        Some(provider) => of_pipeline(claims, provider),
        None => of_github(claims),
    }
}

fn of_github(claims: &Claims) -> Result<Identity, Refusal> {
    let missing = |claim: &str| Refusal::new(Code::ClaimsMissing, format!("The token has no usable claim `{claim}`."));
    let repository: RepoName =
        claims.text("repository").and_then(|name| name.parse().ok()).ok_or_else(|| missing("repository"))?;
    let run_id = claims.text("run_id").and_then(|id| id.parse::<i64>().ok()).filter(|id| *id >= 0);
    let run_id = run_id.ok_or_else(|| missing("run_id"))?.to_string();
    if let Some(event) = claims.text("event_name").filter(|event| is_untrusted(event)) {
        let detail = format!("A run that {event} started may not report.");
        return Err(Refusal::new(Code::UntrustedTrigger, detail));
    }
    Ok(Identity {
        repository,
        repository_id: claims.text("repository_id").and_then(|id| id.parse().ok()),
        run_id: Some(run_id),
        run_attempt: attempt(claims),
        token_id: token_id(claims),
        expires_at: claims.expires_at(),
        run_ids: RunIds::Numbers,
    })
}

fn of_pipeline(claims: &Claims, provider: &Provider) -> Result<Identity, Refusal> {
    let claim = |name: &str| {
        let missing = || Refusal::new(Code::ClaimsMissing, format!("The token has no usable claim `{name}`."));
        claims.text(name).ok_or_else(missing)
    };
    let (organization, pipeline) = (claim("organization_id")?, claim("pipeline_id")?);
    let mapped = |known: &&Pipeline| known.organization_id == organization && known.pipeline_id == pipeline;
    let mapped =
        provider.pipelines.iter().find(mapped).ok_or_else(|| {
            Refusal::new(Code::PipelineUnmapped, "The token's pipeline is not mapped to a repository.")
        })?;
    for (name, allowed) in &mapped.required_claims {
        if !claims.text(name).is_some_and(|value| allowed.contains(&value)) {
            let detail = format!("The token's claim `{name}` has no value that is allowed for this pipeline.");
            return Err(Refusal::new(Code::ClaimRefused, detail));
        }
    }
    Ok(Identity {
        repository: mapped.repo.clone(),
        repository_id: None,
        run_id: None,
        run_attempt: None,
        token_id: token_id(claims),
        expires_at: claims.expires_at(),
        run_ids: RunIds::Words,
    })
}

fn attempt(claims: &Claims) -> Option<u32> {
    claims.text("run_attempt")?.parse().ok().filter(|attempt| (1..=ATTEMPTS_MAX).contains(attempt))
}

fn token_id(claims: &Claims) -> Option<String> {
    claims.text("jti").filter(|id| (1..=TOKEN_ID_BYTES_MAX).contains(&id.len()))
}

/// The issuers to verify tokens of: GitHub's and those of the providers.
#[must_use]
pub fn issuers<'i>(github: &'i str, providers: &'i [Provider]) -> Vec<&'i str> {
    std::iter::once(github).chain(providers.iter().map(|provider| provider.issuer.as_str())).collect()
}
