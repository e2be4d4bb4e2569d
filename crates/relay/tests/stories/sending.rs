//! Cases 2, 3, 8 and 9: how the allowlist is read, and what becomes of a send.

use serde_json::json;
use switchboard_relay::records::{AllowlistRecord, CellState, Kind, TargetState, keys, views};
use switchboard_simulator::{Downstream, InstallationSpec};

use crate::support::reports::Said;
use crate::support::*;

const FILE: &str = "/repos/org/up/contents/.github/allowlist.yml";

fn silent() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE)
}

async fn list(town: &Town) -> AllowlistRecord {
    town.world.record(&views::ALLOWLIST, keys::upstream(&name(UP))).await.unwrap()
}

#[tokio::test]
async fn relay_2_a_hundred_events_read_the_list_not_once_more() {
    let mut town = Town::with(config(), "L2: [Two/B]").await;
    town.downstream("two/b", silent());
    let read = town.calls("GET", FILE);
    for n in 0..100 {
        town.up.push("main", &format!("Commit {n}"), &[("a.txt", &n.to_string())]);
    }
    town.minutes(10).await;
    assert_eq!((town.dispatches().await.len(), town.calls("GET", FILE)), (100, read));
    town.refresh().await;
    assert_eq!(town.calls("GET", FILE), read + 1);
    let (id, run) = (town.newest_of("two/b").await, town.runs("two/b")[99]);
    let said = Said::started(&id, run).with("event_type", "push");
    assert_eq!(town.report("two/b", run, &said).await.status, 200, "names are compared without case");
    town.end(&[dispatched(100, "two/b")]).await;
}

#[tokio::test]
async fn relay_2_a_push_that_touches_the_list_is_heard_at_once() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    for repo in ["two/b", "three/c"] {
        town.downstream(repo, silent());
    }
    town.up.push("main", "List another", &[(".github/allowlist.yml", "L2: [two/b, three/c]")]);
    town.minutes(1).await;
    assert_eq!(list(&town).await.list.unwrap().entries().len(), 2);
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    town.end(&[dispatched(2, "two/b"), dispatched(1, "three/c")]).await;
}

#[tokio::test]
async fn relay_3_the_last_good_list_stays_in_force_whatever_becomes_of_its_source() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    town.up.file(".github/allowlist.yml", "L2:\n  - two/b\n  - a/b/c\n");
    town.refresh().await;
    let refused = list(&town).await.error.unwrap();
    assert_eq!((refused.reason.as_str(), refused.diagnostics[0].line), ("invalid", 3));
    assert!(refused.message.contains("a/b/c") || refused.message.contains("owner/repo"), "{}", refused.message);
    town.up.open_pull("One");

    town.world.github.fault("GET", FILE).status(503);
    town.refresh().await;
    assert_eq!(list(&town).await.error.unwrap().reason, "unreachable");
    town.up.open_pull("Two");
    town.minutes(1).await;

    town.up.remove_file(".github/allowlist.yml");
    town.refresh().await;
    assert_eq!(list(&town).await.error.unwrap().reason, "missing");
    town.world.restart().await;
    town.up.open_pull("Three");
    town.minutes(1).await;
    assert_eq!(town.facts("relay.allowlist.refused").await.len(), 3);

    town.up.file(".github/allowlist.yml", "L2: [two/b]");
    town.refresh().await;
    assert!(list(&town).await.error.is_none());
    town.end(&[dispatched(3, "two/b")]).await;
}

#[tokio::test]
async fn relay_8_one_target_that_answers_503_twice_is_sent_like_the_others() {
    let mut town = Town::with(config(), "L2: [a/one, b/two, c/three]").await;
    for repo in ["a/one", "b/two", "c/three"] {
        town.downstream(repo, silent());
    }
    town.world.github.fault("POST", "/repos/b/two/dispatches").times(2).status(503);
    town.up.open_pull("Add a kernel");
    town.world.deliver().await;
    let answered = town.world.arrived().last().unwrap().answer.clone().unwrap();
    assert_eq!((answered.status, town.calls("POST", "/repos/*/*/dispatches")), (202, 0), "answered before it is sent");
    town.minutes(30).await;
    for repo in ["a/one", "b/two", "c/three"] {
        assert_eq!(town.newest_target(repo).await.state, TargetState::Sent, "{repo}");
        assert_eq!(town.runs(repo).len(), 1, "{repo}");
    }
    town.end(&["a/one", "b/two", "c/three"].map(|repo| dispatched(1, repo))).await;
}

