use std::time::Duration;

use clap::Args;
use switchboard_clock::{Clock as _, SystemClock};
use url::Url;

use super::{Exit, Failure, SourceArgs, runtime};
use crate::deliver::Sender;
use crate::deliver::forward::{self, Options};
use crate::desk;
use crate::serve;
use crate::settings::{Purpose, Settings};

const EXAMPLES: &str = "\
Examples:
  switchboard --env-file .env forward
      what GitHub sends from now on, to the server of these settings on this machine
  switchboard --env-file .env forward --since 1h
      what it sent in the last hour as well; GitHub lists three days
  switchboard --env-file .env forward --to http://127.0.0.1:8080/webhooks/github
      to another server, which must have the same webhook secret

For development: no tunnel is needed, since the App's own delivery list is asked every few seconds. GitHub lists what it
could not deliver too, so the App's webhook may point nowhere; it must be active, though. The list holds the payload as
JSON and not its bytes, so white space and escapes may differ from what GitHub signed, and the signature is made anew.
Ids stay: what the server knows already it answers as a duplicate.";

/// Brings webhooks from GitHub's list to a server that GitHub cannot reach.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ForwardArgs {
    /// Where to; the server of these settings unless given
    #[arg(long, value_name = "URL")]
    pub to: Option<Url>,
    /// Also what was sent in this time before now: 90s, 15m, 1h, 3d
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub since: Option<Duration>,
    /// How often to look
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "5s")]
    pub interval: Duration,
    /// Look once, and end
    #[arg(long)]
    pub once: bool,
}

pub(super) fn run(args: &ForwardArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Serve)?;
    let to = args.to.clone().map_or_else(|| own_webhooks(&settings), Ok)?;
    let (Some(github), Some(secret)) =
        (&settings.github, settings.github.as_ref().and_then(|github| github.webhook_secrets.first()).cloned())
    else {
        // The loader asks for the App when loading to serve.
        return Err(Failure::Usage {
            message: "no App is configured".to_owned(),
            hint: "see `switchboard setup`".to_owned(),
        });
    };
    let client = serve::client(github)?;
    let sender = Sender::new(to.clone(), secret).map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "check this machine's certificates".to_owned(),
    })?;
    let since = SystemClock.now() - args.since.unwrap_or_default();
    let options = Options { since, interval: args.interval, once: args.once };
    runtime()?.block_on(async {
        let shutdown = serve::stop_on_signal();
        say(&format!("forwarding to {to}; Ctrl-C ends it"));
        tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            ended = forward::forward(&client, &sender, options, say) => ended,
        }
    })?;
    Ok(Exit::Success)
}

fn say(line: &str) {
    super::at_desk::print(&format!("{line}\n"));
}

/// Where the server of these settings takes webhooks, from this machine.
pub(super) fn own_webhooks(settings: &Settings) -> Result<Url, Failure> {
    let address = desk::reachable(settings.server.address());
    Url::parse(&format!("http://{address}/webhooks/github")).map_err(|error| Failure::Usage {
        message: format!("{address}: {error}"),
        hint: "name the address with --to".to_owned(),
    })
}

/// `90s`, `15m`, `1h` or `3d`.
fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "write a number with its unit: 90s, 15m, 1h, 3d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 60 * 60,
        'd' => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    match u64::from(number) * seconds {
        0 => Err("it must be longer than nothing".to_owned()),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_a_number_and_a_unit() {
        assert_eq!(span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(span("3d"), Ok(Duration::from_secs(3 * 86_400)));
        for wrong in ["", "1", "h", "1é", "-1h", "0s", "99999999999h"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
