use clap::Args;

use super::at_desk::print;
use super::{Exit, Failure, SourceArgs, runtime};
use crate::doctor::{Report, examine};
use crate::serve;
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
    let report = match &settings.github {
        Some(github) if args.offline => runtime()?.block_on(examine::machine(&settings, github)),
        Some(github) => runtime()?.block_on(examine(&settings, github))?,
        // The loader asks for the App when loading to serve.
        None => Report::default(),
    };
    let text = if args.json { report.to_json() } else { report.to_text() };
    print(&text);
    Ok(if report.is_healthy() { Exit::Success } else { Exit::Finding })
}

/// Every check, of this machine and at GitHub.
pub(crate) async fn examine(settings: &Settings, github: &GitHubSettings) -> Result<Report, Failure> {
    let client = serve::client(github)?;
    let mut report = examine::machine(settings, github).await;
    report.checks.extend(examine::app(settings, github, &client).await.checks);
    Ok(report)
}
