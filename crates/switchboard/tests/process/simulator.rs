//! `switchboard simulator` and `switchboard serve`, each a process, and nothing else.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::server::{Process, Server, run, switchboard};
use crate::support::until;

#[tokio::test]
async fn its_variables_configure_a_server_and_enter_lets_a_run_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let webhooks = format!("http://{free}/webhooks/github");
    let mut command = switchboard(folder.path(), &[], &["simulator", "--port", "0", "--webhook-url", &webhooks]);
    command.stdin(Stdio::piped());
    let mut simulator = Process::start(command);
    simulator.line("the end of the instructions", |line| line.contains("Press Enter").then_some(())).await;
    let variable = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    let printed = simulator.printed();
    let mut variables: Vec<_> = printed.lines().filter(|line| !line.starts_with('#')).filter_map(variable).collect();
    assert_eq!(variables.len(), 5, "{printed}");
    variables.push(("PORT".to_owned(), free.port().to_string()));

    let doctor = run(folder.path(), &variables, &["doctor"]).await;
    assert_eq!(doctor.code, Some(0), "{}{}", doctor.out, doctor.err);
    let server = Server::started(Process::start(switchboard(folder.path(), &variables, &["serve"]))).await;
    simulator.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    let facts = until("the run is dispatched", async || {
        let list = run(folder.path(), &variables, &["deliveries", "--json"]).await;
        let rows = list.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let completed = rows.into_iter().find(|row| row["action"] == "completed" && row["repository"] == "acme/api")?;
        let one = run(folder.path(), &variables, &["deliveries", completed["deliveryId"].as_str()?]).await;
        one.out.contains("dispatch.trigger.succeeded").then_some(one.out)
    })
    .await;
    assert!(facts.contains("\"targetRepo\":\"acme/deploy\""), "{facts}");
    server.stop().await;
    simulator.terminate();
    assert!(simulator.ended().await.success());
}
