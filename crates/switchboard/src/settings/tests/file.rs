use switchboard_dispatcher::config::IssuePolicy;

use super::{accepted, complaints_about_file};
use crate::settings::Sources;

/// Each file is refused with exactly this text.
#[test]
fn each_kind_of_mistake_names_its_place_and_the_way_out() {
    let cases = [
        (
            "[dispatcher]\nmax_target = 3\n",
            "error: dispatcher.max_target: unknown setting\n  at switchboard.toml:2:1\n  hint: did you mean `max_targets`?",
        ),
        (
            "port = 3000\n",
            "error: port: unknown setting\n  at switchboard.toml:1:1\n  hint: `port` belongs under [server]",
        ),
        (
            "[servr]\nport = 3000\n",
            "error: servr: unknown section\n  at switchboard.toml:1:2\n  hint: did you mean [server]?",
        ),
        (
            "server = 3000\n",
            "error: server: this is a section, not a value\n  at switchboard.toml:1:1\n  hint: begin it with [server] on a line of its own",
        ),
        (
            "[server]\nport = \"3000\"\n",
            "error: server.port: expected a number from 0 to 65,535, found a text\n  at switchboard.toml:2:8\n  hint: write 3000 without quotes",
        ),
        (
            "[dispatcher]\nmax_targets = 101\n",
            "error: dispatcher.max_targets: 101 is out of range\n  at switchboard.toml:2:15\n  hint: write a number of targets from 1 to 100",
        ),
        (
            "[engine]\nlease_seconds = -5\n",
            "error: engine.lease_seconds: -5 is out of range\n  at switchboard.toml:2:17\n  hint: write a number of seconds from 5 to 3,600",
        ),
        (
            "[engine]\nlease_seconds = 1.5\n",
            "error: engine.lease_seconds: expected a number of seconds from 5 to 3,600, found a float\n  at switchboard.toml:2:17\n  hint: write a whole number without quotes",
        ),
        (
            "[dispatcher]\nsource_repos = \"octo/a, octo/b\"\n",
            "error: dispatcher.source_repos: expected a list of repositories, found a text\n  at switchboard.toml:2:16\n  hint: write [\"octo/a\", \"octo/b\"]",
        ),
        (
            "[dispatcher]\nallowed_events = [\n  \"push\",\n  5,\n]\n",
            "error: dispatcher.allowed_events: expected a list of events, found an integer among them\n  at switchboard.toml:4:3\n  hint: put every entry in quotes",
        ),
        (
            "[log]\nlevel = 3\n",
            "error: log.level: expected a log level, found a number\n  at switchboard.toml:2:9\n  hint: put it in quotes",
        ),
        (
            "[dispatcher]\nref_policy = \"source_branch\"\n",
            "error: dispatcher.ref_policy: expected one of configured, source-branch, target-default, found `source_branch`\n  at switchboard.toml:2:14\n  hint: did you mean `source-branch`?",
        ),
        (
            "[server]\nadmin_ip_allowlist = [\"10.0.0.0/8\", \"office\"]\n",
            "error: server.admin_ip_allowlist: `office` is neither an address nor a range of addresses\n  at switchboard.toml:2:37\n  hint: write 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(complaints_about_file(file), expected, "for\n{file}");
    }
}

#[test]
fn dispatcher_44_bad_entry_bad_boolean_and_unknown_key_are_reported_together() {
    let file = "[dispatcher]\nsource_repos = [\"octo/site\", \"myrepo\"]\ndry_run = \"maybe\"\nallow_forks = true\n";
    assert_eq!(
        complaints_about_file(file),
        "\
error: dispatcher.dry_run: expected a boolean, found `maybe`
  at switchboard.toml:3:11
  hint: write true or false; yes, no, on, off, 1 and 0 work too
error: dispatcher.allow_forks: unknown setting
  at switchboard.toml:4:1
  hint: [dispatcher] knows enabled, dry_run, default_ref, ref_policy, enforce_default_branch, allowed_conclusions, \
allowed_events, source_repos, source_workflows, target_repos, allowed_target_orgs, max_targets, max_inputs, \
max_chain_depth, max_chain_dispatches, max_retries, retry_base_ms, issues, issues_per_hour, issue_wait_minutes, \
dispatch_expiry_minutes, keep_minutes_days, keep_runs_days, keep_lineage_days
error: dispatcher.source_repos: `myrepo` names no owner
  at switchboard.toml:2:30
  hint: write `owner/myrepo`, or `*/myrepo` for that name under any owner"
    );
}

#[test]
fn a_file_that_is_not_toml_is_reported_without_quoting_the_line() {
    let text = complaints_about_file("[github]\nwebhook_secret = hunter2\n");
    assert!(text.starts_with("error: this is not valid TOML: "), "{text}");
    assert!(text.contains("at switchboard.toml:2:18") && !text.contains("hunter2"), "{text}");
}

#[test]
fn secrets_of_the_wrong_shape_are_reported_without_their_value() {
    let text = complaints_about_file(
        "[github]\nwebhook_secret = 4711\nprivate_key = \"hunter2\"\n[auth]\noperator_token = \"swordfish\"\n",
    );
    assert!(text.contains("github.webhook_secret: expected a list of webhook secrets, found a number"), "{text}");
    assert!(text.contains("github.private_key: not a PEM file"), "{text}");
    assert!(text.contains("auth.operator_token: the token is shorter than 20 characters"), "{text}");
    for secret in ["4711", "hunter2", "swordfish"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[test]
fn sections_may_be_written_inline_or_dotted() {
    let file = "dispatcher = { dry_run = true, issues = false }\nserver.port = 8080\nlog.format = \"TEXT\"\n";
    let settings = accepted(&Sources::default().with_file("switchboard.toml", file));
    assert!(settings.dispatcher.config.dry_run);
    assert_eq!((settings.dispatcher.config.issues, settings.server.port), (IssuePolicy::Off, 8080));
    let origin = settings.effective.iter().find(|effective| effective.setting.name() == "server.port").unwrap();
    assert_eq!(origin.origin.to_string(), "switchboard.toml:2:15");
}
