//! The dispatcher's pages: how it is doing, what it decided about each run, and why.
//!
//! Every page reads records by key or one range of keys, and shows them as they were written. With the frame that is at most eight
//! reads of the store, however much is stored; no page sums, sorts or merges what it reads. The one page that also asks GitHub is
//! a repository's, which looks at the file as it is now.
//!
//! | page | what it answers |
//! |---|---|
//! | [`overview`] | is it well, and if not, why? |
//! | [`runs`] | which runs were there, of this source, to that target, with this reason? |
//! | [`journey`] | what became of this run, target by target? |
//! | [`repos`], [`repo`] | whom does this repository start, and who may start something here? |
//!
//! [`reading`] is what pages and API both read, [`words`] how states and facts are put into words.

mod assets;
mod chart;
mod journey;
mod overview;
pub(crate) mod question;
pub(crate) mod reading;
pub(crate) mod replay;
mod repo;
mod repos;
mod runs;
mod words;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{HeaderValue, StatusCode, header};
use switchboard_clock::{Entropy, Timestamp};
use switchboard_engine::accept::Acceptor;
use switchboard_engine::health::Wellness;
use switchboard_engine::{Context, Engine, Reader};
use switchboard_github::GitHub;
use switchboard_panel::components::{Sentence, State, Told};
use switchboard_panel::{AutomationPages, NavItem};
use switchboard_store::{Fact, Result, Store};
use utoipa_axum::router::OpenApiRouter;

use crate::handlers::{Dispatcher, NAME};
use crate::health::Health;
use crate::keys::{self, views};
use crate::run_key::RunKey;

/// The dispatcher's tab in the panel: its pages and its API.
pub struct DispatcherPages {
    desk: Arc<Desk>,
}

/// What every request of the dispatcher's can reach.
pub(crate) struct Desk {
    /// The records.
    pub(crate) reader: Reader,
    /// The rules, for simulations.
    pub(crate) dispatcher: Arc<Dispatcher>,
    /// GitHub, to read from.
    pub(crate) github: GitHub,
    /// The way in for what operators do.
    pub(crate) acceptor: Acceptor,
    entropy: Arc<dyn Entropy>,
}

impl DispatcherPages {
    /// Pages about this dispatcher's records in this store. What operators do enters through the engine's acceptor.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, dispatcher: Arc<Dispatcher>, engine: &Engine) -> Self {
        let Context { github, entropy, .. } = engine.context(engine.github().clone());
        let acceptor = engine.acceptor().clone();
        Self { desk: Arc::new(Desk { reader: Reader::new(store), dispatcher, github, acceptor, entropy }) }
    }
}

impl Desk {
    /// A new id for an action.
    pub(crate) fn new_id(&self) -> String {
        self.entropy.id(self.reader.now()).to_string()
    }
}

/// `/schemas/dispatching.schema.json`, for editors. They send no cookies, so it stands outside of the sign-in: merge it beside the
/// panel's router.
pub fn schemas() -> Router {
    Router::new().route(
        "/schemas/dispatching.schema.json",
        get(|| async { ([(header::CONTENT_TYPE, "application/schema+json")], crate::file::JSON_SCHEMA) }),
    )
}

