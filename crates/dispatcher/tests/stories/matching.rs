//! Which targets a file names, and when two names are the same.

use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::WorkflowSpec;

use crate::support::*;

#[tokio::test]
async fn dispatcher_13_two_rules_for_one_target_dispatch_it_once() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    s.file(
        "dispatching.yml",
        "outbound:\n\
         \x20 - source: { workflow: ci.yml }\n    targets: [ { repository: t, workflow: cd.yml } ]\n\
         \x20 - source: { workflow: .github/workflows/ci.yml }\n    targets: [ { repository: acme/T, workflow: .github/workflows/cd.yml, ref: main } ]\n",
    );

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["duplicate_target"]);
    let outcomes: Vec<_> = targets(&world).await.into_iter().map(|target| (target.state, target.reason)).collect();
    assert_eq!(outcomes, [(TargetState::Succeeded, None), (TargetState::Denied, Some(Reason::DuplicateTarget))]);
    assert_eq!(cd.runs().len(), 1);
    assert_eq!(repositories_read(&world), ["acme/t"], "a duplicate is not read");
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_13_an_old_and_the_new_name_of_a_repository_are_one_target() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("old", "cd.yml"), ("new", "cd.yml"), ("new", "ce.yml")]);
    let (t, cd) = target(&mut world, "acme/old", "cd.yml", "s");
    let ce = t.workflow(WorkflowSpec::new("ce.yml").dispatchable(&[]));
    t.rename("new");
    t.file(
        "dispatching.yml",
        "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: [ { workflow: cd.yml }, { workflow: ce.yml } ]\n",
    );

    ci.complete_run(&success());
    quietness(&mut world).await;

    let reasons: Vec<_> = targets(&world).await.into_iter().map(|target| target.reason).collect();
    assert_eq!(reasons, [None, Some(Reason::DuplicateTarget), None]);
    assert_eq!((cd.runs().len(), ce.runs().len()), (1, 1));
    end(world, &[dispatch_of("acme/new", "cd.yml"), dispatch_of("acme/new", "ce.yml")]).await;
}

#[tokio::test]
async fn dispatcher_13_an_earlier_candidate_that_was_denied_stands_in_nobodys_way() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    target(&mut world, "acme/t", "cd.yml", "s");
    s.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: ci.yml }\n    targets:\n\
         \x20     - { repository: t, workflow: cd.yml, inputs: { x: \"{{ nothing }}\" } }\n\
         \x20     - { repository: t, workflow: cd.yml }\n",
    );

    ci.complete_run(&success());
    quietness(&mut world).await;

    let reasons: Vec<_> = targets(&world).await.into_iter().map(|target| target.reason).collect();
    assert_eq!(reasons, [Some(Reason::InputsTemplateError), None]);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_19_owners_and_repositories_are_the_same_in_any_case() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "org/s", &[("Org/Repo", "cd.yml")]);
    let (repo, cd) = target(&mut world, "org/repo", "cd.yml", "ORG/s");

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(cd.runs().len(), 1);
    let succeeded = candidate(&world, "org/repo").await;
    assert_eq!((succeeded.state, succeeded.repository_id), (TargetState::Succeeded, Some(repo.id().0)));
    end(world, &[dispatch_of("org/repo", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_19_workflow_files_are_the_same_only_letter_by_letter() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "org/s", &[("upper", "CD.yml"), ("lower", "cd.yml"), ("source", "cd.yml")]);
    for (name, consented, from) in
        [("upper", "cd.yml", "ci.yml"), ("lower", "CD.yml", "ci.yml"), ("source", "cd.yml", "CI.yml")]
    {
        let repository = world.repository(&format!("org/{name}"));
        repository.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
        repository.workflow(WorkflowSpec::new("CD.yml").dispatchable(&[]));
        repository.file("dispatching.yml", inbound("s", from, consented));
    }

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["inbound_not_authorized"; 3]);
    end(world, &[]).await;
}
