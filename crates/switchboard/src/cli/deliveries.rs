use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  switchboard deliveries
      the newest ones
  switchboard deliveries --state dead
      those whose work ran out of attempts
  switchboard deliveries 72d3162e-cc78-11e3-81ab-4c9367dc0958
      one of them, with its jobs and everything that came of it";

/// Lists deliveries, or shows one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DeliveriesArgs {
    /// Show this one; the id is GitHub's, as in X-GitHub-Delivery
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum, value_name = "STATE", conflicts_with = "id")]
    pub state: Option<DeliveryState>,
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub limit: u16,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeliveryState {
    /// Work is left to do.
    Pending,
    /// All work is done.
    Finished,
    /// Work ran out of attempts.
    Dead,
}
