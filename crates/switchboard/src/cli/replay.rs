use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  switchboard replay 72d3162e-cc78-11e3-81ab-4c9367dc0958
      tries again what did not succeed
  switchboard replay 72d3162e-cc78-11e3-81ab-4c9367dc0958 --only all
      starts everything again, what succeeded too

The order is stored like a delivery of its own, so a running server carries it out and the journey shows it.";

/// Works through a stored delivery again, as long as its body is kept.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The delivery's id, as in X-GitHub-Delivery
    #[arg(value_name = "ID")]
    pub id: String,
    /// What to do again
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ReplayScope::Unsuccessful)]
    pub only: ReplayScope,
}

/// How much of a delivery to do again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayScope {
    /// What was denied or failed.
    Unsuccessful,
    /// Everything.
    All,
}
