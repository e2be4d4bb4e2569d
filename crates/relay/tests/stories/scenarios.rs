use switchboard_simulator::Downstream;

use crate::support::*;

#[tokio::test]
async fn relay_24_a_label_before_the_run_gives_one_check_that_runs_and_ends() {
    let mut town = Town::with(config(), "L3: { cuda: { three/c: } }").await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(5 * MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    pull.label("ciflow/crcr/cuda");
    town.minutes(2).await;
    let running = ("crcr/three/c/CI/build".to_owned(), "in_progress".to_owned());
    assert!(town.checks(&pull.head_sha()).contains(&running), "{:?}", town.checks(&pull.head_sha()));
    town.minutes(10).await;
    let checks: Vec<_> = town.up.check_runs().into_iter().filter(|check| check.name == running.0).collect();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].conclusion.as_deref(), Some("success"));
    assert!(town.answers().iter().all(|(status, _)| *status == 200), "{:?}", town.answers());
    town.end(&[dispatched(1, "three/c"), checks_created(2), checks_updated(3)]).await;
}
