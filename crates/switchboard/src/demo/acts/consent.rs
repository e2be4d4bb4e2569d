//! Consent: both sides or nothing, and a chain.

use switchboard_simulator::RunId;

use super::{Play, found, started};
use crate::demo::watch::Journey;

impl Play<'_> {
    /// `acme/api` succeeds and names five targets, of which one has consented; that one names another.
    pub(super) async fn consent(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading("acme/api: ci.yml succeeds on main. Its dispatching.yml names five workflows to start.");
        let run = self.succeed(&town.api);
        let journey = self.follow(run).await;
        self.expect_dispatches(1, &town.deploy, "deploy.yml");
        self.expect_issue(&town.api);
        self.verdicts.note(
            "a target that has consented is started, with its inputs filled in",
            started(journey.as_ref(), &town.deploy) && self.inputs_arrived(),
            found(journey.as_ref()),
        );
        let reason = |repository: &str| journey.as_ref().and_then(|journey| journey.reason(repository));
        let denials = [
            ("acme/docs", "inbound_not_authorized"),
            ("acme/website", "missing_target_config"),
            ("globex/billing", "target_org_not_allowlisted"),
            ("acme/mobile", "inputs_not_accepted"),
        ];
        let denied = denials.iter().all(|(repository, code)| reason(repository) == Some(code));
        self.verdicts.note(
            "four targets that have not are denied, each with its reason",
            denied,
            found(journey.as_ref()),
        );

        let Some(journey) = journey else { return };
        self.first_page = Some(journey.path());
        self.chain(&journey).await;
        if let Some(issue) = self.watch.issue(&journey).await {
            let number = issue.number.unwrap_or_default();
            self.narrator.say(&format!("An issue tells acme/api what was denied and why: acme/api#{number}"));
        }
    }

    /// Whether the templates in the inputs were filled in from the run.
    fn inputs_arrived(&self) -> bool {
        let town = &self.stage.town;
        let runs = town.deploy.workflow.runs();
        let Some(run) = runs.first() else { return false };
        let input = |name: &str| run.inputs.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        input("sha") == town.api.repository.head("main") && input("origin").as_deref() == Some("acme/api on main")
    }

    /// What was started completes, and starts the next.
    async fn chain(&mut self, root: &Journey) {
        let town = &self.stage.town;
        let deploy = root.target("acme/deploy");
        let result = match deploy {
            Some(target) => self.watch.result(root, target).await,
            None => None,
        };
        self.narrator.heading("acme/deploy: the run that was started succeeds too, and names the next one.");
        let next = match deploy.and_then(|target| target.run_id) {
            Some(id) => self.follow(Some(RunId(id))).await,
            None => None,
        };
        self.expect_dispatches(1, &town.smoke_tests, "check.yml");
        let conclusion = result.and_then(|result| result.conclusion);
        self.verdicts.equal(
            "how a started run ended is shown where it was started",
            &conclusion.as_deref(),
            &Some("success"),
        );
        let one_root = next.as_ref().is_some_and(|next| next.run.lineage.root == root.run.key);
        self.verdicts.note(
            "a chain of three repositories has one root",
            one_root && started(next.as_ref(), &town.smoke_tests),
            found(next.as_ref()),
        );
    }
}
