//! The generator: as many connections as asked for, each with one request in flight, until the time is over.
//!
//! It is a closed loop: a slow server is asked less often, so its latencies are those of a server that is busy with
//! exactly this many senders, no more. Whatever costs time is done beforehand: bodies are built and signed, heads are
//! laid out with a gap for the delivery id, which is not part of what is signed.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::http1::Connection;
use super::latency::Latencies;
use super::payload::Signed;
use super::report::float;
use crate::trouble::Trouble;

/// Longer than this no answer may take; the run is void then.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a delivery id (`8-4-4-4-12` hexadecimal digits).
const ID_LENGTH: usize = 36;

/// A request up to its delivery id, and from there to its end.
#[derive(Debug)]
struct Prepared {
    head: Vec<u8>,
    id_from: usize,
    body: Vec<u8>,
}

/// The requests that connections take in turns.
#[derive(Debug)]
pub(crate) struct Pool(Vec<Prepared>);

impl Pool {
    pub(crate) fn new(event: &str, deliveries: Vec<Signed>) -> Self {
        Self(deliveries.into_iter().map(|signed| prepared(event, signed)).collect())
    }

    /// Mean size of a body in bytes.
    pub(crate) fn mean_body(&self) -> usize {
        self.0.iter().map(|request| request.body.len()).sum::<usize>() / self.0.len().max(1)
    }
}

fn prepared(event: &str, signed: Signed) -> Prepared {
    let mut head = format!(
        "POST /webhooks/github HTTP/1.1\r\nhost: localhost\r\nuser-agent: GitHub-Hookshot/bench\r\naccept: */*\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nx-github-event: {event}\r\nx-github-hook-id: 1\r\n\
         x-github-hook-installation-target-id: 1\r\nx-github-hook-installation-target-type: integration\r\n\
         x-hub-signature-256: {}\r\nx-github-delivery: ",
        signed.body.len(),
        signed.signature,
    )
    .into_bytes();
    let id_from = head.len();
    head.extend([b'0'; ID_LENGTH]);
    head.extend(b"\r\n\r\n");
    Prepared { head, id_from, body: signed.body }
}

/// What one connection, or all of them together, found.
#[derive(Debug, Default)]
struct Found {
    durations: Vec<Duration>,
    sent: u64,
}

/// What a whole run found.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Of the requests answered while measuring.
    pub(crate) latencies: Latencies,
    /// How long was measured.
    pub(crate) measured: Duration,
    /// All requests that were answered 202, those before and after measuring too.
    pub(crate) sent: u64,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        let count = float(self.latencies.count());
        count / self.measured.as_secs_f64()
    }
}

/// When a run measures.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

/// Loads one server. Any answer but a fresh 202 makes the run void.
pub(crate) async fn run(
    address: SocketAddr,
    pool: &Arc<Pool>,
    connections: u16,
    warm_up: Duration,
    measure: Duration,
) -> Result<Outcome, Trouble> {
    let mut open = Vec::new();
    for _ in 0..connections {
        open.push(Connection::open(address).await.map_err(|error| Trouble::Void(format!("no connection: {error}")))?);
    }
    let from = Instant::now() + warm_up;
    let window = Window { from, until: from + measure };
    let mut senders = JoinSet::new();
    for (number, connection) in (0_u16..).zip(open) {
        senders.spawn(send(connection, number, connections, Arc::clone(pool), window));
    }
    let mut all = Found::default();
    while let Some(found) = senders.join_next().await {
        let found = found.map_err(|error| Trouble::Void(format!("a sender died: {error}")))??;
        all.durations.extend(found.durations);
        all.sent += found.sent;
    }
    Ok(Outcome { latencies: Latencies::new(all.durations), measured: measure, sent: all.sent })
}

