//! Three of the relay's cases from end to end: the real binary, HTTP on both sides, and what it keeps, read beside it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::{Clock as _, SystemClock, SystemEntropy, Timestamp};
use switchboard_engine::Reader;
use switchboard_relay::records::{CellState, Kind, ResultRecord, RowRecord, TargetRecord, keys, views};
use switchboard_simulator::{PullSpec, RunId};
use switchboard_store::sqlite::{Options, SqliteStore};
use switchboard_store::{Key, KeyRange, View};

use crate::support::server::Server;
use crate::support::upstream::{AUDIENCE, Upstream, soon};
use crate::support::{client, until};

const CHECK: &str = "crcr/vendor/backend/CI/build";

/// The database as it is now.
fn stored(folder: &Path) -> Reader {
    let options = Options::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    Reader::new(SqliteStore::open_beside(folder.join("switchboard.db"), &options).unwrap())
}

/// The first record of a range of keys.
async fn first<T: serde::de::DeserializeOwned>(reader: &Reader, view: &View, prefix: &str) -> Option<T> {
    let found: Vec<(Key, T)> = reader.list(view, KeyRange::prefix(prefix), 1).await.unwrap();
    found.into_iter().next().map(|(_, record)| record)
}

/// The cell of `vendor/backend` in the newest row of the HUD.
async fn cell(reader: &Reader) -> Option<CellState> {
    let up = "org/up".parse().unwrap();
    let row: RowRecord = first(reader, &views::ROW, &keys::rows(&up, Kind::PullRequest)).await?;
    Some(row.cells.get(&"vendor/backend".parse().unwrap())?.state)
}

#[tokio::test]
async fn relay_1_a_pull_request_goes_once_to_entries_on_all_four_levels_with_three_keys() {
    let github = Upstream::start(soon("CI").result("build").never_ends()).await;
    let vendor = github.simulator.organization("vendor");
    let more = ["onboarding", "observer"]
        .map(|name| vendor.repository(name).on_dispatch(soon("CI").result("build").never_ends()));
    let list = "L1: [ vendor/onboarding ]\nL2: [ Vendor/Observer ]\nL3: { gpu: [ ] }\nL4: [ vendor/required ]\n";
    let list = list.replace("{ gpu: [ ] }", "{ gpu: { vendor/backend: } }");
    github.up.file(".github/allowlist.yml", list);
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    let pull = github.up.open_pull(PullSpec::new("Add a kernel").by("alice").forked());
    let runs = async || (more.iter().all(|workflow| !workflow.runs().is_empty())).then_some(());
    until("both of the others are started", runs).await;
    github.check(&pull.head_sha(), "crcr/vendor/required", "success").await;
    github.run().await;

    let sent: Vec<_> = github.simulator.calls().into_iter().filter(|call| call.path.ends_with("/dispatches")).collect();
    let mut paths: Vec<&str> = sent.iter().map(|call| call.path.as_str()).collect();
    paths.sort_unstable();
    let expected = ["backend", "observer", "onboarding", "required"];
    assert_eq!(paths, expected.map(|name| format!("/repos/vendor/{name}/dispatches")));
    let delivery = github.backend.runs()[0].inputs["delivery_id"].clone();
    for call in &sent {
        let payload = call.body["client_payload"].as_object().unwrap();
        let mut names: Vec<&str> = payload.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["delivery_id", "event_type", "payload"]);
        assert_eq!(
            (&call.body["event_type"], &payload["event_type"]),
            (&payload["event_type"], &"pull_request".into())
        );
        assert_eq!(payload["delivery_id"], delivery, "all of them by the one delivery");
        assert_eq!(payload["payload"]["pull_request"]["head"]["sha"], pull.head_sha());
    }
    server.stop().await;
}

/// Reports as a run would, and says between which moments the report was taken.
async fn report(github: &Upstream, server: &Server, run: RunId, status: &str) -> (Timestamp, Timestamp) {
    let token = github.backend_repo.id_token(run, AUDIENCE).unwrap().mint();
    let request = client().post(format!("{}/github/callback", server.url)).bearer_auth(token);
    let request = request.header("content-type", "application/json").body(github.report(run, status).to_string());
    let began = SystemClock.now();
    assert_eq!(request.send().await.unwrap().status(), 200);
    (began, SystemClock.now())
}

#[tokio::test]
async fn relay_16_a_result_runs_and_ends_and_its_times_are_those_of_the_reports() {
    let github = Upstream::start(soon("CI").result("build").never_reports().never_ends()).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    github.up.open_pull(PullSpec::new("Add a kernel").by("alice"));
    let run = github.run().await;
    let reader = stored(folder.path());
    let shows = async |state: CellState| {
        let is = async || (cell(&reader).await == Some(state)).then_some(());
        until(&format!("the cell is {state:?}"), is).await;
    };
    let started = report(&github, &server, run, "in_progress").await;
    shows(CellState::Running).await;
    let ended = report(&github, &server, run, "completed").await;
    shows(CellState::Passed).await;

    let delivery = github.backend.runs()[0].inputs["delivery_id"].as_str().unwrap().to_owned();
    let key = keys::target(&delivery, &"vendor/backend".parse().unwrap());
    let target: TargetRecord = reader.get(&views::TARGET, &key).await.unwrap().unwrap();
    let result: ResultRecord = first(&reader, &views::RESULT, &format!("{}/", key.as_str())).await.unwrap();
    assert_eq!((result.run_id, result.attempt), (run.to_string(), 1));
    let millis = |from: Timestamp, to: Timestamp| u64::try_from(to.millis() - from.millis()).unwrap();
    let (sent, start, end) = (target.sent_at.unwrap(), result.started_at.unwrap(), result.completed_at.unwrap());
    assert_eq!(result.queue_ms, Some(millis(sent, start)));
    assert_eq!(result.execution_ms, Some(millis(start, end)));
    // The server's clock is this machine's, and it measures when a report was taken, not when it was worked through.
    for ((began, answered), at) in [(started, start), (ended, end)] {
        assert!((began.millis()..=answered.millis()).contains(&at.millis()), "{at} in {began} to {answered}");
    }
    server.stop().await;
}

#[tokio::test]
async fn relay_24_a_label_before_the_run_gives_one_check_that_is_created_running_and_then_updated() {
    let github = Upstream::start(soon("CI").result("build").succeeds_after(Duration::from_secs(2))).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    let pull = github.up.open_pull(PullSpec::new("Add a kernel").by("alice").forked().labels(&["ciflow/crcr/gpu"]));
    let running = github.check(&pull.head_sha(), CHECK, "in_progress").await;
    let ended = github.check(&pull.head_sha(), CHECK, "success").await;
    assert_eq!(running.id, ended.id);
    let calls = github.simulator.calls();
    let created: Vec<_> = calls
        .iter()
        .filter(|call| call.method == "POST" && call.path == "/repos/org/up/check-runs" && call.body["name"] == CHECK)
        .collect();
    assert_eq!((created.len(), &created[0].body["status"]), (1, &"in_progress".into()));
    let path = format!("/repos/org/up/check-runs/{}", ended.id);
    let updates: Vec<_> = calls.iter().filter(|call| call.method == "PATCH" && call.path == path).collect();
    assert_eq!((updates.len(), &updates[0].body["conclusion"]), (1, &"success".into()));
    server.stop().await;
}
