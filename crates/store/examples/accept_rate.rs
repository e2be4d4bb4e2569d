//! How many deliveries a second the store makes durable: `cargo run --release --example accept_rate [seconds] [folder]`.
//!
//! 64 callers hand in `pull_request` deliveries of about 20 KB, each with one job, to a new database in a temporary
//! folder, or in one under the folder named. What HTTP and signatures cost comes on top; `cargo xtask bench accept`
//! measures that.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::json;
use switchboard_clock::{SystemClock, SystemEntropy};
use switchboard_store::sqlite::{Options, SqliteStore};
use switchboard_store::{DeliveryKey, Digest, Follows, Installation, Lane, NewDelivery, NewJob, Queue, Store as _};

const CALLERS: u64 = 64;
const BODY_BYTES: usize = 20 * 1024;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds = arguments.next().map_or(Ok(10), |seconds| seconds.parse())?;
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder)?;
    let options = Options::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let store = SqliteStore::open(folder.path().join("store.db"), &options)?;

    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let next = Arc::new(AtomicU64::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let (store, next) = (Arc::clone(&store), Arc::clone(&next));
            tokio::spawn(async move {
                let mut waited = Vec::new();
                let template = body();
                while Instant::now() < end {
                    let delivery = delivery(next.fetch_add(1, Ordering::Relaxed), &template);
                    let asked = Instant::now();
                    store.accept(delivery).await?;
                    waited.push(asked.elapsed());
                }
                Ok::<_, switchboard_store::StoreError>(waited)
            })
        })
        .collect();
    let mut waited = Vec::new();
    for caller in callers {
        waited.extend(caller.await??);
    }
    let rate = waited.len() as f64 / started.elapsed().as_secs_f64();
    waited.sort_unstable();
    let percentile = |percent: usize| waited.get(waited.len() * percent / 100).copied().unwrap_or_default();
    println!("{rate:.0} accepts/s, p50 {:.1?}, p99 {:.1?}, max {:.1?}", percentile(50), percentile(99), waited.last());
    println!("CPU time for each accept: {}", cpu_by_thread(waited.len()).join(", "));
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    for file in std::fs::read_dir(folder.path())?.flatten() {
        println!("{:?}: {} MB", file.file_name(), file.metadata()?.len() / 1_000_000);
    }
    Ok(())
}

/// Microseconds of CPU time that each kind of thread has used, in user space and in the kernel, for each of `accepts`.
/// Linux tells it in ticks of 10 ms.
fn cpu_by_thread(accepts: usize) -> Vec<String> {
    let mut used = std::collections::BTreeMap::<String, (u64, u64)>::new();
    for task in std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let Ok(stat) = std::fs::read_to_string(task.path().join("stat")) else { continue };
        let Some((name, fields)) = stat.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')) else { continue };
        let ticks =
            |n: usize| fields.split_whitespace().nth(n).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
        let entry = used.entry(name.to_owned()).or_default();
        entry.0 += ticks(11);
        entry.1 += ticks(12);
    }
    let micros = |ticks: u64| ticks * 10_000 / accepts.max(1) as u64;
    used.into_iter().map(|(name, (user, kernel))| format!("{name} {}+{} µs", micros(user), micros(kernel))).collect()
}

/// JSON with the texture of a webhook: many URLs that differ in their ends, hashes, numbers, some prose.
fn body() -> String {
    let mut body = String::from("{\"action\":\"synchronize\",\"number\":1");
    let mut n = 0x2545_f491_4f6c_dd1d_u64;
    let mut object = 0;
    while body.len() < BODY_BYTES {
        object += 1;
        n ^= n << 13;
        n ^= n >> 7;
        n ^= n << 17;
        let _ = write!(
            body,
            ",\"object_{object}\":{{\"id\":{},\"node_id\":\"MDEwOlJlcG9z{n:x}\",\"sha\":\"{n:016x}{:016x}\",\
             \"html_url\":\"https://github.com/octo-org/hello-world/pull/{object}\",\
             \"url\":\"https://api.github.com/repos/octo-org/hello-world/pulls/{object}/commits{{/sha}}\",\
             \"created_at\":\"2026-0{}-1{}T0{}:00:00Z\",\"private\":false,\"title\":\"Change {} of the {} part\"}}",
            n >> 32,
            n.wrapping_mul(3),
            n % 9 + 1,
            n % 7,
            n % 8,
            n % 1000,
            ["first", "second", "other", "outer"][(n % 4) as usize],
        );
    }
    body.push('}');
    body
}

fn delivery(n: u64, template: &str) -> NewDelivery {
    let body = Bytes::from(template.replacen("\"number\":1", &format!("\"number\":{n}"), 1));
    let scattered = u128::from(n).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    NewDelivery {
        bindings: Vec::new(),
        key: DeliveryKey {
            platform: "github".to_owned(),
            delivery_id: uuid::Uuid::from_u128(scattered).to_string(),
            event: "pull_request".to_owned(),
            action: "synchronize".to_owned(),
        },
        digest: Digest::of(&body),
        headers: [("content-type", "application/json"), ("x-github-event", "pull_request"), ("user-agent", "bench")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        body,
        installation: Some(Installation(n % 50)),
        repository: Some(format!("octo-org/hello-{}", n % 200)),
        subject: Some(format!("octo-org/hello-{}#{}", n % 200, n % 5000).into()),
        jobs: vec![NewJob {
            queue: Queue::of("bench"),
            automation: "bench",
            kind: "bench.plan".to_owned(),
            lane: Lane::from(format!("octo-org/hello-{}#{}", n % 200, n % 5000)),
            key: None,
            installation: Some(Installation(n % 50)),
            payload: json!({ "event": "pull_request" }),
            due: None,
            follows: Follows::Inherited,
        }],
    }
}
