//! Dispatches whose answer was lost: the run may have started all the same, so it is looked for before anything is sent
//! again.

use std::time::Duration;

use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::keys::views;
use switchboard_simulator::Expected;

use crate::support::*;

const POST: &str = "/repos/acme/t/actions/workflows/cd.yml/dispatches";

#[tokio::test]
async fn dispatcher_32_a_run_that_started_although_the_answer_was_lost_is_found_and_not_started_again() {
    for fault in ["reset", "timeout", "bad gateway"] {
        let mut world = world(quiet()).begin().await;
        let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
        let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
        match fault {
            "reset" => world.github.fault("POST", POST).lose_answer(),
            "timeout" => world.github.fault("POST", POST).hang_after_processing(),
            _ => world.github.fault("POST", POST).processed_but_status(502),
        }

        ci.complete_run(&success());
        quietness(&mut world).await;

        assert_eq!(starts(&world, "acme/t", "cd.yml").len(), 1, "{fault}");
        assert_eq!(cd.runs().len(), 1);
        let found = candidate(&world, "acme/t").await;
        assert_eq!((found.state, found.run_id), (TargetState::Succeeded, Some(cd.runs()[0].id.0)), "{fault}");
        assert_eq!(found.attempts, 1);
        assert!(world.records(&views::EXPECTED_RUN).await.is_empty());
        end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
    }
}

#[tokio::test]
async fn dispatcher_32_a_run_that_github_lists_late_is_found_at_the_last_look() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.configure(|settings| settings.run_listing_delay = Duration::from_secs(19));
    world.github.fault("POST", POST).lose_answer();

    ci.complete_run(&success());
    quietness(&mut world).await;

    let looks = looks(&world, "acme/t", "cd.yml");
    let gaps = gaps(&looks);
    assert_eq!(gaps, [Duration::from_secs(5), Duration::from_secs(15)], "at 0, 5 and 20 s");
    assert_eq!((cd.runs().len(), starts(&world, "acme/t", "cd.yml").len()), (1, 1));
    assert_eq!(candidate(&world, "acme/t").await.state, TargetState::Succeeded);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_32_looks_that_fail_themselves_have_not_found_out_anything() {
    for status in [502, 403] {
        let mut world = world(quiet()).begin().await;
        let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
        let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
        world.github.fault("POST", POST).lose_answer();
        let runs = world.github.fault("GET", "/repos/acme/t/actions/workflows/cd.yml/runs").times(2);
        match status {
            403 => runs.answer(403, &[("retry-after", "30")], serde_json::json!({ "message": "secondary rate limit" })),
            status => runs.status(status),
        }

        ci.complete_run(&success());
        quietness(&mut world).await;

        assert_eq!((starts(&world, "acme/t", "cd.yml").len(), cd.runs().len()), (1, 1), "{status}");
        assert_eq!(candidate(&world, "acme/t").await.state, TargetState::Succeeded);
        end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
    }
}

#[tokio::test]
async fn dispatcher_32_a_request_that_started_nothing_is_sent_again_after_three_looks() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("POST", POST).reset();

    ci.complete_run(&success());
    let began = world.now();
    quietness(&mut world).await;

    let posts = starts(&world, "acme/t", "cd.yml");
    let looks = looks(&world, "acme/t", "cd.yml");
    assert_eq!((posts.len(), looks.len()), (2, 3));
    assert!(looks.iter().all(|look| posts[0].at < look.at && look.at <= posts[1].at));
    assert_eq!(looks[2].at, posts[1].at);
    let since = (began - Duration::from_secs(5)).rfc3339_seconds();
    for wanted in ["event=workflow_dispatch", "actor=switchboard%5Bbot%5D", "created=%3E%3D"] {
        assert!(looks[0].target.contains(wanted), "{wanted}: {}", looks[0].target);
    }
    assert!(looks[0].target.replace("%3A", ":").contains(&since), "{since}: {}", looks[0].target);
    assert_eq!(cd.runs().len(), 1);
    assert_eq!(candidate(&world, "acme/t").await.attempts, 2);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_32_another_dispatchs_run_is_not_taken_for_the_lost_one() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    ci.complete_run(&success());
    world.settle().await;
    world.github.fault("POST", POST).reset();

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!((starts(&world, "acme/t", "cd.yml").len(), cd.runs().len()), (3, 2));
    let claimed: Vec<_> = targets(&world).await.into_iter().map(|target| target.run_id).collect();
    assert_eq!(claimed, cd.runs().iter().map(|run| Some(run.id.0)).collect::<Vec<_>>());
    end(world, &[Expected::times(2, "POST", POST)]).await;
}

#[tokio::test]
async fn dispatcher_32_a_run_on_another_ref_is_not_taken_for_the_lost_one() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (t, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    t.branch("feature");
    world.github.fault("POST", POST).reset();

    ci.complete_run(&success());
    world.settle().await;
    let elsewhere = switchboard_simulator::RunSpec {
        event: "workflow_dispatch".to_owned(),
        actor: "switchboard[bot]".to_owned(),
        ..success().on("feature")
    };
    let strangers = cd.complete_run(&elsewhere).expect("a run");
    quietness(&mut world).await;

    let ours = candidate(&world, "acme/t").await;
    assert_eq!(ours.state, TargetState::Succeeded);
    assert_ne!(ours.run_id, Some(strangers.0));
    assert_eq!(cd.runs().len(), 2);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_32_a_connection_that_never_was_needs_no_look() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("POST", POST).refuse();

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert!(looks(&world, "acme/t", "cd.yml").is_empty());
    assert_eq!(of_kind(&all_facts(&world).await, kinds::TRIGGER_SUCCEEDED)[0].data["attempts"], 2);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_32_a_run_that_completes_before_it_is_found_settles_its_dispatch() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let t = world.repository("acme/t");
    let at_once =
        switchboard_simulator::WorkflowSpec::new("cd.yml").dispatchable(&[]).takes(Duration::ZERO, Duration::ZERO);
    let cd = t.workflow(at_once);
    // It has a candidate of its own, so it must be known where it comes from.
    t.file("dispatching.yml", outbound("cd.yml", &[("last", "cd.yml")]) + &inbound("s", "ci.yml", "cd.yml"));
    let last = world.repository("acme/last");
    last.workflow(switchboard_simulator::WorkflowSpec::new("cd.yml").dispatchable(&[]));
    last.file("dispatching.yml", inbound("t", "cd.yml", "cd.yml"));
    world.github.fault("POST", POST).lose_answer();
    world.github.configure(|settings| settings.run_listing_delay = Duration::from_secs(3600));

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!((cd.runs().len(), starts(&world, "acme/t", "cd.yml").len()), (1, 1));
    let adopted = candidate(&world, "acme/t").await;
    assert_eq!((adopted.state, adopted.run_id), (TargetState::Succeeded, Some(cd.runs()[0].id.0)));
    assert!(looks(&world, "acme/t", "cd.yml").is_empty());
    let roots: Vec<_> = runs(&world).await.into_iter().map(|run| run.lineage.root).collect();
    assert!(roots.windows(2).all(|pair| pair[0] == pair[1]), "{roots:?}");
    end(world, &[dispatch_of("acme/t", "cd.yml"), dispatch_of("acme/last", "cd.yml")]).await;
}
