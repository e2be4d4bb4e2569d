//! What GitHub answers to a dispatch, and what becomes of it.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::keys::views;
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::{Expected, Input, RunDetails, Trigger, WorkflowSpec};

use crate::support::*;

#[tokio::test]
async fn dispatcher_29_a_target_without_the_ref_fails_alone_and_at_once() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: ci.yml }\n    targets: [ { repository: t1, workflow: cd.yml }, { repository: t2, workflow: cd.yml, ref: nowhere }, { repository: t3, workflow: cd.yml } ]\n",
    );
    for name in ["acme/t1", "acme/t2", "acme/t3"] {
        target(&mut world, name, "cd.yml", "s");
    }

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let failed = one(&facts, kinds::TRIGGER_FAILED);
    assert_eq!((&failed.data["targetRepo"], &failed.data["reason"]), (&json!("acme/t2"), &json!("ref_not_found")));
    assert_eq!((&failed.data["attempts"], &failed.data["dispatchRef"]), (&json!(1), &json!("nowhere")));
    assert!(text(&failed.data, "error").contains("No ref found") && !text(&failed.data, "hint").is_empty());
    assert_eq!(starts(&world, "acme/t2", "cd.yml").len(), 1);
    assert!(world.records(&views::EXPECTED_RUN).await.is_empty());
    end(world, &[dispatch_of("acme/t1", "cd.yml"), dispatch_of("acme/t3", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_30_what_a_target_workflow_lacks_is_told_apart() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    let names = ["untriggered", "disabled", "picky", "demanding", "gone", "archived"];
    let mut file = String::from("outbound:\n  - source: { workflow: ci.yml }\n    targets:\n");
    for name in names {
        let inputs = if name == "picky" { ", inputs: { sha: x }" } else { "" };
        file.push_str(&format!("      - {{ repository: {name}, workflow: cd.yml{inputs} }}\n"));
        let consent = "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: [ { workflow: cd.yml, accept_inputs: [sha] } ]\n";
        let repository = world.repository(&format!("acme/{name}"));
        repository.file("dispatching.yml", consent);
        let workflow = match name {
            "gone" => continue,
            "untriggered" => WorkflowSpec::new("cd.yml").on(Trigger::Push),
            "demanding" => {
                WorkflowSpec::new("cd.yml").on(Trigger::WorkflowDispatch(vec![Input::required("environment")]))
            }
            _ => WorkflowSpec::new("cd.yml").dispatchable(&[]),
        };
        let workflow = repository.workflow(workflow);
        workflow.set_enabled(name != "disabled");
        repository.set_archived(name == "archived");
    }
    s.file("dispatching.yml", file);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let found = targets(&world).await;
    let reasons: Vec<_> = found.iter().map(|target| target.reason.expect("a reason")).collect();
    assert_eq!(
        reasons,
        [
            Reason::NoDispatchTrigger,
            Reason::WorkflowDisabled,
            Reason::InputsRejected,
            Reason::InputsRejected,
            Reason::WorkflowNotFound,
            Reason::TargetArchived,
        ]
    );
    for target in &found {
        let attempts = u32::from(target.reason != Some(Reason::TargetArchived));
        assert_eq!(target.attempts, attempts, "permanent means one attempt: {target:?}");
    }
    assert_eq!(found[5].state, TargetState::Denied);
    let hints: BTreeSet<_> = found.iter().filter_map(|target| target.hint.clone()).collect();
    assert_eq!(hints.len(), 5, "{hints:?}");
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_30_every_refusal_is_permanent_and_has_a_reason_of_its_own() {
    let told = |message: &str| json!({ "message": message });
    let answers: [(u16, Value, Reason); 8] = [
        (403, told("Resource not accessible by integration"), Reason::TargetPermissionMissing),
        (403, told("Repository was archived so is read-only."), Reason::TargetArchived),
        (403, told("This installation has been suspended"), Reason::InstallationSuspended),
        (404, told("Not Found"), Reason::WorkflowNotFound),
        (422, told("No ref found for: main"), Reason::RefNotFound),
        (422, told("Unexpected inputs provided: [\"x\"]"), Reason::InputsRejected),
        (422, told("Something new"), Reason::Rejected),
        (400, told("Problems parsing JSON"), Reason::Rejected),
    ];
    let mut world = world(quiet()).begin().await;
    let names: Vec<String> = (0..answers.len()).map(|n| format!("t{n}")).collect();
    let wanted: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "cd.yml")).collect();
    let (_, ci) = source(&mut world, "acme/s", &wanted);
    for (name, (status, body, _)) in names.iter().zip(&answers) {
        target(&mut world, &format!("acme/{name}"), "cd.yml", "s");
        let path = format!("/repos/acme/{name}/actions/workflows/cd.yml/dispatches");
        world.github.fault("POST", &path).always().answer(*status, &[], body.clone());
    }

    ci.complete_run(&success());
    quietness(&mut world).await;

    for (target, (_, body, reason)) in targets(&world).await.iter().zip(&answers) {
        assert_eq!((target.state, target.reason, target.attempts), (TargetState::Failed, Some(*reason), 1), "{body}");
        assert!(target.hint.as_deref().is_some_and(|hint| !hint.is_empty()));
        assert_eq!(starts(&world, &target.repository.to_string(), "cd.yml").len(), 1);
    }
    assert_eq!(reasons(&all_facts(&world).await, kinds::TRIGGER_FAILED).len(), answers.len());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_30_a_token_that_github_no_longer_takes_is_renewed_once() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("once", "cd.yml"), ("always", "cd.yml")]);
    target(&mut world, "acme/once", "cd.yml", "s");
    target(&mut world, "acme/always", "cd.yml", "s");
    let bad = json!({ "message": "Bad credentials" });
    let post = |name: &str| format!("/repos/acme/{name}/actions/workflows/cd.yml/dispatches");
    world.github.fault("POST", &post("once")).answer(401, &[], bad.clone());
    world.github.fault("POST", &post("always")).always().answer(401, &[], bad);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let renewed = candidate(&world, "acme/once").await;
    assert_eq!((renewed.state, renewed.attempts), (TargetState::Succeeded, 1));
    let refused = candidate(&world, "acme/always").await;
    assert_eq!((refused.state, refused.reason), (TargetState::Failed, Some(Reason::AuthFailed)));
    assert_eq!((starts(&world, "acme/once", "cd.yml").len(), starts(&world, "acme/always", "cd.yml").len()), (2, 2));
    end(world, &[dispatch_of("acme/once", "cd.yml")]).await;
}

