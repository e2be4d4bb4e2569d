//! The relay's pages: what became of every upstream event at every downstream repository, and whether the relay itself is well.
//!
//! Every page reads records by key or by one range of keys and shows them as they were written; no page sums, sorts or merges more
//! than the rows that it shows. The HUD reads one range of 50 rows, at most 150 results and columns for what is unfolded, and at most
//! ten things for the strip above it.
//!
//! | page | what it answers |
//! |---|---|
//! | [`hud`] | how do the newest events stand, at each entry? |
//! | [`story`] | what became of this pull request, this dispatch, this one target? |
//! | [`repo`] | how is this entry doing, and what is open or could not be sent? |
//! | [`list`] | what does the allowlist say, and is it in order? |
//! | [`about`] | and in brief, on the page that the panel has of a pull request or commit? |
//! | [`levels`], [`trends`] | who is to be promoted or demoted, and how do the numbers move? |
//! | [`setup`] | what does a downstream repository write to take part? |
//!
//! [`reading`] is what pages and API both read, [`words`] and [`told`] how states and facts are put into words.

mod about;
mod assets;
pub(crate) mod figures;
mod history;
pub(crate) mod hud;
mod installed;
mod levels;
mod list;
pub(crate) mod operate;
pub(crate) mod question;
pub(crate) mod reading;
mod repo;
mod setup;
mod story;
pub(crate) mod strip;
mod told;
pub(crate) mod trends;
pub(crate) mod words;

use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::routing::{get, post};
use http::header;
use switchboard_clock::Entropy;
use switchboard_engine::accept::Acceptor;
use switchboard_engine::{Context, Engine, Reader};
use switchboard_github::GitHub;
use switchboard_panel::components::{Sentence, State, Told, plural};
use switchboard_panel::{About, AutomationPages, NavItem, Shortcut};
use switchboard_store::{Fact, Result, Store, Subject};
use utoipa_axum::router::OpenApiRouter;

use crate::handlers::{NAME, Relay};
use crate::records::{AllowlistRecord, DispatchRecord, keys, views};

/// The relay's tab in the panel: its pages and its API.
pub struct RelayPages {
    desk: Arc<Desk>,
}

/// What every request of the relay's can reach.
pub(crate) struct Desk {
    /// The records.
    pub(crate) reader: Reader,
    /// The relay and its settings.
    pub(crate) relay: Relay,
    /// The way in for what operators do.
    pub(crate) acceptor: Acceptor,
    github: GitHub,
    entropy: Arc<dyn Entropy>,
}

impl RelayPages {
    /// Pages about this relay's records in this store. What operators do enters through the engine's acceptor.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, relay: Relay, engine: &Engine) -> Self {
        let Context { github, entropy, .. } = engine.context(engine.github().clone());
        let acceptor = engine.acceptor().clone();
        Self { desk: Arc::new(Desk { reader: Reader::new(store), relay, acceptor, github, entropy }) }
    }
}

impl Desk {
    /// What the rules that read records are given, for questions that decide nothing.
    pub(crate) fn context(&self) -> Context {
        let (store, github, entropy) = (self.reader.clone(), self.github.clone(), Arc::clone(&self.entropy));
        Context { now: store.now(), store, github, entropy }
    }

    /// A new id for an action.
    pub(crate) fn new_id(&self) -> String {
        self.entropy.id(self.reader.now()).to_string()
    }
}

/// `/schemas/allowlist.json`, for editors. They send no cookies, so it stands outside of the sign-in: merge it beside the panel's
/// router.
pub fn schemas() -> Router {
    let schema = || async { ([(header::CONTENT_TYPE, "application/schema+json")], crate::allowlist::JSON_SCHEMA) };
    Router::new().route("/schemas/allowlist.json", get(schema))
}

