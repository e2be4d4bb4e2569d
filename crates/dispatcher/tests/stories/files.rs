//! `dispatching.yml`: where it is looked for, and what makes it unusable.

use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::SimulationRequest;
use switchboard_dispatcher::handlers::records::RunState;
use switchboard_simulator::{Entry, Repository, RepositorySpec, RunSpec, Workflow};
use switchboard_testkit::World;

use crate::support::*;

/// Where the file may stand, in the order in which the places are tried.
const ROOT: &str = "dispatching.yml";
const FOLDER: &str = ".github/dispatching.yml";

/// S with a workflow and no file yet, and T that consents. Issues are written whenever there is something to write about.
async fn arranged() -> (World, Repository, Workflow) {
    let mut world = world(Config { issues: IssuePolicy::All, ..Config::default() }).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    s.remove_file(ROOT);
    target(&mut world, "acme/t", "cd.yml", "s");
    (world, s, ci)
}

fn rules() -> String {
    outbound("ci.yml", &[("t", "cd.yml")])
}

/// The run is planned with no candidates for this reason, after these reads and at most one token, and nobody is bothered.
async fn comes_to_nothing(mut world: World, ci: &Workflow, reason: &str, read: &[&str]) {
    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let found: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(found, [kinds::REQUEST_ACCEPTED, kinds::PLAN_CREATED]);
    assert_eq!(facts[1].data["candidateTargets"], 0);
    assert_eq!(text(&facts[1].data, "reason"), reason);
    let planned = runs(&world).await;
    assert_eq!((planned.len(), planned[0].state), (1, RunState::Finished));
    assert_eq!(files_read(&world, "acme/s"), read);
    assert_eq!(reads(&world).len(), read.len());
    assert!(tokens(&world).len() <= 1);
    end(world, &[]).await;
}

/// The file is invalid: nothing is planned, nothing but the file is read, and these diagnostics are told.
async fn is_invalid(file: impl Into<Bytes>) -> Vec<Value> {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    target(&mut world, "acme/t", "cd.yml", "s");
    s.file(ROOT, file);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let found: Vec<&str> = facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(found, [kinds::REQUEST_ACCEPTED, kinds::CONFIG_INVALID]);
    assert_eq!(text(&facts[1].data, "path"), ROOT);
    assert_eq!(files_read(&world, "acme/s"), [ROOT], "an invalid file is there, so the other place is not tried");
    assert_eq!(reads(&world).len(), 1, "no request is built from what an invalid file says");
    let planned = runs(&world).await;
    assert_eq!((planned.len(), planned[0].state), (1, RunState::Invalid));
    end(world, &[]).await;
    let diagnostics = facts[1].data["diagnostics"].as_array().cloned().unwrap_or_default();
    assert!((1..=20).contains(&diagnostics.len()), "{diagnostics:?}");
    diagnostics
}

/// Where the first error is: its line and its field.
fn first(diagnostics: &[Value]) -> (u64, String) {
    (diagnostics[0]["line"].as_u64().unwrap_or_default(), text(&diagnostics[0], "path"))
}

#[tokio::test]
async fn dispatcher_14_without_a_file_there_is_nothing_to_do_and_no_issue() {
    let (world, _, ci) = arranged().await;
    comes_to_nothing(world, &ci, "missing_source_config", &[ROOT, FOLDER]).await;
}

#[tokio::test]
async fn dispatcher_14_the_file_in_the_github_folder_counts_where_there_is_no_other() {
    let (mut world, s, ci) = arranged().await;
    s.file(FOLDER, rules());

    ci.complete_run(&success());
    world.settle().await;

    assert_eq!(files_read(&world, "acme/s"), [ROOT, FOLDER]);
    assert_eq!(runs(&world).await[0].config_path.as_deref(), Some(FOLDER));
    quietness(&mut world).await;
    let issue = switchboard_simulator::Expected::once("POST", "/repos/acme/s/issues");
    end(world, &[dispatch_of("acme/t", "cd.yml"), issue]).await;
}

