//! `bench accept`: how many deliveries a second become durable over HTTP, next to a bare endpoint in the same run.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use super::load::{self, Outcome, Pool};
use super::payload::{self, Signer};
use super::process::{self, Server};
use super::report::{self, Figure, Goal, Report, float};
use super::{disk, product, runtime};
use crate::cli::AcceptArgs;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

// What the product promises on two cores with the generator beside it.
const ACCEPTED_PER_SECOND_MIN: f64 = 10_000.0;
const P99_MAX: Duration = Duration::from_millis(50);
const PEAK_MEMORY_MAX: u64 = 150_000_000;
const SHARE_OF_BARE_MIN: f64 = 0.2;

/// What one endpoint showed.
struct Measured {
    load: Outcome,
    peak_memory: u64,
    /// Of the server and of the generator, over everything that was sent.
    server_time: Duration,
    generator_time: Duration,
}

pub(super) fn run(workspace: &Workspace, wanted: &AcceptArgs) -> Result<ExitCode, Trouble> {
    let binary = product::build(workspace, &wanted.common.profile)?;
    let scratch = product::Scratch::new(workspace, "accept")?;
    let folder = scratch.path();
    let disk = disk::under(folder)?;
    let signer = Signer::new(product::WEBHOOK_SECRET);
    let deliveries = (0..wanted.bodies).map(|n| signer.sign(payload::pull_request(n))).collect();
    let pool = Arc::new(Pool::new("pull_request", deliveries));
    let (bare, switchboard, database) = runtime()?.block_on(async {
        let bare = measure_bare(folder, &pool, wanted).await?;
        let switchboard = measure_switchboard(workspace, &binary, folder, &pool, wanted).await?;
        Ok::<_, Trouble>((bare, switchboard, product::database_size(folder)?))
    })?;

    let mut columns = vec![("bare endpoint", figures(&bare)), ("switchboard", figures(&switchboard))];
    let stored = float(switchboard.load.sent);
    columns[1].1.extend([
        Figure::megabytes("database, MB", "database_mb", database),
        Figure::quantity("database, bytes a delivery", "database_bytes_per_delivery", float(database) / stored, 0),
        Figure::quantity("share of bare, %", "share_of_bare_percent", 100.0 * share(&switchboard, &bare), 1),
    ]);
    let report = Report {
        title: format!(
            "accept: signed pull_request deliveries of {} bytes, {} connections, {} s each, profile {}",
            pool.mean_body(),
            wanted.connections,
            wanted.seconds,
            wanted.common.profile
        ),
        machine: report::machine(&disk),
        columns,
        goals: goals(&switchboard, &bare),
    };
    Ok(report.print(wanted.common.json, wanted.common.check))
}

async fn measure_bare(folder: &Path, pool: &Arc<Pool>, wanted: &AcceptArgs) -> Result<Measured, Trouble> {
    let itself = std::env::current_exe().map_err(Trouble::file("this program"))?;
    let address = process::free_address()?;
    let mut command = Command::new(itself);
    command.args(["bench", "bare", &address.port().to_string()]);
    let server = Server::start(&mut command, address, &folder.join("bare.log")).await?;
    measure(&server, "the bare endpoint", pool, wanted).await
}

async fn measure_switchboard(
    workspace: &Workspace,
    binary: &Path,
    folder: &Path,
    pool: &Arc<Pool>,
    wanted: &AcceptArgs,
) -> Result<Measured, Trouble> {
    let address = process::free_address()?;
    // Nobody listens there: accepting a delivery asks GitHub nothing.
    let github = format!("http://{}", process::free_address()?);
    let mut command = product::serve(workspace, binary, folder, address, &github);
    let server = Server::start(&mut command, address, &folder.join("serve.log")).await?;
    let measured = measure(&server, "switchboard", pool, wanted).await?;
    server.stop().await?;
    Ok(measured)
}

async fn measure(server: &Server, name: &str, pool: &Arc<Pool>, wanted: &AcceptArgs) -> Result<Measured, Trouble> {
    let (warm_up, seconds) = (Duration::from_secs(wanted.warm_up), Duration::from_secs(wanted.seconds));
    eprintln!("loading {name} for {} s", (warm_up + seconds).as_secs());
    let (server_before, generator_before) = (server.processor_time()?, process::own_processor_time()?);
    let load = load::run(server.address(), pool, wanted.connections, warm_up, seconds).await?;
    Ok(Measured {
        load,
        peak_memory: server.peak_memory()?,
        server_time: server.processor_time()?.saturating_sub(server_before),
        generator_time: process::own_processor_time()?.saturating_sub(generator_before),
    })
}

fn figures(measured: &Measured) -> Vec<Figure> {
    let latencies = &measured.load.latencies;
    let per_10k = |time: Duration| time.as_secs_f64() * 10_000.0 / float(measured.load.sent.max(1));
    vec![
        Figure::quantity("accepted a second", "accepted_per_second", measured.load.per_second(), 0),
        Figure::time("p50, ms", "p50_ms", latencies.percentile(50)),
        Figure::time("p99, ms", "p99_ms", latencies.percentile(99)),
        Figure::time("longest, ms", "max_ms", latencies.max()),
        Figure::megabytes("peak memory, MB", "peak_memory_mb", measured.peak_memory),
        Figure::quantity("processor, s for 10 000", "cpu_seconds_per_10k", per_10k(measured.server_time), 2),
        Figure::quantity(
            "generator, s for 10 000",
            "generator_cpu_seconds_per_10k",
            per_10k(measured.generator_time),
            2,
        ),
        Figure::quantity("answered in all", "answered", float(measured.load.sent), 0),
    ]
}

fn share(switchboard: &Measured, bare: &Measured) -> f64 {
    switchboard.load.per_second() / bare.load.per_second()
}

fn goals(switchboard: &Measured, bare: &Measured) -> Vec<Goal> {
    vec![
        Goal {
            text: format!("at least {ACCEPTED_PER_SECOND_MIN:.0} accepted a second"),
            met: switchboard.load.per_second() >= ACCEPTED_PER_SECOND_MIN,
        },
        Goal {
            text: format!("p99 under {} ms", P99_MAX.as_millis()),
            met: switchboard.load.latencies.percentile(99) < P99_MAX,
        },
        Goal {
            text: format!("peak memory under {} MB", PEAK_MEMORY_MAX / 1_000_000),
            met: switchboard.peak_memory < PEAK_MEMORY_MAX,
        },
        Goal {
            text: "at least a fifth of the bare endpoint's rate".to_owned(),
            met: share(switchboard, bare) >= SHARE_OF_BARE_MIN,
        },
    ]
}
