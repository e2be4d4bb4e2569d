//! Which completed runs may dispatch at all. A run that may not costs GitHub no request.

use serde_json::json;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_simulator::{HeadRepository, Repository, RepositorySpec, RunSpec, Workflow, WorkflowSpec};
use switchboard_testkit::World;

use crate::support::*;

/// S asks for a dispatch in T, and T consents.
async fn arranged(config: Config) -> (World, Repository, Workflow) {
    let mut world = world(config).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    (world, s, ci)
}

/// The run is skipped for this reason, and GitHub is not asked for anything.
async fn is_skipped(mut world: World, ci: &Workflow, run: &RunSpec, reason: &str) {
    ci.complete_run(run);
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let found: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(found, [kinds::REQUEST_ACCEPTED, kinds::SOURCE_SKIPPED], "{run:?}");
    assert_eq!(reasons(&facts, kinds::SOURCE_SKIPPED), [reason], "{run:?}");
    assert!(!text(&facts[1].data, "hint").is_empty());
    assert!(runs(&world).await.is_empty(), "a skipped run is not recorded as planned");
    nothing_was_asked(&world);
    end(world, &[]).await;
}

/// The run is dispatched.
async fn is_dispatched(mut world: World, ci: &Workflow, run: &RunSpec) {
    ci.complete_run(run);
    world.settle().await;

    assert_eq!(of_kind(&all_facts(&world).await, kinds::TRIGGER_SUCCEEDED).len(), 1, "{run:?}");
    quietness(&mut world).await;
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

fn allowing(conclusions: &[&str]) -> Config {
    Config { allowed_conclusions: conclusions.iter().map(|&c| c.to_owned()).collect(), ..quiet() }
}

#[tokio::test]
async fn dispatcher_10_a_failed_run_is_skipped_and_costs_no_request() {
    let (world, _, ci) = arranged(quiet()).await;
    is_skipped(world, &ci, &RunSpec::concluding("failure"), "source_conclusion_not_allowed").await;
}

#[tokio::test]
async fn dispatcher_10_an_unknown_conclusion_is_only_a_string_and_never_success() {
    for conclusion in ["brilliant", "Success", "success ", ""] {
        let (world, _, ci) = arranged(quiet()).await;
        is_skipped(world, &ci, &RunSpec::concluding(conclusion), "source_conclusion_not_allowed").await;
    }
    let (world, _, ci) = arranged(quiet()).await;
    let undecided = RunSpec { conclusion: None, ..success() };
    is_skipped(world, &ci, &undecided, "source_conclusion_not_allowed").await;
}

#[tokio::test]
async fn dispatcher_10_a_listed_conclusion_is_allowed_and_the_default_is_gone_with_the_list() {
    let (world, _, ci) = arranged(allowing(&["skipped"])).await;
    is_dispatched(world, &ci, &RunSpec::concluding("skipped")).await;

    let (world, _, ci) = arranged(allowing(&["skipped"])).await;
    is_skipped(world, &ci, &success(), "source_conclusion_not_allowed").await;
}

#[tokio::test]
async fn dispatcher_10_an_empty_list_allows_every_conclusion() {
    let nothing = RunSpec { conclusion: None, ..success() };
    for run in [RunSpec::concluding("failure"), RunSpec::concluding("brilliant"), success(), nothing] {
        let (world, _, ci) = arranged(allowing(&[])).await;
        is_dispatched(world, &ci, &run).await;
    }
}

#[tokio::test]
async fn dispatcher_10_a_rule_narrows_the_operators_list_for_itself_and_never_widens_it() {
    let (mut world, s, ci) = arranged(allowing(&["success", "skipped"])).await;
    s.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: ci.yml, conclusions: [skipped, failure] }\n    targets: [ { repository: t, workflow: cd.yml } ]\n",
    );
    for conclusion in ["success", "failure", "skipped"] {
        ci.complete_run(&RunSpec::concluding(conclusion));
        world.settle().await;
    }
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    assert_eq!(reasons(&facts, kinds::SOURCE_SKIPPED), ["source_conclusion_not_allowed"]);
    let planned: Vec<_> = of_kind(&facts, kinds::PLAN_CREATED)
        .into_iter()
        .filter(|fact| fact.data["sourceRepo"] == "acme/s")
        .map(|fact| (fact.data["candidateTargets"].clone(), text(&fact.data, "reason")))
        .collect();
    assert_eq!(planned, [(json!(0), "no_matching_rule".to_owned()), (json!(1), String::new())]);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_11_a_run_beside_the_default_branch_is_skipped() {
    for branch in ["feature", "Main", "refs/heads/main", "v1.0"] {
        let (world, s, ci) = arranged(quiet()).await;
        s.tag("v1.0");
        is_skipped(world, &ci, &success().on(branch), "source_not_default_branch").await;
    }
    let (world, _, ci) = arranged(quiet()).await;
    is_skipped(world, &ci, &RunSpec { branch: None, ..success() }, "source_not_default_branch").await;
}

