use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::handlers::{Simulated, SimulatedReason, SimulatedTarget};
use switchboard_dispatcher::payload::{self, SourceRun};
use switchboard_engine::Trouble;

use super::at_desk::print;
use super::input::{self, Limit};
use super::{Exit, Failure, SourceArgs, runtime};
use crate::serve;
use crate::settings::{GitHubSettings, Purpose, Settings};

const EXAMPLES: &str = "\
Examples:
  switchboard simulate --event run.json
      what this workflow_run payload would start, and why not the rest
  switchboard simulate --event run.json --json | jq '.targets[] | select(.reason)'
      the same for scripts
  switchboard simulate --event - < run.json
      from standard input

Repositories are read as the server would read them, with the configured App; nothing is stored or changed. Payloads are
on the page of a delivery, and under \"Recent deliveries\" of the App's settings.";

/// Shows what a delivery would do, with reasons, without doing it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// The webhook's payload, a JSON file; `-` for standard input
    #[arg(long, value_name = "PAYLOAD")]
    pub event: PathBuf,
    /// What GitHub would send as X-GitHub-Event
    #[arg(long, value_name = "NAME", default_value = "workflow_run")]
    pub name: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The event and action that the dispatcher wants.
const EVENT: &str = "workflow_run";
const ACTION: &str = "completed";

pub(super) fn run(args: &SimulateArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let settings = sources.load(Purpose::Serve)?;
    let body = input::read(&args.event, Limit::Body, "a webhook's payload")?;
    let payload: Value = serde_json::from_slice(&body).map_err(|error| Failure::Usage {
        message: format!("{} is not JSON: {error}", args.event.display()),
        hint: "it is the payload as GitHub sent it, without headers".to_owned(),
    })?;
    let text = match (&settings.github, &payload["action"]) {
        (Some(github), action) if args.name == EVENT && action == ACTION => match payload::read(&body) {
            Ok(run) => told(args, &run, &simulate(&settings, github, &run)?),
            Err(unusable) => skipped(args, unusable.reason.code(), &unusable.detail),
        },
        _ => skipped(args, "ignored", &format!("nobody wants this event; the dispatcher wants {EVENT}.{ACTION}")),
    };
    print(&text);
    Ok(Exit::Success)
}

fn simulate(settings: &Settings, github: &GitHubSettings, run: &SourceRun) -> Result<Simulated, Failure> {
    let client = serve::client(github)?;
    let dispatcher = Dispatcher::new(settings.dispatcher.config.clone(), None);
    runtime()?.block_on(dispatcher.simulate_run(run, &client)).map_err(|trouble| {
        let hint = match &trouble {
            Trouble::Wait { failure, .. } | Trouble::Again { failure, .. } | Trouble::Permanent { failure } => {
                failure.hint.clone()
            }
            Trouble::Store(error) => error.hint().map(str::to_owned),
        };
        Failure::Failed {
            message: format!("GitHub could not be read: {trouble}"),
            hint: hint.unwrap_or_else(|| "`switchboard doctor` checks the App and the way to GitHub".to_owned()),
        }
    })
}

fn skipped(args: &SimulateArgs, reason: &str, detail: &str) -> String {
    if args.json {
        return format!("{:#}\n", json!({ "skipped": { "reason": reason, "detail": detail }, "targets": [] }));
    }
    format!("skipped: {reason}\n  {detail}\n")
}

fn told(args: &SimulateArgs, run: &SourceRun, simulated: &Simulated) -> String {
    if args.json {
        return serde_json::to_string_pretty(simulated).unwrap_or_default() + "\n";
    }
    let branch = run.head_branch.as_deref().unwrap_or("(no branch)");
    let mut text = format!("{} · {} on {branch}, run {}\n", run.repository, run.workflow, run.run_id);
    if let Some(why) = &simulated.skipped {
        text.push_str(&format!("skipped: {}\n", because(why, "  ")));
    }
    for target in &simulated.targets {
        text.push_str(&told_target(target));
    }
    if simulated.surplus > 0 {
        text.push_str(&format!("and {} more, which are over the limit\n", simulated.surplus));
    }
    for diagnostic in &simulated.diagnostics {
        let path = simulated.config_path.as_deref().unwrap_or("dispatching.yml");
        text.push_str(&format!("{path}:{diagnostic}\n"));
    }
    text
}

fn told_target(target: &SimulatedTarget) -> String {
    let SimulatedTarget { repository, workflow, state, git_ref, inputs, line, why, .. } = target;
    let mut text = format!("{state:10}  {repository} · {workflow} (line {line})");
    if let Some(git_ref) = git_ref {
        text.push_str(&format!(" on {git_ref}"));
    }
    if let Some(why) = why {
        text.push_str(&format!(": {}", because(why, "            ")));
    }
    text.push('\n');
    for (key, value) in inputs {
        text.push_str(&format!("            {key} = {value}\n"));
    }
    text
}

/// The code, the sentence, and what to do on a line of its own.
fn because(why: &SimulatedReason, indent: &str) -> String {
    let detail = if why.detail.is_empty() { String::new() } else { format!(" ({})", why.detail) };
    format!("{}\n{indent}{}{detail}\n{indent}hint: {}", why.reason.code(), why.sentence, why.hint)
}
