//! What the relay costs: reads and writes of the store for a report, and requests to GitHub for a target, a nightly and a run.

use switchboard_relay::config::Config;
use switchboard_simulator::{Downstream, PullSpec, RunSpec, WebhookFault};

use crate::support::reports::{Answer, Said};
use crate::support::*;

const LIST: &str = "L1: [one/a]\nL2: [two/b]";

fn silent() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE)
}

/// All requests to GitHub so far, whatever became of them. An issuer's keys, asked for once a minute at most, are not among them.
fn requests(town: &Town) -> usize {
    town.world.github.calls().iter().filter(|call| !call.path.ends_with("/.well-known/jwks")).count()
}

/// Reads and writes of the store that an answer took.
async fn cost(town: &Town, answer: impl Future<Output = Answer>) -> (Answer, u64, u64) {
    let (reads, writes) = (town.world.store_reads(), town.world.store_writes());
    let answer = answer.await;
    (answer, town.world.store_reads() - reads, town.world.store_writes() - writes)
}

#[tokio::test]
async fn a_report_takes_four_reads_and_one_write_and_none_if_it_is_not_kept() {
    let mut town = Town::with(config(), LIST).await;
    for repo in ["one/a", "two/b"] {
        town.downstream(repo, silent());
    }
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run, low) = (town.newest_of("two/b").await, town.runs("two/b")[0], town.runs("one/a")[0]);
    let head = town.dispatches().await[0].head.clone();
    let asked = requests(&town);

    let kept = [
        Said::started(&id, run),
        Said::ended(&id, run, "success"),
        Said::ended(&id, run, "success"),
        Said::started(&id, run).job("other"),
        Said::ended(&id, run, "failure").attempt(2),
    ];
    for said in kept {
        let (answer, reads, writes) = cost(&town, town.report("two/b", run, &said)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(reads <= 4 && writes == 1, "{reads} reads, {writes} writes: {said:?}");
    }
    let night = town.world.github.find("two/b").unwrap().workflow("ci.yml").start_run(&RunSpec::default()).unwrap();
    let (answer, reads, writes) =
        cost(&town, town.report("two/b", night, &Said::nightly(&head, night, "success"))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(reads <= 4 && writes == 1, "{reads} reads, {writes} writes");

    let refused = [
        ("two/b", Said::started("never-was", run)),
        ("two/b", Said::started(&id, run).with("event_type", "push")),
        ("two/b", Said::started(&id, run).workflow("name", "")),
        ("two/b", Said::nightly("abc", run, "success")),
        ("two/b", Said::started(&id, low)),
        ("one/a", Said::started(&id, low)),
    ];
    for (repo, said) in refused {
        let of = if repo == "two/b" { run } else { low };
        let (answer, _, writes) = cost(&town, town.report(repo, of, &said)).await;
        assert!(answer.status == 400 || answer.status == 403 || answer.body["status"] == "ignored", "{}", answer.body);
        assert_eq!(writes, 0, "{said:?}");
    }
    assert_eq!(requests(&town), asked, "nobody at GitHub is asked for a report");
    town.end_as_written().await;
}

#[tokio::test]
async fn a_target_takes_three_requests_cold_and_one_warm_and_the_webhook_none() {
    let repos: Vec<String> = (0..20).map(|n| format!("two/b{n}")).collect();
    let mut town = Town::with(config(), &format!("L2: [{}]", repos.join(", "))).await;
    for repo in &repos {
        town.downstream(repo, silent());
    }
    for most in [3, 1, 1] {
        let before = requests(&town);
        town.up.open_pull("Add a kernel");
        town.world.deliver().await;
        assert_eq!(requests(&town), before, "to accept a webhook");
        town.world.settle().await;
        let took = requests(&town) - before;
        assert!(took <= most * repos.len(), "{took} requests for {} targets", repos.len());
        // A token lives for an hour.
        town.minutes(10).await;
    }
    let sent: Vec<_> = repos.iter().map(|repo| dispatched(3, repo)).collect();
    town.end(&sent).await;
}

#[tokio::test]
async fn reports_and_labels_ask_github_nothing_and_each_check_is_written_once() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", silent());
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(10).await;
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[0]);
    let before = requests(&town);
    for said in [Said::started(&id, run), Said::ended(&id, run, "success")] {
        town.report("three/c", run, &said).await;
        town.world.settle().await;
    }
    assert_eq!(requests(&town), before, "to decide a report");
    pull.label(LABEL);
    town.world.settle().await;
    // The upstream's token for checks, and the check run itself.
    assert!(requests(&town) - before <= 2, "{}", requests(&town) - before);
    // Many changes while GitHub is away are one write.
    town.world.github.fault("*", "/repos/org/up/check-runs/**").times(3).status(502);
    for attempt in 2..=9 {
        for said in [Said::started(&id, run).attempt(attempt), Said::ended(&id, run, "failure").attempt(attempt)] {
            assert_eq!(town.report("three/c", run, &said).await.status, 200);
        }
    }
    town.minutes(30).await;
    assert!(town.count_checks("crcr/three/c/CI/build") <= 3, "{}", town.count_checks("crcr/three/c/CI/build"));
    assert_eq!(town.check(&pull, "crcr/three/c/CI/build").as_deref(), Some("failure"));
    town.end_as_written().await;
}

