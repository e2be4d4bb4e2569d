//! The intent `rerun`: runs a downstream run again, because somebody clicked.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::actions::Rerun;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, RepoName, RunId, Scope};
use switchboard_store::{NewFact, Settlement, Work};

use crate::handlers::draft::subject;
use crate::handlers::{NAME, Relay, payload};

/// What to run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RerunOrder {
    pub(crate) repo: RepoName,
    pub(crate) run: u64,
    /// Whether all of it runs again, or only what failed.
    pub(crate) all: bool,
    /// The upstream commit, and the pull request if there is one.
    pub(crate) head: String,
    pub(crate) number: Option<u64>,
}

impl Relay {
    pub(crate) async fn carry_rerun(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: RerunOrder = payload(intent)?;
        let Some(installation) = self.installed.of(context, &order.repo).await? else {
            let message = format!("the App is not installed on {}", order.repo);
            return Err(Trouble::permanent("not_installed", message));
        };
        let scope = Scope::new(installation, Permission::ACTIONS, Access::Write).on_named(order.repo.clone());
        let which = if order.all { Rerun::All } else { Rerun::Failed };
        let running = match context.github.rerun(scope, &order.repo, RunId(order.run), which).send().await {
            Ok(_) => false,
            Err(error) if already_runs(&error) => true,
            Err(error) => return Err(error.into()),
        };
        let fact = NewFact {
            automation: NAME,
            subject: subject(&self.up, order.number, &order.head),
            kind: format!("{NAME}.rerun.sent"),
            data: json!({ "repo": order.repo, "run": order.run, "all": order.all, "alreadyRunning": running }),
        };
        Ok(Settlement { facts: vec![fact], ..Settlement::done() })
    }
}

/// Whether GitHub refuses because the run is under way: just what was wanted.
fn already_runs(error: &Error) -> bool {
    error.status() == Some(403) && error.internal().to_ascii_lowercase().contains("already running")
}
