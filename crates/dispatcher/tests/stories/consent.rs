//! What the target permits. Without its permission nothing is dispatched.

use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::{Credentials, RepositorySpec, Workflow, WorkflowSpec};
use switchboard_testkit::World;

use crate::support::*;

/// What S asks for: T's `cd.yml` with these inputs, written as YAML.
fn asking(inputs: &str) -> String {
    format!(
        "outbound:\n  - source: {{ workflow: ci.yml }}\n    targets: [ {{ repository: t, workflow: cd.yml, inputs: {inputs} }} ]\n"
    )
}

/// S asks for T with `inputs`; T's file is `consent`. The outcome of that candidate, and the runs of T that came of it.
async fn outcome(inputs: &str, consent: &str) -> (TargetState, Option<Reason>) {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.file("dispatching.yml", asking(inputs));
    let t = world.repository("acme/t");
    let cd = t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["sha", "env", "note"]));
    t.workflow(WorkflowSpec::new("other.yml").dispatchable(&[]));
    t.file("dispatching.yml", consent.to_owned());
    decided(world, &ci, &cd).await
}

/// Runs `ci` once, and says what became of the one candidate.
async fn decided(mut world: World, ci: &Workflow, cd: &Workflow) -> (TargetState, Option<Reason>) {
    ci.complete_run(&success());
    quietness(&mut world).await;

    let found = candidate(&world, "acme/t").await;
    let happened = usize::from(found.state == TargetState::Succeeded);
    assert_eq!(starts(&world, "acme/t", "*").len(), happened, "only what is permitted is asked for");
    assert_eq!(cd.runs().len(), happened);
    end(world, &vec![dispatch_of("acme/t", "cd.yml"); happened]).await;
    (found.state, found.reason)
}

const ALLOWED: (TargetState, Option<Reason>) = (TargetState::Succeeded, None);

fn denied(reason: Reason) -> (TargetState, Option<Reason>) {
    (TargetState::Denied, Some(reason))
}

/// One `inbound` rule for S's `ci.yml` and the own `cd.yml`; `accept` is what stands behind the workflow.
fn rule(accept: &str) -> String {
    format!("  - source: {{ repository: s, workflow: ci.yml }}\n    targets: [ {{ workflow: cd.yml{accept} }} ]\n")
}

#[tokio::test]
async fn dispatcher_17_inputs_that_the_target_does_not_accept_deny_it() {
    let consent = format!("inbound:\n{}", rule(""));
    assert_eq!(outcome("{ sha: x }", &consent).await, denied(Reason::InputsNotAccepted));
    let empty = format!("inbound:\n{}", rule(", accept_inputs: []"));
    assert_eq!(outcome("{ sha: x }", &empty).await, denied(Reason::InputsNotAccepted));
}

#[tokio::test]
async fn dispatcher_17_without_inputs_it_does_not_matter_what_is_accepted() {
    for accept in ["", ", accept_inputs: []", ", accept_inputs: [sha, env]"] {
        assert_eq!(outcome("{}", &format!("inbound:\n{}", rule(accept))).await, ALLOWED, "{accept}");
    }
}

#[tokio::test]
async fn dispatcher_18_nothing_is_dispatched_that_the_target_does_not_list() {
    let other = |repository: &str, from: &str, workflow: &str| inbound(repository, from, workflow);
    for consent in [
        other("s", "ci.yml", "other.yml"),
        other("s", "release.yml", "cd.yml"),
        other("stranger", "ci.yml", "cd.yml"),
        other("stranger/s", "ci.yml", "cd.yml"),
        other("s-2", "ci.yml", "cd.yml"),
        // Permission for one thing and for another is not permission for both together.
        other("s", "release.yml", "cd.yml") + &rule("").replace("cd.yml", "other.yml"),
        "inbound: []\n".to_owned(),
        "outbound: []\n".to_owned(),
        "# nobody\n".to_owned(),
    ] {
        assert_eq!(outcome("{}", &consent).await, denied(Reason::InboundNotAuthorized), "{consent}");
    }
}

#[tokio::test]
async fn dispatcher_18_a_target_without_a_file_or_with_an_unusable_one_permits_nothing() {
    for (file, reason) in [
        (None, Reason::MissingTargetConfig),
        (Some("inbound: yes, please"), Reason::InvalidTargetConfig),
        (
            Some("inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: []\n"),
            Reason::InvalidTargetConfig,
        ),
    ] {
        let mut world = world(quiet()).begin().await;
        let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
        let t = world.repository("acme/t");
        let cd = t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
        if let Some(file) = file {
            t.file("dispatching.yml", file);
        }
        assert_eq!(decided(world, &ci, &cd).await, denied(reason), "{file:?}");
    }
}