/// A source in `acme` with one target there and one in `friends`, where the App is installed too.
async fn two_installations() -> (switchboard_testkit::World, switchboard_simulator::Workflow) {
    let config = Config { allowed_target_orgs: vec!["friends".to_owned()], ..quiet() };
    let mut world = world(config).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t1", "cd.yml"), ("friends/t2", "cd.yml"), ("t3", "cd.yml")]);
    target(&mut world, "acme/t1", "cd.yml", "s");
    target(&mut world, "friends/t2", "cd.yml", "acme/s");
    target(&mut world, "acme/t3", "cd.yml", "s");
    (world, ci)
}

fn all_three() -> [Expected; 3] {
    ["acme/t1", "friends/t2", "acme/t3"].map(|target| dispatch_of(target, "cd.yml"))
}

#[tokio::test]
async fn dispatcher_31_retry_after_holds_the_writes_of_that_installation_and_of_no_other() {
    let (mut world, ci) = two_installations().await;
    world.github.fault("POST", "/repos/acme/t1/actions/workflows/cd.yml/dispatches").secondary_limit(Some(37));

    ci.complete_run(&success());
    let began = world.now();
    world.settle().await;
    assert_eq!(candidate(&world, "acme/t1").await.state, TargetState::Held);
    quietness(&mut world).await;

    let seconds = Duration::from_secs;
    assert_eq!(offsets(&starts(&world, "acme/t1", "cd.yml"), began), [seconds(0), seconds(37)]);
    assert_eq!(offsets(&starts(&world, "friends/t2", "cd.yml"), began), [seconds(0)]);
    assert_eq!(offsets(&starts(&world, "acme/t3", "cd.yml"), began), [seconds(37)]);
    let held = candidate(&world, "acme/t1").await;
    assert_eq!((held.state, held.attempts), (TargetState::Succeeded, 1), "a hold counts as no attempt");
    assert!(looks(&world, "acme/t1", "cd.yml").is_empty(), "nothing was started, so there is nothing to look for");
    end(world, &all_three()).await;
}

