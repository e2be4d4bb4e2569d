//! `switchboard replay --from`: a delivery from a file, sent to a server.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use switchboard_clock::{Clock as _, Entropy as _, SystemClock, SystemEntropy};
use switchboard_github::secret::WebhookSecret;
use switchboard_github::webhook::headers::DELIVERY_HEADER;
use url::Url;

use super::at_desk::print;
use super::forward::own_webhooks;
use super::{Exit, Failure, SourceArgs, runtime};
use crate::deliver::recording::FILE_BYTES_MAX;
use crate::deliver::{Recording, Sender};
use crate::settings::{Purpose, Settings, Sources};

/// Which file to send, and where to.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// Send this file, as `switchboard deliveries export` writes it, instead of naming a stored delivery
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// Where to send it; the server of these settings unless given
    #[arg(long, value_name = "URL", requires = "from")]
    pub to: Option<Url>,
    /// The variable that holds the webhook secret to sign with; GITHUB_WEBHOOK_SECRET unless given
    #[arg(long, value_name = "NAME", requires = "from")]
    pub secret_env: Option<String>,
    /// Send it under an id of its own, so that a server that knows it takes it for another
    #[arg(long, requires = "from")]
    pub new_id: bool,
}

/// The variable of the webhook secret.
const SECRET: &str = "GITHUB_WEBHOOK_SECRET";

pub(super) fn run(from: &Path, args: &FileArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let gathered = Sources::gather(sources.config.as_deref(), sources.env_file.as_deref())?;
    let settings = Settings::load(&gathered, Purpose::Inspect)?;
    let mut recording = read(from)?;
    if args.new_id {
        recording.rename(&SystemEntropy.id(SystemClock.now()).to_string());
    }
    let to = args.to.clone().map_or_else(|| own_webhooks(&settings), Ok)?;
    let secret = secret(args.secret_env.as_deref(), &gathered, &settings)?;
    let failed = |error: &dyn std::fmt::Display| Failure::Failed {
        message: error.to_string(),
        hint: "start the server, or name its address with --to".to_owned(),
    };
    let sender = Sender::new(to, secret).map_err(|error| failed(&error))?;
    let sent = runtime()?.block_on(sender.send(&recording.headers, recording.body.clone()));
    let answer = sent.map_err(|error| failed(&error))?;
    print(&format!("{}  {}\n", recording.header(DELIVERY_HEADER).unwrap_or_default(), answer.line()));
    Ok(if answer.status.is_success() { Exit::Success } else { Exit::Finding })
}

fn read(path: &Path) -> Result<Recording, Failure> {
    let usage = |message: String, hint: &str| Failure::Usage { message, hint: hint.to_owned() };
    let mut content = Vec::new();
    let limit = u64::try_from(FILE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut content)).map_err(|error| {
        usage(format!("{} cannot be read: {error}", path.display()), "name a file that `deliveries export` wrote")
    })?;
    Recording::parse(&content).map_err(|problem| usage(format!("{}: {problem}", path.display()), problem.hint()))
}

fn secret(variable: Option<&str>, sources: &Sources, settings: &Settings) -> Result<WebhookSecret, Failure> {
    let configured = || settings.github.as_ref().and_then(|github| github.webhook_secrets.first()).cloned();
    let named = |name: &str| {
        let first = sources.variable(name)?.split(',').map(str::trim).find(|secret| !secret.is_empty())?;
        Some(WebhookSecret::new(first))
    };
    let found = match variable {
        Some(name) => named(name),
        None => configured().or_else(|| named(SECRET)),
    };
    found.ok_or_else(|| Failure::Usage {
        message: format!("{} is not set, so nothing can be signed", variable.unwrap_or(SECRET)),
        hint: "set it to the secret of the server that it goes to".to_owned(),
    })
}
