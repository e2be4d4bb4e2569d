//! The operator's commands, with and without a running server.

use std::fs;

use crate::support::github::{GitHub, post};
use crate::support::server::{Ended, Server, run};
use crate::support::{client, until};

const TOKEN: &str = "an-operators-token-of-enough-length";

fn json(line: &str) -> serde_json::Value {
    serde_json::from_str(line).unwrap()
}

#[tokio::test]
async fn simulate_tells_every_decision_and_changes_nothing() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (_, delivery) = github.complete_run();
    fs::write(folder.path().join("run.json"), &delivery.body).unwrap();
    let simulate = run(folder.path(), &github.variables(), &["simulate", "--event", "run.json"]).await;
    assert_eq!(simulate.code, Some(0), "{}", simulate.err);
    for part in ["acme/api · ci.yml on main", "dispatched  acme/deploy · deploy.yml (line 3) on main", "denied"] {
        assert!(simulate.out.contains(part), "{part}: {}", simulate.out);
    }
    assert!(simulate.out.contains("missing_target_config") && simulate.out.contains("hint: "), "{}", simulate.out);

    let printed = run(folder.path(), &github.variables(), &["simulate", "--event", "run.json", "--json"]).await.out;
    let targets = json(&printed)["targets"].clone();
    assert_eq!(
        (&targets[0]["state"], &targets[1]["why"]["reason"]),
        (&"dispatched".into(), &"missing_target_config".into())
    );

    let push = run(folder.path(), &github.variables(), &["simulate", "--event", "run.json", "--name", "push"]).await;
    assert!(push.out.starts_with("skipped: ignored"), "{}", push.out);
    let gone = run(folder.path(), &github.variables(), &["simulate", "--event", "gone.json"]).await;
    assert_eq!(gone.code, Some(2), "{}", gone.err);
    github.simulator.finish(&[]).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no store was made");
}

#[tokio::test]
async fn what_is_stored_is_listed_with_and_without_a_server_and_replayed() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    let none = run(folder.path(), &variables, &["deliveries"]).await;
    assert_eq!(none.code, Some(1));
    assert!(none.err.contains("there is no store switchboard.db") && none.err.contains("hint: "), "{}", none.err);

    let server = Server::start(folder.path(), &variables).await;
    let (_, delivery) = github.complete_run();
    let guid = delivery.guid.as_str();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    until("the dispatch arrives", async || (github.deploy.runs().len() == 1).then_some(())).await;
    until("an issue tells of the denial", async || (github.api.issues().len() == 1).then_some(())).await;

    let reaching: Vec<_> = variables.iter().cloned().chain([server.port()]).collect();
    look(&run(folder.path(), &reaching, &["deliveries"]).await, guid);
    let nobody: Vec<_> = reaching.iter().filter(|(name, _)| !name.starts_with("SWITCHBOARD_")).cloned().collect();
    let refused = run(folder.path(), &nobody, &["deliveries"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("hint: set SWITCHBOARD_OPERATOR_TOKEN, or give --token"), "{}", refused.err);
    look(&run(folder.path(), &nobody, &["deliveries", "--token", TOKEN]).await, guid);
    let wrong_port: Vec<_> = variables.iter().cloned().chain([("PORT".to_owned(), "1".to_owned())]).collect();
    let nowhere = run(folder.path(), &wrong_port, &["jobs"]).await;
    assert!(nowhere.err.contains("no server answers at 127.0.0.1:1"), "{}", nowhere.err);

    let replay = run(folder.path(), &reaching, &["replay", guid, "--only", "all"]).await;
    assert_eq!(replay.code, Some(0), "{}", replay.err);
    assert!(replay.out.contains("~1; the server carries it out now"), "{}", replay.out);
    until("it is dispatched again", async || (github.deploy.runs().len() == 2).then_some(())).await;
    let unknown = run(folder.path(), &reaching, &["replay", "no-such-delivery"]).await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.out);
    assert!(unknown.err.contains("hint: "), "{}", unknown.err);
    let up_to_date = run(folder.path(), &reaching, &["migrate"]).await;
    assert_eq!(up_to_date.code, Some(0), "{}", up_to_date.err);
    server.stop().await;

    look(&run(folder.path(), &variables, &["deliveries"]).await, guid);
    let one = run(folder.path(), &variables, &["deliveries", guid]).await;
    assert!(one.out.contains("dispatch.target.denied") && one.out.contains("17"), "{}", one.out);
    let done = run(folder.path(), &variables, &["jobs", "--state", "done", "--json"]).await;
    let plan = done.out.lines().map(json).find(|job| job["kind"] == "dispatcher.plan").unwrap();
    let job = run(folder.path(), &variables, &["jobs", plan["id"].as_str().unwrap()]).await;
    assert!(job.out.contains("dispatcher.plan") && job.out.contains("attempts"), "{}", job.out);

    let replay = run(folder.path(), &variables, &["replay", guid, "--only", "all"]).await;
    assert!(replay.out.contains("~2; the next start carries it out"), "{}{}", replay.out, replay.err);
    assert_eq!(github.deploy.runs().len(), 2);
    let server = Server::start(folder.path(), &variables).await;
    until("the next start dispatches it", async || (github.deploy.runs().len() == 3).then_some(())).await;
    server.stop().await;
}

fn look(list: &Ended, guid: &str) {
    assert_eq!(list.code, Some(0), "{}", list.err);
    let row = list.out.lines().find(|line| line.ends_with(guid)).unwrap_or_default();
    assert!(row.contains("workflow_run.completed") && row.contains("acme/api"), "{}", list.out);
}

#[tokio::test]
async fn migrate_tells_what_it_would_do_and_does_it() {
    let folder = tempfile::tempdir().unwrap();
    let check = run(folder.path(), &[], &["migrate", "--check"]).await;
    assert_eq!(check.code, Some(1), "{}", check.err);
    assert!(check.out.starts_with("switchboard.db: schema version 0, this release has "), "{}", check.out);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    assert_eq!(run(folder.path(), &[], &["migrate"]).await.code, Some(0));
    assert_eq!(run(folder.path(), &[], &["migrate", "--check"]).await.code, Some(0));
    let again = run(folder.path(), &[], &["migrate"]).await;
    assert!(again.out.contains("was up to date"), "{}", again.out);
}
