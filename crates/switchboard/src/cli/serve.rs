use clap::Args;

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
