use clap::{Args, ValueEnum};
use serde_json::Value;

use super::at_desk::{TokenArgs, at_desk, items, lines, print, segment};
use super::export::DeliveriesCommand;
use super::table::{aligned, cell, time};
use super::{Exit, Failure, SourceArgs};
use crate::desk::Errand;

const EXAMPLES: &str = "\
Examples:
  switchboard deliveries
      the newest ones
  switchboard deliveries --state dead
      those whose work ran out of attempts
  switchboard deliveries 72d3162e-cc78-11e3-81ab-4c9367dc0958
      one of them, with its jobs and everything that came of it
  switchboard deliveries export 72d3162e-cc78-11e3-81ab-4c9367dc0958 --output run.http
      its headers and body, byte for byte; `switchboard replay --from run.http` sends it

A running server is asked over HTTP; without one the store is read directly.";

/// Lists deliveries, shows one, or writes one to a file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct DeliveriesArgs {
    /// What to do with one, other than showing it
    #[command(subcommand)]
    pub command: Option<DeliveriesCommand>,
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
    /// How to reach a running server
    #[command(flatten)]
    pub token: TokenArgs,
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DeliveryState {
    /// Work is left to do.
    Pending,
    /// All work is done.
    Settled,
    /// Work ran out of attempts.
    Dead,
    /// Nobody wanted it.
    Ignored,
}

impl DeliveryState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Dead => "dead",
            Self::Ignored => "ignored",
        }
    }
}

pub(super) fn run(args: &DeliveriesArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    if let Some(DeliveriesCommand::Export(args)) = &args.command {
        return super::export::run(args, sources);
    }
    let path = match (&args.id, args.state) {
        (Some(id), _) => format!("/api/v1/deliveries/{}", segment(id)),
        (None, Some(state)) => format!("/api/v1/deliveries?limit={}&state={}", args.limit, state.as_str()),
        (None, None) => format!("/api/v1/deliveries?limit={}", args.limit),
    };
    let answer = at_desk(sources, &args.token, Errand::Read, async |desk| desk.get(&path).await)?;
    let text = match (args.id.is_some(), args.json) {
        (true, true) => format!("{answer}\n"),
        (true, false) => one(&answer),
        (false, true) => lines(&items(answer)),
        (false, false) => aligned(&items(answer).iter().map(row).collect::<Vec<_>>()),
    };
    print(&text);
    Ok(Exit::Success)
}

fn event(delivery: &Value) -> String {
    match delivery["action"].as_str() {
        Some(action) => format!("{}.{action}", cell(&delivery["event"])),
        None => cell(&delivery["event"]),
    }
}

fn row(delivery: &Value) -> Vec<String> {
    vec![
        time(&delivery["acceptedAt"]),
        cell(&delivery["state"]),
        event(delivery),
        cell(&delivery["repository"]),
        cell(&delivery["deliveryId"]),
    ]
}

fn one(delivery: &Value) -> String {
    let kept = if delivery["bodyKept"] == true { "kept" } else { "expired" };
    let field = |name: &str, value: String| vec![name.to_owned(), value];
    let mut text = aligned(&[
        field("delivery", cell(&delivery["deliveryId"])),
        field("our id", cell(&delivery["id"])),
        field("event", event(delivery)),
        field("repository", cell(&delivery["repository"])),
        field("subject", cell(&delivery["subject"])),
        field("state", cell(&delivery["state"])),
        field("accepted", cell(&delivery["acceptedAt"])),
        field("settled", cell(&delivery["settledAt"])),
        field("body", format!("{} bytes, {kept}", cell(&delivery["bodyBytes"]))),
        field("duplicates", cell(&delivery["duplicates"])),
    ]);
    let list = |member: &str| delivery[member].as_array().cloned().unwrap_or_default();
    let jobs: Vec<_> = list("jobs").iter().map(super::jobs::row).collect();
    text.push_str(&format!("\njobs\n{}", aligned(&jobs)));
    let facts: Vec<_> = list("facts").iter().map(fact).collect();
    text.push_str(&format!("\nfacts\n{}", aligned(&facts)));
    text
}

fn fact(fact: &Value) -> Vec<String> {
    vec![cell(&fact["at"]), cell(&fact["kind"]), fact["data"].to_string()]
}
