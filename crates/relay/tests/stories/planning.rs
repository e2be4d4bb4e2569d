//! Cases 5 to 7 and 10 to 12: who gets an upstream event, and what it becomes on the way.

use switchboard_relay::config::Config;
use switchboard_relay::plan::SkipReason;
use switchboard_relay::records::{CellState, DispatchRecord, Kind, SupersededWhy, TargetState, keys, views};
use switchboard_simulator::{Downstream, PullSpec, WebhookFault};

use crate::support::reports::Said;
use crate::support::*;

fn silent() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE)
}

/// From a fork, whose pushes are not the upstream's.
fn forked() -> PullSpec {
    PullSpec::new("Add a kernel").by("alice").forked()
}

fn skipped(dispatch: &DispatchRecord) -> Vec<(&str, SkipReason)> {
    dispatch.skipped.iter().map(|skipped| (skipped.repo.as_str(), skipped.reason)).collect()
}

#[tokio::test]
async fn relay_5_an_entry_gets_the_events_and_refs_it_asks_for() {
    let list = "L2: [{ a/nightly: { events: [nightly] } }, { a/pulls: { refs: [] } }, a/all]";
    let mut town = Town::with(config(), list).await;
    for repo in ["a/nightly", "a/pulls", "a/all"] {
        town.downstream(repo, silent());
    }
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    town.up.push("main", "Fix", &[("a.txt", "a")]);
    town.minutes(1).await;
    let dispatches = town.dispatches().await;
    assert_eq!(skipped(&dispatches[0]), [("a/nightly", SkipReason::Events)]);
    assert_eq!(skipped(&dispatches[1]), [("a/nightly", SkipReason::Events), ("a/pulls", SkipReason::Refs)]);
    // Its nightly report is shown.
    let night = Downstream::run("Nightly").result("test").succeeds_after(MINUTE);
    town.world.repository("a/nightly").start_nightly(night, &dispatches[1].head).unwrap();
    town.minutes(5).await;
    let rows = town.rows(Kind::Nightly).await;
    assert_eq!(rows[0].cells[&name("a/nightly")].state, CellState::Passed);
    town.end(&[dispatched(1, "a/pulls"), dispatched(2, "a/all")]).await;
}

#[tokio::test]
async fn relay_6_a_label_that_an_entry_asks_for_starts_one_dispatch_for_a_head() {
    let mut town = Town::with(config(), "L2: [{ two/b: { labels: [x] } }, a/all]").await;
    for repo in ["two/b", "a/all"] {
        town.downstream(repo, silent());
    }
    let pull = town.up.open_pull(forked());
    town.minutes(1).await;
    assert_eq!(skipped(&town.dispatches().await[0]), [("two/b", SkipReason::Labels)]);
    pull.label("y");
    town.minutes(1).await;
    assert_eq!(town.dispatches().await.len(), 1, "another label starts nothing");
    pull.label("X");
    town.minutes(1).await;
    assert_eq!((town.runs("two/b").len(), town.runs("a/all").len()), (1, 1));
    for _ in 0..2 {
        pull.unlabel("x");
        town.minutes(1).await;
        pull.label("x");
        town.minutes(1).await;
    }
    assert_eq!((town.runs("two/b").len(), town.runs("a/all").len()), (1, 1));
    pull.push("More");
    town.minutes(1).await;
    assert_eq!((town.runs("two/b").len(), town.runs("a/all").len()), (2, 2), "a new head has the label already");
    town.end(&[dispatched(2, "two/b"), dispatched(2, "a/all")]).await;
}

