//! `switchboard forward`: what GitHub could not deliver reaches a server that nobody can reach.

use switchboard_simulator::{DeliveryOutcome, RunSpec};

use crate::support::github::GitHub;
use crate::support::server::{Process, Server, run, switchboard};
use crate::support::until;

/// Lets `ci.yml` succeed and nothing of it arrive.
fn complete_unreachably(github: &GitHub) {
    github.ci.complete_run(&RunSpec::default()).unwrap();
    for delivery in github.simulator.take_due() {
        github.simulator.report(delivery.id, DeliveryOutcome::Unreachable);
    }
}

#[tokio::test]
async fn what_github_lists_reaches_the_server_in_order_and_once() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let variables: Vec<_> = github.variables().into_iter().chain([server.port()]).collect();
    complete_unreachably(&github);

    let now = run(folder.path(), &variables, &["forward", "--once"]).await;
    assert_eq!(now.code, Some(0), "{}", now.err);
    assert_eq!(now.out.lines().count(), 1, "from now on: nothing yet: {}", now.out);

    let since = run(folder.path(), &variables, &["forward", "--since", "1h", "--once"]).await;
    let lines: Vec<&str> = since.out.lines().skip(1).collect();
    let events: Vec<_> = lines.iter().filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(
        events,
        ["workflow_run.requested", "workflow_run.in_progress", "workflow_run.completed"],
        "{}",
        since.out
    );
    assert!(lines[2].ends_with("202 accepted"), "{}", since.out);
    until("the dispatch arrives", async || (github.deploy.runs().len() == 1).then_some(())).await;

    let again = run(folder.path(), &variables, &["forward", "--since", "1h", "--once"]).await;
    assert!(again.out.lines().skip(1).all(|line| line.contains("202 duplicate")), "{}", again.out);

    // One that stays sees what comes later, and has nobody to tell when the server is gone.
    let forward = Process::start(switchboard(folder.path(), &variables, &["forward", "--interval", "1s"]));
    forward.line("it runs", |line| line.starts_with("forwarding to").then_some(())).await;
    complete_unreachably(&github);
    until("the second dispatch arrives", async || (github.deploy.runs().len() == 2).then_some(())).await;
    server.stop().await;
    complete_unreachably(&github);
    forward.line("it says so", |line| line.contains("no server answers at").then_some(())).await;
    let server = Process::start(switchboard(folder.path(), &variables, &["serve"]));
    let server = Server::started(server).await;
    until("the third arrives once the server is back", async || (github.deploy.runs().len() == 3).then_some(())).await;
    assert_eq!(forward.printed().matches("trying again").count(), 1, "said once: {}", forward.printed());
    forward.terminate();
    server.stop().await;
}

#[tokio::test]
async fn a_wrong_secret_and_a_refusing_github_are_explained() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    complete_unreachably(&github);
    let with = |name: &str, value: &str| {
        let own = github.variables().into_iter().filter(|(known, _)| known != name);
        own.chain([(name.to_owned(), value.to_owned()), server.port()]).collect::<Vec<_>>()
    };
    let other = with("GITHUB_WEBHOOK_SECRET", "another-secret-altogether");
    let told = run(folder.path(), &other, &["forward", "--since", "1h", "--once"]).await;
    assert!(told.out.contains("401 the signature fits none"), "{}", told.out);
    assert!(
        told.out.contains("Make the webhook secret in the App's settings and GITHUB_WEBHOOK_SECRET the same"),
        "{}",
        told.out
    );

    let nobody = with("GITHUB_APP_ID", "1");
    let told = run(folder.path(), &nobody, &["forward", "--once"]).await;
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(told.err.contains("hint: "), "{}", told.err);
    let down = with("PORT", "1");
    let down: Vec<_> = down.into_iter().take_while(|(name, value)| name != "PORT" || value == "1").collect();
    let told = run(folder.path(), &down, &["forward", "--since", "1h", "--once"]).await;
    assert!(told.err.contains("no server answers at http://127.0.0.1:1/webhooks/github"), "{}", told.err);
    server.stop().await;
}
