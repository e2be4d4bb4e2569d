//! What a dispatch carries: inputs with templates filled in, and the ref to start on.

use serde_json::{Value, json};
use switchboard_dispatcher::config::{Config, RefPolicy};
use switchboard_dispatcher::facts::kinds;
use switchboard_simulator::{Repository, RepositorySpec, RunSpec, Workflow, WorkflowSpec};
use switchboard_testkit::World;

use crate::support::*;

/// S asks for two targets: the first with this input, the second without any. Both consent and take `x`.
async fn asking(config: Config, input: &str) -> (World, Repository, Workflow) {
    let mut world = world(config).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.file(
        "dispatching.yml",
        format!(
            "outbound:\n  - source: {{ workflow: ci.yml }}\n    targets:\n\
             \x20     - {{ repository: t1, workflow: cd.yml, inputs: {{ x: {input} }} }}\n\
             \x20     - {{ repository: t2, workflow: cd.yml }}\n"
        ),
    );
    for name in ["t1", "t2"] {
        let t = world.repository(&format!("acme/{name}"));
        t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["x"]));
        t.file(
            "dispatching.yml",
            "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets: [ { workflow: cd.yml, accept_inputs: [x] } ]\n",
        );
    }
    (world, s, ci)
}

/// The first target is denied for its inputs, nothing is read about it, and the second is dispatched.
async fn cannot_be_filled_in(input: &str, run: &RunSpec, told: &str) {
    let (mut world, _, ci) = asking(Config { enforce_default_branch: false, ..quiet() }, input).await;

    ci.complete_run(run);
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    assert_eq!(reasons(&facts, kinds::TARGET_DENIED), ["inputs_template_error"], "{input}");
    let detail = text(&of_kind(&facts, kinds::TARGET_DENIED)[0].data, "detail");
    assert!(detail.starts_with("x: ") && detail.contains(told), "{detail}");
    assert_eq!(repositories_read(&world), ["acme/t2"]);
    end(world, &[dispatch_of("acme/t2", "cd.yml")]).await;
}

/// What T1 is sent as `x`.
async fn sent(input: &str, run: &RunSpec) -> Value {
    let (mut world, _, ci) = asking(Config { enforce_default_branch: false, ..quiet() }, input).await;
    ci.complete_run(run);
    quietness(&mut world).await;
    let sent = starts(&world, "acme/t1", "cd.yml").remove(0).body["inputs"]["x"].clone();
    end(world, &[dispatch_of("acme/t1", "cd.yml"), dispatch_of("acme/t2", "cd.yml")]).await;
    sent
}

#[tokio::test]
async fn dispatcher_22_an_unknown_or_unclosed_template_denies_its_target_alone() {
    cannot_be_filled_in("\"{{ source.bogus }}\"", &success(), "source.bogus").await;
    cannot_be_filled_in("\"${{ source.sha }}\"", &success(), "source.sha").await;
    cannot_be_filled_in("\"{{ source.sha\"", &success(), "").await;
}

#[tokio::test]
async fn dispatcher_22_an_empty_branch_denies_its_target_alone() {
    let nowhere = RunSpec { branch: None, ..success() };
    cannot_be_filled_in("\"on {{ source.head_branch }}\"", &nowhere, "source.head_branch").await;
}

#[tokio::test]
async fn dispatcher_22_more_than_1024_characters_deny_their_target_alone() {
    // A commit's SHA has 40 characters.
    let filler = |length: usize| format!("\"{}{{{{ source.sha }}}}\"", "é".repeat(length - 40));
    cannot_be_filled_in(&filler(1_025), &success(), "1025").await;
    let sent = sent(&filler(1_024), &success()).await;
    assert_eq!(sent.as_str().map(|text| text.chars().count()), Some(1_024));
}

#[tokio::test]
async fn dispatcher_22_a_newline_or_another_control_character_denies_its_target_alone() {
    for control in ["\\n", "\\r", "\\t", "\\x01", "\\x7f"] {
        cannot_be_filled_in(&format!("\"{{{{ source.sha }}}}{control}\""), &success(), "control").await;
    }
}