#[tokio::test]
async fn relay_7_what_is_not_signed_is_not_stored_and_what_is_not_the_upstreams_is_not_dispatched() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    let other = town.world.repository("org/other");
    other.open_pull("Elsewhere");
    town.minutes(1).await;
    assert!(town.dispatches().await.is_empty());
    assert!(town.world.arrived().iter().all(|arrived| arrived.answer.as_ref().unwrap().status < 300));

    let event = town.world.arrived().iter().find(|arrived| arrived.event == "pull_request").unwrap().guid.clone();
    let body = town.world.body(&event).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap().replace("org/other", "org/up");
    let genuine = town.world.webhook("11111111-2222-3333-4444-555555555555", "pull_request", body.clone());
    let deliveries = town.world.deliveries().await.len();
    let changed = genuine.clone().body(body.replacen("Elsewhere", "Elsewherf", 1));
    assert_eq!(town.world.post(changed).await.status, 401);
    let sha1 = genuine.clone().without("x-hub-signature-256").also("x-hub-signature", "sha1=0123456789");
    assert_eq!(town.world.post(sha1).await.status, 401);
    assert_eq!(town.world.deliveries().await.len(), deliveries);
    town.minutes(1).await;
    assert!(town.dispatches().await.is_empty());
    assert!(town.world.post(genuine).await.status < 300);
    town.minutes(1).await;
    assert_eq!(town.dispatches().await.len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_10_a_long_pull_request_is_cut_to_what_github_takes() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    let workflow = town.downstream("two/b", silent());
    let body = "ä".repeat(35 * 1024);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").body(&body).labels(&[LABEL, "bug"]));
    town.minutes(1).await;
    let payload = workflow.runs()[0].inputs["payload"].clone();
    let found = &payload["pull_request"];
    assert_eq!((&found["number"], &payload["action"]), (&pull.number().into(), &"opened".into()));
    assert_eq!((&found["head"]["sha"], &found["base"]["ref"]), (&pull.head_sha().into(), &"main".into()));
    let mut labels: Vec<_> = found["labels"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["bug", LABEL]);
    let marker = &payload["switchboard_truncated"];
    assert!(marker["level"].as_u64().unwrap() >= 2 && marker["original_bytes"].as_u64().unwrap() > 70_000, "{marker}");
    let calls = town.world.github.calls();
    let call = calls.iter().find(|call| call.path == "/repos/two/b/dispatches").unwrap();
    assert!(call.body.to_string().len() <= 60_000);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_11_deletions_are_sent_only_where_they_are_wanted() {
    for relay_deletions in [false, true] {
        let mut town = Town::with(Config { relay_deletions, ..config() }, "L2: [two/b]").await;
        let workflow = town.downstream("two/b", silent());
        town.up.branch("old");
        town.up.push_deletion("refs/heads/old");
        town.minutes(1).await;
        let dispatch = town.dispatches().await.remove(0);
        assert_eq!(dispatch.kind, Kind::Push);
        if relay_deletions {
            let run = &workflow.runs()[0];
            assert_eq!((&run.inputs["event_type"], &run.inputs["payload"]["deleted"]), (&"push".into(), &true.into()));
            let upstream = town.world.body(&dispatch.delivery_id).await.unwrap();
            assert_eq!(run.inputs["payload"], serde_json::from_slice::<serde_json::Value>(&upstream).unwrap());
        } else {
            assert_eq!(skipped(&dispatch), [("two/b", SkipReason::Deletion)]);
        }
        town.end(&[dispatched(u64::from(relay_deletions), "two/b")]).await;
    }
}

#[tokio::test]
async fn relay_11_a_close_is_sent_and_takes_the_place_of_what_was_before() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    let script = Downstream::run("CI").cancels_in_progress().result("build").succeeds_after(60 * MINUTE);
    town.downstream("two/b", script);
    let pull = town.up.open_pull(forked());
    town.minutes(5).await;
    pull.push("More");
    town.minutes(5).await;
    pull.close();
    town.minutes(5).await;
    let dispatches = town.dispatches().await;
    let why: Vec<_> = dispatches.iter().map(|dispatch| dispatch.superseded.as_ref().map(|by| by.why)).collect();
    assert_eq!(why, [Some(SupersededWhy::NewHead), Some(SupersededWhy::Closed), None]);
    assert_eq!(dispatches[2].action.as_deref(), Some("closed"));
    for dispatch in &dispatches[..2] {
        let target = town.target(&dispatch.delivery_id, "two/b").await.unwrap();
        assert_eq!(target.superseded, dispatch.superseded);
        assert_eq!((target.state, target.results), (TargetState::Sent, 1));
    }
    let rows = town.rows(Kind::PullRequest).await;
    let mut shown: Vec<_> = rows.iter().map(|row| row.cells.values().next().unwrap().state).collect();
    shown.sort_by_key(|state| state.letter());
    assert_eq!(shown, [CellState::Cancelled, CellState::Cancelled, CellState::Queued]);
    town.end(&[dispatched(3, "two/b")]).await;
}

