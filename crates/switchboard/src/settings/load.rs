//! From sources to [`Settings`]: every problem is collected, none hides another.

use std::collections::{BTreeMap, BTreeSet};

use super::checks;
use super::draft::Draft;
use super::effective::Effective;
use super::environment::{self, FromVariables};
use super::file::{self, FileValues, Given, refused};
use super::origin::Origin;
use super::problem::{Problem, Problems};
use super::sources::{IGNORED_VARIABLE, Sources};
use super::table;
use super::{Purpose, Settings, relay, sign_in};

/// What the loader knows while it judges the whole.
pub(super) struct Loading<'a> {
    pub(super) sources: &'a Sources,
    pub(super) file: FileValues,
    pub(super) environment: BTreeMap<String, Given>,
    /// What variables say that are not ours alone.
    pub(super) shared: BTreeMap<String, Given>,
    pub(super) draft: Draft,
    pub(super) problems: Vec<Problem>,
}

impl Loading<'_> {
    /// The value that holds, and nothing for a default.
    pub(super) fn winner(&self, name: &str) -> Option<&Given> {
        self.environment.get(name).or_else(|| self.file.given.get(name)).or_else(|| self.shared.get(name))
    }

    /// Where the value that holds came from.
    pub(super) fn origin(&self, name: &str) -> Origin {
        self.winner(name).map_or(Origin::Default, |given| given.origin.clone())
    }
}

pub(super) fn load(sources: &Sources, purpose: Purpose) -> Result<Settings, Problems> {
    let mut problems = Vec::new();
    let file = sources.file.as_ref().map(|text| file::read(text, &mut problems)).unwrap_or_default();
    let FromVariables { own: environment, shared } = environment::read(&sources.variables, &mut problems);
    let mut loading = Loading { sources, file, environment, shared, draft: Draft::default(), problems };
    checks::prefer_own_collector(&mut loading);
    let mut effective = apply(&mut loading);
    checks::resolve_pairs(&mut loading);
    relay::judge(&mut loading);
    let named: BTreeSet<String> = loading.problems.iter().filter_map(|problem| problem.setting.clone()).collect();
    // A file that cannot be read may well hold what seems to be missing.
    if purpose == Purpose::Serve && !loading.file.unreadable {
        checks::require(&mut loading, &named);
        relay::require(&mut loading, &named);
        sign_in::with_github(&mut loading);
        checks::sign_in_beyond_loopback(&mut loading);
    }
    if !loading.problems.is_empty() {
        return Err(Problems(loading.problems));
    }
    let mut warnings = if sources.variables.contains_key(IGNORED_VARIABLE) {
        vec![format!("{IGNORED_VARIABLE} is set and ignored: it means nothing here")]
    } else {
        Vec::new()
    };
    let Draft { server, github, auth, store, log, telemetry, engine, dispatcher, relay: relay_settings } =
        loading.draft;
    let auth = auth.finish();
    warnings.extend(sign_in::over_plain_http(&server, &auth));
    relay::show_cache(&mut effective, &relay_settings);
    Ok(Settings {
        server,
        github: github.finish(),
        auth,
        store,
        log,
        telemetry,
        engine,
        dispatcher,
        relay: relay_settings,
        effective,
        warnings,
    })
}

/// Lets each row fill its field: first with the default, then by variables that are not ours alone, then from the file,
/// then from the environment, so that a wrong value in the file is found even where the environment overrides it.
fn apply(loading: &mut Loading<'_>) -> Vec<Effective> {
    let mut effective = Vec::new();
    for setting in table::settings() {
        let name = setting.name();
        let default = setting.default.and_then(|text| setting.form.read_text(text).ok().flatten());
        let default = default.map(|value| Given { value, origin: Origin::Default, entries: Vec::new() });
        let (shared, file) = (loading.shared.get(&name), loading.file.given.get(&name));
        let layers = [default.as_ref(), shared, file, loading.environment.get(&name)];
        for given in layers.into_iter().flatten() {
            if let Err(refusal) = (setting.set)(&mut loading.draft, &given.value) {
                let at = given.blame(&refusal);
                loading.problems.push(refused(setting, refusal, at));
            }
        }
        let winner = layers.into_iter().flatten().last();
        effective.push(Effective::new(setting, winner));
    }
    effective
}