#[tokio::test]
async fn dispatcher_22_literals_are_sent_as_they_are_whatever_their_length() {
    let long = "x\\n".repeat(2_000);
    assert_eq!(sent(&format!("\"{long}\""), &success()).await, json!("x\n".repeat(2_000)));
}

#[tokio::test]
async fn dispatcher_22_a_strangers_branch_travels_as_text_and_is_not_expanded_again() {
    for branch in ["$(touch${IFS}x)", "`id`", "\"'", "{{source.sha}}", "<script>", "\u{202e}evil", "e\u{301}"] {
        assert_eq!(sent("\"{{ source.head_branch }}\"", &success().on(branch)).await, json!(branch));
    }
}

#[tokio::test]
async fn dispatcher_22_too_many_inputs_deny_their_target_before_any_request() {
    let (mut world, s, ci) = asking(Config { max_inputs: 2, ..quiet() }, "z").await;
    let inputs = |count: usize| (0..count).map(|n| format!("k{n}: v")).collect::<Vec<_>>().join(", ");
    s.file(
        "dispatching.yml",
        format!(
            "outbound:\n  - source: {{ workflow: ci.yml }}\n    targets: [ {{ repository: t1, workflow: cd.yml, inputs: {{ {} }} }} ]\n",
            inputs(3)
        ),
    );

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["inputs_limit_exceeded"]);
    assert!(repositories_read(&world).is_empty());
    end(world, &[]).await;
}

/// S asks for T with `wanted` behind the workflow, T's default branch is `trunk`; the ref that T's workflow is started on.
async fn started_on(config: Config, wanted: &str, run: &RunSpec) -> String {
    let mut world = world(config).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.file(
        "dispatching.yml",
        format!("outbound:\n  - source: {{ workflow: ci.yml }}\n    targets: [ {{ repository: t, workflow: cd.yml{wanted} }} ]\n"),
    );
    let t = world.organization("acme").repository(RepositorySpec::new("t").default_branch("trunk"));
    let cd = t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    t.file("dispatching.yml", inbound("s", "ci.yml", "cd.yml"));
    t.branch("main").branch("release").branch("feature").tag("v1");

    ci.complete_run(run);
    quietness(&mut world).await;

    let git_ref = text(&starts(&world, "acme/t", "cd.yml").remove(0).body, "ref");
    let facts = all_facts(&world).await;
    for kind in [kinds::TARGET_QUEUED, kinds::TRIGGER_SUCCEEDED] {
        assert_eq!(text(&of_kind(&facts, kind)[0].data, "dispatchRef"), git_ref);
    }
    assert_eq!(cd.runs().len(), 1);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
    git_ref
}

fn policy(ref_policy: RefPolicy) -> Config {
    Config { ref_policy, enforce_default_branch: false, ..quiet() }
}

#[tokio::test]
async fn dispatcher_43_a_targets_own_ref_comes_before_every_policy() {
    for ref_policy in [RefPolicy::Configured, RefPolicy::SourceBranch, RefPolicy::TargetDefault] {
        assert_eq!(started_on(policy(ref_policy), ", ref: release", &success()).await, "release");
    }
    assert_eq!(started_on(quiet(), ", ref: refs/tags/v1", &success()).await, "refs/tags/v1");
}

#[tokio::test]
async fn dispatcher_43_without_a_ref_of_its_own_the_operators_policy_decides() {
    assert_eq!(started_on(quiet(), "", &success()).await, "main");
    let configured = Config { default_ref: "release".parse().expect("a ref"), ..quiet() };
    assert_eq!(started_on(configured, "", &success()).await, "release");
    assert_eq!(started_on(policy(RefPolicy::TargetDefault), "", &success()).await, "trunk");
    let feature = success().on("feature");
    assert_eq!(started_on(policy(RefPolicy::SourceBranch), "", &feature).await, "feature");
    assert_eq!(started_on(policy(RefPolicy::Configured), "", &feature).await, "main");
}

#[tokio::test]
async fn dispatcher_43_a_run_without_a_branch_falls_back_to_the_default_ref() {
    let nowhere = RunSpec { branch: None, ..success() };
    assert_eq!(started_on(policy(RefPolicy::SourceBranch), "", &nowhere).await, "main");
}
