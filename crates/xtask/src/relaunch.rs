//! Starts this program again, built for measuring: in the release profile, with the benchmarks compiled in.

use std::process::ExitCode;

use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(crate) fn with_benchmarks(workspace: &Workspace) -> Result<ExitCode, Trouble> {
    let mut command = workspace.cargo(&["run", "--release", "--package=switchboard-xtask", "--features=bench", "--"]);
    let program = "cargo run --release --package=switchboard-xtask --features=bench";
    let status = command.args(std::env::args_os().skip(1)).status();
    let status = status.map_err(|source| Trouble::NotStarted { program: program.to_owned(), source })?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