#[tokio::test]
async fn a_nightlys_commit_is_looked_up_once_for_each_ref() {
    let mut town = Town::with(config(), "L2: [{ two/b: { refs: [] } }, { three/c: { refs: [] } }]").await;
    let sha = town.up.push("feature", "Elsewhere", &[("a.txt", "a")]);
    town.up.branch("nightly");
    town.minutes(1).await;
    for repo in ["two/b", "three/c"] {
        let repository = town.world.repository(repo);
        repository.start_nightly(Downstream::run("Nightly").matrix("test", 5).succeeds_after(MINUTE), &sha).unwrap();
    }
    town.minutes(10).await;
    assert_eq!(town.answers().len(), 10);
    assert_eq!(town.calls("GET", "/repos/org/up/compare/*"), 2, "one for each of `main` and `nightly`");
    town.end_as_written().await;
}

#[tokio::test]
async fn a_run_is_asked_for_once_a_poll_and_at_most_thrice_once_it_has_ended() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    let legs = Downstream::run("CI").matrix("test", 150).succeeds_after(MINUTE).result("deploy").never_reports();
    town.downstream("three/c", legs.succeeds_after(25 * MINUTE));
    town.world.github.webhook_fault("workflow_run", None, 10, WebhookFault::Drop);
    town.up.open_pull(PullSpec::new("Add a kernel"));
    town.minutes(20).await;
    let runs = |town: &Town| town.calls("GET", "/repos/three/c/actions/runs/*");
    let jobs = |town: &Town| town.calls("GET", "/repos/three/c/actions/runs/*/attempts/*/jobs");
    assert_eq!((runs(&town), jobs(&town)), (2, 0), "after 2 and 10 minutes");
    town.minutes(20).await;
    assert_eq!((runs(&town), jobs(&town)), (3, 2), "after 30 minutes it has ended: two pages of jobs");
    town.minutes(60 * 24).await;
    assert_eq!((runs(&town), jobs(&town)), (3, 2));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_2_the_list_is_read_once_in_its_time_to_live() {
    let mut town = Town::scheduled(Config { allowlist_ttl: MINUTE * 15, ..config() }, "L1: [Two/B]").await;
    town.downstream("two/b", silent());
    let read = |town: &Town| town.calls("GET", "/repos/org/up/contents/.github/allowlist.yml");
    let before = read(&town);
    town.minutes(2).await;
    for n in 0..100 {
        town.up.push("main", &format!("Commit {n}"), &[("a.txt", &n.to_string())]);
    }
    town.minutes(10).await;
    assert_eq!((town.dispatches().await.len(), read(&town)), (100, before));
    town.minutes(5).await;
    assert_eq!(read(&town), before + 1);
    let notes: Vec<_> =
        town.world.github.calls().into_iter().filter(|call| call.path.ends_with("allowlist.yml")).collect();
    assert_eq!(notes.last().unwrap().status, Some(304), "what has not changed costs nothing");
    town.world.finish(&[dispatched(100, "two/b")]).await;
}