#[tokio::test]
async fn dispatcher_31_a_used_up_budget_is_waited_for_until_its_reset_and_an_untold_wait_is_a_minute() {
    for (headers, message, wait) in [
        (vec![("x-ratelimit-remaining", "0".to_owned())], "API rate limit exceeded", 300),
        (vec![], "You have exceeded a secondary rate limit", 60),
    ] {
        let (mut world, ci) = two_installations().await;
        let reset = (world.now().seconds() + 300).to_string();
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if !headers.is_empty() {
            headers.push(("x-ratelimit-reset", &reset));
        }
        let post = world.github.fault("POST", "/repos/acme/t1/actions/workflows/cd.yml/dispatches");
        post.answer(429, &headers, json!({ "message": message }));

        ci.complete_run(&success());
        let began = world.now();
        quietness(&mut world).await;

        let first_again = offsets(&starts(&world, "acme/t1", "cd.yml"), began)[1];
        assert!(
            first_again.abs_diff(Duration::from_secs(wait)) <= Duration::from_secs(1),
            "{message}: {first_again:?}"
        );
        assert_eq!(candidate(&world, "acme/t1").await.attempts, 1);
        assert_eq!(offsets(&starts(&world, "friends/t2", "cd.yml"), began), [Duration::ZERO]);
        end(world, &all_three()).await;
    }
}

/// Posts of a dispatch that GitHub fails twice, under this seed.
async fn posts_with_two_bad_gateways(seed: u64) -> Vec<Duration> {
    let mut world = world(quiet()).seed(seed).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    world.github.fault("POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches").times(2).status(502);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let succeeded = one(&facts, kinds::TRIGGER_SUCCEEDED);
    assert_eq!(succeeded.data["attempts"], 3);
    assert_eq!(succeeded.data.get("runId"), None, "204 names no run");
    let gaps = gaps(&starts(&world, "acme/t", "cd.yml"));
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
    gaps
}

#[tokio::test]
async fn dispatcher_32_two_bad_gateways_are_waited_out_with_growing_and_random_waits() {
    // A 5xx may have started the run: for 20 s after its wait it is looked for.
    let looking = Duration::from_secs(20);
    let mut seen = BTreeSet::new();
    for seed in [1, 2, 3] {
        let gaps = posts_with_two_bad_gateways(seed).await;
        let waits: Vec<Duration> = gaps.iter().map(|gap| *gap - looking).collect();
        let within = |wait: Duration, longest| (longest / 2..=longest).contains(&(wait.as_millis()));
        assert!(waits.len() == 2 && within(waits[0], 200) && within(waits[1], 800), "{waits:?}");
        seen.insert(waits);
    }
    assert_eq!(seen.len(), 3, "waits are random: {seen:?}");
}

#[tokio::test]
async fn dispatcher_32_bad_gateways_for_ever_end_in_a_dead_letter_and_one_failure() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t1", "cd.yml"), ("t2", "cd.yml")]);
    target(&mut world, "acme/t1", "cd.yml", "s");
    target(&mut world, "acme/t2", "cd.yml", "s");
    world.github.fault("POST", "/repos/acme/t1/actions/workflows/cd.yml/dispatches").always().status(502);
    world.expect_dead_letters(&["dispatch.workflow"]);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let failed = one(&facts, kinds::TRIGGER_FAILED);
    assert_eq!((&failed.data["reason"], &failed.data["attempts"]), (&json!("github_unavailable"), &json!(9)));
    let posts = starts(&world, "acme/t1", "cd.yml");
    assert_eq!(posts.len(), 9, "the first and eight more");
    // They grow fourfold until, at the eighth, a quarter of an hour is the most.
    assert!(gaps(&posts)[..7].windows(2).all(|pair| pair[0] < pair[1]), "{:?}", gaps(&posts));
    let half_an_hour = Duration::from_secs(30 * 60);
    assert!(posts[8].at.since(posts[0].at) < half_an_hour + Duration::from_secs(8 * 20));
    assert_eq!(candidate(&world, "acme/t1").await.state, TargetState::Failed);
    assert!(world.records(&views::EXPECTED_RUN).await.is_empty());
    end(world, &[dispatch_of("acme/t2", "cd.yml")]).await;
}