#[tokio::test]
async fn dispatcher_18_a_permission_that_was_withdrawn_no_longer_counts() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (t, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    ci.complete_run(&success());
    quietness(&mut world).await;

    t.file("dispatching.yml", "inbound: []\n");
    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["inbound_not_authorized"]);
    assert_eq!(cd.runs().len(), 1);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_18_a_permission_that_cannot_be_read_again_does_not_allow_and_is_no_denial() {
    let mut world = world(Config { max_retries: 2, ..quiet() }).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml"), ("u", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    target(&mut world, "acme/u", "cd.yml", "s");
    ci.complete_run(&success());
    quietness(&mut world).await;

    world.github.fault("GET", "/repos/acme/t/contents/**").always().status(502);
    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    assert_eq!(reasons(&facts, kinds::TRIGGER_FAILED), ["target_config_unavailable"]);
    assert!(of_kind(&facts, kinds::TARGET_DENIED).is_empty());
    world.expect_dead_letters(&["dispatcher.target"]);
    let again = dispatch_of("acme/u", "cd.yml");
    end(world, &[dispatch_of("acme/t", "cd.yml"), again.clone(), again]).await;
}

#[tokio::test]
async fn dispatcher_21_one_rule_must_accept_all_inputs() {
    let both = "{ sha: x, env: prod }";
    let lacking = rule(", accept_inputs: [sha]");
    let lacking_the_other = rule(", accept_inputs: [env, note]");
    let whole = rule(", accept_inputs: [note, env, sha]");
    let consent = |rules: &[&str]| format!("inbound:\n{}", rules.concat());

    assert_eq!(outcome(both, &consent(&[&lacking])).await, denied(Reason::InputsNotAccepted));
    let halves = consent(&[&lacking, &lacking_the_other]);
    assert_eq!(outcome(both, &halves).await, denied(Reason::InputsNotAccepted), "rules are tried one by one");
    assert_eq!(outcome(both, &consent(&[&lacking, &lacking_the_other, &whole])).await, ALLOWED);
    let in_one_rule = "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: [ { workflow: cd.yml, accept_inputs: [sha] }, { workflow: cd.yml, accept_inputs: [sha, env] } ]\n";
    assert_eq!(outcome(both, in_one_rule).await, ALLOWED);
    assert_eq!(outcome("{ Sha: x }", &consent(&[&whole])).await, denied(Reason::InputsNotAccepted));
}

fn friendly() -> Config {
    Config { allowed_target_orgs: vec!["Friends".to_owned()], ..quiet() }
}

/// S of `acme` asks for T of `friends`, where the App is installed; T's rule names its source like this.
async fn across(config: Config, named: &str) -> (World, Workflow, Workflow) {
    let mut world = world(config).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("friends/t", "cd.yml")]);
    let (_, cd) = target(&mut world, "friends/t", "cd.yml", named);
    // A repository of the same name under the target's own owner, which a bare name means.
    world.repository("friends/s");
    (world, ci, cd)
}

#[tokio::test]
async fn dispatcher_20_an_organization_that_the_operator_has_not_listed_is_not_even_read() {
    let (mut world, ci, cd) = across(quiet(), "acme/s").await;

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["target_org_not_allowlisted"]);
    assert!(requests(&world, "*", "/repos/friends/**").is_empty());
    assert!(cd.runs().is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_20_a_listed_organization_is_read_and_written_with_its_own_token() {
    let (mut world, ci, cd) = across(friendly(), "acme/s").await;

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(cd.runs().len(), 1);
    let theirs = world.installation("friends").id();
    let post = starts(&world, "friends/t", "cd.yml").remove(0);
    assert!(matches!(post.credentials, Credentials::Installation { id, .. } if id == theirs), "{post:?}");
    for read in requests(&world, "GET", "/repos/friends/t/contents/**") {
        assert!(matches!(read.credentials, Credentials::Installation { id, .. } if id == theirs), "{read:?}");
    }
    let found = candidate(&world, "friends/t").await;
    assert_eq!(found.installation_id, Some(theirs.0));
    end(world, &[dispatch_of("friends/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_20_a_bare_name_never_means_another_owners_repository() {
    let (mut world, ci, cd) = across(friendly(), "s").await;

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["inbound_not_authorized"]);
    assert!(cd.runs().is_empty());
    end(world, &[]).await;

    // Nor does the source's: `t` is acme's, and the stranger's `t` is not asked.
    let mut world = crate::support::world(friendly()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "friends/t", "cd.yml", "acme/s");
    ci.complete_run(&success());
    quietness(&mut world).await;
    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["target_not_accessible"]);
    assert!(requests(&world, "*", "/repos/friends/**").is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_20_a_target_that_has_moved_to_another_owner_is_not_followed() {
    let mut world = world(friendly()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let friends = world.organization("friends");
    let t = friends.repository(RepositorySpec::new("t").public());
    t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    t.file("dispatching.yml", inbound("acme/s", "ci.yml", "cd.yml"));
    t.transfer(&world.organization("acme"));
    t.transfer(&friends);

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["target_moved"]);
    end(world, &[]).await;
}
