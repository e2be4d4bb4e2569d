use clap::Args;

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
