use clap::Args;

const EXAMPLES: &str = "\
Examples:
  switchboard simulator
      prints its API address, the App's id, key and webhook secret to configure a server with
  switchboard simulator --webhook-url http://127.0.0.1:3000/webhooks/github
      sends its webhooks there";

/// Runs the simulated GitHub alone, on this machine only.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulatorArgs {
    /// Port of its API; 0 lets the system choose one
    #[arg(long, value_name = "PORT", default_value_t = 4000)]
    pub port: u16,
    /// Where to send webhooks
    #[arg(long, value_name = "URL")]
    pub webhook_url: Option<String>,
    /// What to sign webhooks with; made up and printed when not given
    #[arg(long, value_name = "SECRET", env = "GITHUB_WEBHOOK_SECRET", hide_env_values = true)]
    pub webhook_secret: Option<String>,
}
