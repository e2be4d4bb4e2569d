//! A signed delivery posted to the running binary becomes a dispatch, and no secret leaves the process.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use switchboard_simulator::{Effect, SIMULATOR_ONLY_PRIVATE_KEY};

use crate::support::github::{GitHub, SECRET, post};
use crate::support::server::{Process, Server, switchboard};
use crate::support::{client, until};

/// Pages that a crawl looks at, at most; the story leads to fewer.
const PAGES_MAX: usize = 200;

/// The published example of an environment, filled in.
fn filled_in(github: &GitHub) -> String {
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example")).unwrap();
    let mut variables = github.variables();
    variables.push(("PORT".to_owned(), "0".to_owned()));
    let line = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name);
        let filled = name.and_then(|name| variables.iter().find(|(known, _)| known == name));
        filled.map_or_else(|| line.to_owned(), |(name, value)| format!("{name}={value}"))
    };
    example.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The slug that the example names.
fn example_slug() -> String {
    let example = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.env.example")).unwrap();
    example.lines().find_map(|line| line.strip_prefix("GITHUB_APP_SLUG=")).unwrap().to_owned()
}

/// Every page that links lead to, beginning with `starts`; what they hold, headers included.
async fn crawl(url: &str, starts: &[String]) -> Vec<(String, String)> {
    let client = client();
    let mut waiting: VecDeque<String> = starts.iter().cloned().collect();
    let mut seen: BTreeSet<String> = starts.iter().cloned().collect();
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop_front() {
        if path.starts_with("/live") || pages.len() >= PAGES_MAX {
            continue;
        }
        let answer = client.get(format!("{url}{path}")).send().await.unwrap();
        let (status, headers) = (answer.status(), format!("{:?}", answer.headers()));
        let body = String::from_utf8_lossy(&answer.bytes().await.unwrap()).into_owned();
        assert!(!status.is_server_error(), "{path}: {status} {body}");
        for link in body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&amp;", "&");
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if link.starts_with('/') && !link.starts_with("//") && seen.insert(link.clone()) {
                waiting.push_back(link);
            }
        }
        pages.push((path, headers + &body));
    }
    pages
}

/// The texts that must not be found anywhere.
fn secrets() -> Vec<String> {
    let mut secrets = vec!["ghs_".to_owned(), SECRET.to_owned()];
    let lines = SIMULATOR_ONLY_PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----") && line.len() > 20);
    secrets.extend(lines.map(str::to_owned));
    assert!(secrets.len() > 10, "the key has many lines");
    secrets
}

#[tokio::test]
async fn a_signed_delivery_is_dispatched_and_no_secret_shows() {
    let github = GitHub::start_as(&example_slug()).await;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), filled_in(&github)).unwrap();
    let serve = switchboard(folder.path(), &[], &["--env-file", ".env", "serve"]);
    let mut server = Server::started(Process::start(serve)).await;

    // A first run goes well, a second meets an unclear answer, a third a token that is refused.
    let dispatches = "/repos/acme/deploy/actions/workflows/deploy.yml/dispatches";
    let mut guids = Vec::new();
    for n in 1..=3 {
        match n {
            2 => github.simulator.fault("POST", dispatches).lose_answer(),
            3 => github.simulator.fault("POST", dispatches).status(401),
            _ => {}
        }
        let (_, delivery) = github.complete_run();
        let answer = post(&client(), &server.url, &delivery).send().await.unwrap();
        assert_eq!(answer.status(), 202);
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(
            (&answer["accepted"], &answer["duplicate"], &answer["ignored"]),
            (&true.into(), &false.into(), &false.into())
        );
        assert_eq!(answer["delivery"], delivery.guid.as_str());
        until("the dispatch arrives", async || (github.deploy.runs().len() == n).then_some(())).await;
        guids.push(delivery.guid);
    }
    let bad = client().post(format!("{}/webhooks/github", server.url)).header("content-type", "application/json");
    assert_eq!(
        bad.header("x-github-delivery", "x").header("x-github-event", "push").body("{}").send().await.unwrap().status(),
        401
    );
    until("an issue tells of the denial", async || (github.api.issues().len() == 3).then_some(())).await;

    let minted =
        github.simulator.calls().iter().filter(|call| call.effect == Effect::Token && call.succeeded()).count();
    assert!(minted >= 2, "tokens were there to be leaked");

    let mut starts: Vec<String> =
        ["/", "/deliveries", "/dispatcher", "/dispatcher/runs", "/dispatcher/repos", "/health", "/readyz"]
            .into_iter()
            .chain(["/api/v1/version", "/api/v1/deliveries", "/api/v1/jobs", "/api/v1/jobs?class=intent"])
            .chain(["/api/v1/dispatcher/runs", "/api/v1/dispatcher/problems", "/api/v1/dispatcher/summary?window=60"])
            .map(str::to_owned)
            .collect();
    starts.extend(guids.iter().map(|guid| format!("/api/v1/deliveries/{guid}")));
    starts.extend(guids.iter().map(|guid| format!("/search?q={guid}")));
    let pages = crawl(&server.url, &starts).await;
    assert!(pages.len() > starts.len(), "the pages link to each other");
    assert!(pages.iter().any(|(_, page)| page.contains("inbound_not_authorized")), "a page tells why");

    server.process.terminate();
    assert!(server.process.ended().await.success());
    let printed = server.process.printed();
    let lines = printed.lines().map(serde_json::from_str::<serde_json::Value>);
    assert!(lines.clone().all(|line| line.is_ok()), "every log line is JSON: {printed}");
    let told = |guid: &String| lines.clone().flatten().any(|line| line["deliveryId"] == guid.as_str());
    assert!(guids.iter().all(told), "every delivery's outcome is logged with its id: {printed}");
    for secret in secrets() {
        assert!(!printed.contains(&secret), "a secret was logged: {printed}");
        for (path, page) in &pages {
            assert!(!page.contains(&secret), "a secret stands on {path}");
        }
    }
}
