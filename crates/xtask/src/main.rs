//! The project's own tasks: `cargo xtask test`, `ci` and `bench`.
//!
//! The story, in the order in which one reads it:
//!
//! - [`cli`]: what can be asked for, and the help that teaches it;
//! - [`workspace`]: where the repository and its build folder are;
//! - [`needs`]: what a task needs besides the Rust toolchain, and how it gets there;
//! - [`step`]: a task is a list of steps; each is shown, timed and counted, and a failed one does not hide the next;
//! - [`totals`]: how many tests ran, read from the test runners' own closing lines;
//! - [`mod@test`] and [`ci`]: the two tasks that are lists of steps;
//! - [`generated`] and [`screenshots`]: files and pictures in the repository that come from code;
//! - `relaunch` and `bench`: the benchmarks, which live behind the cargo feature `bench`, so that the tasks that
//!   everyone runs compile in seconds.

#[cfg(feature = "bench")]
mod bench;
mod ci;
mod cli;
mod generated;
mod needs;
#[cfg(not(feature = "bench"))]
mod relaunch;
mod screenshots;
mod step;
mod test;
mod totals;
mod trouble;
mod workspace;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Task};
use trouble::Trouble;
use workspace::Workspace;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.task) {
        Ok(code) => code,
        Err(trouble) => {
            eprintln!("error: {trouble}");
            if let Some(hint) = trouble.hint() {
                eprintln!("hint:  {hint}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode, Trouble> {
    let workspace = Workspace::find()?;
    match task {
        Task::Test(wanted) => Ok(test::run(&workspace, &wanted)),
        Task::Ci => ci::run(&workspace),
        Task::Screenshots => Ok(screenshots::run(&workspace)),
        Task::Generate => Ok(generated::run(&workspace)),
        #[cfg(feature = "bench")]
        Task::Bench(wanted) => bench::run(&workspace, wanted),
        #[cfg(not(feature = "bench"))]
        Task::Bench(_) => relaunch::with_benchmarks(&workspace),
    }
}
