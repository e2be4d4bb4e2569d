use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::json;
use switchboard_github::DeliveryGuid;
use switchboard_relay::allowlist::{Allowlist, Entry, parse};
use switchboard_relay::config::Config;
use switchboard_relay::fit::{EventType, fit};
use switchboard_relay::plan::{Event, Memory, SkipReason, Verdict, plan};
use switchboard_relay::pull::Action;
use switchboard_relay::{pull, push};

use crate::cli::at_desk::print;
use crate::cli::input::{self, Limit};
use crate::cli::table::aligned;
use crate::cli::{Exit, Failure, SourceArgs};
use crate::settings::Purpose;

const EXAMPLES: &str = "\
Examples:
  switchboard relay simulate --allowlist .github/allowlist.yml --event opened.json
      who would get this pull request event, and why not the others
  switchboard relay simulate --allowlist allowlist.yml --event push.json --json | jq '.entries[] | select(.send)'
      the same for scripts
  gh api /app/hook/deliveries/1 --jq .request.payload | switchboard relay simulate --allowlist allowlist.yml --event -
      from standard input

The settings under [relay] count as they would in the server. Nothing is known of earlier events, so a pull request is taken
as if this were the first that is heard of it. Payloads are on the page of a delivery, and under \"Recent deliveries\" of the
App's settings.";

/// Shows who would get an upstream event by an allowlist, with reasons. GitHub is not asked.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// The allowlist
    #[arg(long, value_name = "FILE")]
    pub allowlist: PathBuf,
    /// The webhook's payload, a JSON file; `-` for standard input
    #[arg(long, value_name = "PAYLOAD")]
    pub event: PathBuf,
    /// What GitHub would send as X-GitHub-Event; by the payload unless said
    #[arg(long, value_enum, value_name = "NAME")]
    pub name: Option<Name>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The events that are relayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Name {
    /// Something happened to a pull request.
    PullRequest,
    /// A branch or tag moved.
    Push,
}

/// What an entry would see of the event.
#[derive(Debug, Serialize)]
struct Row {
    repo: String,
    level: String,
    line: u32,
    send: bool,
    /// `send`, `held`, `not_concerned`, or why it is skipped.
    verdict: &'static str,
    why: String,
    /// Whether its results would become check runs as things are.
    checks: bool,
}

pub(super) fn run(args: &SimulateArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let config = sources.load(Purpose::Inspect)?.relay.config;
    let body = input::read(&args.event, Limit::Body, "a JSON file with a webhook's payload")?;
    let bytes = input::read(&args.allowlist, Limit::Allowlist, "an allowlist.yml")?;
    let event = event(args, &body)?;
    let (list, remarks) = parse(&bytes);
    for remark in &remarks {
        eprintln!("{}:{remark}", args.allowlist.display());
    }
    let list = list.ok_or_else(|| Failure::Failed {
        message: format!("{} is refused as a whole, so nobody would get anything by it", args.allowlist.display()),
        hint: "`switchboard relay lint` checks it; the server goes on with the last good one".to_owned(),
    })?;
    let (repository, what) = told(&event);
    if let Some(upstream) = config.upstream.as_ref().filter(|upstream| **upstream != repository) {
        return Err(Failure::Failed {
            message: format!("the event is of {repository}, and {upstream} is the upstream: nobody would get it"),
            hint: "see upstream under [relay] in `switchboard settings`".to_owned(),
        });
    }
    let rows = rows(&list, &event, &config);
    let size = size(&event, &body, &config);
    if args.json {
        print(&format!("{:#}\n", json!({ "event": what, "body": size, "entries": rows })));
        return Ok(Exit::Success);
    }
    let sent = rows.iter().filter(|row| row.send).count();
    let table: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let checks = if row.checks { "; its results become check runs" } else { "" };
            let why = format!("{}{checks}", row.why);
            vec![row.verdict.to_owned(), row.repo.clone(), row.level.clone(), format!("line {}", row.line), why]
        })
        .collect();
    print(&format!("{what}\n{sent} of {} entries would get it{}\n{}", rows.len(), size.told(), aligned(&table)));
    Ok(Exit::Success)
}

fn event(args: &SimulateArgs, body: &[u8]) -> Result<Event, Failure> {
    let pulled = pull::read(body).map(Event::PullRequest);
    let read = match args.name {
        Some(Name::PullRequest) => pulled,
        Some(Name::Push) => push::read(body).map(Event::Push),
        None => pulled.or_else(|unreadable| push::read(body).map(Event::Push).map_err(|_| unreadable)),
    };
    read.map_err(|unreadable| Failure::Usage {
        message: format!("{}: {unreadable}", args.event.display()),
        hint: "it is the payload of a pull_request or push webhook as GitHub sent it, without headers".to_owned(),
    })
}

