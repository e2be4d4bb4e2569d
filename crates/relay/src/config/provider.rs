use std::collections::BTreeMap;

use switchboard_github::repo_name::RepoName;

/// Who signs Buildkite's tokens unless set.
pub const BUILDKITE_ISSUER: &str = "https://agent.buildkite.com";

/// Buildkite, whose pipelines may report for repositories: the one kind of identity besides GitHub's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Who signs its tokens.
    pub issuer: String,
    /// The pipelines that are believed.
    pub pipelines: Vec<Pipeline>,
}

/// A pipeline and the repository that it speaks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pipeline {
    /// Claim `organization_id`.
    pub organization_id: String,
    /// Claim `pipeline_id`.
    pub pipeline_id: String,
    /// The repository that it speaks for.
    pub repo: RepoName,
    /// Claims that must hold one of the named values.
    pub required_claims: BTreeMap<String, Vec<String>>,
}