#[tokio::test]
async fn relay_11_what_was_superseded_waits_for_its_report_and_is_not_shown_as_waiting() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    let pull = town.up.open_pull(forked());
    town.minutes(5).await;
    pull.push("More");
    town.minutes(5).await;
    let waiting = town.world.counter(&views::GAUGE, keys::gauge(&name(UP), None)).await;
    assert_eq!(waiting.get("waiting"), Some(&1), "the newest one alone");
    town.minutes(60 * 30).await;
    let mut states = Vec::new();
    for dispatch in town.dispatches().await {
        states.push(town.target(&dispatch.delivery_id, "two/b").await.unwrap().state);
    }
    assert_eq!(states, [TargetState::NeverReported; 2]);
    let gauge = town.world.counter(&views::GAUGE, keys::gauge(&name(UP), None)).await;
    assert_eq!(gauge.values().copied().filter(|value| *value != 0).count(), 0, "{gauge:?}");
    town.end(&[dispatched(2, "two/b")]).await;
}

#[tokio::test]
async fn relay_11_a_close_of_what_was_never_sent_is_not_sent_either() {
    let mut town = Town::with(config(), "L2: [{ two/b: { labels: [x] } }]").await;
    town.downstream("two/b", silent());
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    pull.close();
    town.minutes(1).await;
    assert_eq!(skipped(&town.dispatches().await[1]), [("two/b", SkipReason::NeverSent)]);
    town.end(&[]).await;
}

#[tokio::test]
async fn relay_12_a_newcomers_head_waits_for_an_approval_each_time() {
    let mut town = Town::with(Config { hold_new_authors: true, ..config() }, "L2: [two/b]").await;
    let workflow = town.downstream("two/b", silent());
    let pull =
        town.up.open_pull(PullSpec::new("Add a kernel").by("eve").forked().association("FIRST_TIME_CONTRIBUTOR"));
    town.minutes(1).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Held);
    assert!(town.runs("two/b").is_empty());
    let held = town.dispatches().await[0].delivery_id.clone();
    pull.label("crcr/approved");
    town.minutes(1).await;
    assert_eq!(workflow.runs()[0].inputs["delivery_id"], held, "under its own delivery id");
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Sent);
    assert_eq!(town.dispatches().await.len(), 1);
    pull.push("More");
    town.minutes(1).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Held, "though the label is still there");
    assert_eq!(town.runs("two/b").len(), 1);
    // A held target has nothing to report on.
    let held = town.dispatches().await[1].delivery_id.clone();
    let run = town.runs("two/b")[0];
    assert_eq!(town.report("two/b", run, &Said::started(&held, run)).await.refusal(), (400, "unknown_dispatch"));
    pull.unlabel("crcr/approved");
    pull.label("crcr/approved");
    town.minutes(1).await;
    assert_eq!(town.runs("two/b").len(), 2);
    town.end(&[dispatched(2, "two/b")]).await;
}

#[tokio::test]
async fn relay_12_a_close_reaches_whom_a_released_head_was_sent_to() {
    let mut town = Town::with(Config { hold_new_authors: true, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", silent());
    let pull =
        town.up.open_pull(PullSpec::new("Add a kernel").by("eve").forked().association("FIRST_TIME_CONTRIBUTOR"));
    pull.label("crcr/approved");
    town.minutes(1).await;
    pull.push("More");
    town.minutes(1).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Held);
    pull.close();
    town.minutes(1).await;
    assert_eq!(town.runs("two/b").len(), 2, "the run of the released head is told of the close");
    town.end(&[dispatched(2, "two/b")]).await;
}

#[tokio::test]
async fn relay_12_a_redelivered_event_plans_nothing_twice() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", silent());
    town.world.github.webhook_fault("pull_request", None, 1, WebhookFault::Duplicate);
    let pull = town.up.open_pull(forked());
    town.minutes(1).await;
    assert_eq!((town.dispatches().await.len(), town.runs("two/b").len()), (1, 1));
    // An event that was overtaken does not cancel what is newer.
    town.world.github.webhook_fault("pull_request", Some("synchronize"), 1, WebhookFault::Delay(5 * MINUTE));
    pull.push("Two");
    town.world.run_for(MINUTE).await;
    pull.push("Three");
    town.minutes(10).await;
    let dispatches = town.dispatches().await;
    assert_eq!(dispatches.len(), 3);
    assert_eq!(skipped(&dispatches[2]), [("two/b", SkipReason::Stale)]);
    assert_eq!(dispatches[1].head, pull.head_sha());
    assert!(dispatches[1].superseded.is_none());
    town.end(&[dispatched(2, "two/b")]).await;
}
