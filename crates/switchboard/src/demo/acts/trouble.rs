//! What goes wrong between machines: errors, lost answers, webhooks that come twice or not at all.

use switchboard_simulator::{RunId, WebhookFault};

use super::{Play, found, started};
use crate::demo::clock::PACE;
use crate::demo::town::Target;

impl Play<'_> {
    /// GitHub answers 502 twice.
    pub(super) async fn trouble_at_github(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading(
            "acme/payments: ci.yml succeeds, but GitHub answers 502 when acme/staging is to be started. Twice.",
        );
        self.narrator.say(
            "Each time the runs are looked through for one that was started all the same, before it is tried again.",
        );
        let dispatches = dispatches(&town.staging, "roll-out.yml");
        self.stage.github.fault("POST", &dispatches).times(2).status(502);
        self.expect_dispatches(1, &town.staging, "roll-out.yml");
        let run = self.succeed(&town.payments);
        let journey = self.follow(run).await;
        let attempts =
            journey.as_ref().and_then(|journey| journey.target("acme/staging")).map(|target| target.attempts);
        self.verdicts.equal("a dispatch that fails twice succeeds at the third attempt", &attempts, &Some(3));
        let once = started(journey.as_ref(), &town.staging) && town.staging.workflow.runs().len() == 1;
        self.verdicts.note("and has started one run", once, found(journey.as_ref()));
    }

    /// GitHub starts the run, and the connection breaks before it says so.
    pub(super) async fn lost_answer(&mut self) {
        let town = &self.stage.town;
        self.narrator
            .heading("acme/search: ci.yml succeeds. GitHub starts acme/index, but its answer is lost on the way.");
        let dispatches = dispatches(&town.index, "rebuild.yml");
        self.stage.github.fault("POST", &dispatches).lose_answer();
        self.expect_dispatches(1, &town.index, "rebuild.yml");
        let run = self.succeed(&town.search);
        let journey = self.follow(run).await;
        let runs = town.index.workflow.runs();
        let known = journey.as_ref().and_then(|journey| journey.target("acme/index")).and_then(|target| target.run_id);
        if known.is_some() {
            self.narrator.say("The run was looked up instead of started a second time.");
        }
        let found_again = runs.len() == 1 && runs.first().map(|run| run.id.0) == known;
        self.verdicts.note(
            "a run whose start was never confirmed is found, not started again",
            found_again,
            found(journey.as_ref()),
        );
    }

    /// The same webhook, two times.
    pub(super) async fn arrives_twice(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading("acme/metrics: ci.yml succeeds, and the webhook arrives twice.");
        self.stage.github.webhook_fault("workflow_run", Some("completed"), 1, WebhookFault::Duplicate);
        self.expect_dispatches(1, &town.dashboards, "refresh.yml");
        let run = self.succeed(&town.metrics);
        let journey = self.follow(run).await;
        let duplicate = match &journey {
            Some(journey) => self.watch.duplicate(journey).await,
            None => None,
        };
        if duplicate.is_some() {
            self.narrator.say("The second one was answered as a duplicate.");
        }
        let once = duplicate.is_some() && town.dashboards.workflow.runs().len() == 1;
        self.verdicts.note("a webhook that comes twice acts once", once, found(journey.as_ref()));
    }

    /// A webhook never arrives. It happens first, since GitHub must be given a minute before it counts as missing.
    pub(super) fn lose_a_webhook(&mut self) -> Option<RunId> {
        let town = &self.stage.town;
        self.narrator
            .heading("acme/auth: ci.yml succeeds, but the network swallows the webhook. Nobody notices, for now.");
        self.stage.github.webhook_fault("workflow_run", Some("completed"), 1, WebhookFault::Drop);
        self.expect_dispatches(1, &town.gateway, "restart.yml");
        self.succeed(&town.auth)
    }

    /// The App's own delivery list knows of it.
    pub(super) async fn find_the_lost_webhook(&mut self, run: Option<RunId>) {
        let town = &self.stage.town;
        self.narrator
            .heading("acme/auth again: gap repair compares what arrived with the App's delivery list at GitHub.");
        self.narrator
            .say(&format!("(a delivery may take a minute before it is missed; here time runs {PACE} times as fast)"));
        let journey = self.follow(run).await;
        let asked = match &journey {
            Some(journey) => self.watch.was_asked_for(journey).await,
            None => false,
        };
        let repaired = asked && started(journey.as_ref(), &town.gateway);
        self.verdicts.note(
            "a webhook that never came is found missing and asked for",
            repaired,
            found(journey.as_ref()),
        );
    }
}

fn dispatches(target: &Target, file: &str) -> String {
    format!("/repos/{}/actions/workflows/{file}/dispatches", target.repository.full_name())
}
