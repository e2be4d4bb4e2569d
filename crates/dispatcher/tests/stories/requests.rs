//! How a dispatch is sent: with which token and body, where, in which order, for how long; and how its run is linked.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{ResultRecord, TargetState};
use switchboard_dispatcher::keys::views;
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::{
    Access, Credentials, Expected, InstallationSpec, Permissions, RepositorySpec, RunDetails, WorkflowSpec,
};

use crate::support::*;

#[tokio::test]
async fn dispatcher_33_the_started_run_is_linked_and_its_failure_shown_as_its_result() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let t = world.repository("acme/t");
    let cd = t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]).concludes(&["failure"]));
    t.file("dispatching.yml", inbound("s", "ci.yml", "cd.yml"));

    ci.complete_run(&success());
    quietness(&mut world).await;

    let run = cd.runs().remove(0);
    let target = candidate(&world, "acme/t").await;
    assert_eq!((target.state, target.run_id), (TargetState::Succeeded, Some(run.id.0)));
    assert_eq!(target.run_url, Some(format!("https://github.com/acme/t/actions/runs/{}", run.id)));
    let facts = all_facts(&world).await;
    let succeeded = one(&facts, kinds::TRIGGER_SUCCEEDED);
    assert_eq!((&succeeded.data["runId"], &succeeded.data["dispatchRef"]), (&json!(run.id.0), &json!("main")));
    let results = world.records(&views::RESULT).await;
    assert_eq!(results.len(), 1);
    let result: ResultRecord = serde_json::from_value(results[0].value.clone()).expect("a result");
    assert_eq!((result.run_id, result.conclusion.as_deref()), (run.id.0, Some("failure")));
    // Its own run is skipped, for it failed; what became of it is told all the same.
    let completed = one(&facts, kinds::RUN_COMPLETED);
    assert_eq!((&completed.data["conclusion"], &completed.data["runId"]), (&json!("failure"), &json!(run.id.0)));
    assert_eq!(reasons(&facts, kinds::SOURCE_SKIPPED), ["source_conclusion_not_allowed"]);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_33_a_dispatch_that_names_no_run_succeeds_without_a_link() {
    let mut world = world(quiet()).begin().await;
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");

    ci.complete_run(&success());
    quietness(&mut world).await;

    let target = candidate(&world, "acme/t").await;
    assert_eq!((target.state, target.run_id, target.run_url), (TargetState::Succeeded, None, None));
    assert_eq!(cd.runs().len(), 1);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_33_a_server_that_refuses_to_name_runs_is_asked_once_more_without() {
    let mut world = world(quiet()).begin().await;
    world.github.configure(|settings| settings.run_details = RunDetails::Refused);
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");

    ci.complete_run(&success());
    quietness(&mut world).await;

    let bodies: Vec<Value> = starts(&world, "acme/t", "cd.yml").into_iter().map(|call| call.body).collect();
    assert_eq!(bodies, [json!({ "ref": "main", "return_run_details": true }), json!({ "ref": "main" })]);
    let target = candidate(&world, "acme/t").await;
    assert_eq!((target.state, target.attempts), (TargetState::Succeeded, 1));
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_34_a_public_target_of_an_owner_without_the_app_is_denied_and_the_others_go_on() {
    let config = Config { allowed_target_orgs: vec!["friends".to_owned()], ..quiet() };
    let mut world = world(config).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("friends/open", "cd.yml"), ("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let open = world.github.organization("friends").repository(RepositorySpec::new("open").public());
    open.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    open.file("dispatching.yml", inbound("acme/s", "ci.yml", "cd.yml"));

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let denied = one(&facts, kinds::TARGET_DENIED);
    assert_eq!(text(&denied.data, "reason"), "target_not_installed");
    assert!(text(&denied.data, "hint").contains("install the App"), "{denied:?}");
    assert!(starts(&world, "friends/open", "cd.yml").is_empty());
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_34_a_public_target_that_the_owners_installation_leaves_out_fails_for_want_of_a_token() {
    let mut world = world(quiet()).begin().await;
    let acme = world.github.organization("acme");
    let (s, t) = (acme.repository("s"), acme.repository("t"));
    let open = acme.repository(RepositorySpec::new("open").public());
    world.app.install(&acme, InstallationSpec::selected(&[&s, &t]));
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", outbound("ci.yml", &[("open", "cd.yml"), ("t", "cd.yml")]));
    for repository in [&open, &t] {
        repository.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
        repository.file("dispatching.yml", inbound("s", "ci.yml", "cd.yml"));
    }

    ci.complete_run(&success());
    quietness(&mut world).await;

    let left_out = candidate(&world, "acme/open").await;
    assert_eq!(left_out.reason, Some(Reason::TargetNotInstalled), "{left_out:?}");
    assert!(left_out.hint.is_some_and(|hint| hint.to_lowercase().contains("install")));
    assert!(starts(&world, "acme/open", "cd.yml").is_empty());
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn a_dispatch_is_sent_with_a_token_for_that_one_repository_and_nothing_but_actions() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: ci.yml }\n    targets: [ { repository: t, workflow: cd.yml, inputs: { sha: \"{{ source.sha }}\", note: \"no\" } } ]\n",
    );
    let t = world.repository("acme/t");
    let cd = t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["sha", "note"]));
    t.file(
        "dispatching.yml",
        "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: [ { workflow: cd.yml, accept_inputs: [sha, note] } ]\n",
    );

    ci.complete_run(&success());
    quietness(&mut world).await;

    let sha = s.head("main").expect("a head");
    let post = starts(&world, "acme/t", "cd.yml").remove(0);
    let inputs = json!({ "sha": sha, "note": "no" });
    assert_eq!(post.body, json!({ "ref": "main", "inputs": inputs, "return_run_details": true }));
    let Credentials::Installation { id, repositories, permissions } = post.credentials else {
        panic!("not an installation token: {post:?}");
    };
    assert_eq!(id, world.installation("acme").id());
    assert_eq!(repositories, Some([t.id()].into()));
    // GitHub grants every token the metadata of its repositories.
    let asked = Permissions::new(&[("actions", Access::Write)]);
    let granted = Permissions::new(&[("actions", Access::Write), ("metadata", Access::Read)]);
    assert!(permissions == asked || permissions == granted, "{permissions:?}");
    assert_eq!(json!(cd.runs()[0].inputs), inputs);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatches_to_one_workflow_are_sent_one_at_a_time_in_order() {
    let mut world = world(quiet()).begin().await;
    let (_, first) = source(&mut world, "acme/s1", &[("t", "cd.yml"), ("other", "cd.yml")]);
    let (_, second) = source(&mut world, "acme/s2", &[("t", "cd.yml"), ("other", "cd.yml")]);
    for name in ["acme/t", "acme/other"] {
        let (repository, _) = target(&mut world, name, "cd.yml", "s1");
        let consent = inbound("s1", "ci.yml", "cd.yml")
            + "  - source: { repository: s2, workflow: ci.yml }\n    targets: [ { workflow: cd.yml } ]\n";
        repository.file("dispatching.yml", consent);
    }
    // The first dispatch to T fails twice; the second one to T waits its turn, and those elsewhere do not.
    world.github.fault("POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches").times(2).status(502);

    first.complete_run(&success());
    world.settle().await;
    second.complete_run(&success());
    let began = world.now();
    quietness(&mut world).await;

    let sent = targets(&world).await.into_iter().filter(|target| target.repository.to_string() == "acme/t");
    let attempts: Vec<u32> = sent.map(|target| target.attempts).collect();
    assert_eq!(attempts, [3, 1]);
    assert_eq!(starts(&world, "acme/t", "cd.yml").len(), 4);
    assert_eq!(offsets(&starts(&world, "acme/other", "cd.yml"), began), [Duration::ZERO; 2]);
    end(world, &[Expected::times(4, "POST", "/repos/acme/*/actions/workflows/cd.yml/dispatches")]).await;
}

#[tokio::test]
async fn a_dispatch_that_waited_too_long_expires() {
    let mut world = world(Config { dispatch_expiry: Duration::from_secs(3600), ..quiet() }).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches").secondary_limit(Some(3601));

    ci.complete_run(&success());
    world.run_until_idle(Duration::from_secs(2 * 3600)).await;

    let expired = candidate(&world, "acme/t").await;
    assert_eq!((expired.state, expired.reason), (TargetState::Failed, Some(Reason::Expired)));
    assert_eq!(starts(&world, "acme/t", "cd.yml").len(), 1);
    assert!(cd.runs().is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn a_redirect_to_another_host_is_refused_and_no_token_goes_there() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let elsewhere = "https://elsewhere.example/repos/acme/t/actions/workflows/cd.yml/dispatches";
    let post = world.github.fault("POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches");
    post.answer(307, &[("location", elsewhere)], json!({ "message": "Moved" }));

    ci.complete_run(&success());
    quietness(&mut world).await;

    let refused = candidate(&world, "acme/t").await;
    assert_eq!((refused.state, refused.reason), (TargetState::Failed, Some(Reason::RedirectRefused)));
    assert_eq!(starts(&world, "acme/t", "cd.yml").len(), 1);
    end(world, &[]).await;
}

#[tokio::test]
async fn a_target_that_is_renamed_meanwhile_is_dispatched_under_its_new_name() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (t, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches").secondary_limit(Some(60));
    ci.complete_run(&success());
    world.settle().await;

    t.rename("renamed");
    quietness(&mut world).await;

    assert_eq!(targets(&world).await[0].state, TargetState::Succeeded);
    assert_eq!(cd.runs().len(), 1);
    end(world, &[dispatch_of("acme/renamed", "cd.yml")]).await;
}
