use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  switchboard simulate --event run.json
      what this workflow_run payload would start, and why not the rest
  switchboard simulate --event run.json --json | jq '.targets[] | select(.reason)'
      the same for scripts
  switchboard simulate --event - < run.json
      from standard input

Repositories are read as the server would read them, with the configured App; nothing is stored or changed. Payloads are
on the page of a delivery, and under \"Recent deliveries\" of the App's settings.";

/// Shows what a delivery would do, with reasons, without doing it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// The webhook's payload, a JSON file; `-` for standard input
    #[arg(long, value_name = "PAYLOAD")]
    pub event: PathBuf,
    /// What GitHub would send as X-GitHub-Event
    #[arg(long, value_name = "NAME", default_value = "workflow_run")]
    pub name: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
