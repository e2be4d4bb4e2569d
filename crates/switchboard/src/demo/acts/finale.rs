//! The end: what GitHub says was done to it.

use std::time::Duration;

use switchboard_simulator::{Call, Expected};

use super::Play;

/// Every call that the server may make: the dispatcher's and the relay's, and those by which the engine finds missing deliveries and knows the installations.
const CALLS: [(&str, &str); 22] = [
    ("GET", "/app"),
    ("GET", "/app/installations"),
    ("GET", "/app/hook/deliveries"),
    ("GET", "/app/hook/deliveries/*"),
    ("POST", "/app/hook/deliveries/*/attempts"),
    ("POST", "/app/installations/*/access_tokens"),
    ("GET", "/repos/*/*"),
    ("GET", "/repos/*/*/contents/**"),
    ("GET", "/repos/*/*/installation"),
    ("GET", "/repos/*/*/actions/workflows/*/runs"),
    ("GET", "/repos/*/*/issues"),
    ("POST", "/repos/*/*/actions/workflows/*/dispatches"),
    ("POST", "/repos/*/*/issues"),
    ("PATCH", "/repos/*/*/issues/*"),
    ("GET", "/_services/token/.well-known/jwks"),
    ("POST", "/repos/backends/*/dispatches"),
    ("GET", "/repos/backends/*/actions/runs"),
    ("GET", "/repos/backends/*/actions/runs/*"),
    ("GET", "/repos/backends/*/actions/runs/*/attempts/*/jobs"),
    ("GET", "/repos/acme/engine/commits/*/check-runs"),
    ("POST", "/repos/acme/engine/check-runs"),
    ("PATCH", "/repos/acme/engine/check-runs/*"),
];

/// How often a check run is brought up to date depends on how fast this machine is: changes that come quickly are written as one.
/// What the checks show in the end, and that none was made twice, the acts themselves have looked at.
fn checks(calls: &[Call]) -> [Expected; 2] {
    [("POST", "/repos/acme/engine/check-runs"), ("PATCH", "/repos/acme/engine/check-runs/")].map(|(method, path)| {
        let of_kind = |call: &&Call| call.method == method && call.path.starts_with(path) && call.wrote();
        let times = calls.iter().filter(of_kind).count() as u64;
        let path = if method == "PATCH" { format!("{path}*") } else { path.to_owned() };
        Expected::times(times, method, &path)
    })
}

/// How long a page may take.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

impl Play<'_> {
    /// Compares what GitHub has seen with what the story should have led to.
    pub(super) async fn finale(&mut self) {
        let github = &self.stage.github;
        self.expected.extend(checks(&github.calls()));
        let written = github.finish(&self.expected);
        let found = written.as_ref().err().map(ToString::to_string).unwrap_or_default();
        self.verdicts.note("GitHub was changed exactly as expected, and in no other way", written.is_ok(), found);
        let outside: Vec<String> = github.unexpected_calls(&CALLS).iter().map(Call::to_string).collect();
        self.verdicts.note("no call was made that is not needed", outside.is_empty(), outside.join("\n"));
        let broken = self.broken_links().await;
        self.verdicts.note("every page that was linked to opens", broken.is_empty(), broken.join("\n"));
        let dead = self.watch.dead_letters().await;
        self.verdicts.note("no job and no intent was given up", dead.is_empty(), dead.join("\n"));
    }

    /// The links of the story that do not lead to a page.
    async fn broken_links(&self) -> Vec<String> {
        let Ok(client) = reqwest::Client::builder().no_proxy().timeout(PAGE_TIMEOUT).build() else {
            return vec!["no client could be made".to_owned()];
        };
        let mut broken = Vec::new();
        for link in self.narrator.links() {
            match client.get(&link).send().await {
                Ok(answer) if answer.status().is_success() => {}
                Ok(answer) => broken.push(format!("{link}: {}", answer.status())),
                Err(error) => broken.push(format!("{link}: {error}")),
            }
        }
        broken
    }
}
