//! The command line: what can be asked for, and the help that teaches it.
//!
//! One file a command, each with its arguments; [`Command`] names them all and [`run`] sends each to its code.
//! Every command ends with one of three [exit codes](Exit).

mod at_desk;
mod completions;
mod deliveries;
mod demo;
mod doctor;
mod export;
mod failure;
mod forward;
mod input;
mod jobs;
mod lint;
mod migrate;
mod relay;
mod replay;
mod resend;
mod serve;
mod settings;
mod setup;
mod simulate;
mod simulator;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::settings::{Problems, Purpose, Settings, Sources};

pub use at_desk::TokenArgs;
pub use completions::CompletionsArgs;
pub use deliveries::{DeliveriesArgs, DeliveryState};
pub use demo::DemoArgs;
pub use doctor::DoctorArgs;
pub use export::{DeliveriesCommand, ExportArgs};
pub use failure::{Exit, Failure};
pub use forward::ForwardArgs;
pub use jobs::{JobState, JobsArgs};
pub use lint::{FileKind, LintArgs};
pub use migrate::MigrateArgs;
pub use relay::{RelayArgs, RelayCommand};
pub use replay::{ReplayArgs, ReplayScope};
pub use resend::FileArgs;
pub use serve::ServeArgs;
pub use settings::SettingsArgs;
pub use setup::SetupArgs;
pub use simulate::SimulateArgs;
pub use simulator::SimulatorArgs;

const EXAMPLES: &str = "\
Start here:
  switchboard demo                     see it work, with a simulated GitHub and no configuration
  switchboard setup                    create the GitHub App and its settings
  switchboard doctor                   check this machine, the App and what is stored
  switchboard serve                    run the server

Exit codes:
  0  it worked
  1  it ran and found something wrong, or it failed on the way
  2  the command line or the configuration cannot be used";

/// A self-hosted server for a GitHub App: keeps every webhook delivery, acts on it where both sides have consented, and
/// can explain everything it did.
#[derive(Debug, Parser)]
#[command(name = "switchboard", version, after_help = EXAMPLES, propagate_version = true, arg_required_else_help = true)]
pub struct Cli {
    /// Where settings come from.
    #[command(flatten)]
    pub sources: SourceArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Where settings come from; the same for every command.
#[derive(Debug, Clone, Default, Args)]
pub struct SourceArgs {
    /// Read settings from this file instead of `./switchboard.toml`
    #[arg(long, value_name = "FILE", global = true, env = "SWITCHBOARD_CONFIG")]
    pub config: Option<PathBuf>,
    /// Read environment variables from this file; those of the process win
    #[arg(long, value_name = "FILE", global = true)]
    pub env_file: Option<PathBuf>,
}

impl SourceArgs {
    /// Reads and judges the settings.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn load(&self, purpose: Purpose) -> Result<Settings, Problems> {
        let sources = Sources::gather(self.config.as_deref(), self.env_file.as_deref())?;
        Settings::load(&sources, purpose)
    }
}

/// What Switchboard can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server
    Serve(ServeArgs),
    /// Create the GitHub App, and write down what the server needs to be it
    Setup(SetupArgs),
    /// Run server and simulated GitHub together and play a story
    Demo(DemoArgs),
    /// Run the simulated GitHub alone
    Simulator(SimulatorArgs),
    /// Check a `dispatching.yml` or an allowlist
    Lint(LintArgs),
    /// Show what a delivery would do, without doing it
    Simulate(SimulateArgs),
    /// Check the relay's allowlist, and show who would get an event
    Relay(RelayArgs),
    /// List deliveries, show one, or write one to a file
    Deliveries(DeliveriesArgs),
    /// List jobs and dead letters
    Jobs(JobsArgs),
    /// Work through a stored delivery again, or send one from a file
    Replay(ReplayArgs),
    /// Bring webhooks from GitHub's list to a server that GitHub cannot reach
    Forward(ForwardArgs),
    /// Check this machine, what is stored and what GitHub says
    Doctor(DoctorArgs),
    /// Bring the store's schema up to date
    Migrate(MigrateArgs),
    /// Show every setting with its value and where it came from
    Settings(SettingsArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Does what was asked for, and says how it ended.
#[must_use]
pub fn run(cli: &Cli) -> ExitCode {
    let outcome = match &cli.command {
        Command::Lint(args) => lint::run(args),
        Command::Doctor(args) => doctor::run(args, &cli.sources),
        Command::Settings(args) => settings::run(args, &cli.sources),
        Command::Completions(args) => completions::run(args),
        Command::Serve(args) => serve::run(args, &cli.sources),
        Command::Setup(args) => setup::run(args, &cli.sources),
        Command::Demo(args) => demo::run(args),
        Command::Simulator(args) => simulator::run(args),
        Command::Simulate(args) => simulate::run(args, &cli.sources),
        Command::Relay(args) => relay::run(args, &cli.sources),
        Command::Deliveries(args) => deliveries::run(args, &cli.sources),
        Command::Jobs(args) => jobs::run(args, &cli.sources),
        Command::Replay(args) => replay::run(args, &cli.sources),
        Command::Forward(args) => forward::run(args, &cli.sources),
        Command::Migrate(args) => migrate::run(args, &cli.sources),
    };
    outcome
        .unwrap_or_else(|failure| {
            eprintln!("{failure}");
            failure.exit()
        })
        .into()
}

/// The runtime that servers run on.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| Failure::Failed {
        message: format!("no runtime: {error}"),
        hint: "the system may be out of threads or file descriptors".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_teaches_by_example() {
        for command in Cli::command().get_subcommands().filter(|command| command.get_name() != "help") {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Examples:\n  switchboard "), "{} has no example", command.get_name());
            for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
                let help = below.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("Examples:\n  switchboard "), "{} has no example", below.get_name());
            }
        }
    }
}
