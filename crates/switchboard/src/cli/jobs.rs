use clap::{Args, ValueEnum};
use serde_json::Value;

use super::at_desk::{TokenArgs, at_desk, items, lines, print, segment};
use super::table::{aligned, cell, time};
use super::{Exit, Failure, SourceArgs};
use crate::desk::Errand;

const EXAMPLES: &str = "\
Examples:
  switchboard jobs
      what is running, waiting and in backoff
  switchboard jobs --state dead
      dead letters, with the reason of each
  switchboard jobs 019ab2c4-0000-7000-8000-000000000000
      one job with its attempts

A running server is asked over HTTP; without one the store is read directly.";

/// Lists jobs and intents, or shows one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct JobsArgs {
    /// Show this one
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Only those in this state
    #[arg(long, value_enum, value_name = "STATE", conflicts_with = "id")]
    pub state: Option<JobState>,
    /// How many of each state
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub limit: u16,
    /// Print JSON, one object a line
    #[arg(long)]
    pub json: bool,
    /// How to reach a running server
    #[command(flatten)]
    pub token: TokenArgs,
}

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum JobState {
    /// Waiting for its time or its lane.
    Waiting,
    /// Leased to a worker.
    Running,
    /// Finished.
    Done,
    /// Out of attempts.
    Dead,
}

impl JobState {
    /// The state's name in the API.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }
}

pub(super) fn run(args: &JobsArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    let text = at_desk(sources, &args.token, Errand::Read, async |desk| {
        if let Some(id) = &args.id {
            let job = desk.get(&format!("/api/v1/jobs/{}", segment(id))).await?;
            return Ok(if args.json { format!("{job}\n") } else { one(&job) });
        }
        let states = args.state.map_or_else(|| vec![JobState::Running, JobState::Waiting], |state| vec![state]);
        let mut rows = Vec::new();
        for state in states {
            let path = format!("/api/v1/jobs?limit={}&state={}", args.limit, state.as_str());
            rows.extend(items(desk.get(&path).await?));
        }
        Ok(if args.json { lines(&rows) } else { aligned(&rows.iter().map(row).collect::<Vec<_>>()) })
    })?;
    print(&text);
    Ok(Exit::Success)
}

pub(super) fn row(job: &Value) -> Vec<String> {
    let attempts = match job["attempts"].as_u64() {
        Some(1) => "1 attempt".to_owned(),
        _ => format!("{} attempts", cell(&job["attempts"])),
    };
    vec![
        time(&job["dueAt"]),
        cell(&job["state"]),
        cell(&job["kind"]),
        attempts,
        cell(&job["id"]),
        job["failure"]["message"].as_str().unwrap_or_default().to_owned(),
    ]
}

fn one(job: &Value) -> String {
    let field = |name: &str, value: &Value| vec![name.to_owned(), cell(value)];
    let mut text = aligned(&[
        field("id", &job["id"]),
        field("class", &job["class"]),
        field("kind", &job["kind"]),
        field("lane", &job["lane"]),
        field("key", &job["key"]),
        field("delivery", &job["delivery"]),
        field("state", &job["state"]),
        field("due", &job["dueAt"]),
        field("failure", &job["failure"]["message"]),
        field("hint", &job["failure"]["hint"]),
    ]);
    let attempts: Vec<_> = job["tried"].as_array().into_iter().flatten().map(attempt).collect();
    text.push_str(&format!("\nattempts\n{}", aligned(&attempts)));
    text
}

fn attempt(attempt: &Value) -> Vec<String> {
    let failure = attempt["failure"]["message"].as_str().unwrap_or_default().to_owned();
    vec![cell(&attempt["startedAt"]), cell(&attempt["outcome"]), failure]
}
