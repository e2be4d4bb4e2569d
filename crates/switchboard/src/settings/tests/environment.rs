use switchboard_dispatcher::config::IssuePolicy;

use super::{accepted, complaints};
use crate::settings::{Settings, Sources};

fn with(variables: &[(&str, &str)]) -> Sources {
    variables.iter().fold(Sources::default(), |sources, (name, value)| sources.with_variable(name, *value))
}

#[test]
fn booleans_are_words_in_any_case() {
    for (word, expected) in [
        ("true", true),
        ("TRUE", true),
        ("1", true),
        ("Yes", true),
        ("on", true),
        ("false", false),
        ("False", false),
        ("0", false),
        ("no", false),
        ("OFF", false),
    ] {
        let settings = accepted(&with(&[("ENFORCE_SOURCE_DEFAULT_BRANCH", word)]));
        assert_eq!(settings.dispatcher.config.enforce_default_branch, expected, "{word}");
    }
}

#[test]
fn create_issues_stands_for_all_and_off() {
    for (word, expected) in [
        ("true", IssuePolicy::All),
        ("False", IssuePolicy::Off),
        ("0", IssuePolicy::Off),
        ("problems", IssuePolicy::Problems),
        ("ALL", IssuePolicy::All),
        ("off", IssuePolicy::Off),
    ] {
        assert_eq!(accepted(&with(&[("CREATE_ISSUES", word)])).dispatcher.config.issues, expected, "{word}");
    }
}

#[test]
fn lists_are_separated_by_commas_and_set_but_empty_is_the_empty_list() {
    let conclusions =
        |text| accepted(&with(&[("ALLOWED_SOURCE_CONCLUSIONS", text)])).dispatcher.config.allowed_conclusions;
    assert_eq!(conclusions("success, skipped,"), ["success", "skipped"]);
    assert_eq!(conclusions(""), Vec::<String>::new());
    assert_eq!(conclusions("  "), Vec::<String>::new());
}

#[test]
fn other_empty_values_are_unset() {
    let sources = with(&[
        ("PORT", ""),
        ("SWITCHBOARD__DISPATCHER__MAX_TARGETS", " "),
        ("DISPATCH_MAX_TARGETS_PER_RUN", "7"),
        ("LOG_LEVEL", ""),
    ]);
    let settings = accepted(&sources);
    assert_eq!((settings.server.port, settings.dispatcher.config.max_targets), (3000, 7));
}

#[test]
fn the_long_form_wins_over_the_short_one_and_both_over_the_file() {
    let file = "[dispatcher]\nmax_targets = 3\nmax_retries = 3\n";
    let settings = accepted(
        &with(&[
            ("DISPATCH_MAX_TARGETS_PER_RUN", "4"),
            ("SWITCHBOARD__DISPATCHER__MAX_TARGETS", "5"),
            ("DISPATCH_MAX_RETRIES", "6"),
        ])
        .with_file("switchboard.toml", file),
    );
    assert_eq!((settings.dispatcher.config.max_targets, settings.dispatcher.config.max_retries), (5, 6));
}

#[test]
fn two_names_of_one_setting_may_agree_but_not_differ() {
    let names = |first: &str, second: &str| {
        with(&[("GITHUB_APP_PRIVATE_KEY_PATH", first), ("GITHUB_PRIVATE_KEY_PATH", second)])
    };
    assert_eq!(
        complaints(&names("a.pem", "b.pem")),
        "error: github.private_key_path: GITHUB_PRIVATE_KEY_PATH and GITHUB_APP_PRIVATE_KEY_PATH are two names of one \
         setting, but they differ\n  at environment variable GITHUB_PRIVATE_KEY_PATH\n  hint: set \
         GITHUB_APP_PRIVATE_KEY_PATH only"
    );
    let agreeing = complaints(&names("/nowhere/a.pem", "/nowhere/a.pem"));
    assert!(!agreeing.contains("differ"), "{agreeing}");
}

