use switchboard_github::secret::AppKey;

use crate::settings::{Purpose, Settings, Sources};

/// The simulator's published key, which protects nothing.
const KEY: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../simulator/keys/simulator-only.rsa-private-key.pem"));

fn complete() -> Sources {
    Sources::default()
        .with_variable("GITHUB_APP_ID", "123456")
        .with_variable("GITHUB_WEBHOOK_SECRET", "new, old")
        .with_variable("GITHUB_APP_PRIVATE_KEY", KEY.replace('\n', "\\n"))
}

fn refused(sources: &Sources) -> String {
    Settings::load(sources, Purpose::Serve).expect_err("this configuration should be refused").to_string()
}

#[test]
fn a_complete_configuration_serves() {
    let github = Settings::load(&complete(), Purpose::Serve).unwrap().github.unwrap();
    assert_eq!(github.app_id.0, 123_456);
    assert_eq!(github.webhook_secrets.len(), 2);
    assert_eq!(github.api_url.as_str(), "https://api.github.com");
}

#[test]
fn everything_that_is_missing_is_named_at_once() {
    assert_eq!(
        refused(&Sources::default().with_file("switchboard.toml", "[server]\nport = 1\n\n[github]\nslug = \"my-app\"\n")),
        "\
error: github.app_id: not set, and the server needs it
  at switchboard.toml:4:2
  hint: set GITHUB_APP_ID, or `app_id` under [github] in switchboard.toml: the number under \"App ID\" on the App's settings page
error: github.webhook_secret: not set, and the server needs it
  at switchboard.toml:4:2
  hint: set GITHUB_WEBHOOK_SECRET, or `webhook_secret` under [github] in switchboard.toml: the secret that you entered under \"Webhook\" on the App's settings page
error: github.private_key: not set, and the server needs it
  at switchboard.toml:4:2
  hint: set GITHUB_APP_PRIVATE_KEY, or `private_key` under [github] in switchboard.toml: generate one under \"Private keys\" on the App's settings page; the setting private_key_path names its file"
    );
    assert!(Settings::load(&Sources::default(), Purpose::Inspect).is_ok());
}

#[test]
fn an_empty_secret_is_a_missing_secret() {
    let text = refused(&complete().with_variable("GITHUB_WEBHOOK_SECRET", " , "));
    assert_eq!(text.lines().next(), Some("error: github.webhook_secret: not set, and the server needs it"));
}

#[test]
fn listening_beyond_loopback_needs_sign_in() {
    let open = |host: &str| complete().with_variable("SWITCHBOARD__SERVER__HOST", host);
    for host in ["0.0.0.0", "::", "192.0.2.1"] {
        let text = refused(&open(host));
        assert!(text.starts_with(&format!("error: server.host: {host} is reachable from other machines")), "{text}");
        assert!(text.contains("\n  hint: set SWITCHBOARD_OPERATOR_TOKEN"), "{text}");
        let guarded = open(host).with_variable("SWITCHBOARD_OPERATOR_TOKEN", "0123456789abcdef0123");
        assert!(Settings::load(&guarded, Purpose::Serve).is_ok(), "{host}");
    }
    for host in ["127.0.0.1", "::1", "localhost", "127.8.0.1"] {
        assert!(Settings::load(&open(host), Purpose::Serve).is_ok(), "{host}");
    }
}

#[test]
fn a_refused_token_is_one_problem_not_two() {
    let sources = complete()
        .with_variable("SWITCHBOARD__SERVER__HOST", "0.0.0.0")
        .with_variable("SWITCHBOARD_OPERATOR_TOKEN", "short");
    assert_eq!(refused(&sources).matches("error:").count(), 1);
}

#[test]
fn the_key_is_read_from_its_file_and_a_missing_file_is_explained() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.pem");
    std::fs::write(&path, KEY.replace('\n', "\r\n")).unwrap();
    let file = format!("[github]\napp_id = 1\nwebhook_secret = [\"a\"]\nprivate_key_path = {path:?}\n");
    let sources = |file: &str| Sources::default().with_file("switchboard.toml", file);
    let github = Settings::load(&sources(&file), Purpose::Serve).unwrap().github.unwrap();
    let key = AppKey::from_pem(KEY).unwrap();
    assert_eq!(github.private_key.fingerprint(), key.fingerprint());

    let text = refused(&sources(&file.replace("app.pem", "gone.pem")));
    assert!(text.contains("gone.pem cannot be read") && text.contains("switchboard.toml:4:20"), "{text}");
    assert_eq!(text.matches("error:").count(), 1, "{text}");
}

