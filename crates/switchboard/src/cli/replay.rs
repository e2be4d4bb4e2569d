use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::at_desk::{TokenArgs, at_desk, print, segment};
use super::resend::FileArgs;
use super::{Exit, Failure, SourceArgs};
use crate::desk::{Desk, Errand};

const EXAMPLES: &str = "\
Examples:
  switchboard replay 72d3162e-cc78-11e3-81ab-4c9367dc0958
      tries again what did not succeed
  switchboard replay 72d3162e-cc78-11e3-81ab-4c9367dc0958 --only all
      starts everything again, what succeeded too
  switchboard replay --from run.http
      sends a delivery that `switchboard deliveries export` wrote to the server of these settings, signed anew
  switchboard replay --from run.http --new-id --to http://127.0.0.1:8080/webhooks/github --secret-env OTHER_SECRET
      to another server, as a delivery of its own

The order is stored like a delivery of its own, so it is audited like one. A running server carries it out at once;
without one it waits in the store for the next start.";

/// Works through a stored delivery again, as long as its body is kept; or sends one from a file.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArgs {
    /// The delivery's id, as in X-GitHub-Delivery
    #[arg(value_name = "ID", required_unless_present = "from", conflicts_with = "from")]
    pub id: Option<String>,
    /// What to do again
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ReplayScope::Unsuccessful, conflicts_with = "from")]
    pub only: ReplayScope,
    /// Which file to send instead, and where to
    #[command(flatten)]
    pub file: FileArgs,
    /// How to reach a running server
    #[command(flatten)]
    pub token: TokenArgs,
}

/// How much of a delivery to do again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReplayScope {
    /// What was denied or failed.
    Unsuccessful,
    /// Everything.
    All,
}

impl ReplayScope {
    /// The scope's name in the API.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Unsuccessful => "unsuccessful",
            Self::All => "all",
        }
    }
}

/// What a delivery's first job is called if it was a workflow's run.
const PLAN: &str = "dispatcher.plan";

pub(super) fn run(args: &ReplayArgs, sources: &SourceArgs) -> Result<Exit, Failure> {
    if let Some(from) = &args.file.from {
        return super::resend::run(from, &args.file, sources);
    }
    let id = args.id.as_deref().unwrap_or_default();
    let said = at_desk(sources, &args.token, Errand::Act, async |desk| {
        let asked = ask(id, args.only, desk).await?;
        let when = if desk.is_server() { "the server carries it out now" } else { "the next start carries it out" };
        Ok(format!("{asked}; {when}\n"))
    })?;
    print(&said);
    Ok(Exit::Success)
}

async fn ask(name: &str, only: ReplayScope, desk: &Desk) -> Result<String, Failure> {
    let id = segment(name);
    let delivery = desk.get(&format!("/api/v1/deliveries/{id}")).await?;
    let Some(run) = planned_run(&delivery) else {
        desk.post(&format!("/api/v1/deliveries/{id}/replay"), &json!({})).await?;
        return Ok(format!("delivery {name} will be worked through again"));
    };
    let path = format!("/api/v1/dispatcher/runs/{run}/replay");
    let answer = desk.post(&path, &json!({ "only": only.as_str() })).await?;
    Ok(format!("run {run} will be planned again as {}", answer["runKey"].as_str().unwrap_or("a replay")))
}

/// `<repository id>/<run id>/<attempt>` of the run that was planned from a delivery.
fn planned_run(delivery: &Value) -> Option<String> {
    let list = |member: &str| delivery[member].as_array().into_iter().flatten();
    let lane =
        list("jobs").filter(|job| job["kind"] == PLAN).find_map(|job| job["lane"].as_str()?.strip_prefix("run/"));
    let planned = list("facts").find(|fact| fact["kind"] == "dispatch.plan.created")?;
    Some(format!("{}/{}", lane?, planned["data"]["runAttempt"].as_u64()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_run_is_named_by_its_lane_and_attempt() {
        let planned = json!({
            "jobs": [{ "kind": "dispatcher.report", "lane": "report/1" }, { "kind": PLAN, "lane": "run/7/500" }],
            "facts": [{ "kind": "dispatch.plan.created", "data": { "runAttempt": 2 } }],
        });
        assert_eq!(planned_run(&planned).as_deref(), Some("7/500/2"));
        let skipped = json!({
            "jobs": [{ "kind": PLAN, "lane": "run/7/500" }],
            "facts": [{ "kind": "dispatch.source.skipped", "data": { "runAttempt": 2 } }],
        });
        assert_eq!(planned_run(&skipped), None);
    }
}
