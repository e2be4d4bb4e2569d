//! What the relay alone needs. Its allowlist is read from the database, its issuers are asked.

use std::sync::Arc;

use switchboard_clock::SystemClock;
use switchboard_engine::Reader;
use switchboard_github::RepoName;
use switchboard_github::oidc::Verifier;
use switchboard_github::pages::Pages;
use switchboard_relay::config::Config;
use switchboard_relay::identity::issuers;
use switchboard_relay::records::{AllowlistRecord, keys, views};
use switchboard_store::Result;
use switchboard_store::sqlite::SqliteStore;

use crate::doctor::judge::relay as judge;
use crate::doctor::{Check, Progress, subject};
use crate::serve;
use crate::settings::Settings;

/// The relay's settings and its upstream, while it is switched on.
fn switched_on(settings: &Settings) -> Option<(&Config, &RepoName)> {
    let config = Some(&settings.relay.config).filter(|config| config.enabled)?;
    Some((config, config.upstream.as_ref()?))
}

/// Whether what is kept at hand answers.
pub(super) async fn cache(settings: &Settings) -> Check {
    if switched_on(settings).is_none() {
        return judge::off(subject::RELAY_CACHE);
    }
    let asked = match serve::redis(settings) {
        None => None,
        Some(Err(why)) => Some(Err(why)),
        Some(Ok(redis)) => Some(redis.ping().await),
    };
    judge::cache(asked)
}

/// The allowlist as it was last read.
pub(super) async fn allowlist(settings: &Settings, reader: &Reader, runs: bool) -> Result<Check> {
    let Some((config, upstream)) = switched_on(settings) else { return Ok(judge::off(subject::RELAY_ALLOWLIST)) };
    let record = read(reader, upstream).await?;
    let pages = settings.github.as_ref().map(|github| Pages::of(github.api_url.web()));
    let place = judge::Place { source: &config.allowlist, upstream, pages };
    Ok(judge::allowlist(record.as_ref(), place, runs))
}

/// The entries in force, as far as they can be read; whether they can, the check of the allowlist says.
pub(super) async fn entries(settings: &Settings, store: Option<&Arc<SqliteStore>>) -> Vec<RepoName> {
    let (Some((_, upstream)), Some(store)) = (switched_on(settings), store) else { return Vec::new() };
    let record = read(&Reader::new(Arc::clone(store) as _), upstream).await.ok().flatten();
    let list = record.and_then(|record| record.list);
    list.iter().flat_map(switchboard_relay::allowlist::Allowlist::entries).map(|entry| entry.repo.clone()).collect()
}

async fn read(reader: &Reader, upstream: &RepoName) -> Result<Option<AllowlistRecord>> {
    reader.get(&views::ALLOWLIST, &keys::upstream(upstream)).await
}

/// Asks those whose tokens are believed for their keys.
pub(super) async fn ask_issuers(settings: &Settings, progress: &Progress) -> Vec<Check> {
    let Some((config, _)) = switched_on(settings) else { return vec![judge::off(subject::RELAY_ISSUERS)] };
    progress.step("asking issuers of tokens for their keys");
    let names = issuers(&config.oidc_issuer, &config.providers);
    let failed = |why: String| vec![judge::issuer(&config.oidc_issuer, Err(why))];
    let transport = match serve::transport() {
        Ok(transport) => transport,
        Err(failure) => return failed(failure.to_string()),
    };
    match Verifier::new(&names, &[], transport, Arc::new(SystemClock)) {
        Ok(verifier) => verifier.ask().await.into_iter().map(|(name, found)| judge::issuer(name, found)).collect(),
        Err(error) => failed(error.to_string()),
    }
}
