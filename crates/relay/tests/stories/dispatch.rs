use switchboard_relay::records::{Kind, TargetState};
use switchboard_simulator::Downstream;

use crate::support::*;

const LIST: &str = "
L1: [one/a]
L2: [two/b]
L3: { cuda: { three/c: } }
L4: [four/d]
";

fn quiet() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE)
}

#[tokio::test]
async fn relay_1_a_pull_request_is_dispatched_to_entries_on_all_levels() {
    levels(&Cached::default()).await;
}

/// Case 1, with any cache.
pub async fn levels(cached: &Cached) {
    let mut town = Town::cached(config(), LIST, cached).await;
    let repos = ["one/a", "two/b", "three/c", "four/d"].map(|repo| (repo, town.downstream(repo, quiet())));
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    cached.midway().await;

    let dispatch = town.dispatches().await.pop().unwrap();
    for (repo, repository) in &repos {
        let runs = repository.runs();
        assert_eq!(runs.len(), 1, "{repo}");
        let payload = &runs[0].inputs;
        let keys: Vec<&str> = payload.keys().map(String::as_str).collect();
        assert_eq!(keys, ["delivery_id", "event_type", "payload"]);
        assert_eq!(
            (&payload["event_type"], &payload["delivery_id"]),
            (&"pull_request".into(), &dispatch.delivery_id.clone().into())
        );
        assert_eq!(payload["payload"]["pull_request"]["title"], "Add a kernel");
        assert_eq!(town.newest_target(repo).await.state, TargetState::Sent);
    }
    assert_eq!(town.rows(Kind::PullRequest).await[0].cells.len(), 4);
    let sent = repos.map(|(repo, _)| dispatched(1, repo));
    let mut expected = sent.to_vec();
    // L4: the target and the gate; the gate first waits for the dispatch, then for reports, and both end as never reported.
    expected.extend([checks_created(2), checks_updated(3)]);
    town.end(&expected).await;
}
