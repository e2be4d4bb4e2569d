//! `bench dispatch`: from a completed run at the simulated GitHub, through its webhook and our three beats, back to the
//! dispatch that arrives there; how many a second, how long each takes, and what it costs in requests.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use switchboard_simulator::{Call, Effect, Simulator};

use super::github::GitHub;
use super::latency::Latencies;
use super::process::{self, Server};
use super::report::{self, Figure, Goal, Report, float};
use super::{disk, product, runtime};
use crate::cli::DispatchArgs;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// Longer than this no dispatch may take; the run is void then.
const DISPATCH_TIMEOUT: Duration = Duration::from_secs(60);
/// When GitHub has heard nothing for so long, the product has done everything that follows from what happened.
const QUIET: Duration = Duration::from_secs(1);
/// How long to wait for that.
const QUIET_TIMEOUT: Duration = Duration::from_secs(60);
/// What a minute allows an installation, in points, and what a dispatch costs, less a share for the reads of the first
/// one: <https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api>.
const POINTS_FOR_DISPATCHES: u32 = 800;
const POINTS_PER_DISPATCH: u32 = 5;
/// The product's promise: the dispatch itself, and nothing else that counts.
const COUNTED_PER_TARGET_MAX: f64 = 1.0;

/// GitHub's side of the costs.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Requests {
    pub(super) counted: u64,
    pub(super) unchanged: u64,
    pub(super) tokens: u64,
    pub(super) dispatches: u64,
}

pub(super) fn run(workspace: &Workspace, wanted: &DispatchArgs) -> Result<ExitCode, Trouble> {
    let dispatches = wanted.runs * wanted.targets;
    if dispatches.div_ceil(wanted.organizations) * POINTS_PER_DISPATCH > POINTS_FOR_DISPATCHES {
        let text = "GitHub's limit of points a minute would be measured, not the product; ask for more --organizations";
        return Err(Trouble::Void(text.to_owned()));
    }
    let binary = product::build(workspace, &wanted.common.profile)?;
    let scratch = product::Scratch::new(workspace, "dispatch")?;
    let folder = scratch.path();
    let disk = disk::under(folder)?;
    let (measured, mut figures) = runtime()?.block_on(async {
        let mut github = GitHub::start(wanted.organizations, wanted.targets).await?;
        let address = process::free_address()?;
        let mut command = product::serve(workspace, &binary, folder, address, &format!("http://{}", github.address()));
        let server = Server::start(&mut command, address, &folder.join("serve.log")).await?;
        let (simulator, hook) = (github.simulator().clone(), format!("http://{address}/webhooks/github"));
        tokio::spawn(async move { simulator.run(&hook).await });
        let measured = measure(&mut github, &server, wanted).await?;
        let (memory, time) = (server.peak_memory()?, measured.server_time);
        server.stop().await?;
        let per_10k = time.as_secs_f64() * 10_000.0 / f64::from(dispatches);
        let figures = vec![
            Figure::megabytes("peak memory, MB", "peak_memory_mb", memory),
            Figure::quantity("processor, s for 10 000", "cpu_seconds_per_10k", per_10k, 2),
            Figure::megabytes("database, MB", "database_mb", product::database_size(folder)?),
        ];
        Ok::<_, Trouble>((measured, figures))
    })?;
    let mut column = measured.figures();
    column.append(&mut figures);
    let report = Report {
        title: format!(
            "dispatch: {} completed runs with {} targets each, {} in flight, {} organizations, profile {}",
            wanted.runs, wanted.targets, wanted.in_flight, wanted.organizations, wanted.common.profile
        ),
        machine: report::machine(&disk),
        columns: vec![("switchboard", column)],
        goals: vec![Goal {
            text: format!("at most {COUNTED_PER_TARGET_MAX:.0} counted request a dispatched target, besides tokens"),
            met: measured.per_dispatch(measured.requests.counted) <= COUNTED_PER_TARGET_MAX,
        }],
    };
    Ok(report.print(wanted.common.json, wanted.common.check))
}

struct Measured {
    latencies: Latencies,
    took: Duration,
    requests: Requests,
    /// The server's processor time, until everything was quiet.
    server_time: Duration,
}

impl Measured {
    fn per_dispatch(&self, count: u64) -> f64 {
        float(count) / float(self.requests.dispatches.max(1))
    }

