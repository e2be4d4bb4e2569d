//! The relay: an upstream's pull requests go to repositories on four levels, whose results come back as checks.

use std::collections::BTreeSet;

use serde_json::json;
use switchboard_relay::records::{DispatchRecord, keys, views};
use switchboard_simulator::{CallbackView, CheckRunView, DeliveryOutcome, Expected, Pull, PullSpec, RunId, Workflow};

use super::Play;
use crate::demo::narrator::Tone;
use crate::demo::watch::until;

/// The labels that ask for the checks of the two devices.
const GPU: &str = "ciflow/crcr/gpu";
const NPU: &str = "ciflow/crcr/npu";
/// Check runs as people see them.
const OF_GPU: &str = "crcr/backends/gpu/CI/build";
const OF_NPU: &str = "crcr/backends/npu/CI/build";
const OF_REQUIRED: &str = "crcr/backends/required/CI/build";
const GATE: &str = "crcr/gate";
/// Whom tokens are for.
const AUDIENCE: &str = "pytorch-cross-repo-ci-relay";

/// Pull requests that were opened early, so that their runs are over when they are told of.
pub(super) struct Opened {
    labeled: Pull,
    unlabeled: Pull,
}

impl Play<'_> {
    /// Two people open pull requests. What comes of them is told later.
    pub(super) fn open_pulls(&mut self) -> Opened {
        let up = &self.stage.town.upstream.repository;
        let labeled = up.open_pull(PullSpec::new("Add a kernel").by("alice").forked().labels(&[GPU, NPU]));
        Opened { labeled, unlabeled: up.open_pull(PullSpec::new("Fuse two kernels").by("bob").forked()) }
    }

    /// Everything about the relay.
    pub(super) async fn relay(&mut self, opened: Opened) {
        self.narrator.heading(
            "acme/engine: alice opens a pull request. Five repositories in its allowlist are to test it, on four levels.",
        );
        self.levels(&opened.labeled).await;
        self.labels(&opened).await;
        self.forgery(&opened.labeled).await;
        self.never_ends(&opened.labeled).await;
        self.expect_what_was_relayed(3);
    }

    async fn levels(&mut self, pull: &Pull) {
        let upstream = &self.stage.town.upstream;
        let mut reached = 0;
        for workflow in upstream.workflows() {
            reached += usize::from(until(async || self.run_for(workflow, pull)).await.is_some());
        }
        self.verdicts.equal("a pull request is passed on to repositories of all four levels", &reached, &5);
        self.tell_check(pull, OF_REQUIRED, "success").await;
        self.tell_check(pull, OF_GPU, "success").await;
        let gate = self.tell_check(pull, GATE, "success").await;
        self.verdicts.note("the gate opens once the L4 repository is done", gate, self.checks(pull));
        self.narrator.say("Nothing of L1 is shown, and L2, which failed, stands on the relay's own pages only.");
        let quiet = self.seen(pull).iter().all(|check| {
            !["backends/onboarding", "backends/observer"].iter().any(|repository| check.name.contains(repository))
        });
        self.verdicts.note("L1 and L2 lead to no check on the pull request", quiet, self.checks(pull));
        if let Some(dispatch) = self.dispatch(pull).await {
            self.narrator.link(&format!("/deliveries/{}", dispatch.seq));
        }
        self.narrator.link("/relay");
        self.narrator.link("/relay/repos/backends/gpu");
    }

    async fn labels(&mut self, opened: &Opened) {
        self.narrator.heading("The label for gpu may come before the run, while it runs, or after its end.");
        let before = self.seen(&opened.labeled).iter().any(|check| check.name == OF_GPU);
        let upstream = &self.stage.town.upstream;
        let carol = upstream.repository.open_pull(PullSpec::new("Tile the loop").by("carol").forked());
        let running = until(async || self.reported(&upstream.gpu, &carol, "in_progress")).await.is_some();
        carol.label(GPU);
        let during = running && self.tell_check(&carol, OF_GPU, "in_progress").await;

        until(async || self.reported(&upstream.gpu, &opened.unlabeled, "completed")).await;
        let without = self.seen(&opened.unlabeled).iter().all(|check| check.name != OF_GPU);
        opened.unlabeled.label(GPU);
        let after = without && self.tell_check(&opened.unlabeled, OF_GPU, "success").await;
        let during = during && self.tell_check(&carol, OF_GPU, "success").await;
        let found = format!("before: {before}, during: {during}, after: {after}");
        self.verdicts.note("a label leads to the same check, whenever it comes", before && during && after, found);
    }

    /// Somebody reports with a token that GitHub did not sign.
    async fn forgery(&mut self, pull: &Pull) {
        self.narrator.heading("Somebody reports that backends/gpu has failed, with a token that GitHub did not sign.");
        let upstream = &self.stage.town.upstream;
        let Some(run) = self.run_for(&upstream.gpu, pull) else { return };
        let Some(token) = upstream.gpu_repository.id_token(run, AUDIENCE) else { return };
        let delivery = self.delivery_of(&upstream.gpu, run);
        let workflow = json!({
            "status": "completed", "conclusion": "failure", "name": "CI", "job_name": "build", "run_id": run.0,
        });
        let body = json!({ "event_type": "pull_request", "delivery_id": delivery, "workflow": workflow });
        let report = self.stage.github.call_back(&token.forged().mint(), &body);
        let answered = until(async || {
            let reports = self.stage.github.callbacks();
            reports.into_iter().find(|known| known.id == report)?.outcome
        });
        let answered = answered.await;
        let unchanged = self.seen(pull).iter().any(|check| check.name == OF_GPU && state(check) == "success");
        let refused = answered == Some(DeliveryOutcome::Answered(401));
        if refused {
            self.narrator
                .say(&format!("{} with 401, and nothing was written", self.narrator.toned(Tone::Bad, "refused")));
        }
        let found = format!("{answered:?}\n{}", self.checks(pull));
        self.verdicts.note("a forged report is refused and changes nothing", refused && unchanged, found);
    }

    async fn never_ends(&mut self, pull: &Pull) {
        self.narrator.heading("backends/npu never says how its run ended. Its entry allows one minute.");
        let ended = self.tell_check(pull, OF_NPU, "timed_out").await;
        self.verdicts.note("a run that never ends is timed out", ended, self.checks(pull));
    }

    /// From now on what the relay has written is expected: dispatches exactly, and every check run made once.
    fn expect_what_was_relayed(&mut self, pulls: u64) {
        let upstream = &self.stage.town.upstream;
        for name in ["onboarding", "observer", "gpu", "npu", "required"] {
            self.expected.push(Expected::times(pulls, "POST", &format!("/repos/backends/{name}/dispatches")));
        }
        let made = upstream.repository.check_runs();
        let distinct: BTreeSet<(&str, &str)> =
            made.iter().map(|check| (check.head_sha.as_str(), check.name.as_str())).collect();
        self.verdicts.equal(
            "every check run was made once, and brought up to date after that",
            &made.len(),
            &distinct.len(),
        );
    }

    /// Waits until a check has come to this status or conclusion, and tells it.
    async fn tell_check(&self, pull: &Pull, name: &str, wanted: &str) -> bool {
        let found =
            until(async || self.seen(pull).into_iter().find(|check| check.name == name && state(check) == wanted));
        let Some(check) = found.await else { return false };
        let tone = if wanted == "success" { Tone::Good } else { Tone::Quiet };
        let wanted = self.narrator.toned(tone, &format!("{wanted:11}"));
        self.narrator.say(&format!("{wanted} {} on acme/engine#{}", check.name, pull.number()));
        true
    }

    fn seen(&self, pull: &Pull) -> Vec<CheckRunView> {
        pull.repository().visible_checks(&pull.head_sha())
    }

    /// The checks of a pull request, for the table of verdicts.
    fn checks(&self, pull: &Pull) -> String {
        self.seen(pull).iter().map(|check| format!("{} {}\n", state(check), check.name)).collect()
    }

    /// The run that a pull request has started.
    fn run_for(&self, workflow: &Workflow, pull: &Pull) -> Option<RunId> {
        let of_pull = |run: &&switchboard_simulator::RunView| {
            run.inputs.get("payload").is_some_and(|payload| payload["pull_request"]["number"] == pull.number())
        };
        workflow.runs().iter().find(of_pull).map(|run| run.id)
    }

    fn delivery_of(&self, workflow: &Workflow, run: RunId) -> String {
        let runs = workflow.runs();
        let run = runs.iter().find(|view| view.id == run);
        run.and_then(|run| run.inputs.get("delivery_id")?.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Whether the run of a pull request has reported this status, and was believed.
    fn reported(&self, workflow: &Workflow, pull: &Pull, status: &str) -> Option<CallbackView> {
        let run = self.run_for(workflow, pull)?;
        let believed = |report: &CallbackView| {
            report.run == Some(run)
                && report.body["workflow"]["status"] == status
                && report.outcome == Some(DeliveryOutcome::Answered(200))
        };
        self.stage.github.callbacks().into_iter().find(believed)
    }

    async fn dispatch(&self, pull: &Pull) -> Option<DispatchRecord> {
        let workflow = &self.stage.town.upstream.onboarding;
        let id = self.delivery_of(workflow, self.run_for(workflow, pull)?);
        self.watch.0.get(&views::DISPATCH, &keys::dispatch(&id)).await.ok()?
    }
}

/// A check's conclusion, or its status until it has one.
fn state(check: &CheckRunView) -> &str {
    check.conclusion.as_deref().unwrap_or(check.status)
}
