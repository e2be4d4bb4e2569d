use clap::Args;

use super::{Exit, Failure, SourceArgs, runtime};
use crate::settings::Purpose;
use crate::{logging, serve};

const EXAMPLES: &str = "\
Examples:
  switchboard serve
      with ./switchboard.toml and the environment
  switchboard --env-file .env serve
      with variables from a file
  SWITCHBOARD__SERVER__HOST=0.0.0.0 SWITCHBOARD_OPERATOR_TOKEN=… switchboard serve
      reachable from other machines, which needs a token to sign in with

SIGTERM and Ctrl-C end it gracefully: what was accepted is answered, leases are given back.
See the settings with `switchboard settings`, and check them against GitHub with `switchboard doctor`.";

/// Runs the server: accepts webhooks, works through jobs, serves pages and the API.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ServeArgs {}

pub(super) fn run(_: &ServeArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Serve)?;
    logging::start(&settings.log).map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "see LOG_LEVEL in `switchboard settings`".to_owned(),
    })?;
    runtime()?.block_on(async {
        let shutdown = serve::stop_on_signal();
        serve::serve(settings, shutdown).await
    })?;
    Ok(Exit::Success)
}
