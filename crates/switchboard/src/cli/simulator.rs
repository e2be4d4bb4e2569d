use clap::Args;
use switchboard_clock::{Entropy as _, SystemEntropy};

use super::{Exit, Failure, runtime};
use crate::serve;
use crate::simulated::{self, Simulated};

const EXAMPLES: &str = "\
Examples:
  switchboard simulator
      prints its API address, the App's id, key and webhook secret to configure a server with
  switchboard simulator --webhook-url http://127.0.0.1:3000/webhooks/github
      sends its webhooks there
  switchboard setup --github-url http://127.0.0.1:4000 --organization acme
      then, in another terminal: makes an App of your own there, as on GitHub

Two repositories stand in it: acme/api, whose ci.yml may start deploy.yml of acme/deploy. Each line on standard input
(press Enter) lets ci.yml succeed once.";

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
    /// Where the server is reached that people sign in at with this GitHub
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000")]
    pub public_url: String,
    /// What to sign webhooks with; made up and printed when not given
    #[arg(long, value_name = "SECRET", env = "GITHUB_WEBHOOK_SECRET", hide_env_values = true)]
    pub webhook_secret: Option<String>,
}

pub(super) fn run(args: &SimulatorArgs) -> Result<Exit, Failure> {
    let simulated = Simulated {
        port: args.port,
        webhook_url: args.webhook_url.clone(),
        public_url: args.public_url.clone(),
        webhook_secret: args.webhook_secret.clone().unwrap_or_else(made_up_secret),
    };
    runtime()?.block_on(async {
        let shutdown = serve::stop_on_signal();
        simulated::run(simulated, shutdown).await
    })?;
    Ok(Exit::Success)
}

/// 128 random bits in hexadecimal.
fn made_up_secret() -> String {
    let mut bytes = [0; 16];
    SystemEntropy.fill(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}
