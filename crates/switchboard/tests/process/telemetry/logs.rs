use serde_json::Value;

use super::{dispatch, with};
use crate::support::github::GitHub;
use crate::support::server::Server;

/// Kinds of work that follow from no webhook.
fn is_a_schedule(kind: &str) -> bool {
    kind.starts_with("engine.") || kind == "dispatcher.rollup"
}

#[tokio::test]
async fn every_line_between_accept_and_deliver_names_the_delivery() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let level = ("LOG_LEVEL", "info,switchboard_engine=debug,switchboard_github=debug,switchboard_dispatcher=debug");
    let mut server = Server::start(folder.path(), &with(&github, &[level])).await;
    // The first answer asks to wait, so that the client has something to say too, and there is a second attempt.
    let route = "/repos/acme/deploy/actions/workflows/deploy.yml/dispatches";
    github.simulator.fault("POST", route).secondary_limit(Some(1));
    let delivery = dispatch(&github, &server).await;
    let ended = |line: &Value| {
        line["message"] == "an attempt has ended" && line["kind"] == "dispatch.workflow" && line["outcome"] == "done"
    };
    let last = |line: &str| serde_json::from_str(line).is_ok_and(|line| ended(&line)).then_some(());
    server.process.line("the end of the attempt that dispatched", last).await;
    server.process.terminate();
    assert!(server.process.ended().await.success());
    let printed = server.process.printed();
    let lines: Vec<Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();

    let first = lines.iter().position(|line| line["message"] == "a delivery was taken in").unwrap();
    let last = lines.iter().position(ended).unwrap();
    let accepted = &lines[first];
    assert_eq!((&accepted["event"], &accepted["outcome"]), (&"workflow_run".into(), &"accepted".into()));
    let guid = accepted["deliveryId"].as_str().unwrap();

    let story = lines[first..=last].iter().filter(|line| !line["kind"].as_str().is_some_and(is_a_schedule));
    let story: Vec<&Value> = story.collect();
    for line in &story {
        assert_eq!(line["delivery"], delivery.as_str(), "{line}\namong\n{printed}");
        assert!(
            line.get("spans").is_none() && line["timestamp"].as_str().is_some_and(|at| at.ends_with('Z')),
            "{line}"
        );
        assert!(line.get("deliveryId").is_none_or(|id| id == guid), "{line}");
    }
    let targets = ["switchboard_engine", "switchboard_dispatcher", "switchboard_github"];
    for target in targets {
        let heard = story.iter().any(|line| line["target"].as_str().unwrap().starts_with(target));
        assert!(heard, "{target} says nothing among\n{printed}");
    }
    assert!(story.iter().any(|line| line["kind"] == "dispatcher.plan" && line["work"].is_string()), "{printed}");
}
