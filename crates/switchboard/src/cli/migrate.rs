use clap::Args;

const EXAMPLES: &str = "\
Examples:
  switchboard migrate --check
      says what would change; exit code 1 if something would
  switchboard migrate
      changes it

The server does this by itself when it starts. Migrations only go forward; an older server can go on running beside.";

/// Brings the store's schema up to date.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct MigrateArgs {
    /// Only say what would change
    #[arg(long)]
    pub check: bool,
}
