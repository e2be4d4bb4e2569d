//! SIGTERM: what is under way is answered, and kept.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::support::github::GitHub;
use crate::support::server::Server;
use crate::support::until;

#[tokio::test]
async fn a_webhook_that_is_half_sent_when_the_server_stops_is_answered_and_dispatched_later() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &github.variables()).await;
    let (_, delivery) = github.complete_run();

    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let headers: String = delivery.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = delivery.body.len();
    write!(stream, "POST /webhooks/github HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {length}\r\n\r\n").unwrap();
    let (first, rest) = delivery.body.split_at(length / 2);
    stream.write_all(first).unwrap();
    // So that the request is under way, and not only in the kernel's queue.
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.process.terminate();
    server.process.line("that it stops", |line| line.contains("stopping").then_some(())).await;
    until("it takes no new connection", async || {
        TcpStream::connect(server.url.trim_start_matches("http://")).is_err().then_some(())
    })
    .await;
    stream.write_all(rest).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 202 "), "{answer}");
    assert!(server.process.ended().await.success(), "{}", server.process.printed());

    let server = Server::start(folder.path(), &github.variables()).await;
    until("the dispatch arrives", async || (github.deploy.runs().len() == 1).then_some(())).await;
    server.stop().await;
}