#[tokio::test]
async fn dispatcher_14_with_both_files_the_root_one_counts_and_a_simulation_warns() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let (_, other) = target(&mut world, "acme/other", "cd.yml", "s");
    s.file(FOLDER, outbound("ci.yml", &[("other", "cd.yml")]));

    ci.complete_run(&success());
    world.settle().await;
    assert_eq!(files_read(&world, "acme/s"), [ROOT]);
    quietness(&mut world).await;
    assert!(other.runs().is_empty());

    let request: SimulationRequest =
        serde_json::from_value(json!({ "repository": "acme/s", "workflow": "ci.yml" })).expect("a request");
    let simulated = Dispatcher::new(quiet(), None).simulate(&request, world.engine().github()).await;
    let simulated = simulated.expect("GitHub can be read");
    let named: Vec<_> = simulated.targets.iter().map(|target| (target.repository.to_string(), target.state)).collect();
    assert_eq!(named, [("acme/t".to_owned(), "dispatched")]);
    let warnings: Vec<Value> = simulated.diagnostics.iter().map(|found| json!(found)).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["severity"], "warning");
    assert!(text(&warnings[0], "message").contains(FOLDER), "{warnings:?}");
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_14_the_version_of_a_pull_request_never_counts() {
    let mut world = world(Config { enforce_default_branch: false, ..quiet() }).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let (t2, _) = target(&mut world, "acme/t2", "cd.yml", "stranger");
    s.file(ROOT, outbound("ci.yml", &[("t2", "cd.yml")]));
    s.file_on("feature", ROOT, rules());
    t2.file_on("feature", ROOT, inbound("s", "ci.yml", "cd.yml"));

    ci.complete_run(&RunSpec { event: "pull_request".to_owned(), ..success().on("feature") });
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    assert_eq!(reasons(&facts, kinds::TARGET_DENIED), ["inbound_not_authorized"]);
    for read in reads(&world) {
        assert!(!read.target.contains("ref="), "files are read on the default branch: {read}");
    }
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_15_a_repeated_key_is_invalid_with_its_line() {
    let twice = rules() + &rules();
    assert_eq!(first(&is_invalid(twice).await).0, 5);

    let in_a_target = "outbound:\n  - source: { workflow: ci.yml }\n    targets:\n      - repository: t\n        workflow: cd.yml\n        workflow: other.yml\n";
    assert_eq!(first(&is_invalid(in_a_target).await).0, 6);

    let in_the_other_half = "inbound:\n  - source: { repository: s, workflow: ci.yml }\n    targets:\n      - workflow: cd.yml\n        workflow: cd.yml\n";
    assert_eq!(first(&is_invalid(in_the_other_half).await).0, 5);
}

#[tokio::test]
async fn dispatcher_15_an_unknown_key_or_a_number_for_a_text_is_invalid_with_its_field() {
    let target = |more: &str| {
        format!(
            "outbound:\n  - source: {{ workflow: ci.yml }}\n    targets:\n      - {{ repository: t, workflow: cd.yml }}\n      - {{ repository: t, workflow: cd.yml, {more} }}\n"
        )
    };
    let found = is_invalid(target("owner: acme")).await;
    assert_eq!(first(&found), (5, "outbound[0].targets[1].owner".to_owned()));
    assert!(text(&found[0], "hint").contains("owner/name"), "{found:?}");
    let number = is_invalid(target("inputs: { n: 5 }")).await;
    assert_eq!(first(&number), (5, "outbound[0].targets[1].inputs.n".to_owned()));
    for value in ["true", "1.10", "no", "~", "[x]", "{ a: b }"] {
        let found = is_invalid(target(&format!("inputs: {{ n: {value} }}"))).await;
        assert_eq!(first(&found).1, "outbound[0].targets[1].inputs.n", "{value}");
    }
    assert_eq!(first(&is_invalid("outbounds: []\n").await), (1, "outbounds".to_owned()));
    assert_eq!(first(&is_invalid("inbound: 5\n").await), (1, "inbound".to_owned()));
}

/// Nine levels of ten aliases each: a thousand million nodes, were they all made.
fn bomb() -> String {
    let mut file = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(file, "a{level}: &a{level} [{aliases}]");
    }
    file
}

#[tokio::test]
async fn dispatcher_16_files_beyond_the_budget_are_invalid() {
    let long = |bytes: usize| "#".repeat(bytes);
    let deep = format!("outbound: {}{}", "[".repeat(30_000), "]".repeat(30_000));
    for file in [bomb(), long(5 * 1024 * 1024), long(65_537), deep] {
        is_invalid(file).await;
    }
    for file in ["a: 1\n---\nb: 2\n", "a: &a {}\nb: { <<: *a }\n", "outbound: !!python/object []\n", "outbound: \0\n"] {
        is_invalid(file).await;
    }
    is_invalid(&b"\xff\xfeo\0u\0t\0"[..]).await;
}

#[tokio::test]
async fn dispatcher_16_an_empty_or_comment_only_file_is_valid_and_has_no_rules() {
    let just_fitting = "#".repeat(65_536);
    for file in ["", "# Nothing to see here.\n", "\u{feff}# With a mark before it.\n", "{}\n", just_fitting.as_str()] {
        let (world, s, ci) = arranged().await;
        s.file(ROOT, file.to_owned());
        comes_to_nothing(world, &ci, "no_matching_rule", &[ROOT]).await;
    }
}