#[async_trait]
impl AutomationPages for DispatcherPages {
    fn name(&self) -> &'static str {
        NAME
    }

    fn nav(&self) -> NavItem {
        NavItem { label: "Dispatcher", path: "/dispatcher" }
    }

    fn routes(&self) -> Router {
        Router::new()
            .route("/dispatcher", get(overview::page))
            .route("/dispatcher/runs", get(runs::page))
            .route("/dispatcher/runs/{repository}/{run}/{attempt}", get(journey::page))
            .route("/dispatcher/runs/{repository}/{run}/{attempt}/replay", post(replay::form))
            .route("/dispatcher/repos", get(repos::page))
            .route("/dispatcher/repos/{owner}/{name}", get(repo::page))
            .route("/dispatcher/repos/{owner}/{name}/lint", post(repo::lint))
            .route("/dispatcher/repos/{owner}/{name}/simulate", post(repo::simulate))
            .route("/dispatcher/assets/{name}", get(assets::serve))
            .route("/admin", get(moved))
            .route("/admin/", get(moved))
            .route("/admin/{*rest}", get(moved))
            .with_state(Arc::clone(&self.desk))
    }

    fn api(&self) -> OpenApiRouter {
        crate::api::routes().with_state(Arc::clone(&self.desk))
    }

    /// Everything that was recorded. Not a repository's page, which shows its file as it is now.
    fn public_routes(&self) -> &'static [&'static str] {
        &[
            "/dispatcher",
            "/dispatcher/runs",
            "/dispatcher/runs/{repository}/{run}/{attempt}",
            "/dispatcher/repos",
            "/dispatcher/assets/{name}",
            "/api/v1/dispatcher/summary",
            "/api/v1/dispatcher/health",
            "/api/v1/dispatcher/trend",
            "/api/v1/dispatcher/runs",
            "/api/v1/dispatcher/problems",
            "/api/v1/dispatcher/repos",
            "/api/v1/dispatcher/runs/{repository}/{run}/{attempt}",
            "/api/v1/dispatcher/journey",
        ]
    }

    fn tell(&self, fact: &Fact) -> Option<Told> {
        words::tell(fact)
    }

    /// A run by its id, by the id of a run that it started, or by its run key. Two reads at most: a number may be either id.
    async fn find(&self, _: &dyn Store, query: &str) -> Result<Option<String>> {
        let reader = &self.desk.reader;
        if let Some(id) = run_id(query) {
            if let Some(key) = reader.get::<RunKey>(&views::BY_RUN, &keys::run_id(id)).await? {
                return Ok(Some(links::run(key)));
            }
            let started: Option<crate::handlers::records::StartedRun> =
                reader.get(&views::BY_TARGET_RUN, &keys::run_id(id)).await?;
            return Ok(started.map(|started| links::run(started.run_key)));
        }
        let Ok(key) = query.parse::<RunKey>() else { return Ok(None) };
        let known: Option<serde_json::Value> = reader.get(&views::RUN, &keys::run(key)).await?;
        Ok(known.map(|_| links::run(key)))
    }
}

/// A run's id as it is, or in the address of its page on GitHub.
fn run_id(query: &str) -> Option<u64> {
    let text = match query.split_once("/actions/runs/") {
        Some((_, rest)) => rest.split(['/', '?', '#']).next().unwrap_or_default(),
        None => query,
    };
    text.parse().ok()
}

/// The predecessor's pages stood under `/admin`.
async fn moved() -> Response {
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, HeaderValue::from_static("/dispatcher"))]).into_response()
}

/// How the dispatcher is doing, in a sentence.
fn health_sentence(health: Option<&Health>, now: Timestamp) -> Sentence {
    let Some(told) = health.map(|health| health.told(now)) else {
        return Sentence::new("No run has been looked at yet.").state(State::Waiting);
    };
    let state = match told.wellness {
        Wellness::Well => State::Succeeded,
        Wellness::Quiet => State::Waiting,
        Wellness::Look => State::Denied,
        Wellness::Bad => State::Failed,
    };
    Sentence::new(told.words).state(state)
}

/// Where the dispatcher's pages are, and things on GitHub.
pub(crate) mod links {
    use switchboard_panel::links::encoded;

    use crate::names::{RepositoryName, WorkflowFile};
    use crate::run_key::RunKey;

    /// The journey of a run.
    pub(crate) fn run(key: RunKey) -> String {
        // A run key is digits, `/` and `~`, all of which a path may hold.
        format!("/dispatcher/runs/{key}")
    }

    /// The page of a repository.
    pub(crate) fn repo(name: &RepositoryName) -> String {
        format!("/dispatcher/repos/{}/{}", encoded(name.owner()), encoded(name.name()))
    }

    /// The list of runs with one filter.
    pub(crate) fn runs(filter: &str, value: &str) -> String {
        format!("/dispatcher/runs?{filter}={}", encoded(value))
    }

    /// A repository on GitHub.
    pub(crate) fn on_github(base: &str, name: &RepositoryName) -> String {
        format!("{base}/{}/{}", encoded(name.owner()), encoded(name.name()))
    }

    /// A line of a file on the default branch, on GitHub.
    pub(crate) fn line(base: &str, name: &RepositoryName, path: &str, line: u32) -> String {
        format!("{}/blob/HEAD/{path}?plain=1#L{line}", on_github(base, name))
    }

    /// A workflow's file on the default branch, on GitHub.
    pub(crate) fn workflow(base: &str, name: &RepositoryName, file: &WorkflowFile) -> String {
        format!("{}/actions/workflows/{}", on_github(base, name), encoded(file.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_found_by_its_id_or_its_address() {
        for (query, expected) in [
            ("991", Some(991)),
            ("https://github.com/acme/api/actions/runs/991", Some(991)),
            ("https://github.com/acme/api/actions/runs/991/job/5?x#y", Some(991)),
            ("acme/api", None),
            ("1/2/3", None),
            ("", None),
        ] {
            assert_eq!(run_id(query), expected, "{query}");
        }
    }
}
