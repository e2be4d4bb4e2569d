use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  switchboard jobs
      what is waiting, running and in backoff
  switchboard jobs --state dead
      dead letters, with the reason of each
  switchboard jobs 019ab2c4-0000-7000-8000-000000000000
      one job with its attempts";

/// Lists jobs, or shows one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct JobsArgs {
    /// Show this one
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum, value_name = "STATE", conflicts_with = "id")]
    pub state: Option<JobState>,
    /// How many
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub limit: u16,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JobState {
    /// Waiting for its time or its lane.
    Waiting,
    /// Leased to a worker.
    Running,
    /// Out of attempts.
    Dead,
}