#[test]
fn dispatcher_44_wrong_values_in_the_environment_name_their_variable() {
    for (name, value, expected) in [
        (
            "SOURCE_REPO_ALLOWLIST",
            "octo/site,myrepo",
            "error: dispatcher.source_repos: `myrepo` names no owner\n  at environment variable SOURCE_REPO_ALLOWLIST\n  hint: write `owner/myrepo`, or `*/myrepo` for that name under any owner",
        ),
        (
            "SWITCHBOARD__DISPATCHER__DRY_RUN",
            "maybe",
            "error: dispatcher.dry_run: expected a boolean, found `maybe`\n  at environment variable SWITCHBOARD__DISPATCHER__DRY_RUN\n  hint: write true or false; yes, no, on, off, 1 and 0 work too",
        ),
        (
            "SWITCHBOARD__DISPATCHER__MAX_TARGET",
            "5",
            "error: SWITCHBOARD__DISPATCHER__MAX_TARGET sets nothing that exists\n  at environment variable SWITCHBOARD__DISPATCHER__MAX_TARGET\n  hint: did you mean SWITCHBOARD__DISPATCHER__MAX_TARGETS?",
        ),
        (
            "PORT",
            "\"3000\"",
            "error: server.port: expected a number from 0 to 65,535, found `\"3000\"`\n  at environment variable PORT\n  hint: the quotes have become part of the value: leave them out",
        ),
        (
            "LOG_LEVEL",
            "verbose",
            "error: log.level: `verbose` is not a log level\n  at environment variable LOG_LEVEL\n  hint: write one of off, error, warn, info, debug, trace",
        ),
    ] {
        assert_eq!(complaints(&with(&[(name, value)])), expected);
    }
}

#[test]
fn a_wrong_value_in_the_file_is_found_though_the_environment_overrides_it() {
    let text = complaints(&with(&[("PORT", "8080")]).with_file("switchboard.toml", "[server]\nport = 70000\n"));
    assert!(text.contains("server.port: 70000 is out of range\n  at switchboard.toml:2:8"), "{text}");
}

#[test]
fn node_env_is_ignored_with_one_warning() {
    let settings = accepted(&with(&[("NODE_ENV", "production")]));
    assert_eq!(settings.warnings, ["NODE_ENV is set and ignored: it means nothing here"]);
    assert!(accepted(&Sources::default()).warnings.is_empty());
}

#[test]
fn secrets_are_shown_as_fingerprints_wherever_settings_are_shown() {
    let settings: Settings = accepted(&with(&[
        ("GITHUB_WEBHOOK_SECRET", "password,hunter2"),
        ("SWITCHBOARD_OPERATOR_TOKEN", "correct horse battery staple"),
    ]));
    let printed = format!("{settings:?}");
    assert!(printed.contains("sha256:5e884898…"), "{printed}");
    for secret in ["\"password\"", "hunter2", "correct horse"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}

#[test]
fn what_is_said_to_all_programs_gives_way_to_what_is_said_to_this_one() {
    let standard =
        || with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://all.example:4318"), ("OTEL_SERVICE_NAME", "some-pod")]);
    let named = |settings: &Settings| {
        let row = settings.effective.iter().find(|row| row.setting.name() == "telemetry.service_name").unwrap();
        let telemetry = &settings.telemetry;
        format!("{} {} {}", telemetry.traces_to().unwrap(), row.shown.as_deref().unwrap_or_default(), row.origin)
    };
    let all = "http://all.example:4318/v1/traces \"some-pod\" environment variable OTEL_SERVICE_NAME";
    assert_eq!(named(&accepted(&standard())), all);
    let file = "[telemetry]\notlp_endpoint = \"http://own.example\"\nservice_name = \"switchboard-7\"\n";
    let by_file = "http://own.example/v1/traces \"switchboard-7\" switchboard.toml:3:16";
    assert_eq!(named(&accepted(&standard().with_file("switchboard.toml", file))), by_file);
    let long = standard()
        .with_file("switchboard.toml", file)
        .with_variable("SWITCHBOARD__TELEMETRY__SERVICE_NAME", "switchboard-8")
        .with_variable("SWITCHBOARD__TELEMETRY__OTLP_ENDPOINT", "http://ours.example/otel/");
    let by_variable = "http://ours.example/otel/v1/traces \"switchboard-8\" environment variable \
                       SWITCHBOARD__TELEMETRY__SERVICE_NAME";
    assert_eq!(named(&accepted(&long)), by_variable);
}

#[test]
fn an_address_for_traces_is_used_as_it_is_unless_this_program_was_told_a_collector() {
    let standard = || with(&[("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://all.example/traces")]);
    let to = |sources: &Sources| accepted(sources).telemetry.traces_to();
    assert_eq!(to(&standard()).as_deref(), Some("http://all.example/traces"));
    let collector = standard().with_variable("OTEL_EXPORTER_OTLP_ENDPOINT", "http://other.example");
    assert_eq!(to(&collector).as_deref(), Some("http://all.example/traces"));
    let file = "[telemetry]\notlp_endpoint = \"http://own.example\"\n";
    assert_eq!(to(&standard().with_file("switchboard.toml", file)).as_deref(), Some("http://own.example/v1/traces"));
    let wrong = complaints(&with(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318")]));
    assert!(wrong.contains("environment variable OTEL_EXPORTER_OTLP_ENDPOINT"), "{wrong}");
}