#[async_trait]
impl AutomationPages for RelayPages {
    fn name(&self) -> &'static str {
        NAME
    }

    fn nav(&self) -> NavItem {
        NavItem { label: "Relay", path: "/relay" }
    }

    fn routes(&self) -> Router {
        Router::new()
            .route("/relay", get(hud::page))
            .route("/relay/strip", get(hud::strip))
            .route("/relay/rows/{kind}/{row}", get(hud::row))
            .route("/relay/prs/{number}", get(story::pull))
            .route("/relay/dispatches/{id}", get(story::dispatch))
            .route("/relay/dispatches/{id}/{owner}/{name}", get(story::target))
            .route("/relay/dispatches/{id}/{owner}/{name}/redispatch", post(operate::redispatch))
            .route("/relay/repos/{owner}/{name}", get(repo::page))
            .route("/relay/repos/{owner}/{name}/identity/reset", post(operate::identity_reset))
            .route("/relay/repos/{owner}/{name}/demotion", post(operate::demotion_lift))
            .route("/relay/allowlist", get(list::page))
            .route("/relay/allowlist/lint", post(list::lint))
            .route("/relay/allowlist/refresh", post(operate::refresh))
            .route("/relay/levels", get(levels::page))
            .route("/relay/trends", get(trends::page))
            .route("/relay/setup", get(setup::page))
            .route("/relay/assets/{name}", get(assets::serve))
            .with_state(Arc::clone(&self.desk))
    }

    fn api(&self) -> OpenApiRouter {
        crate::api::routes().with_state(Arc::clone(&self.desk))
    }

    /// Everything that only reads: none of it tells more than the upstream's pull requests and the downstreams' reports do.
    fn public_routes(&self) -> &'static [&'static str] {
        &[
            "/relay",
            "/relay/strip",
            "/relay/rows/{kind}/{row}",
            "/relay/prs/{number}",
            "/relay/dispatches/{id}",
            "/relay/dispatches/{id}/{owner}/{name}",
            "/relay/repos/{owner}/{name}",
            "/relay/allowlist",
            "/relay/levels",
            "/relay/trends",
            "/relay/setup",
            "/relay/assets/{name}",
            "/api/v1/relay/matrix",
            "/api/v1/relay/repos",
            "/api/v1/relay/repos/{owner}/{name}",
            "/api/v1/relay/repos/{owner}/{name}/results",
            "/api/v1/relay/prs/{number}",
            "/api/v1/relay/commits/{sha}",
            "/api/v1/relay/dispatches/{id}",
            "/api/v1/relay/gate/{number}",
            "/api/v1/relay/series",
            "/api/v1/relay/levels",
            "/api/v1/relay/allowlist",
            "/api/v1/relay/status",
        ]
    }

    fn shortcuts(&self) -> &'static [Shortcut] {
        &[
            Shortcut {
                keys: &["←", "→", "↑", "↓"],
                does: "go from cell to cell of the matrix, past those with nothing in them",
            },
            Shortcut {
                keys: &["Enter"],
                does: "shows what stands behind a cell, beside the matrix; Esc leads back to it",
            },
        ]
    }

    async fn about(&self, subject: &Subject) -> Result<About> {
        about::card(&self.desk, subject).await
    }

    fn tell(&self, fact: &Fact) -> Option<Told> {
        told::tell(fact)
    }

    /// A dispatch by its delivery id.
    async fn find(&self, _: &dyn Store, query: &str) -> Result<Option<String>> {
        if query.is_empty()
            || query.len() > 64
            || !query.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Ok(None);
        }
        let known: Option<DispatchRecord> = self.desk.reader.get(&views::DISPATCH, &keys::dispatch(query)).await?;
        Ok(known.map(|dispatch| links::dispatch(&dispatch.delivery_id)))
    }
}

/// Whom the relay sends to, in a sentence; a list that cannot be used comes first.
fn list_sentence(up: &str, record: Option<&AllowlistRecord>) -> Sentence {
    let Some(record) = record else {
        return Sentence::new(format!("The allowlist of `{up}` has not been read yet.")).state(State::Waiting);
    };
    match (&record.list, &record.error) {
        (None, Some(error)) => {
            Sentence::new(format!("Nothing is dispatched: {}.", error.message.trim_end_matches('.')))
                .state(State::Failed)
        }
        (None, None) => Sentence::new(format!("The allowlist of `{up}` has not been read yet.")).state(State::Waiting),
        (Some(_), Some(error)) => {
            let told = error.message.trim_end_matches('.');
            Sentence::new(format!("The last good allowlist is in force: {told}.")).state(State::Denied)
        }
        (Some(list), None) => {
            let entries = plural(list.entries().len() as u64, "repository", "repositories");
            Sentence::new(format!("`{up}` is relayed to {entries}.")).state(State::Succeeded)
        }
    }
}

/// Where the relay's pages are, and things on GitHub.
pub(crate) mod links {
    use switchboard_github::RepoName;
    use switchboard_panel::links::encoded;

    /// The page of a pull request.
    pub(crate) fn pull(number: u64) -> String {
        format!("/relay/prs/{number}")
    }

    /// The page of a dispatch.
    pub(crate) fn dispatch(delivery_id: &str) -> String {
        format!("/relay/dispatches/{}", encoded(delivery_id))
    }

    /// The page of one dispatch at one entry.
    pub(crate) fn target(delivery_id: &str, repo: &RepoName) -> String {
        format!("{}/{}", dispatch(delivery_id), path(repo))
    }

    /// The page of an entry.
    pub(crate) fn repo(name: &RepoName) -> String {
        format!("/relay/repos/{}", path(name))
    }

    fn path(name: &RepoName) -> String {
        let (owner, name) = name.as_str().split_once('/').unwrap_or_default();
        format!("{}/{}", encoded(owner), encoded(name))
    }

    /// A repository on GitHub.
    pub(crate) fn on_github(web: &str, name: &RepoName) -> String {
        format!("{web}/{}", path(name))
    }

    /// A run on GitHub, if its id is one of GitHub's.
    pub(crate) fn run(web: &str, name: &RepoName, run: &str) -> Option<String> {
        let numeric = !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit());
        numeric.then(|| format!("{}/actions/runs/{run}", on_github(web, name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_githubs_own_run_ids_lead_to_github() {
        let name = "a/b".parse().unwrap();
        assert_eq!(links::run("https://x", &name, "12").as_deref(), Some("https://x/a/b/actions/runs/12"));
        assert_eq!(links::run("https://x", &name, "0195-f4"), None);
        assert_eq!(links::run("https://x", &name, ""), None);
    }

    #[test]
    fn a_list_that_was_never_read_is_not_a_good_one() {
        let html = list_sentence("org/up", None).to_string();
        assert!(html.contains("has not been read yet"), "{html}");
    }
}
