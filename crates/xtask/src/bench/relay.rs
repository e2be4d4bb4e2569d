//! `bench relay`: one upstream event to a hundred downstream repositories, and their reports back. How long until the last has it, what
//! each costs in requests to GitHub, how many reports a second are taken, and how much memory that needs.

mod town;

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::dispatch::{quiet, requests};
use super::http1::Connection;
use super::latency::Latencies;
use super::process::{self, Server};
use super::report::{self, Figure, Goal, Report, float};
use super::{disk, product, runtime};
use crate::cli::RelayArgs;
use crate::trouble::Trouble;
use crate::workspace::Workspace;
use town::{Report as Said, Town};

/// Longer than this the last dispatch of an event may not take; the run is void then.
const EVENT_TIMEOUT: Duration = Duration::from_secs(60);
/// Longer than this no answer to a report may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// The contract's bound once tokens and installations are known.
const COUNTED_PER_TARGET_MAX: f64 = 3.0;
/// The memory that a fan-out with its reports may need, in bytes.
const MEMORY_MAX: u64 = 150_000_000;

pub(super) fn run(workspace: &Workspace, wanted: &RelayArgs) -> Result<ExitCode, Trouble> {
    let binary = product::build(workspace, &wanted.common.profile)?;
    let scratch = product::Scratch::new(workspace, "relay")?;
    let folder = scratch.path();
    let disk = disk::under(folder)?;
    let (fan_out, reports, memory, database) = runtime()?.block_on(async {
        let mut town = Town::start(wanted.downstreams).await?;
        let address = process::free_address()?;
        let github = format!("http://{}", town.address());
        let mut command = product::serve(workspace, &binary, folder, address, &github);
        relaying(&mut command, &town.issuer());
        let server = Server::start(&mut command, address, &folder.join("serve.log")).await?;
        let (simulator, hook) = (town.simulator().clone(), format!("http://{address}/webhooks/github"));
        tokio::spawn(async move { simulator.run(&hook).await });
        let fan_out = fan_out(&mut town, &server, wanted).await?;
        let before_reports = server.peak_memory()?;
        let reports = reports(&town, &server, wanted).await?;
        let memory = (before_reports, server.peak_memory()?);
        server.stop().await?;
        Ok::<_, Trouble>((fan_out, reports, memory, product::database_size(folder)?))
    })?;
    let mut of_events = fan_out.figures();
    of_events.push(Figure::megabytes("peak memory, MB", "peak_memory_mb", memory.0));
    let mut of_reports = reports.figures();
    of_reports.push(Figure::megabytes("peak memory, MB", "peak_memory_mb", memory.1));
    of_reports.push(Figure::megabytes("database, MB", "database_mb", database));
    let report = Report {
        title: format!(
            "relay: {} events to {} downstream repositories each, then {} reports over {} connections, profile {}",
            wanted.events,
            wanted.downstreams,
            reports.latencies.count(),
            wanted.connections,
            wanted.common.profile
        ),
        machine: report::machine(&disk),
        columns: vec![("fan-out", of_events), ("reports", of_reports)],
        goals: vec![
            Goal {
                text: format!(
                    "at most {COUNTED_PER_TARGET_MAX:.0} counted requests to GitHub a target, once it is warm"
                ),
                met: fan_out.per_target(fan_out.warm.counted) <= COUNTED_PER_TARGET_MAX,
            },
            Goal { text: "peak memory under 150 MB".to_owned(), met: memory.1 < MEMORY_MAX },
        ],
    };
    Ok(report.print(wanted.common.json, wanted.common.check))
}

/// What the server is told of the relay.
fn relaying(command: &mut Command, issuer: &str) {
    for (key, value) in [
        ("ENABLED", "true"),
        ("UPSTREAM", town::UPSTREAM),
        ("OIDC_ISSUER", issuer),
        // A limit would be measured otherwise, and not the server.
        ("RATE_LIMIT_PER_MINUTE", "100000"),
    ] {
        command.env(format!("SWITCHBOARD__RELAY__{key}"), value);
    }
}

/// What the events took and cost.
struct FanOut {
    /// From a pull request's opening to the last dispatch of it, each.
    last: Latencies,
    /// To each dispatch.
    each: Latencies,
    /// Of the first event, before which nothing was known.
    cold: super::dispatch::Requests,
    warm: super::dispatch::Requests,
    downstreams: u32,
    took: Duration,
}

impl FanOut {
    fn per_target(&self, count: u64) -> f64 {
        float(count) / float(self.warm.dispatches.max(1))
    }

    fn figures(&self) -> Vec<Figure> {
        let cold = |count: u64| float(count) / f64::from(self.downstreams);
        vec![
            Figure::quantity("dispatched", "dispatched", float(self.warm.dispatches), 0),
            Figure::quantity(
                "dispatched a second",
                "dispatched_per_second",
                float(self.warm.dispatches) / self.took.as_secs_f64(),
                1,
            ),
            Figure::time("to the last dispatch p50, ms", "last_p50_ms", self.last.percentile(50)),
            Figure::time("to the last dispatch, longest, ms", "last_max_ms", self.last.max()),
            Figure::time("to each dispatch p50, ms", "each_p50_ms", self.each.percentile(50)),
            Figure::quantity("counted requests a target", "counted_per_target", self.per_target(self.warm.counted), 3),
            Figure::quantity("token requests a target", "tokens_per_target", self.per_target(self.warm.tokens), 3),
            Figure::quantity("the same of the first event", "cold_counted_per_target", cold(self.cold.counted), 3),
            Figure::quantity("its token requests", "cold_tokens_per_target", cold(self.cold.tokens), 3),
        ]
    }
}

