use std::time::Duration;

use switchboard_relay::config::{CacheBackend, Config, GatePolicy, UnknownRepo};

use super::{accepted, complaints, complaints_about_file};
use crate::settings::{Purpose, Settings, Sources};

const FILE: &str = r#"
[relay]
enabled = true
upstream = "pytorch/pytorch"
allowlist = "https://github.com/org/lists/blob/main/crcr.yml"
allowlist_ttl_seconds = 60
unknown_repo = "forbid"
gate = "always"
nightly_refs = ["main", "release/2.9"]

[relay.criteria]
p50_minutes = 240

[relay.cache]
backend = "redis"
url = "redis://:hunter2@cache:6379"

[[relay.provider]]
kind = "buildkite"

[[relay.provider.pipeline]]
organization_id = "0190-org"
pipeline_id = "0190-pipe"
repo = "vendor/backend"
required_claims = { build_branch = ["main", "crcr"] }
"#;

fn file(text: &str) -> Sources {
    Sources::default().with_file("switchboard.toml", text)
}

#[test]
fn defaults_of_the_relay_are_those_of_its_contract() {
    let relay = accepted(&Sources::default()).relay;
    assert_eq!((relay.config, relay.redis_url), (Config::default(), None));
}

#[test]
fn every_table_of_the_relay_is_read() {
    let relay = accepted(&file(FILE)).relay;
    let config = &relay.config;
    assert_eq!(config.upstream.as_ref().unwrap().as_str(), "pytorch/pytorch");
    assert_eq!((config.enabled, config.allowlist_ttl), (true, Duration::from_secs(60)));
    assert_eq!((config.unknown_repo, config.gate), (UnknownRepo::Forbid, GatePolicy::Always));
    assert_eq!((config.criteria.p50_minutes, config.cache), (240, CacheBackend::Redis));
    assert_eq!(config.nightly_refs, ["main", "release/2.9"]);
    assert_eq!(config.providers[0].issuer, "https://agent.buildkite.com");
    let pipeline = &config.providers[0].pipelines[0];
    assert_eq!((pipeline.pipeline_id.as_str(), pipeline.repo.as_str()), ("0190-pipe", "vendor/backend"));
    assert_eq!(pipeline.required_claims["build_branch"], ["main", "crcr"]);
    assert!(!format!("{relay:?}").contains("hunter2"));
}

#[test]
fn providers_are_shown_as_a_variable_takes_them() {
    let from_file = accepted(&file(FILE));
    let shown = from_file.effective.iter().find(|row| row.setting.name() == "relay.provider").unwrap().shown.clone();
    let from_variable =
        accepted(&Sources::default().with_variable("SWITCHBOARD__RELAY__PROVIDER", shown.unwrap().trim()));
    assert_eq!(from_variable.relay.config.providers, from_file.relay.config.providers);
}

#[test]
fn each_kind_of_mistake_names_its_place_and_the_way_out() {
    let provider = "[[relay.provider]]\nkind = \"buildkite\"\n";
    let pipeline = "[[relay.provider.pipeline]]\norganization_id = \"o\"\n";
    let cases = [
        (
            "[relay]\nupstream = \"pytorch\"\n".to_owned(),
            "error: relay.upstream: `pytorch` is not a repository\n  at switchboard.toml:2:12\n  hint: write `owner/name`, such as `octo-org/engine`",
        ),
        (
            "[relay]\nallowlist = \"http://x/a/b/blob/c/d\"\n".to_owned(),
            "error: relay.allowlist: the value does not begin with `https://`\n  at switchboard.toml:2:13\n  hint: write a path such as `.github/allowlist.yml`, or `https://<host>/<owner>/<repo>/blob/<ref>/<path>`",
        ),
        (
            "[relay]\npayload_limit_bytes = 70000\n".to_owned(),
            "error: relay.payload_limit_bytes: 70000 is out of range\n  at switchboard.toml:2:23\n  hint: write a number of bytes from 32,768 to 65,000",
        ),
        (
            "[relay]\nmin_days = 3\n".to_owned(),
            "error: relay.min_days: unknown setting\n  at switchboard.toml:2:1\n  hint: `min_days` belongs under [relay.criteria]",
        ),
        (
            "[relay.criteria]\np50_minutes = 100\n".to_owned(),
            "error: relay.criteria.p50_minutes: 100 is not where a bucket ends\n  at switchboard.toml:2:15\n  hint: write one of 1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 240, 360",
        ),
        (
            "[relay]\noidc_issuer = \"http://issuer.example\"\n".to_owned(),
            "error: relay.oidc_issuer: keys are fetched from there, so the address must begin with https://\n  at switchboard.toml:2:15\n  hint: write it like https://token.actions.githubusercontent.com, as tokens do",
        ),
        (
            "[relay]\noidc_audience = []\n".to_owned(),
            "error: relay.oidc_audience: nobody's tokens would be meant for this server\n  at switchboard.toml:2:17\n  hint: name what downstream workflows ask tokens for, such as pytorch-cross-repo-ci-relay",
        ),
        (
            "[relay.cache]\nbackend = \"redis\"\n".to_owned(),
            "error: relay.cache.backend: Redis needs an address\n  at switchboard.toml:2:11\n  hint: set REDIS_URL, such as redis://cache:6379",
        ),
        (
            "[[relay.provider]]\nkind = \"jenkins\"\n".to_owned(),
            "error: relay.provider: provider[0].kind: `jenkins` is no provider that is known\n  at switchboard.toml:2:8\n  hint: write \"buildkite\"",
        ),
        (
            provider.to_owned(),
            "error: relay.provider: provider[0].pipeline: not set\n  at switchboard.toml:1:1\n  hint: map at least one with [[relay.provider.pipeline]]",
        ),
        (
            format!("{provider}{pipeline}pipelineid = \"p\"\n"),
            "error: relay.provider: provider[0].pipeline[0].pipelineid: unknown setting\n  at switchboard.toml:5:1\n  hint: did you mean `pipeline_id`?",
        ),
        (
            format!("{provider}{pipeline}pipeline_id = \"p\"\nrepo = \"a/b/c\"\n"),
            "error: relay.provider: provider[0].pipeline[0].repo: `a/b/c` is not a repository\n  at switchboard.toml:6:8\n  hint: write `owner/name`, such as `octo-org/engine`",
        ),
        (
            format!(
                "{provider}{pipeline}pipeline_id = \"p\"\nrepo = \"a/b\"\nrequired_claims.build_branch = \"main\"\n"
            ),
            "error: relay.provider: provider[0].pipeline[0].required_claims.build_branch: expected a list of texts\n  at switchboard.toml:7:32\n  hint: write build_branch = [\"one\", \"two\"]",
        ),
        (
            "[relay]\nprovider = 3\n".to_owned(),
            "error: relay.provider: provider: expected tables\n  at switchboard.toml:2:12\n  hint: begin each with [[relay.provider]]",
        ),
    ];
    for (file, expected) in cases {
        assert_eq!(complaints_about_file(&file), expected, "for\n{file}");
    }
}

