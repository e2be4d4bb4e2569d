use clap::Args;

use super::{Exit, Failure, runtime};
use crate::settings::{Purpose, Settings, Sources};
use crate::{demo, logging, serve};

const EXAMPLES: &str = "\
Examples:
  switchboard demo
      plays the story, prints links to the pages, and stays up for exploring
  switchboard demo --exit
      ends after the story: exit code 0 only if everything went as expected
  switchboard demo --sign-in
      asks people to sign in with the simulated GitHub: mona operates, lisa looks, sam is refused

Nothing leaves this machine: GitHub is simulated, the store is temporary, and no configuration is read.";

/// Runs server and simulated GitHub together and plays a story of several repositories: allowed, denied, a chain, a loop
/// that is stopped, a target that fails and is tried again.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DemoArgs {
    /// End after the story instead of staying up
    #[arg(long)]
    pub exit: bool,
    /// Ask for a sign-in with the simulated GitHub; otherwise whoever is on this machine may look and act
    #[arg(long)]
    pub sign_in: bool,
    /// Port of the server; 0 lets the system choose one
    #[arg(long, value_name = "PORT", default_value_t = 3000)]
    pub port: u16,
}

pub(super) fn run(args: &DemoArgs) -> Result<Exit, Failure> {
    // Denials are warnings in the log, and the story tells them itself.
    let quiet =
        Sources::default().with_variable("LOG_LEVEL", "error").with_variable("SWITCHBOARD__LOG__FORMAT", "text");
    logging::start(&Settings::load(&quiet, Purpose::Inspect)?.log).map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "report this: the demo brings its own log settings".to_owned(),
    })?;
    let held = runtime()?.block_on(async {
        let shutdown = serve::stop_on_signal();
        demo::play(args.port, args.sign_in, args.exit, shutdown).await
    })?;
    Ok(if held { Exit::Success } else { Exit::Finding })
}
