//! Looking at what the server has recorded, and waiting until it has.

use std::time::Duration;

use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{IssueRecord, ResultRecord, RunRecord, RunState, TargetRecord};
use switchboard_dispatcher::keys::{self, views};
use switchboard_dispatcher::matching::CandidateNumber;
use switchboard_dispatcher::reasons::Reason;
use switchboard_dispatcher::run_key::RunKey;
use switchboard_engine::{Reader, subject};
use switchboard_simulator::{Repository, RunId};
use switchboard_store::{Delivery, Fact, FactsOf, KeyRange, Subject, WorkFilter, WorkState};

/// How long anything in the story may take, in real time. It takes a fraction of that.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often to look again.
const GLANCE: Duration = Duration::from_millis(20);
/// More rows than the story makes.
const MANY: usize = 200;

/// Waits until `look` finds something.
pub(super) async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, looking).await.ok()
}

/// A planned run, all its targets at their end.
pub(super) struct Journey {
    pub(super) run: RunRecord,
    pub(super) targets: Vec<TargetRecord>,
}

impl Journey {
    /// The path of its page.
    pub(super) fn path(&self) -> String {
        format!("/dispatcher/runs/{}", self.run.key)
    }

    /// What became of the target in this repository.
    pub(super) fn target(&self, repository: &str) -> Option<&TargetRecord> {
        self.targets.iter().find(|target| target.repository.to_string() == repository)
    }

    /// The code of the reason for which this repository's target was not started.
    pub(super) fn reason(&self, repository: &str) -> Option<&'static str> {
        self.target(repository)?.reason.map(Reason::code)
    }
}

/// Reads the server's records.
#[derive(Clone)]
pub(super) struct Watch(pub(super) Reader);

impl Watch {
    /// Waits until the first attempt of a run is planned and all its targets are at their end.
    pub(super) async fn journey(&self, run: RunId) -> Option<Journey> {
        until(async || {
            let key: RunKey = self.0.get(&views::BY_RUN, &keys::run_id(run.0)).await.ok()??;
            let run: RunRecord = self.0.get(&views::RUN, &keys::run(key)).await.ok()??;
            if run.state == RunState::Dispatching {
                return None;
            }
            let targets = self.0.list(&views::TARGET, KeyRange::prefix(&format!("{key}/")), MANY).await.ok()?;
            Some(Journey { run, targets: targets.into_iter().map(|(_, target)| target).collect() })
        })
        .await
    }

    /// Waits until it is known how the run ended that a target started.
    pub(super) async fn result(&self, journey: &Journey, target: &TargetRecord) -> Option<ResultRecord> {
        let key = keys::target(journey.run.key, CandidateNumber(target.n));
        until(async || self.0.get(&views::RESULT, &key).await.ok()?).await
    }

    /// Waits for the issue about a run.
    pub(super) async fn issue(&self, journey: &Journey) -> Option<IssueRecord> {
        let key = keys::run(journey.run.key);
        let written = |issue: &IssueRecord| issue.number.is_some();
        until(async || self.0.get(&views::ISSUE, &key).await.ok()?.filter(written)).await
    }

    /// Waits until a run of this commit is skipped, and returns the fact that says so.
    pub(super) async fn skipped(&self, repository: &Repository, head_sha: &str) -> Option<Fact> {
        let subject = subject::commit(&repository.full_name(), head_sha);
        until(async || {
            let facts = self.0.facts(FactsOf::Subject(subject.clone()), None, MANY).await.ok()?;
            facts.into_iter().find(|fact| fact.kind == kinds::SOURCE_SKIPPED)
        })
        .await
    }

    /// Waits until the delivery that a run was planned from has come in a second time.
    pub(super) async fn duplicate(&self, journey: &Journey) -> Option<Delivery> {
        let id = journey.run.delivery;
        until(async || self.0.delivery(id).await.ok()?.filter(|delivery| delivery.duplicates > 0)).await
    }

    /// Whether gap repair has asked for this delivery again.
    pub(super) async fn was_asked_for(&self, journey: &Journey) -> bool {
        let about = Subject::from(format!("delivery/{}", journey.run.delivery_id));
        let facts = self.0.facts(FactsOf::Subject(about), None, MANY).await.unwrap_or_default();
        facts.iter().any(|fact| fact.kind == "engine.gap.redelivery_asked")
    }

    /// Dead letters, in words.
    pub(super) async fn dead_letters(&self) -> Vec<String> {
        let works = self.0.works(WorkFilter::State(WorkState::Dead), None, MANY).await.unwrap_or_default();
        let told = |work: &switchboard_store::Work| {
            let message = work.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
            format!("{} {}: {message}", work.kind, work.id)
        };
        works.iter().map(told).collect()
    }
}