#[test]
fn of_a_pair_the_environments_wins_and_two_in_one_place_are_refused() {
    let file = "[github]\nprivate_key_path = \"/nowhere/app.pem\"\n";
    assert!(Settings::load(&complete().with_file("switchboard.toml", file), Purpose::Serve).is_ok());

    let both = complete().with_variable("GITHUB_APP_PRIVATE_KEY_PATH", "/nowhere/app.pem");
    let text = refused(&both);
    assert!(text.contains("github.private_key_path: github.private_key is set too"), "{text}");
}

/// With sign-in by GitHub, of which a test leaves something out.
fn by_github() -> Sources {
    complete()
        .with_variable("PUBLIC_URL", "https://switchboard.example.com")
        .with_variable("GITHUB_APP_CLIENT_ID", "Iv23li")
        .with_variable("GITHUB_APP_CLIENT_SECRET", "client-secret-of-the-tests")
        .with_variable("SWITCHBOARD_OPERATORS", "acme/ops, @mona")
        .with_variable("SWITCHBOARD__SERVER__HOST", "0.0.0.0")
}

#[test]
fn signing_in_with_github_is_a_way_in_beyond_loopback() {
    let settings = Settings::load(&by_github(), Purpose::Serve).unwrap();
    let github = settings.auth.github.clone().unwrap();
    assert_eq!(github.grants.to_string(), "operators acme/ops @mona\nviewers\n");
    assert!(!format!("{settings:?}").contains("client-secret-of-the-tests"));
    assert!(settings.warnings.is_empty(), "{:?}", settings.warnings);
    let plain = by_github().with_variable("PUBLIC_URL", "http://switchboard.example.com");
    let warnings = Settings::load(&plain, Purpose::Serve).unwrap().warnings;
    assert!(warnings[0].contains("without https"), "{warnings:?}");
    let local = by_github().with_variable("PUBLIC_URL", "http://localhost:3000");
    assert!(Settings::load(&local, Purpose::Serve).unwrap().warnings.is_empty());
}

#[test]
fn half_of_signing_in_with_github_stops_the_start_with_the_other_half() {
    for (unset, problem, hint) in [
        ("GITHUB_APP_CLIENT_ID", "auth.client_secret: set without a client id", "set GITHUB_APP_CLIENT_ID"),
        ("GITHUB_APP_CLIENT_SECRET", "auth.client_id: set without a client secret", "set GITHUB_APP_CLIENT_SECRET"),
        ("PUBLIC_URL", "auth.client_id: signing in with GitHub needs the address", "set PUBLIC_URL"),
    ] {
        let text = refused(&by_github().with_variable(unset, ""));
        assert!(text.contains(problem) && text.contains(hint), "{unset}: {text}");
        assert_eq!(text.matches("error:").count(), 1, "{text}");
    }
    let nobody = by_github().with_variable("SWITCHBOARD_OPERATORS", "");
    assert!(refused(&nobody).starts_with("error: server.host: 0.0.0.0 is reachable"), "{}", refused(&nobody));
    let settings =
        Settings::load(&nobody.with_variable("SWITCHBOARD__SERVER__HOST", "127.0.0.1"), Purpose::Serve).unwrap();
    assert!(settings.auth.github.is_none() && settings.auth.github_lists_nobody && settings.warnings.is_empty());
    let lists = complete().with_variable("SWITCHBOARD_VIEWERS", "acme");
    assert!(refused(&lists).starts_with("error: auth.viewers: is for signing in with GitHub"), "{}", refused(&lists));
    let wrong = refused(&by_github().with_variable("SWITCHBOARD_OPERATORS", "https://github.com/acme"));
    assert!(wrong.contains("neither a person") && wrong.matches("error:").count() == 1, "{wrong}");
}

#[test]
fn a_session_secret_is_long_and_a_public_page_is_known() {
    let short = refused(&complete().with_variable("SWITCHBOARD_SESSION_SECRET", "too-short"));
    assert!(short.contains("shorter than 32 characters") && !short.contains("too-short"), "{short}");
    let pages = complete().with_variable("SWITCHBOARD_PUBLIC_PAGES", "overview, settings");
    assert!(refused(&pages).contains("they are overview, deliveries, dispatcher"), "{}", refused(&pages));
}