#[test]
fn a_variable_with_providers_is_refused_with_an_example() {
    let text = complaints(&Sources::default().with_variable("SWITCHBOARD__RELAY__PROVIDER", "buildkite"));
    assert!(text.contains("relay.provider: not a list in TOML"), "{text}");
    assert!(text.contains("hint: write [{ kind = \"buildkite\", pipeline = "), "{text}");
}

#[test]
fn a_relay_without_an_upstream_stops_the_start() {
    let sources = file("[relay]\nenabled = true\n");
    let problems = Settings::load(&sources, Purpose::Serve).unwrap_err().to_string();
    assert!(
        problems.contains("error: relay.upstream: not set, and the relay is enabled\n  at switchboard.toml:2:11\n"),
        "{problems}"
    );
    assert!(Settings::load(&sources, Purpose::Inspect).is_ok());
}

#[test]
fn limits_in_the_table_are_the_relays_own() {
    for setting in crate::settings::settings().filter(|setting| setting.section.starts_with("relay")) {
        let crate::settings::Form::Integer { min, max, .. } = setting.form else { continue };
        let key = setting.name();
        // A median is one of few numbers; its own test tells.
        if key.ends_with("p50_minutes") {
            continue;
        }
        for (value, within) in [(min, true), (max, true), (max + 1, false)] {
            let mut draft = crate::settings::draft::Draft::default();
            (setting.set)(&mut draft, &crate::settings::value::Value::Integer(value)).unwrap();
            let refused = draft.relay.config.out_of_range();
            let named = refused.iter().any(|(name, _)| Some(*name) == key.strip_prefix("relay."));
            assert_eq!(named, !within, "{key} = {value}");
        }
    }
}

#[test]
fn whoever_names_a_redis_and_no_backend_means_the_redis() {
    let with = |text: &str, url: &str| file(text).with_variable("REDIS_URL", url);
    let chosen = accepted(&with("", "rediss://:hunter2@cache:6380/1"));
    assert_eq!(chosen.relay.config.cache, CacheBackend::Redis);
    assert_eq!(chosen.relay.redis_url.as_ref().unwrap().expose(), "rediss://:hunter2@cache:6380/1");
    let shown = |settings: &Settings, name: &str| {
        settings.effective.iter().find(|row| row.setting.name() == name).unwrap().shown.clone().unwrap()
    };
    assert_eq!(shown(&chosen, "relay.cache.backend"), "\"redis\"");
    assert!(!shown(&chosen, "relay.cache.url").contains("hunter2"));

    // What was said to this server wins over what was said to all programs of the machine.
    let embedded = accepted(&with("[relay.cache]\nbackend = \"embedded\"\n", "unix:///run/redis.sock"));
    assert_eq!(embedded.relay.config.cache, CacheBackend::Embedded);
    let own = accepted(&with("[relay.cache]\nurl = \"redis://own\"\n", "redis://other"));
    assert_eq!(own.relay.redis_url.unwrap().expose(), "redis://own");
    let problems = complaints(&with("", "unix:///run/redis.sock"));
    assert!(problems.contains("relay.cache.url: this is not the address of a Redis"), "{problems}");
}

#[test]
fn the_examples_of_the_relays_document_are_settings() {
    let document = include_str!("../../../../../docs/relay.md");
    // Within a list they are indented.
    let blocks = document.split("```toml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0));
    let text: String =
        blocks.map(|block| block.lines().map(|line| format!("{}\n", line.trim())).collect::<String>()).collect();
    let sources = Sources::default().with_file("switchboard.toml", &*text);
    let settings = Settings::load(&sources, Purpose::Inspect).unwrap();
    let config = settings.relay.config;
    assert!(config.enabled && config.upstream.is_some(), "{text}");
    let [provider] = &*config.providers else { panic!("{text}") };
    assert_eq!(provider.pipelines[0].required_claims["build_branch"], ["main"]);
    assert_eq!(settings.warnings, Vec::<String>::new());
}
