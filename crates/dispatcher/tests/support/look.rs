//! What stories look at: candidates as they are recorded, and requests as they arrived at GitHub.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_dispatcher::handlers::records::{IssueRecord, RunRecord, TargetRecord};
use switchboard_dispatcher::keys::{self, views};
use switchboard_dispatcher::run_key::RunKey;
use switchboard_simulator::{Call, CallPattern, Repository, RunId};
use switchboard_store::{Fact, View};
use switchboard_testkit::World;

use super::of_kind;

/// All candidates, by run and in file order.
pub async fn targets(world: &World) -> Vec<TargetRecord> {
    read(world, &views::TARGET).await
}

/// All planned runs, by their keys.
pub async fn runs(world: &World) -> Vec<RunRecord> {
    read(world, &views::RUN).await
}

/// The issues about runs, by their keys.
pub async fn issue_records(world: &World) -> Vec<IssueRecord> {
    read(world, &views::ISSUE).await
}

/// The one candidate in this target repository.
pub async fn candidate(world: &World, repository: &str) -> TargetRecord {
    let mut found = targets(world).await;
    found.retain(|target| target.repository.to_string() == repository);
    assert_eq!(found.len(), 1, "candidates in {repository}");
    found.remove(0)
}

/// What was planned for the first attempt of a run.
pub async fn plan_of(world: &World, source: &Repository, run: RunId) -> RunRecord {
    let key = RunKey::new(source.id().0, run.0, 1);
    world.record(&views::RUN, keys::run(key)).await.expect("the run is planned")
}

/// The one fact of this kind.
pub fn one<'f>(facts: &'f [Fact], kind: &str) -> &'f Fact {
    let found = of_kind(facts, kind);
    assert_eq!(found.len(), 1, "{kind}: {found:?}");
    found[0]
}

/// Every request of this kind that was made, answered or not.
pub fn requests(world: &World, method: &str, path: &str) -> Vec<Call> {
    let pattern = CallPattern::new(method, path);
    world.github.calls().into_iter().filter(|call| pattern.matches(&call.method, &call.path)).collect()
}

/// Every request to start this workflow, answered or not.
pub fn starts(world: &World, repository: &str, workflow: &str) -> Vec<Call> {
    requests(world, "POST", &format!("/repos/{repository}/actions/workflows/{workflow}/dispatches"))
}

/// Every look for runs of this workflow.
pub fn looks(world: &World, repository: &str, workflow: &str) -> Vec<Call> {
    requests(world, "GET", &format!("/repos/{repository}/actions/workflows/{workflow}/runs"))
}

/// When each of these calls was made, counted from `since`.
pub fn offsets(calls: &[Call], since: Timestamp) -> Vec<Duration> {
    calls.iter().map(|call| call.at.since(since)).collect()
}

/// How long after another each of these calls was made.
pub fn gaps(calls: &[Call]) -> Vec<Duration> {
    calls.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect()
}

async fn read<T: serde::de::DeserializeOwned>(world: &World, view: &View) -> Vec<T> {
    let records = world.records(view).await;
    records.into_iter().map(|record| serde_json::from_value(record.value).expect("a record of its type")).collect()
}
