//! The one open issue about a file that is invalid.

use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_simulator::Expected;

use crate::support::*;

const INVALID: &str = "outbound:\n  - source: { workflow: ci.yml }\n    target: []\n";
const INVALID_TOO: &str = "outbound: 5\n";

#[tokio::test]
async fn dispatcher_37_ten_runs_on_an_invalid_file_open_one_issue_and_the_first_run_after_the_fix_closes_it() {
    let mut world = world(Config::default()).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", INVALID);
    for _ in 0..10 {
        ci.complete_run(&success());
        world.settle().await;
    }
    let issues = s.issues();
    assert_eq!(issues.len(), 1);
    assert!(issues[0].open);
    let body = issues[0].body.clone().unwrap_or_default();
    let marker = format!("<!-- switchboard:config-issue:{} -->", s.id());
    assert!(body.contains("line 3") && body.contains("outbound[0].target") && body.contains(&marker), "{body}");
    assert!(requests(&world, "PATCH", "/repos/acme/s/issues/*").is_empty());

    s.file("dispatching.yml", INVALID_TOO);
    ci.complete_run(&success());
    world.settle().await;
    let edited = s.issues();
    assert_eq!(edited.len(), 1, "another mistake edits the same issue");
    assert_ne!(edited[0].body, issues[0].body);

    s.file("dispatching.yml", "outbound: []\n");
    ci.complete_run(&success());
    quietness(&mut world).await;
    assert_eq!(s.issues().iter().map(|issue| issue.open).collect::<Vec<_>>(), [false]);

    let facts = all_facts(&world).await;
    let count = |kind| of_kind(&facts, kind).len();
    assert_eq!((count(kinds::CONFIG_INVALID), count(kinds::CONFIG_RECOVERED)), (11, 1));
    let steps = [kinds::ISSUE_CREATED, kinds::ISSUE_UPDATED, kinds::ISSUE_CLOSED].map(count);
    assert_eq!(steps, [1, 1, 1]);
    end(world, &[issue_opened("acme/s"), Expected::times(2, "PATCH", "/repos/acme/s/issues/1")]).await;
}

#[tokio::test]
async fn dispatcher_37_a_file_that_is_gone_closes_its_issue_and_a_new_mistake_opens_another() {
    let mut world = world(Config::default()).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci.yml");
    for _ in 0..2 {
        s.file("dispatching.yml", INVALID);
        ci.complete_run(&success());
        quietness(&mut world).await;
        s.remove_file("dispatching.yml");
        ci.complete_run(&success());
        quietness(&mut world).await;
    }

    let open: Vec<bool> = s.issues().iter().map(|issue| issue.open).collect();
    assert_eq!(open, [false, false]);
    end(
        world,
        &[
            Expected::times(2, "POST", "/repos/acme/s/issues"),
            Expected::once("PATCH", "/repos/acme/s/issues/1"),
            Expected::once("PATCH", "/repos/acme/s/issues/2"),
        ],
    )
    .await;
}

#[tokio::test]
async fn dispatcher_37_issues_switched_off_hold_for_invalid_files_too() {
    let mut world = world(quiet()).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", INVALID);
    ci.complete_run(&success());
    quietness(&mut world).await;

    assert!(s.issues().is_empty());
    assert_eq!(of_kind(&all_facts(&world).await, kinds::CONFIG_INVALID).len(), 1);
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_37_an_issue_about_a_file_needs_room_in_the_budget_too() {
    let mut world = world(Config { issues_per_hour: 0, ..Config::default() }).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", INVALID);

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert!(s.issues().is_empty());
    assert_eq!(reasons(&all_facts(&world).await, kinds::ISSUE_SUPPRESSED).len(), 1);
    end(world, &[]).await;
}
