//! What is stopped: strangers' code, files that cannot be read, loops.

use switchboard_simulator::{HeadRepository, RunId, RunSpec};

use super::{Play, found, started};
use crate::demo::narrator::Tone;
use crate::demo::watch::until;

impl Play<'_> {
    /// A pull request's run, with code from a fork whose branch is called `main` as well.
    pub(super) async fn fork(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading("acme/cli: ci.yml succeeds on a branch called main, but of octocat's fork.");
        let head_repository = HeadRepository::Other(town.fork.id());
        let spec = RunSpec { head_repository, message: Some("Try this".to_owned()), ..RunSpec::default() };
        let run = town.cli.workflow.complete_run(&spec);
        let sha = town.cli.workflow.runs().into_iter().find(|view| Some(view.id) == run).map(|view| view.head_sha);
        let fact = match sha {
            Some(sha) => self.watch.skipped(&town.cli.repository, &sha).await,
            None => None,
        };
        let reason = fact.as_ref().and_then(|fact| fact.data["reason"].as_str());
        self.verdicts.equal("a run of a fork's code starts nothing", &reason, &Some("source_from_fork"));
        if let Some(reason) = reason {
            let word = self.narrator.toned(Tone::Bad, "skipped");
            self.narrator.say(&format!("{word} {reason}; GitHub was not even asked"));
        }
        if let Some(delivery) = fact.and_then(|fact| fact.delivery) {
            self.narrator.link(&format!("/deliveries/{delivery}"));
        }
    }

    /// A misspelt key.
    pub(super) async fn invalid_file(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading("acme/handbook: ci.yml succeeds, but somebody has misspelt a key in dispatching.yml.");
        let run = self.succeed(&town.handbook);
        self.expect_issue(&town.handbook);
        let journey = self.follow(run).await;
        let issue = until(async || town.handbook.repository.issues().into_iter().next()).await;
        let body = issue.as_ref().and_then(|issue| issue.body.clone()).unwrap_or_default();
        if let Some(issue) = issue {
            let word = self.narrator.toned(Tone::Bad, "invalid");
            self.narrator.say(&format!("{word} an issue names line and field: \"{}\"", issue.title));
        }
        let told = journey.is_some() && body.contains("outbound[0].target");
        self.verdicts.note("an invalid file starts nothing and becomes an issue", told, body);
    }

    /// Two repositories that start each other.
    pub(super) async fn endless_loop(&mut self) {
        let town = &self.stage.town;
        self.narrator.heading("acme/ping: play.yml succeeds. It starts acme/pong, which starts acme/ping, which …");
        self.expect_dispatches(2, &town.pong, "play.yml");
        self.expect_dispatches(1, &town.ping_target, "play.yml");
        let mut run = self.succeed(&town.ping);
        let mut journeys = Vec::new();
        // One more than the depth allowed, so that a loop that is not stopped shows.
        for _ in 0..5 {
            let Some(journey) = self.follow(run).await else { break };
            run = journey.targets.first().and_then(|target| target.run_id).map(RunId);
            journeys.push(journey);
            if run.is_none() {
                break;
            }
        }
        // The last run is pong's, and the issue about the denial stands there.
        let path = format!("/repos/{}/issues", town.pong.repository.full_name());
        self.expected.push(switchboard_simulator::Expected::once("POST", &path));
        let last = journeys.last();
        let reason = last.and_then(|journey| journey.reason("acme/ping"));
        self.verdicts.equal("a loop stops at the allowed depth", &reason, &Some("chain_depth_exceeded"));
        let starts = journeys
            .iter()
            .filter(|journey| started(Some(journey), &town.pong) || started(Some(journey), &town.ping_target));
        self.verdicts.equal("after exactly three dispatches", &starts.count(), &3);
        let path = last.and_then(|journey| journey.targets.first()).and_then(|target| target.detail.clone());
        let shown = path.as_deref().is_some_and(|path| path.contains("acme/ping:play.yml → acme/pong:play.yml"));
        self.verdicts.note("and the way it went is recorded", shown, path.unwrap_or_else(|| found(last)));
        if let Some(journey) = journeys.last() {
            self.watch.issue(journey).await;
        }
    }
}
