use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::SystemClock;
use switchboard_simulator::{AppSpec, DeliveryOutcome, Downstream, InstallationSpec, Provider, RunSpec, Simulator};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// Sends bytes, and reads until the other side closes or falls silent.
async fn exchange(address: std::net::SocketAddr, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_millis(500), stream.read_to_end(&mut answer)).await;
    read.ok()?.ok()?;
    Some(String::from_utf8(answer).unwrap())
}

#[tokio::test]
async fn over_tcp_an_answer_is_an_answer_and_a_fault_is_a_fault() {
    let github = Simulator::new(Arc::new(SystemClock), 1);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn({
        let github = github.clone();
        async move { github.serve(listener).await }
    });
    let request = "GET /api/v3/app HTTP/1.1\r\nhost: x\r\nuser-agent: test\r\nconnection: close\r\n\r\n";
    let answer = exchange(address, request).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    github.fault("GET", "/app").reset();
    assert_eq!(exchange(address, request).await.as_deref(), Some(""));
    github.fault("GET", "/app").hang();
    assert_eq!(exchange(address, request).await, None);
    serving.abort();
}

#[tokio::test]
async fn webhooks_are_posted_once_and_their_answers_listed() {
    let github = Simulator::new(Arc::new(SystemClock), 1);
    let acme = github.organization("acme");
    let ci = acme.repository("source").workflow("ci.yml");
    github.app(AppSpec::new("switchboard")).unwrap().install(&acme, InstallationSpec::all());
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/webhooks/github", receiver.local_addr().unwrap());
    let running = tokio::spawn({
        let github = github.clone();
        async move { github.run(&url).await }
    });
    ci.complete_run(&RunSpec::default());
    let mut actions = Vec::new();
    for _ in 0..3 {
        let (mut stream, _) = receiver.accept().await.unwrap();
        let mut bytes = vec![0; 64 * 1024];
        let mut read = 0;
        let body = loop {
            read += stream.read(&mut bytes[read..]).await.unwrap();
            let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            assert!(head.to_lowercase().contains("x-hub-signature-256: sha256="), "{head}");
            if let Ok(value) = serde_json::from_str::<Value>(body) {
                break value;
            }
        };
        actions.push(body["action"].clone());
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    }
    while github.summary().delivered < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    actions.sort_by_key(ToString::to_string);
    assert_eq!(actions, [json!("completed"), json!("in_progress"), json!("requested")]);
    running.abort();
}

#[tokio::test]
async fn over_tcp_a_dispatched_run_reports_to_where_it_was_told() {
    let github = Simulator::new(Arc::new(SystemClock), 1);
    let world = github.repo("acme/target");
    let receiver = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/github/callback", receiver.local_addr().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn({
        let github = github.clone();
        async move {
            tokio::select! { end = github.serve(listener) => end.map(|_| ()), _ = github.run_each() => Ok(()) }
        }
    });
    let script = Downstream::run("Nightly").waits(Duration::ZERO).reports_to(&url).result("all");
    let keys =
        exchange(address, "GET /_services/token/.well-known/jwks HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let keys = keys.await.unwrap();
    assert!(keys.starts_with("HTTP/1.1 200 OK\r\n") && keys.contains("\"kty\":\"RSA\""), "{keys}");
    world.start_nightly(script.succeeds_after(Duration::ZERO), &"a".repeat(40)).unwrap();
    let (mut stream, _) = receiver.accept().await.unwrap();
    let mut bytes = vec![0; 64 * 1024];
    let mut read = 0;
    let (head, body) = loop {
        read += stream.read(&mut bytes[read..]).await.unwrap();
        let text = String::from_utf8_lossy(&bytes[..read]).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        if let Ok(body) = serde_json::from_str::<Value>(body) {
            break (head.to_owned(), body);
        }
    };
    stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(head.starts_with("POST /github/callback HTTP/1.1") && head.contains("Bearer "), "{head}");
    assert_eq!((&body["event_type"], &body["workflow"]["conclusion"]), (&json!("nightly"), &json!("success")));
    let issuer = github.issuer(Provider::GitHubActions).url();
    assert_eq!(issuer, format!("http://{address}/_services/token"));
    let answered = async {
        while github.callbacks()[0].outcome.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), answered).await.unwrap();
    assert_eq!(github.callbacks()[0].outcome, Some(DeliveryOutcome::Answered(403)));
    serving.abort();
}