async fn send(
    mut connection: Connection,
    number: u16,
    connections: u16,
    pool: Arc<Pool>,
    window: Window,
) -> Result<Found, Trouble> {
    let mut found = Found::default();
    let mut head = Vec::with_capacity(1024);
    let mut began = Instant::now();
    // Connections start at different places of the pool and step over each other's, so that equal bodies come far apart.
    for turn in (usize::from(number)..).step_by(usize::from(connections)) {
        if began >= window.until {
            break;
        }
        let request = &pool.0[turn % pool.0.len()];
        head.clear();
        head.extend(&request.head);
        name(&mut head[request.id_from..], number, found.sent);
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, connection.exchange(&head, &request.body)).await;
        let answer = answer.map_err(|_| Trouble::Void(format!("no answer within {ANSWER_TIMEOUT:?}")))?;
        let answer = answer.map_err(|error| Trouble::Void(format!("an exchange broke: {error}")))?;
        if answer.status != 202 || !is_fresh(answer.body) {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(Trouble::Void(format!("answer {}: {body}", answer.status)));
        }
        found.sent += 1;
        let ended = Instant::now();
        if (window.from..window.until).contains(&ended) {
            found.durations.push(ended - began);
        }
        began = ended;
    }
    Ok(found)
}

/// Writes a delivery id into its gap: no other request of this run has the same.
fn name(mut gap: &mut [u8], connection: u16, request: u64) {
    let (high, low) = (request >> 16 & 0xffff_ffff, request & 0xffff);
    // The gap is exactly this long; a slice refuses what does not fit, and the test below would see it.
    let _ = write!(gap, "{high:08x}-{low:04x}-11f0-8000-{connection:012x}");
}

/// Whether the server took the delivery as one that it has not seen before.
fn is_fresh(body: &[u8]) -> bool {
    const FRESH: &[u8] = br#""duplicate":false"#;
    body.windows(FRESH.len()).any(|window| window == FRESH)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::bench::payload::Signer;

    #[test]
    fn ids_are_unique_and_fill_their_gap() {
        let mut seen = std::collections::HashSet::new();
        for connection in [0, 1, 63] {
            for request in [0, 1, 65_535, 65_536, 10_000_000] {
                let mut gap = [b'?'; ID_LENGTH];
                name(&mut gap, connection, request);
                assert!(!gap.contains(&b'?'));
                assert!(seen.insert(gap));
            }
        }
    }

    #[test]
    fn a_prepared_request_has_its_gap_where_the_id_belongs() {
        let request = prepared("push", Signer::new("s").sign(b"{}".to_vec()));
        let head = String::from_utf8(request.head).unwrap();
        assert!(head[..request.id_from].ends_with("x-github-delivery: "));
        assert_eq!(&head[request.id_from + ID_LENGTH..], "\r\n\r\n");
        assert!(head.contains("content-length: 2\r\n"));
    }

    #[test]
    fn only_a_delivery_that_is_not_a_duplicate_counts() {
        assert!(is_fresh(br#"{"accepted":true,"duplicate":false,"ignored":true}"#));
        assert!(!is_fresh(br#"{"accepted":true,"duplicate":true,"ignored":true}"#));
    }

    /// A server that answers everything with one answer, after the whole body has arrived.
    async fn stub(answer: &'static str) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut buffer, mut received) = ([0; 4096], Vec::new());
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        received.extend(&buffer[..read]);
                        if received.ends_with(b"\r\n\r\n{}") {
                            received.clear();
                            stream.write_all(answer.as_bytes()).await.unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn pool() -> Arc<Pool> {
        Arc::new(Pool::new("push", vec![Signer::new("s").sign(b"{}".to_vec())]))
    }

    #[tokio::test]
    async fn answers_within_the_window_are_measured_and_all_are_counted() {
        let address = stub("HTTP/1.1 202 Accepted\r\ncontent-length: 19\r\n\r\n{\"duplicate\":false}").await;
        let outcome = run(address, &pool(), 2, Duration::from_millis(20), Duration::from_millis(50)).await.unwrap();
        assert!(outcome.latencies.count() > 0);
        assert!(outcome.sent > outcome.latencies.count());
    }

    #[tokio::test]
    async fn a_run_with_any_other_answer_is_void() {
        for answer in [
            "HTTP/1.1 202 Accepted\r\ncontent-length: 18\r\n\r\n{\"duplicate\":true}",
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n",
        ] {
            let outcome = run(stub(answer).await, &pool(), 1, Duration::ZERO, Duration::from_millis(50)).await;
            assert!(matches!(outcome, Err(Trouble::Void(_))), "{answer}");
        }
    }
}
