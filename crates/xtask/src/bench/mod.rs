//! The benchmarks: the release build over real sockets and a real disk, next to a yardstick in the same run.
//!
//! - [`accept`]: how many deliveries a second become durable, against [`bare`], which only reads them;
//! - [`dispatch`]: from a completed run at a simulated [`github`] to the dispatch that arrives there;
//! - [`relay`]: one event to a hundred downstream repositories, and their reports back;
//! - [`pages`]: what each page and list costs, however much is stored;
//! - [`product`]: the server as it is shipped, with a database of its own;
//! - [`process`]: starting, watching and stopping a server as a process of its own, so that its memory and processor
//!   time are its own;
//! - [`payload`]: the deliveries; [`load`]: the cheap generator that sends them; [`latency`]: percentiles;
//! - [`disk`]: where the database lies and how fast a sync is there;
//! - [`report`]: tables for people, JSON for machines, and goals that were met or not.

mod accept;
mod bare;
mod disk;
mod dispatch;
mod github;
mod http1;
mod latency;
mod load;
mod pages;
mod payload;
mod process;
mod product;
mod relay;
mod report;

use std::process::ExitCode;

use crate::cli::{Bench, BenchArgs};
use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace, wanted: BenchArgs) -> Result<ExitCode, Trouble> {
    match wanted.bench {
        Bench::Accept(wanted) => accept::run(workspace, &wanted),
        Bench::Dispatch(wanted) => dispatch::run(workspace, &wanted),
        Bench::Relay(wanted) => relay::run(workspace, &wanted),
        Bench::Pages(wanted) => pages::run(workspace, &wanted),
        Bench::Bare { port } => bare::run(port),
    }
}

/// A runtime for the generator: one thread, so that on two cores the measured server has the other.
fn runtime() -> Result<tokio::runtime::Runtime, Trouble> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Trouble::Void(format!("no runtime: {error}")))
}
