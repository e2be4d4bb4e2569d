//! What the database says. It was opened to read; every read is by key or by a range of keys.

use std::sync::Arc;

use switchboard_engine::Reader;
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness};
use switchboard_github::pages::Pages;
use switchboard_store::sqlite::SqliteStore;
use switchboard_store::{Result, Store as _, StoreError, WorkFilter, WorkState};

use super::relay;
use crate::assembly;
use crate::doctor::judge::stored;
use crate::doctor::{Check, Source, subject};
use crate::settings::Settings;

/// Dead letters that are told one by one.
const LETTERS: usize = 5;

/// Looks at the store, if there is one.
pub(super) async fn look(
    settings: &Settings,
    store: Result<&Option<Arc<SqliteStore>>, &StoreError>,
    runs: bool,
) -> Vec<Check> {
    let skipped = |why: &str, hint: &str| {
        let stored = subject::ALL.iter().filter(|subject| subject.source == Source::Store);
        stored.map(|subject| Check::skipped(subject, why, hint)).collect()
    };
    match store {
        Ok(Some(store)) => match read(settings, store, runs).await {
            Ok(checks) => checks,
            Err(error) => skipped(&format!("the database cannot be read: {error}"), "See the check database."),
        },
        Ok(None) => skipped("there is no database yet", "A server makes it at its first start."),
        Err(_) => skipped("the database cannot be read", "See the check database."),
    }
}

async fn read(settings: &Settings, store: &Arc<SqliteStore>, runs: bool) -> Result<Vec<Check>> {
    let reader = Reader::new(Arc::clone(store) as _);
    let (now, backlog) = (store.now(), store.backlog().await?);
    let base = settings.server.public_url.as_ref().map(ToString::to_string);
    let letters = store.works(WorkFilter::State(WorkState::Dead), None, LETTERS).await?;
    let seen: Option<Completeness> = reader.get(&COMPLETENESS, &CURRENT).await?;
    let mut checks = vec![stored::backlog(&backlog, now, runs), stored::missing(seen.as_ref(), now, runs)];
    checks.extend(stored::dead_letters(&backlog, &letters, base.as_deref()));
    let pages = settings.github.as_ref().map(|github| Pages::of(github.api_url.web()));
    checks.push(relay::allowlist(settings, &reader, runs).await?);
    for automation in assembly::automations(&settings.dispatcher.config, &settings.relay.config) {
        checks.extend(stored::files(automation.name(), &automation.files(&reader).await?, pages));
    }
    Ok(checks)
}
