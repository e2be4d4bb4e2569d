//! The story, act by act. Each act lets something happen at GitHub, waits until the server has dealt with it, says so,
//! and notes what was expected of it.

mod consent;
mod finale;
mod limits;
mod relay;
mod trouble;

use switchboard_dispatcher::handlers::records::{TargetRecord, TargetState};
use switchboard_simulator::{Expected, RunId, RunSpec};

use super::narrator::{Narrator, Tone};
use super::stage::Stage;
use super::town::{Source, Target};
use super::verdicts::Verdicts;
use super::watch::{Journey, Watch};

/// The story while it is played.
pub(super) struct Play<'a> {
    pub(super) stage: &'a Stage,
    pub(super) watch: Watch,
    pub(super) narrator: &'a Narrator,
    pub(super) verdicts: Verdicts,
    /// What the acts so far should have changed at GitHub.
    expected: Vec<Expected>,
    /// The page to look at first.
    pub(super) first_page: Option<String>,
}

impl<'a> Play<'a> {
    /// The story before its first act.
    pub(super) fn new(stage: &'a Stage, narrator: &'a Narrator) -> Self {
        let watch = Watch(stage.reader.clone());
        Self { stage, watch, narrator, verdicts: Verdicts::default(), expected: Vec::new(), first_page: None }
    }

    /// Plays the whole story.
    pub(super) async fn perform(&mut self) {
        let dropped = self.lose_a_webhook();
        let opened = self.open_pulls();
        self.consent().await;
        self.fork().await;
        self.invalid_file().await;
        self.endless_loop().await;
        self.trouble_at_github().await;
        self.lost_answer().await;
        self.arrives_twice().await;
        self.relay(opened).await;
        self.find_the_lost_webhook(dropped).await;
        self.finale().await;
    }

    /// A run on the default branch succeeds.
    fn succeed(&self, source: &Source) -> Option<RunId> {
        source.workflow.complete_run(&RunSpec { message: Some("Fix the build".to_owned()), ..RunSpec::default() })
    }

    /// Waits for what becomes of a run, tells it, and links to its page.
    async fn follow(&self, run: Option<RunId>) -> Option<Journey> {
        let journey = self.watch.journey(run?).await?;
        for target in &journey.targets {
            self.tell_target(target);
        }
        self.narrator.link(&journey.path());
        Some(journey)
    }

    fn tell_target(&self, target: &TargetRecord) {
        let TargetRecord { repository, workflow, state, reason, attempts, .. } = target;
        let tone = if *state == TargetState::Succeeded { Tone::Good } else { Tone::Bad };
        let mut line = format!("{} {repository} · {workflow}", self.narrator.toned(tone, outcome(*state)));
        if let Some(reason) = reason {
            line.push_str(&format!(": {}, {}", reason.code(), uncapitalised(reason.sentence())));
        }
        if *attempts > 1 {
            line.push_str(&format!(" (attempt {attempts})"));
        }
        self.narrator.say(&line);
    }

    /// From now on, so many dispatches of this workflow are expected.
    fn expect_dispatches(&mut self, times: u64, target: &Target, file: &str) {
        let path = format!("/repos/{}/actions/workflows/{file}/dispatches", target.repository.full_name());
        self.expected.push(Expected::times(times, "POST", &path));
    }

    /// From now on, a new issue in this repository is expected.
    fn expect_issue(&mut self, source: &Source) {
        let path = format!("/repos/{}/issues", source.repository.full_name());
        self.expected.push(Expected::once("POST", &path));
    }
}

/// How a target is told, all words equally long.
const fn outcome(state: TargetState) -> &'static str {
    match state {
        TargetState::Succeeded => "started",
        TargetState::Denied => "denied ",
        TargetState::Failed => "failed ",
        TargetState::Waiting | TargetState::Queued | TargetState::Held | TargetState::Simulated => "open   ",
    }
}

/// A sentence within a line: its first letter small, no stop at its end.
fn uncapitalised(sentence: &str) -> String {
    let mut letters = sentence.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// What was found, for the table of verdicts.
fn found(journey: Option<&Journey>) -> String {
    let Some(journey) = journey else { return "the run was not planned in time".to_owned() };
    let told = |target: &TargetRecord| {
        let reason = target.reason.map_or("", |reason| reason.code());
        let TargetRecord { repository, state, attempts, .. } = target;
        format!("{repository} {} {reason} (attempts {attempts})", state.as_str())
    };
    journey.targets.iter().map(told).collect::<Vec<_>>().join("\n")
}

/// Whether this repository's target was started.
fn started(journey: Option<&Journey>, target: &Target) -> bool {
    let found = journey.and_then(|journey| journey.target(&target.repository.full_name()));
    found.is_some_and(|target| target.state == TargetState::Succeeded && target.run_id.is_some())
}
