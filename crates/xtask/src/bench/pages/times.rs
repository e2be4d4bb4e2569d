//! How long a page takes: over one connection to the release build, the pages in turns, so that none has the caches to
//! itself.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::visit::Visit;
use crate::bench::http1::Connection;
use crate::bench::latency::Latencies;
use crate::trouble::Trouble;

/// Rounds that do not count.
const WARM_UP: u32 = 3;
/// Longer than this no answer may take; the run is void then.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Asks for every page, `rounds` times; the latencies are in the order of the visits.
pub(super) async fn measure(server: SocketAddr, visits: &[Visit], rounds: u32) -> Result<Vec<Latencies>, Trouble> {
    let void = |visit: &Visit, why: &dyn std::fmt::Display| Trouble::Void(format!("{}: {why}", visit.path));
    let mut connection = Connection::open(server).await.map_err(|error| Trouble::Void(error.to_string()))?;
    let mut durations = vec![Vec::new(); visits.len()];
    for round in 0..WARM_UP + rounds {
        for (visit, durations) in visits.iter().zip(&mut durations) {
            let head = format!("GET {} HTTP/1.1\r\nhost: localhost\r\n\r\n", visit.path);
            let began = Instant::now();
            let answer = tokio::time::timeout(ANSWER_TIMEOUT, connection.exchange(head.as_bytes(), b"")).await;
            let took = began.elapsed();
            let answer = answer.map_err(|error| void(visit, &error))?.map_err(|error| void(visit, &error))?;
            if !(200..400).contains(&answer.status) {
                return Err(void(visit, &answer.status));
            }
            if round >= WARM_UP {
                durations.push(took);
            }
        }
    }
    Ok(durations.into_iter().map(Latencies::new).collect())
}