#[tokio::test]
async fn relay_9_one_target_that_is_gone_fails_for_itself() {
    let mut town = Town::with(config(), "L2: [a/one, b/two]").await;
    for repo in ["a/one", "b/two"] {
        town.downstream(repo, silent());
    }
    town.world.github.fault("POST", "/repos/b/two/dispatches").always().answer(
        404,
        &[],
        json!({ "message": "Not Found" }),
    );
    town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    let failed = town.newest_target("b/two").await;
    assert_eq!((failed.state, failed.error.unwrap().code.as_str()), (TargetState::Failed, "not_found"));
    assert_eq!(town.newest_target("a/one").await.state, TargetState::Sent);
    assert_eq!(town.dead().await, ["not_found"]);
    let row = town.rows(Kind::PullRequest).await.remove(0);
    assert_eq!(row.cells[&name("b/two")].state, CellState::NotDispatched);
    town.world.expect_dead_letters(&["dispatch"]);
    town.end(&[dispatched(1, "a/one")]).await;
}

#[tokio::test]
async fn relay_9_where_the_app_is_not_installed_is_asked_once_in_ten_minutes() {
    let mut town = Town::with(config(), "L2: [a/one, far/away]").await;
    town.downstream("a/one", silent());
    let owner = town.world.github.organization("far");
    owner.repository("away").on_dispatch(silent());
    for n in 0..11 {
        town.up.push("main", &format!("Commit {n}"), &[("a.txt", &n.to_string())]);
        town.world.run_for(MINUTE / 2).await;
    }
    assert_eq!(town.calls("GET", "/repos/far/away/installation"), 1);
    let target = town.newest_target("far/away").await;
    assert_eq!((target.state, target.error.unwrap().code.as_str()), (TargetState::Failed, "not_installed"));
    assert_eq!(town.dead().await, ["not_installed"; 11]);
    // An installation is heard of at once.
    let app = town.world.app.clone();
    app.install(&owner, InstallationSpec::all()).announce();
    town.world.settle().await;
    town.up.push("main", "At last", &[("a.txt", "b")]);
    town.minutes(1).await;
    assert_eq!(town.newest_target("far/away").await.state, TargetState::Sent);
    town.world.expect_dead_letters(&["dispatch"; 11]);
    town.end(&[dispatched(12, "a/one"), dispatched(1, "far/away")]).await;
}

#[tokio::test]
async fn a_send_whose_answer_is_lost_is_not_repeated_if_its_run_is_there() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    town.world.github.fault("POST", "/repos/two/b/dispatches").lose_answer();
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Unconfirmed);
    town.minutes(10).await;
    assert_eq!((town.newest_target("two/b").await.state, town.runs("two/b").len()), (TargetState::Sent, 1));
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_send_that_was_lost_is_repeated_once_under_the_same_delivery_id() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    let workflow = town.downstream("two/b", silent());
    town.world.github.fault("POST", "/repos/two/b/dispatches").reset();
    town.up.open_pull("Add a kernel");
    town.minutes(10).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Sent);
    let dispatch = town.dispatches().await.remove(0);
    assert_eq!(workflow.runs()[0].inputs["delivery_id"], dispatch.delivery_id);
    assert_eq!(town.facts("relay.target.resent").await.len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_report_proves_a_send_whose_answer_is_lost() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.world.github.fault("POST", "/repos/two/b/dispatches").hang_after_processing();
    town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    let target = town.newest_target("two/b").await;
    assert_eq!((target.state, target.results), (TargetState::Sent, 1));
    assert_eq!(town.calls("GET", "/repos/two/b/actions/runs"), 0, "nothing had to be looked for");
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn what_is_unsent_after_six_hours_is_given_up() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    town.world.github.fault("POST", "/repos/two/b/dispatches").always().status(503);
    town.up.open_pull("Add a kernel");
    town.minutes(350).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Unsent);
    town.minutes(30).await;
    let target = town.newest_target("two/b").await;
    assert_eq!((target.state, target.error.unwrap().code.as_str()), (TargetState::Failed, "expired"));
    town.world.expect_dead_letters(&["dispatch"]);
    town.end(&[]).await;
}
