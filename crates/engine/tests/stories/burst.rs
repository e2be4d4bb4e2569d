//! The webhook route behind a real listener: what only shows over TCP.

use std::net::SocketAddr;
use std::sync::Arc;

use switchboard_testkit::{Webhook, World};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::{JoinHandle, JoinSet};

use crate::accept::silent;

/// What GitHub sends at most.
const CAP: usize = 25 * 1024 * 1024;
/// What a connection may hold between the two ends, and then some.
const BUFFERS: usize = 16 * 1024 * 1024;

/// Connections at once; more may not fit into the system's queue for new ones.
const AT_ONCE: usize = 100;

/// Serves the world's webhook route on a port of its own until the task is aborted.
async fn listen(world: &World) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = world.router();
    (address, tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }))
}

fn head(webhook: &Webhook, framing: &str) -> String {
    let lines: String = webhook.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("POST /webhooks/github HTTP/1.1\r\nhost: switchboard\r\nconnection: close\r\n{lines}{framing}\r\n\r\n")
}

/// The status of the answer.
async fn status(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> u16 {
    let mut start = [0; 12];
    stream.read_exact(&mut start).await.unwrap();
    std::str::from_utf8(&start[9..]).unwrap().parse().unwrap()
}

#[tokio::test]
async fn dispatcher_7_an_endless_body_is_answered_413_and_read_no_further_than_the_cap() {
    let (world, _) = silent().await;
    let (address, server) = listen(&world).await;
    let (mut answer, mut request) = TcpStream::connect(address).await.unwrap().into_split();
    let webhook = world.webhook("endless", "push", "");
    request.write_all(head(&webhook, "transfer-encoding: chunked").as_bytes()).await.unwrap();

    let sending = tokio::spawn(async move {
        let chunk = [format!("{:x}\r\n", 64 * 1024).into_bytes(), vec![b' '; 64 * 1024], b"\r\n".to_vec()].concat();
        let mut sent = 0;
        while sent < 4 * CAP && request.write_all(&chunk).await.is_ok() {
            sent += 64 * 1024;
        }
        sent
    });
    assert_eq!(status(&mut answer).await, 413);
    let sent = sending.await.unwrap();
    assert!((CAP..CAP + BUFFERS).contains(&sent), "{sent} bytes were taken");

    // A length that is announced is believed, so that nothing is read at all.
    let mut announced = TcpStream::connect(address).await.unwrap();
    let head = head(&webhook, &format!("content-length: {}", CAP + 1));
    announced.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(status(&mut announced).await, 413);

    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    // Signed JSON, but nested far too deep.
    let deep = world.webhook("deep", "push", format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000)));
    assert_eq!(world.post(deep).await.status, 400);
    assert_eq!(world.deliveries().await, []);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_taken_in_byte_for_byte() {
    let (world, _) = silent().await;
    let mut body = b"{\"text\":\"".to_vec();
    body.resize(CAP - 2, b'x');
    body.extend(b"\"}");
    assert_eq!(world.post(world.webhook("large", "push", body.clone())).await.status, 202);
    assert!(world.body("large").await.unwrap() == body);
    body.push(b' ');
    assert_eq!(world.post(world.webhook("larger", "push", body)).await.status, 413);
    world.finish(&[]).await;
}

#[tokio::test]
async fn dispatcher_9_a_burst_of_300_from_one_address_is_all_accepted() {
    let (world, _) = silent().await;
    let (address, server) = listen(&world).await;
    let mut senders = JoinSet::new();
    let connections = Arc::new(Semaphore::new(AT_ONCE));
    for n in 0..300 {
        let connections = Arc::clone(&connections);
        let webhook = world.webhook(&format!("burst-{n}"), "push", format!("{{\"n\":{n}}}"));
        senders.spawn(async move {
            let _connection = connections.acquire().await.unwrap();
            let mut stream = TcpStream::connect(address).await.unwrap();
            let framing = format!("content-length: {}", webhook.body.len());
            stream.write_all(head(&webhook, &framing).as_bytes()).await.unwrap();
            stream.write_all(&webhook.body).await.unwrap();
            status(&mut stream).await
        });
    }
    assert_eq!(senders.join_all().await, [202; 300]);
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    assert_eq!(world.deliveries().await.len(), 300);
    world.finish(&[]).await;
}
