use std::io::{self, Write as _};
use std::sync::Arc;

use clap::Args;
use switchboard_clock::{SystemClock, SystemEntropy};
use switchboard_github::{GitHub, HttpTransport};

use super::{Exit, Failure, SourceArgs};
use crate::doctor::{Report, examine};
use crate::settings::{GitHubSettings, Purpose, Settings};

const EXAMPLES: &str = "\
Examples:
  switchboard doctor
      every check with its result, and what to do about what is wrong
  switchboard doctor --offline
      only what can be checked without GitHub
  switchboard doctor --json
      for scripts

Exit codes: 0 all is well, 1 a check found something, 2 the configuration cannot be used.";

/// Checks configuration, key, clock, permissions granted against needed, and installations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DoctorArgs {
    /// Leave GitHub alone
    #[arg(long)]
    pub offline: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &DoctorArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Serve)?;
    let mut report = Report::default();
    if let Some(github) = &settings.github {
        report = examine::machine(&settings, github);
        if !args.offline {
            report.checks.extend(ask_github(&settings, github)?.checks);
        }
    }
    let text = if args.json { report.to_json() } else { report.to_text() };
    let _ = io::stdout().write_all(text.as_bytes());
    Ok(if report.is_healthy() { Exit::Success } else { Exit::Finding })
}

fn ask_github(settings: &Settings, github: &GitHubSettings) -> Result<Report, Failure> {
    let failed = |message: String| Failure::Failed { message, hint: "--offline leaves GitHub alone".to_owned() };
    let transport = HttpTransport::new().map_err(|error| failed(error.to_string()))?;
    let client = GitHub::new(github.client(), Arc::new(transport), Arc::new(SystemClock), Arc::new(SystemEntropy))
        .map_err(|error| failed(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| failed(format!("no runtime: {error}")))?;
    Ok(runtime.block_on(examine::app(settings, github, &client)))
}
