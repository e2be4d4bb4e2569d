//! What the relay's settings need beside each other.

use std::collections::BTreeSet;

use switchboard_relay::config::CacheBackend;

use super::effective::Effective;
use super::kinds::Secret;
use super::load::Loading;
use super::origin::Origin;
use super::problem::Problem;
use super::sections::RelaySettings;

/// What the address of a Redis begins with.
const SCHEMES: [&str; 2] = ["redis://", "rediss://"];

/// What contradicts itself, whatever the settings are wanted for.
pub(super) fn judge(loading: &mut Loading<'_>) {
    choose_cache(loading);
    let relay = &loading.draft.relay;
    let config = &relay.config;
    let mut found: Vec<(&str, &str, &str)> = Vec::new();
    if config.oidc_audience.is_empty() {
        found.push((
            "relay.oidc_audience",
            "nobody's tokens would be meant for this server",
            "name what downstream workflows ask tokens for, such as pytorch-cross-repo-ci-relay",
        ));
    }
    let mut issuers = BTreeSet::from([config.oidc_issuer.as_str()]);
    if config.providers.iter().any(|provider| !issuers.insert(provider.issuer.as_str())) {
        found.push((
            "relay.provider",
            "two providers share an issuer, so nobody could tell whose token it is",
            "give each its own issuer; pipelines of one go under one [[relay.provider]]",
        ));
    }
    let url = relay.redis_url.as_ref().map(Secret::expose);
    if config.cache == CacheBackend::Redis && url.is_none() {
        found.push(("relay.cache.backend", "Redis needs an address", "set REDIS_URL, such as redis://cache:6379"));
    }
    let wanted = config.cache == CacheBackend::Redis;
    if url.is_some_and(|url| wanted && !SCHEMES.iter().any(|scheme| url.starts_with(scheme))) {
        found.push((
            "relay.cache.url",
            "this is not the address of a Redis",
            "write redis://host:6379, or rediss:// for one with TLS",
        ));
    }
    let problems: Vec<Problem> = found
        .into_iter()
        .map(|(name, message, hint)| Problem::new(message).of(name).at(loading.origin(name)).hint(hint))
        .collect();
    loading.problems.extend(problems);
}

/// Whoever names a Redis and no backend means the Redis.
fn choose_cache(loading: &mut Loading<'_>) {
    if loading.draft.relay.redis_url.is_some() && loading.winner("relay.cache.backend").is_none() {
        loading.draft.relay.config.cache = CacheBackend::Redis;
    }
}

/// The backend as it was [chosen](choose_cache), where nobody said which.
pub(super) fn show_cache(effective: &mut [Effective], relay: &RelaySettings) {
    let unsaid = |row: &&mut Effective| row.setting.name() == "relay.cache.backend" && row.origin == Origin::Default;
    if let Some(row) = effective.iter_mut().find(unsaid) {
        row.shown = Some(format!("\"{}\"", relay.config.cache.word()));
    }
}

/// What a server cannot relay without, except what has been complained about already.
pub(super) fn require(loading: &mut Loading<'_>, named: &BTreeSet<String>) {
    const NAME: &str = "relay.upstream";
    let config = &loading.draft.relay.config;
    if config.enabled && config.upstream.is_none() && !named.contains(NAME) {
        let problem = Problem::new("not set, and the relay is enabled").of(NAME).at(loading.origin("relay.enabled"));
        let hint = "set upstream under [relay] to the repository whose events are relayed, as owner/name";
        loading.problems.push(problem.hint(hint));
    }
}
