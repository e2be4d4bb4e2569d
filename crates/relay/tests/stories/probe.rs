//! The probe: a downstream repository of the operator's own, whose results say whether the relay itself works.

use switchboard_relay::config::Config;
use switchboard_relay::records::{ProbeRecord, views};
use switchboard_simulator::Downstream;

use crate::support::*;

async fn heads(town: &Town) -> Vec<bool> {
    let heads: Vec<ProbeRecord> = town.all(&views::PROBE).await;
    heads.into_iter().map(|head| head.as_expected).collect()
}

fn probed() -> Config {
    Config { probe_repo: Some(name("p/probe")), start_timeout_minutes: 60, ..config() }
}

fn ends(name: &str, conclusion: &str) -> Downstream {
    Downstream::run("CI").result(name).concludes(conclusion, MINUTE)
}

#[tokio::test]
async fn a_head_of_the_probe_is_as_expected_when_each_result_ends_as_its_name_says() {
    for (script, expected) in [
        (ends("build", "success"), true),
        (ends("build", "failure"), false),
        (ends("build-xfail", "failure"), true),
        (ends("build-xfail", "success"), false),
        (ends("build-xcancel", "cancelled"), true),
        (ends("build-xtimeout", "timed_out"), true),
        (Downstream::run("CI").result("a").succeeds_after(MINUTE).result("b").fails_after(MINUTE), false),
        (Downstream::run("CI").result("a").succeeds_after(MINUTE).result("b-xfail").fails_after(MINUTE), true),
    ] {
        let told = format!("{script:?}");
        let mut town = Town::with(probed(), "L2: [p/probe]").await;
        town.downstream("p/probe", script);
        town.up.open_pull("Add a kernel");
        assert_eq!(heads(&town).await, [false; 0], "nothing is known before the run has ended");
        town.minutes(300).await;
        assert_eq!(heads(&town).await, [expected], "{told}");
        town.end_as_written().await;
    }
}

#[tokio::test]
async fn a_head_that_the_probe_never_reports_on_is_not_as_expected() {
    let mut town = Town::with(probed(), "L2: [p/probe, two/b]").await;
    for repo in ["p/probe", "two/b"] {
        town.downstream(repo, Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE));
    }
    town.up.open_pull("Add a kernel");
    town.minutes(90).await;
    assert_eq!(heads(&town).await, [false]);
    town.end_as_written().await;
}