/// Whose event it is, and what it says, on one line.
fn told(event: &Event) -> (switchboard_github::RepoName, String) {
    match event {
        Event::PullRequest(event) => {
            let info = &event.info;
            let labels = if info.labels.is_empty() { "no labels".to_owned() } else { info.labels.join(", ") };
            let (number, action, base) = (info.number, event.action.word(), &info.base);
            let what = format!("{}#{number} {action}, into {base}, with {labels}", event.repository);
            (event.repository.clone(), what)
        }
        Event::Push(push) => (push.repository.clone(), format!("{}: push to {}", push.repository, push.full_ref)),
    }
}

/// The body that all who get it would get.
#[derive(Debug, Serialize)]
struct Size {
    bytes: usize,
    original_bytes: usize,
    /// The step at which it fitted, 1 to 4; none if it never would.
    level: Option<u8>,
}

impl Size {
    fn told(&self) -> String {
        match self.level {
            Some(1) => format!(", untouched, in {} bytes", self.bytes),
            Some(level) => format!(", shortened at step {level} from {} to {} bytes", self.original_bytes, self.bytes),
            None => ", if its payload could be sent, which it cannot".to_owned(),
        }
    }
}

fn size(event: &Event, body: &[u8], config: &Config) -> Size {
    /// As long as GitHub's.
    const ID: &str = "00000000-0000-0000-0000-000000000000";
    let kind = match event {
        Event::PullRequest(_) => EventType::PullRequest,
        Event::Push(_) => EventType::Push,
    };
    let limit = usize::try_from(config.payload_limit_bytes).unwrap_or(usize::MAX);
    let fitted = ID.parse::<DeliveryGuid>().ok().and_then(|id| fit(kind, &id, body, limit).ok());
    let bytes = fitted.as_ref().map_or(0, |fitted| fitted.text.len());
    Size { bytes, original_bytes: body.len(), level: fitted.map(|fitted| fitted.level) }
}

fn rows(list: &Allowlist, event: &Event, config: &Config) -> Vec<Row> {
    let verdicts = plan(list, event, &Memory::default(), config);
    let row = |entry: &Entry| {
        let verdict = verdicts.iter().find(|(planned, _)| planned.repo == entry.repo).map(|(_, verdict)| *verdict);
        let checks = match event {
            Event::PullRequest(event) => {
                !entry.options.silent && entry.is_asked_for(&event.info.labels, &config.label_prefix)
            }
            Event::Push(_) => false,
        };
        let device = entry.device.as_ref().map(|device| format!(" {}", device.as_str())).unwrap_or_default();
        let send = verdict == Some(Verdict::Send);
        Row {
            repo: entry.repo.to_string(),
            level: format!("{}{device}", entry.level),
            line: entry.line,
            send,
            verdict: verdict.map_or("not_concerned", Verdict::word),
            why: why(verdict, entry, event, config),
            checks: checks && send,
        }
    };
    list.entries().iter().map(row).collect()
}

/// The verdict's reason, with what would change it.
fn why(verdict: Option<Verdict>, entry: &Entry, event: &Event, config: &Config) -> String {
    let options = &entry.options;
    let reason = match verdict {
        None => return not_concerned(event),
        Some(Verdict::Send) => return "sent".to_owned(),
        Some(Verdict::Hold) => {
            return format!(
                "the author is new here, so it waits until the head gets the label {}",
                config.approve_label
            );
        }
        Some(Verdict::Skip(reason)) => reason,
    };
    let globs = |globs: &Option<Vec<switchboard_engine::glob::Glob>>| match globs.as_deref() {
        None | Some([]) => "none".to_owned(),
        Some(globs) => globs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    match reason {
        SkipReason::Events => "its events do not include pull_request, which stands for pushes, too".to_owned(),
        SkipReason::Refs => format!("the pushed ref is none of its refs: {}", globs(&options.refs)),
        SkipReason::Branches => format!("the base is none of its branches: {}", globs(&options.branches)),
        SkipReason::Labels => format!("the pull request carries none of its labels: {}", options.labels.join(", ")),
        SkipReason::Deletion => "deletions are not relayed; relay_deletions under [relay] changes that".to_owned(),
        SkipReason::NeverSent => {
            "nothing of this pull request was sent there, so there is nothing to cancel".to_owned()
        }
        SkipReason::TooMany => format!("max_targets under [relay] is {}, and so many come before", config.max_targets),
        SkipReason::Stale => "a newer event of the pull request came first".to_owned(),
    }
}

fn not_concerned(event: &Event) -> String {
    let Event::PullRequest(event) = event else { return "pushes do not concern it".to_owned() };
    match &event.action {
        Action::Labeled(label) => {
            format!("the label {label} is none of its labels; it had its chance when the head came")
        }
        action => format!("{} starts nothing; opened, reopened, synchronize, closed and labeled may", action.word()),
    }
}
