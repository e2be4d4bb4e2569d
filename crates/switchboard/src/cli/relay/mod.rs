//! `switchboard relay …`: what an upstream's maintainers ask before they merge a change of the allowlist.

mod lint;
mod simulate;

use clap::{Args, Subcommand};

use super::{Exit, Failure, SourceArgs};

pub use lint::LintArgs;
pub(super) use lint::lint;
pub use simulate::SimulateArgs;

const EXAMPLES: &str = "\
Examples:
  switchboard relay lint .github/allowlist.yml
      whether the file is in order, with line and column of whatever is not
  switchboard relay simulate --allowlist .github/allowlist.yml --event opened.json
      who would get this pull request event or push, and why not the others

Neither asks GitHub or a server for anything, so both are good for a check on the upstream itself.";

/// Checks an allowlist, and shows who would get an event.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct RelayArgs {
    /// What to do
    #[command(subcommand)]
    pub command: RelayCommand,
}

/// What the relay can be asked to do without a server.
#[derive(Debug, Subcommand)]
pub enum RelayCommand {
    /// Check an allowlist
    Lint(LintArgs),
    /// Show who would get an event, and why not
    Simulate(SimulateArgs),
}

pub(super) fn run(args: &RelayArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    match &args.command {
        RelayCommand::Lint(args) => lint::run(args),
        RelayCommand::Simulate(args) => simulate::run(args, sources),
    }
}