/// One event so that installations and tokens are known, and then what was asked for.
async fn fan_out(town: &mut Town, server: &Server, wanted: &RelayArgs) -> Result<FanOut, Trouble> {
    eprintln!("one event to {} downstream repositories, to warm up", wanted.downstreams);
    event(town, wanted.downstreams).await?;
    quiet(town.simulator()).await?;
    let cold = requests(&town.simulator().calls());
    town.simulator().clear_ledger();
    eprintln!("{} events, measured", wanted.events);
    let (mut last, mut each, mut took) = (Vec::new(), Vec::new(), Duration::ZERO);
    for _ in 0..wanted.events {
        let durations = event(town, wanted.downstreams).await?;
        let longest = durations.iter().max().copied().unwrap_or_default();
        took += longest;
        last.push(longest);
        each.extend(durations);
    }
    quiet(town.simulator()).await?;
    let warm = requests(&town.simulator().calls());
    let expected = u64::from(wanted.events * wanted.downstreams);
    if warm.dispatches != expected {
        return Err(Trouble::Void(format!("{} dispatches arrived instead of {expected}", warm.dispatches)));
    }
    // That it still answers is part of it.
    server.processor_time()?;
    let (last, each) = (Latencies::new(last), Latencies::new(each));
    Ok(FanOut { last, each, cold, warm, downstreams: wanted.downstreams, took })
}

/// Opens a pull request, and waits until every downstream repository has it. How long each took.
async fn event(town: &mut Town, downstreams: u32) -> Result<Vec<Duration>, Trouble> {
    let began = Instant::now();
    town.open_pull();
    let (mut durations, mut of) = (Vec::new(), None);
    for _ in 0..downstreams {
        let late = || Trouble::Void(format!("an event is not everywhere within {EVENT_TIMEOUT:?}"));
        let seen = tokio::time::timeout(EVENT_TIMEOUT, town.dispatched()).await.ok().flatten().ok_or_else(late)?;
        if of.get_or_insert_with(|| seen.of.clone()) != &seen.of {
            return Err(Trouble::Void("a dispatch is of another event".to_owned()));
        }
        durations.push(seen.at - began);
    }
    Ok(durations)
}

/// How reports were taken.
struct Reports {
    latencies: Latencies,
    took: Duration,
    server_time: Duration,
}

impl Reports {
    fn figures(&self) -> Vec<Figure> {
        let count = float(self.latencies.count());
        vec![
            Figure::quantity("reports", "reports", count, 0),
            Figure::quantity("reports a second", "reports_per_second", count / self.took.as_secs_f64(), 1),
            Figure::time("answered p50, ms", "p50_ms", self.latencies.percentile(50)),
            Figure::time("answered p99, ms", "p99_ms", self.latencies.percentile(99)),
            Figure::time("answered longest, ms", "max_ms", self.latencies.max()),
            Figure::quantity(
                "processor, s for 10 000",
                "cpu_seconds_per_10k",
                self.server_time.as_secs_f64() * 10_000.0 / count,
                2,
            ),
        ]
    }
}

/// Every run reports the start of each of its results, and then their ends.
async fn reports(town: &Town, server: &Server, wanted: &RelayArgs) -> Result<Reports, Trouble> {
    eprintln!("making tokens and reports");
    let all = Arc::new(town.reports(wanted.results)?);
    eprintln!("{} reports, measured", all.len());
    let (began, time_before) = (Instant::now(), server.processor_time()?);
    let (next, mut senders) = (Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..wanted.connections {
        let connection = Connection::open(server.address()).await;
        let connection = connection.map_err(|error| Trouble::Void(format!("no connection: {error}")))?;
        senders.spawn(send(connection, Arc::clone(&all), Arc::clone(&next)));
    }
    let mut durations = Vec::new();
    while let Some(found) = senders.join_next().await {
        durations.extend(found.map_err(|error| Trouble::Void(format!("a sender died: {error}")))??);
    }
    let took = began.elapsed();
    let server_time = server.processor_time()?.saturating_sub(time_before);
    Ok(Reports { latencies: Latencies::new(durations), took, server_time })
}

async fn send(
    mut connection: Connection,
    all: Arc<Vec<Said>>,
    next: Arc<AtomicUsize>,
) -> Result<Vec<Duration>, Trouble> {
    let mut durations = Vec::new();
    while let Some(report) = all.get(next.fetch_add(1, Relaxed)) {
        let began = Instant::now();
        let answer = tokio::time::timeout(ANSWER_TIMEOUT, connection.exchange(&report.head, &report.body)).await;
        let answer = answer.map_err(|_| Trouble::Void(format!("no answer within {ANSWER_TIMEOUT:?}")))?;
        let answer = answer.map_err(|error| Trouble::Void(format!("an exchange broke: {error}")))?;
        if answer.status != 200 || !is_taken(answer.body) {
            let body = String::from_utf8_lossy(answer.body).into_owned();
            return Err(Trouble::Void(format!("answer {}: {body}", answer.status)));
        }
        durations.push(began.elapsed());
    }
    Ok(durations)
}

/// Whether the server took a report that it had not seen before.
fn is_taken(body: &[u8]) -> bool {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    answer["status"].as_str().is_some_and(|status| status != "ignored") && answer.get("duplicate").is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_report_that_is_new_and_taken_counts() {
        assert!(is_taken(br#"{"ok":true,"status":"in_progress"}"#));
        assert!(!is_taken(br#"{"ok":true,"status":"ignored"}"#));
        assert!(!is_taken(br#"{"ok":true,"status":"completed","duplicate":true}"#));
        assert!(!is_taken(b"x"));
    }
}