    fn figures(&self) -> Vec<Figure> {
        let Requests { counted, unchanged, tokens, dispatches } = self.requests;
        vec![
            Figure::quantity("dispatched", "dispatched", float(dispatches), 0),
            Figure::quantity(
                "dispatched a second",
                "dispatched_per_second",
                float(dispatches) / self.took.as_secs_f64(),
                1,
            ),
            Figure::time("end to end p50, ms", "p50_ms", self.latencies.percentile(50)),
            Figure::time("end to end p99, ms", "p99_ms", self.latencies.percentile(99)),
            Figure::time("end to end longest, ms", "max_ms", self.latencies.max()),
            Figure::quantity("counted requests a target", "counted_per_target", self.per_dispatch(counted), 3),
            Figure::quantity("answered 304 a target", "unchanged_per_target", self.per_dispatch(unchanged), 3),
            Figure::quantity("token requests a target", "tokens_per_target", self.per_dispatch(tokens), 3),
        ]
    }
}

/// Once round all organizations, so that tokens and files are known as in steady state, and then what was asked for.
async fn measure(github: &mut GitHub, server: &Server, wanted: &DispatchArgs) -> Result<Measured, Trouble> {
    eprintln!("one run of each of {} organizations, to warm up", wanted.organizations);
    drive(github, 0..wanted.organizations as usize, wanted).await?;
    quiet(github.simulator()).await?;
    github.simulator().clear_ledger();
    eprintln!("{} runs, measured", wanted.runs);
    let (began, time_before) = (Instant::now(), server.processor_time()?);
    let (durations, last) = drive(github, 0..wanted.runs as usize, wanted).await?;
    quiet(github.simulator()).await?;
    let requests = requests(&github.simulator().calls());
    let expected = u64::from(wanted.runs * wanted.targets);
    if requests.dispatches != expected {
        return Err(Trouble::Void(format!("{} dispatches arrived instead of {expected}", requests.dispatches)));
    }
    let server_time = server.processor_time()?.saturating_sub(time_before);
    Ok(Measured { latencies: Latencies::new(durations), took: last - began, requests, server_time })
}

/// Completes runs, so many in flight at once, until each has dispatched all its targets. How long each dispatch took
/// from the completion of its run, and when the last arrived.
async fn drive(
    github: &mut GitHub,
    runs: std::ops::Range<usize>,
    wanted: &DispatchArgs,
) -> Result<(Vec<Duration>, Instant), Trouble> {
    let (mut waiting, mut open) = (runs, HashMap::new());
    let (mut durations, mut last) = (Vec::new(), Instant::now());
    loop {
        while open.len() < usize::from(wanted.in_flight) {
            let Some(n) = waiting.next() else { break };
            let began = Instant::now();
            open.insert(github.complete_run(n)?, (began, wanted.targets));
        }
        if open.is_empty() {
            return Ok((durations, last));
        }
        let seen = tokio::time::timeout(DISPATCH_TIMEOUT, github.dispatched()).await;
        let late = || Trouble::Void(format!("no dispatch within {DISPATCH_TIMEOUT:?}, {} runs open", open.len()));
        let seen = seen.ok().flatten().ok_or_else(late)?;
        let doubled = || Trouble::Void(format!("run {} dispatched more than its targets", seen.of));
        let (began, left) = open.get_mut(&seen.of).ok_or_else(doubled)?;
        durations.push(seen.at - *began);
        last = seen.at;
        *left -= 1;
        if *left == 0 {
            open.remove(&seen.of);
        }
    }
}

/// Waits until no request has come for a while: a dispatched run completes too, and its completion is looked at.
pub(super) async fn quiet(simulator: &Simulator) -> Result<(), Trouble> {
    let deadline = Instant::now() + QUIET_TIMEOUT;
    let mut calls = simulator.summary().calls;
    loop {
        tokio::time::sleep(QUIET).await;
        let now = simulator.summary().calls;
        if now == calls {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(Trouble::Void(format!("still busy after {QUIET_TIMEOUT:?}")));
        }
        calls = now;
    }
}

pub(super) fn requests(calls: &[Call]) -> Requests {
    let mut requests = Requests::default();
    for call in calls {
        requests.dispatches += u64::from(call.wrote() && call.path.ends_with("/dispatches"));
        match call.effect {
            Effect::Token => requests.tokens += 1,
            _ if call.status == Some(304) => requests.unchanged += 1,
            _ => requests.counted += u64::from(call.counted),
        }
    }
    requests
}
