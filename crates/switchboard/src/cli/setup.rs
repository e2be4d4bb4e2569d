use std::path::PathBuf;

use clap::Args;
use switchboard_clock::{Entropy as _, SystemEntropy};

use super::{Exit, Failure, SourceArgs, runtime};
use crate::serve;
use crate::settings::{Purpose, Settings};
use crate::setup::{self, Destination, Fields, Options, Place};

const EXAMPLES: &str = "\
Examples:
  switchboard setup --organization acme --url https://switchboard.example.com
      an App of acme whose webhooks GitHub sends to that server
  switchboard setup
      a personal App without an address yet: GitHub lists its webhooks, `switchboard forward` fetches them
  switchboard setup --github-url https://github.example.com
      on a GitHub Enterprise Server
  switchboard setup --github-url http://127.0.0.1:4000
      on the simulated GitHub that `switchboard simulator` runs: everything as in earnest, and nothing at stake

What happens: a page on this machine shows exactly what will be created, with the permissions and events that the
enabled automations need and what for. Its button leads to GitHub, where you confirm. GitHub hands the App's key and
secrets over once; they are written to files that only you can read. Then the page offers to install the App, waits for
that, and ends with what `switchboard doctor` says.

Exit codes: 0 everything is in place, 1 something is missing or it was ended early, 2 it cannot begin.";

/// Creates the GitHub App and writes down what the server needs to be it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SetupArgs {
    /// The App's name, unique on the whole of GitHub; it can be changed on the page
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The organization that will own it; without one, your personal account
    #[arg(long, value_name = "LOGIN")]
    pub organization: Option<String>,
    /// The address under which GitHub reaches the server; PUBLIC_URL unless given
    #[arg(long, value_name = "URL", conflicts_with = "inactive")]
    pub url: Option<String>,
    /// Switch the webhook off: nothing is sent and nothing is listed, so `forward` finds nothing either
    #[arg(long)]
    pub inactive: bool,
    /// Let other accounts install it too
    #[arg(long)]
    pub public: bool,
    /// Where GitHub's pages are
    #[arg(long, value_name = "URL", default_value = "https://github.com")]
    pub github_url: String,
    /// The environment file to write
    #[arg(long, value_name = "FILE", default_value = ".env")]
    pub output: PathBuf,
    /// The file to write the private key to
    #[arg(long, value_name = "FILE", default_value = "secrets/github-app.private-key.pem")]
    pub key: PathBuf,
    /// Change these files if they exist; of the environment file only the App's own variables
    #[arg(long)]
    pub force: bool,
    /// Port of the local page; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,
    /// Open the page in a browser
    #[arg(long)]
    pub open: bool,
    /// End once everything is written down, without waiting for an installation
    #[arg(long)]
    pub no_wait: bool,
}

pub(super) fn run(args: &SetupArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Inspect)?;
    let options = options(args, sources, &settings)?;
    runtime()?.block_on(async {
        let shutdown = serve::stop_on_signal();
        setup::run(options, settings, shutdown).await
    })
}

fn options(args: &SetupArgs, sources: &SourceArgs, settings: &Settings) -> Result<Options, Failure> {
    let place = Place::at(&args.github_url).map_err(|problem| Failure::Usage {
        message: format!("--github-url: {problem}"),
        hint: "write it like https://github.example.com".to_owned(),
    })?;
    let fields = Fields {
        name: args.name.clone().unwrap_or_else(|| suggested_name(args.organization.as_deref())),
        organization: args.organization.clone().unwrap_or_default(),
        url: url(args, settings, &place),
        public: args.public,
        inactive: args.inactive,
    };
    let destination = Destination { env: args.output.clone(), key: args.key.clone(), force: args.force };
    let config = sources.config.clone();
    Ok(Options { place, fields, destination, config, port: args.port, open: args.open, wait: !args.no_wait })
}

/// The server's address as far as it is known. A simulated GitHub reaches it here.
fn url(args: &SetupArgs, settings: &Settings, place: &Place) -> String {
    match (&args.url, &settings.server.public_url) {
        _ if args.inactive => String::new(),
        (Some(url), _) => url.clone(),
        (None, Some(url)) => url.to_string(),
        (None, None) if place.is_local() => format!("http://127.0.0.1:{}", settings.server.port),
        (None, None) => String::new(),
    }
}

/// A name that is likely to be free.
fn suggested_name(organization: Option<&str>) -> String {
    let room = switchboard_github::limits::MAX_APP_NAME_CHARS - "Switchboard ".len();
    match organization {
        Some(login) => format!("Switchboard {}", login.chars().take(room).collect::<String>()),
        None => {
            let mut bytes = [0; 2];
            SystemEntropy.fill(&mut bytes);
            format!("Switchboard {:04x}", u16::from_be_bytes(bytes))
        }
    }
}