#[tokio::test]
async fn dispatcher_11_any_branch_will_do_where_the_operator_does_not_insist() {
    let (world, _, ci) = arranged(Config { enforce_default_branch: false, ..quiet() }).await;
    is_dispatched(world, &ci, &success().on("feature")).await;
}

#[tokio::test]
async fn dispatcher_11_the_default_branch_of_a_fork_is_not_ours() {
    let (mut world, s, ci) = arranged(quiet()).await;
    let fork = world.organization("strangers").repository(RepositorySpec::new("s").fork_of(&s));
    let run =
        RunSpec { head_repository: HeadRepository::Other(fork.id()), event: "pull_request".to_owned(), ..success() };
    is_skipped(world, &ci, &run, "source_from_fork").await;
}

#[tokio::test]
async fn dispatcher_11_a_head_repository_that_is_gone_fails_closed() {
    let (world, _, ci) = arranged(quiet()).await;
    let run = RunSpec { head_repository: HeadRepository::Deleted, ..success() };
    is_skipped(world, &ci, &run, "source_head_repository_unverifiable").await;
}

#[tokio::test]
async fn dispatcher_11_a_repository_that_is_itself_a_fork_dispatches_its_own_runs() {
    let mut world = world(quiet()).begin().await;
    let upstream = world.github.organization("upstream").repository("s");
    let s = world.organization("acme").repository(RepositorySpec::new("s").fork_of(&upstream));
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", outbound("ci.yml", &[("t", "cd.yml")]));
    target(&mut world, "acme/t", "cd.yml", "s");
    is_dispatched(world, &ci, &success()).await;
}

#[tokio::test]
async fn dispatcher_12_a_path_with_a_ref_or_the_own_name_before_it_is_the_same_workflow() {
    for path in [
        ".github/workflows/ci.yml@refs/heads/main",
        ".github/workflows/ci.yml@main",
        "acme/s/.github/workflows/ci.yml@refs/heads/main",
        "acme/s/.github/workflows/ci.yml",
    ] {
        let (world, _, ci) = arranged(quiet()).await;
        is_dispatched(world, &ci, &RunSpec { path: Some(Some(path.to_owned())), ..success() }).await;
    }
    // Without a path of its own the run's workflow tells it.
    let (world, _, ci) = arranged(quiet()).await;
    is_dispatched(world, &ci, &RunSpec { path: Some(None), ..success() }).await;
}

#[tokio::test]
async fn dispatcher_12_neither_a_longer_name_nor_an_equal_display_name_fires_a_rule() {
    for other in [
        WorkflowSpec::new("my-ci.yml"),
        WorkflowSpec::new("CI.yml"),
        WorkflowSpec::new("ci.yaml"),
        WorkflowSpec::new("build.yml").name("ci.yml"),
        WorkflowSpec::new("build.yml").name("ci"),
    ] {
        let (mut world, s, _) = arranged(quiet()).await;
        s.workflow(other).complete_run(&success());
        quietness(&mut world).await;

        let facts = all_facts(&world).await;
        assert_eq!(reasons(&facts, kinds::PLAN_CREATED), ["no_matching_rule"]);
        assert_eq!(facts.last().map(|fact| fact.data["candidateTargets"].clone()), Some(json!(0)));
        end(world, &[]).await;
    }
}

#[tokio::test]
async fn dispatcher_12_what_is_no_file_in_the_workflows_folder_is_unsupported() {
    for path in [
        "dynamic/github-code-scanning/codeql",
        ".github/workflows/deeper/ci.yml",
        ".github/workflows/ci.yml.txt",
        "acme/other/.github/workflows/ci.yml",
        "ci.yml",
        "",
    ] {
        let (world, _, ci) = arranged(quiet()).await;
        let run = RunSpec { path: Some(Some(path.to_owned())), ..success() };
        is_skipped(world, &ci, &run, "source_workflow_unsupported").await;
    }
}
