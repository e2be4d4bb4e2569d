//! How this simulated GitHub behaves where GitHub's editions, versions or days differ.

use std::time::Duration;

/// What a dispatch answers to `return_run_details: true`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunDetails {
    /// 200 with the run's id and addresses, as github.com does.
    #[default]
    Returned,
    /// The member is accepted and the answer is 204, as without it.
    Ignored,
    /// 422 that names the member, as GitHub Enterprise Server releases do that do not know it.
    Refused,
}

/// Behaviour that a story may change at any time through [`crate::Simulator::configure`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// Base of API addresses in answers when the request does not carry its own; no slash at the end.
    pub api_url: String,
    /// Base of addresses for people; no slash at the end.
    pub html_url: String,
    /// Address of the issuer of workflow runs' tokens, as they name it.
    pub actions_issuer: String,
    /// The same of another provider's builds.
    pub buildkite_issuer: String,
    /// Where scripted downstream runs report to, unless their script says otherwise.
    pub callback_url: String,
    /// For whom their tokens are meant.
    pub callback_audience: String,
    /// Requests an hour for each installation and each App.
    pub hourly_requests: u64,
    /// Whether the limits on points and content writes are enforced.
    pub secondary_limits: bool,
    /// How dispatches answer.
    pub run_details: RunDetails,
    /// How long a new run stays out of listings, as happens on GitHub under load.
    pub run_listing_delay: Duration,
    /// Characters of an installation token after `ghs_`; GitHub promises no length.
    pub token_length: usize,
    /// Whether an ETag is good only for the token that it was given to.
    pub etags_vary_by_token: bool,
    /// Attempts to deliver webhooks that are kept in memory with their bodies; beyond it the oldest are forgotten.
    pub deliveries_kept: usize,
    /// How long a webhook takes to leave after its event.
    pub webhook_latency: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_url: "https://api.github.com".to_owned(),
            html_url: "https://github.com".to_owned(),
            actions_issuer: "https://token.actions.githubusercontent.com".to_owned(),
            buildkite_issuer: "https://agent.buildkite.com".to_owned(),
            callback_url: "http://127.0.0.1:3000/github/callback".to_owned(),
            callback_audience: "pytorch-cross-repo-ci-relay".to_owned(),
            hourly_requests: crate::limits::HOURLY_REQUESTS,
            secondary_limits: true,
            run_details: RunDetails::default(),
            run_listing_delay: Duration::ZERO,
            token_length: 36,
            etags_vary_by_token: false,
            deliveries_kept: 20_000,
            webhook_latency: Duration::ZERO,
        }
    }
}
