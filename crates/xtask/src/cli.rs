//! What can be asked for, and the help that teaches it.

use clap::{Args, Parser, Subcommand};

const EXAMPLES: &str = "\
Examples:
  cargo xtask test                      all tests of the workspace, documentation tests too
  cargo xtask test lease chain          only tests whose name contains `lease` or `chain`
  cargo xtask test -p switchboard-store only the store's tests
  cargo xtask ci                        what continuous integration runs; green here means green there
  cargo xtask bench accept              durable accepts a second, next to a bare endpoint
  cargo xtask bench dispatch            deliveries to dispatched workflows at the simulated GitHub
  cargo xtask bench pages               what each page costs with a thousand and with a million deliveries

`test` installs a browser if it can, and fetches published example payloads and axe-core through npm once.
docs/benchmarks.md says how the benchmarks measure and what they have shown.";

/// The project's own tasks.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Task,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Fetch what the tests need, then run them all
    Test(TestArgs),
    /// Format, lint, documentation, tests, release build: everything that must hold before a merge
    Ci,
    /// Write the files of the repository that come from code (`.env.example`, `schemas/`, …)
    Generate,
    /// Take the pictures in `docs/images` anew
    Screenshots,
    /// Measure the release build
    Bench(BenchArgs),
}

#[derive(Debug, Args, Default)]
pub(crate) struct TestArgs {
    /// Run only tests whose name contains one of these, without documentation tests
    pub(crate) filters: Vec<String>,
    /// Run only this package's tests, without documentation tests; may be repeated
    #[arg(short, long = "package", value_name = "PACKAGE")]
    pub(crate) packages: Vec<String>,
    /// Fetch nothing: leave out tests that need files from the network, and say so
    #[arg(long)]
    pub(crate) offline: bool,
}

/// These arguments are read twice: once for the help, and once more by the build that has the benchmarks.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    pub(crate) bench: Bench,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Durable accepts a second: signed pull_request deliveries of about 20 KB over 64 connections
    Accept(AcceptArgs),
    /// Deliveries to dispatched workflows at the simulated GitHub: a second, end to end, and what each costs
    Dispatch(DispatchArgs),
    /// One upstream event to a hundred downstream repositories, and their reports back: time, memory, requests to GitHub
    Relay(RelayArgs),
    /// What each page and list costs, with few and with many deliveries stored: reads of the store, and time
    Pages(PagesArgs),
    /// A server that reads a body and answers 202, nothing else
    #[command(hide = true)]
    Bare {
        /// The loopback port to listen on
        port: u16,
    },
}

/// What every benchmark can be told.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
    /// Fail when a goal is missed
    #[arg(long)]
    pub(crate) check: bool,
    /// The cargo profile to measure: `release`, or `dist` as in the container image
    #[arg(long, default_value = "release", value_parser = ["release", "dist"])]
    pub(crate) profile: String,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Seconds to measure, each endpoint
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) seconds: u64,
    /// Seconds of load before measuring, each endpoint
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=60))]
    pub(crate) warm_up: u64,
    /// Connections that are kept open, each with one request in flight
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) connections: u16,
    /// Distinct bodies, all signed before the clock starts
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) bodies: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DispatchArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Workflow runs to complete while measuring
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) runs: u32,
    /// Organizations, each with one installation and its own rate budget
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub(crate) organizations: u32,
    /// Targets that each run dispatches
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=25))]
    pub(crate) targets: u32,
    /// Runs whose dispatches have not arrived yet, at any moment
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) in_flight: u16,
}

#[derive(Debug, Args)]
pub(crate) struct RelayArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Downstream repositories, each with an organization and an installation of its own
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=300))]
    pub(crate) downstreams: u32,
    /// Pull requests to open while measuring, one after another
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) events: u32,
    /// Results that each run reports, each with a start and an end
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub(crate) results: u32,
    /// Connections that report, each with one request in flight
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) connections: u16,
}

#[derive(Debug, Args)]
pub(crate) struct PagesArgs {
    #[command(flatten)]
    pub(crate) common: Common,
    /// Deliveries of the short history
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub(crate) few: u32,
    /// Deliveries of the long history
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    pub(crate) many: u32,
    /// How often each page is asked for
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(10..=10_000))]
    pub(crate) rounds: u32,
}
