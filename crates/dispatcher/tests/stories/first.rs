use crate::support::*;

#[tokio::test]
async fn a_run_that_both_sides_agree_on_is_dispatched_once() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/api", &[("deploy", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/deploy", "cd.yml", "api");

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let kinds: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "dispatch.request.accepted",
            "dispatch.plan.created",
            "dispatch.target.queued",
            "dispatch.trigger.succeeded",
            "dispatch.request.accepted",
            "dispatch.run.completed",
            "dispatch.plan.created"
        ]
    );
    assert_eq!(cd.runs().len(), 1);
    only_known_calls(&world);
    world.finish(&[dispatch_of("acme/deploy", "cd.yml")]).await;
}
