//! The intent `dispatch`: one event to one entry, once.
//!
//! A request whose answer was lost may have started a run all the same. It is left alone for two minutes; if nothing has reported by
//! then, the entry's runs are read, and one that no other dispatch owns is taken for it. Otherwise it is sent once more: a
//! downstream that gets an event twice cancels the older run, one that never gets it is silent for ever. That it is sent again is
//! settled before it is done, so that wherever the server dies, nothing is sent a third time.

use std::time::Duration;

use serde_json::value::RawValue;
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::actions::RunFilter;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Class, Error, InstallationId, Reason, RepoName, Scope, endpoint};
use switchboard_store::{Failure, Outcome, Settlement, Work};

use crate::handlers::plan::{DispatchOrder, is_expired};
use crate::handlers::sent::SentOrder;
use crate::handlers::{Relay, SENT, Sent, context, job, payload};
use crate::records::{BodyRecord, RunRecord, TargetError, TargetRecord, TargetState, keys, views};

/// How long a report is waited for after a lost answer: most runs report their start within it.
const LOOK_AFTER: Duration = Duration::from_secs(120);
/// How much earlier than our own request a run of ours may seem to have been created: clocks differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);
/// How long the dispatch's lane is given to write something down.
const WRITTEN_AFTER: Duration = Duration::from_secs(5);
/// The event of runs that a dispatch starts.
const RUN_EVENT: &str = "repository_dispatch";

impl Relay {
    pub(crate) async fn carry_dispatch(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: DispatchOrder = payload(intent)?;
        let Some(target) = context::target(context, &order.delivery_id, &order.repo).await? else {
            return Ok(Settlement::done());
        };
        let (lost, failed) = (target.state == TargetState::Unconfirmed, target.state == TargetState::Failed);
        // What failed is carried again only if somebody revives the dead letter.
        let waits = lost || failed || target.state == TargetState::Unsent;
        if !waits || target.generation != order.generation || lost && target.superseded.is_some() {
            return Ok(Settlement::done());
        }
        if intent.unanswered && !lost {
            // The server died over it: whether it had sent anything yet, nobody knows.
            let failure = unanswered("the server stopped while it was sending");
            return Ok(unconfirmed(&order, target.attempts + 1, failure, context));
        }
        if intent.unanswered {
            let done = target.resent || self.has_run(intent, &order, context).await?;
            return Ok(if done {
                taken(&order, target.attempts.max(1), context)
            } else {
                again(&order, &target, context)
            });
        }
        if lost && !target.resent {
            let failure = unanswered("that it is sent once more is not written down yet");
            return Err(Trouble::Wait { until: context.now + WRITTEN_AFTER, hold: None, failure });
        }
        if !failed && is_expired(order.at, context.now) {
            return Err(Trouble::permanent("expired", "GitHub took no dispatch within six hours of the event"));
        }
        let Some(installation) = self.installed.of(context, &order.repo).await? else {
            let message = format!("the App is not installed on {}", order.repo);
            return Err(not_installed(message));
        };
        let body: Option<BodyRecord> = context.store.get(&views::BODY, &keys::dispatch(&order.delivery_id)).await?;
        let body = body.and_then(|record| RawValue::from_string(record.body).ok());
        let body = body.ok_or_else(|| Trouble::permanent("payload_gone", "the event is no longer kept"))?;
        let attempts = target.attempts + 1;
        let scope = writing(installation, &order.repo);
        match context.github.repository_dispatch(scope.clone(), &order.repo, &body).send().await {
            Ok(_) => {
                let repository_id = context.github.minted_repositories(&scope).first().map(|id| id.0);
                Ok(told(&order, attempts, Sent::Taken { repository_id }, context))
            }
            // A second loss counts as sent.
            Err(error) if target.resent && is_lost(&error) => Ok(taken(&order, attempts, context)),
            Err(error) => self.refused(&order, attempts, &error, context),
        }
    }