#[tokio::test]
async fn dispatcher_16_a_directory_a_submodule_or_a_dangling_link_is_a_missing_file() {
    let submodule = || Entry::Submodule { url: "https://example.com/x.git".to_owned(), commit: "1".repeat(40) };
    for entry in [None, Some(submodule()), Some(Entry::Symlink("nowhere.yml".to_owned()))] {
        let (world, s, ci) = arranged().await;
        match entry {
            None => s.file("dispatching.yml/rules.yml", rules()),
            Some(entry) => s.special(ROOT, entry),
        };
        comes_to_nothing(world, &ci, "missing_source_config", &[ROOT, FOLDER]).await;
    }
}

#[tokio::test]
async fn dispatcher_16_a_link_to_a_file_is_that_file() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[]);
    target(&mut world, "acme/t", "cd.yml", "s");
    s.file("ops/rules.yml", rules()).special(ROOT, Entry::Symlink("ops/rules.yml".to_owned()));
    ci.complete_run(&success());
    quietness(&mut world).await;
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_23_names_that_are_none_make_the_file_invalid_and_no_request_is_built_from_them() {
    let (long_file, long_name) = (format!("{}.yml", "x".repeat(300)), "x".repeat(101));
    let repositories = [
        "../../x",
        "a/b/c",
        "%2e%2e",
        "acme/%2e%2e",
        "acme/..",
        "acme/.",
        "x?y",
        "x#y",
        "/x",
        "acme/",
        "https://x/y",
        "a b",
        "\u{202e}x",
        "http:",
        "acme\\\\x",
        "",
        long_name.as_str(),
    ];
    let workflows = [
        "../x.yml",
        "x.yml?ref=",
        "x.yml#y",
        "https://example.com/x.yml",
        ".github/workflows/../x.yml",
        ".github/workflows/a/x.yml",
        "..%2fx.yml",
        "x",
        ".yml/..",
        "x.yml/../../..",
        "",
        long_file.as_str(),
    ];
    let refs =
        ["a b", "a..b", "refs/pull/1/merge", "0123456789012345678901234567890123456789", "-", "a~1", "x.lock", ""];
    let out = |repository: &str, workflow: &str, own: &str, more: &str| {
        format!(
            "outbound:\n  - source: {{ workflow: \"{own}\" }}\n    targets: [ {{ repository: \"{repository}\", workflow: \"{workflow}\"{more} }} ]\n"
        )
    };
    let inward = |repository: &str, workflow: &str, own: &str| {
        format!(
            "inbound:\n  - source: {{ repository: \"{repository}\", workflow: \"{workflow}\" }}\n    targets: [ {{ workflow: \"{own}\" }} ]\n"
        )
    };
    for repository in repositories {
        let found = is_invalid(out(repository, "cd.yml", "ci.yml", "")).await;
        assert_eq!(first(&found), (3, "outbound[0].targets[0].repository".to_owned()), "{repository}");
        let found = is_invalid(inward(repository, "ci.yml", "cd.yml")).await;
        assert_eq!(first(&found), (2, "inbound[0].source.repository".to_owned()), "{repository}");
    }
    for workflow in workflows {
        let fields = [
            (out("t", workflow, "ci.yml", ""), "outbound[0].targets[0].workflow"),
            (out("t", "cd.yml", workflow, ""), "outbound[0].source.workflow"),
            (inward("s", workflow, "cd.yml"), "inbound[0].source.workflow"),
            (inward("s", "ci.yml", workflow), "inbound[0].targets[0].workflow"),
        ];
        for (file, field) in fields {
            assert_eq!(first(&is_invalid(file).await).1, field, "{workflow}");
        }
    }
    for git_ref in refs {
        let found = is_invalid(out("t", "cd.yml", "ci.yml", &format!(", ref: \"{git_ref}\""))).await;
        assert_eq!(first(&found).1, "outbound[0].targets[0].ref", "{git_ref}");
    }
}

#[tokio::test]
async fn dispatcher_23_an_unusual_but_valid_name_reaches_the_url_encoded() {
    let mut world = world(quiet()).begin().await;
    let file = "deploy (α+β) @ 100.yml";
    let (_, ci) = source(&mut world, "acme/s", &[("x.y_z", file)]);
    let t = world.organization("acme").repository(RepositorySpec::new("x.y_z"));
    let cd = t.workflow(switchboard_simulator::WorkflowSpec::new(file).dispatchable(&[]));
    t.file(ROOT, inbound("s", "ci.yml", file));

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(cd.runs().len(), 1);
    let post = starts(&world, "acme/x.y_z", file).remove(0);
    assert!(post.target.is_ascii() && !post.target.contains(' '), "{}", post.target);
    end(world, &[dispatch_of("acme/x.y_z", file)]).await;
}