    /// After a lost answer: whether a run is there that it may have started.
    async fn has_run(&self, intent: &Work, order: &DispatchOrder, context: &Context) -> Result<bool, Trouble> {
        let Some(installation) = self.installed.of(context, &order.repo).await? else { return Ok(false) };
        let since = intent.first_leased_at.unwrap_or(intent.created_at) - CLOCK_TOLERANCE;
        let created = format!(">={}", since.rfc3339_seconds());
        let filter = RunFilter { event: Some(RUN_EVENT), created: Some(&created), ..RunFilter::default() };
        let scope = Scope::new(installation, Permission::ACTIONS, Access::Read).on_named(order.repo.clone());
        let runs = match context.github.repository_runs(scope, &order.repo, &filter).fetch().await {
            Ok(fetched) => fetched.value.workflow_runs,
            // Where the App may not look, nothing is found.
            Err(error) if matches!(error.class(), Class::Permanent(_)) => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        for run in runs {
            let key = keys::run(&order.repo, &run.id.to_string());
            let owned: Option<RunRecord> = context.store.get(&views::RUN, &key).await?;
            if owned.is_none_or(|owned| owned.delivery_id.as_deref() == Some(&order.delivery_id)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a refused, held or lost request leads to.
    fn refused(
        &self,
        order: &DispatchOrder,
        attempts: u32,
        error: &Error,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let permanent = |code: &str, message: String| Trouble::Permanent {
            failure: Failure { code: code.to_owned(), message, hint: error.hint().map(ToString::to_string) },
        };
        let failure = || Failure {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(ToString::to_string),
        };
        let ours = error.route() == endpoint::REPOSITORY_DISPATCH.route;
        match error.class() {
            _ if is_lost(error) => Ok(unconfirmed(order, attempts, failure(), context)),
            // Whoever answers that it failed has answered: nothing is lost, and it is sent again.
            Class::Ambiguous => Err(Trouble::Again { failure: failure(), at: None, unanswered: false }),
            Class::Permanent(Reason::NotInstalled | Reason::Suspended) => {
                self.installed.doubt(&order.repo);
                Err(permanent("not_installed", error.to_string()))
            }
            Class::Permanent(_) if ours => Err(match error.status() {
                Some(404) => permanent("not_found", error.to_string()),
                Some(422) => permanent("payload_refused", error.to_string()),
                _ => permanent("forbidden", error.to_string()),
            }),
            _ => Err(std::clone::Clone::clone(error).into()),
        }
    }

    pub(crate) fn dispatch_given_up(&self, intent: &Work, failure: &Failure, context: &Context) -> Settlement {
        let Ok(order) = payload::<DispatchOrder>(intent) else { return Settlement::done() };
        let error =
            TargetError { code: failure.code.clone(), message: failure.message.clone(), hint: failure.hint.clone() };
        told(&order, intent.attempts, Sent::Failed(error), context)
    }
}

/// A token that dispatches to one repository.
fn writing(installation: InstallationId, repo: &RepoName) -> Scope {
    Scope::new(installation, Permission::CONTENTS, Access::Write).on_named(repo.clone())
}

fn not_installed(message: String) -> Trouble {
    let hint = "install the App on the repository, with access to it; then send the event again from the dead letter";
    Trouble::Permanent { failure: Failure { code: "not_installed".to_owned(), message, hint: Some(hint.to_owned()) } }
}

/// Whether a request went out and nobody knows what became of it.
fn is_lost(error: &Error) -> bool {
    matches!(error.class(), Class::Ambiguous) && error.status().is_none()
}

fn unanswered(message: &str) -> Failure {
    Failure { code: "unanswered".to_owned(), message: message.to_owned(), hint: None }
}

fn taken(order: &DispatchOrder, attempts: u32, context: &Context) -> Settlement {
    told(order, attempts, Sent::Taken { repository_id: None }, context)
}

/// No trace of it was found: that it is sent once more is written down, and then done.
fn again(order: &DispatchOrder, target: &TargetRecord, context: &Context) -> Settlement {
    let failure = unanswered("no run of it was found, so it is sent once more");
    let at = context.now + WRITTEN_AFTER;
    let outcome = Outcome::Retry { at, failure, counted: true, unanswered: false };
    Settlement { outcome, ..told(order, target.attempts, Sent::Resent, context) }
}

/// Nobody knows whether it was sent: a report may tell, until it is looked for.
fn unconfirmed(order: &DispatchOrder, attempts: u32, failure: Failure, context: &Context) -> Settlement {
    let at = context.now + LOOK_AFTER;
    let outcome = Outcome::Retry { at, failure, counted: true, unanswered: true };
    Settlement { outcome, ..told(order, attempts, Sent::Unconfirmed, context) }
}

/// Tells the dispatch's lane what became of the send.
fn told(order: &DispatchOrder, attempts: u32, outcome: Sent, context: &Context) -> Settlement {
    let sent = SentOrder {
        delivery_id: order.delivery_id.clone(),
        repo: order.repo.clone(),
        generation: order.generation,
        at: context.now,
        attempts,
        outcome,
    };
    Settlement { jobs: vec![job(SENT, order.lane.clone().into(), None, &sent)], ..Settlement::done() }
}
