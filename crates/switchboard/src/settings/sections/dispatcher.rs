use std::ops::RangeInclusive;
use std::time::Duration;

use switchboard_dispatcher::config::{
    Config, MAX_CHAIN_DEPTH, MAX_CHAIN_DISPATCHES, MAX_INPUTS, MAX_RETRIES, MAX_TARGETS,
};

use super::Section;
use crate::settings::kinds::Owner;
use crate::settings::setting::{Form, Setting};

/// The dispatcher's bounds, as the operator sets them (its contract, section 12), and how long its records are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DispatcherSettings {
    /// What the dispatcher works by.
    pub config: Config,
    /// How long counters by the minute are kept.
    pub keep_minutes: Duration,
    /// How long runs and counters by the hour are kept.
    pub keep_runs: Duration,
    /// How long it is remembered which run was started by which.
    pub keep_lineage: Duration,
}

/// The words of the two choices.
const REF_POLICIES: Form = Form::Choice { words: &["configured", "source-branch", "target-default"], yes_and_no: None };
const ISSUE_POLICIES: Form = Form::Choice { words: &["problems", "all", "off"], yes_and_no: Some(("all", "off")) };

const fn within(range: &RangeInclusive<u32>, unit: &'static str) -> Form {
    Form::Integer { min: *range.start() as u64, max: *range.end() as u64, unit }
}

const NAME: &str = "dispatcher";

const DAYS: Form = Form::Integer { min: 1, max: 3650, unit: "days" };
const ONE_WEEK_IN_MINUTES: u64 = 7 * 24 * 60;
/// GitHub lets an App create this many issues, comments and the like an hour.
const GITHUB_CONTENT_WRITES_PER_HOUR: u64 = 500;

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Starts workflows in other repositories when a workflow run completes and both repositories' \
            `dispatching.yml` agree.",
    settings: &[
        Setting::new(NAME, "enabled", Form::Boolean, |draft, value| value.put(&mut draft.dispatcher.config.enabled))
            .default("true")
            .about("Whether the dispatcher runs."),
        Setting::new(NAME, "dry_run", Form::Boolean, |draft, value| value.put(&mut draft.dispatcher.config.dry_run))
            .default("false")
            .about("Plan and record everything, dispatch nothing."),
        Setting::new(NAME, "default_ref", Form::Text { what: "a branch or tag" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.default_ref)
        })
        .env(&["DEFAULT_DISPATCH_REF"])
        .default("main")
        .about("The branch or tag to start workflows on when neither the target's rule nor `ref_policy` names one."),
        Setting::new(NAME, "ref_policy", REF_POLICIES, |draft, value| {
            value.put(&mut draft.dispatcher.config.ref_policy)
        })
        .default("configured")
        .about(
            "Where a target without a `ref` is started: `configured` on `default_ref`, `source-branch` on the run's \
             branch, `target-default` on the target's default branch.",
        ),
        Setting::new(NAME, "enforce_default_branch", Form::Boolean, |draft, value| {
            value.put(&mut draft.dispatcher.config.enforce_default_branch)
        })
        .env(&["ENFORCE_SOURCE_DEFAULT_BRANCH"])
        .default("true")
        .about("Only runs on the source's default branch dispatch anything."),
        Setting::new(NAME, "allowed_conclusions", Form::List { what: "conclusions" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.allowed_conclusions)
        })
        .env(&["ALLOWED_SOURCE_CONCLUSIONS"])
        .default("success")
        .about("Conclusions of the source run that count, such as `success` and `skipped`; an empty list means all."),
        Setting::new(NAME, "allowed_events", Form::List { what: "events" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.allowed_events)
        })
        .env(&["ALLOWED_SOURCE_EVENTS"])
        .default("")
        .about("Events that the source run may have been started by, such as `push`; an empty list means all."),
        Setting::new(NAME, "source_repos", Form::List { what: "repositories" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.source_repos)
        })
        .env(&["SOURCE_REPO_ALLOWLIST"])
        .default("")
        .about(
            "Repositories that may dispatch, as `owner/name` in any case; `*` stands for any text. Empty means all.",
        ),
        Setting::new(NAME, "source_workflows", Form::List { what: "workflow files" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.source_workflows)
        })
        .env(&["SOURCE_WORKFLOW_ALLOWLIST"])
        .default("")
        .about("Workflow files that may dispatch, such as `ci.yml` or `release-*`, case-sensitive. Empty means all."),
        Setting::new(NAME, "target_repos", Form::List { what: "repositories" }, |draft, value| {
            value.put(&mut draft.dispatcher.config.target_repos)
        })
        .env(&["TARGET_REPO_ALLOWLIST"])
        .default("")
        .about("Repositories that may be dispatched to, written as `source_repos`. Empty means all."),
        Setting::new(NAME, "allowed_target_orgs", Form::List { what: "owners" }, |draft, value| {
            let mut owners: Vec<Owner> = Vec::new();
            value.put(&mut owners)?;
            draft.dispatcher.config.allowed_target_orgs = owners.into_iter().map(|Owner(owner)| owner).collect();
            Ok(())
        })
        .env(&["ALLOWED_TARGET_ORGS"])
        .default("")
        .about("Other owners whose repositories may be dispatched to. Empty means: the source's own owner only."),
        Setting::new(NAME, "max_targets", within(&MAX_TARGETS, "targets"), |draft, value| {
            value.put(&mut draft.dispatcher.config.max_targets)
        })
        .env(&["DISPATCH_MAX_TARGETS_PER_RUN"])
        .default("25")
        .about("How many targets one run may start."),
        Setting::new(NAME, "max_inputs", within(&MAX_INPUTS, "inputs"), |draft, value| {
            value.put(&mut draft.dispatcher.config.max_inputs)
        })
        .default("25")
        .about("How many inputs one dispatch may carry; 10 for an older GitHub Enterprise Server."),
        Setting::new(NAME, "max_chain_depth", within(&MAX_CHAIN_DEPTH, "steps"), |draft, value| {
            value.put(&mut draft.dispatcher.config.max_chain_depth)
        })
        .default("3")
        .about("How deep a chain may go (A starts B starts C); with 1, runs that were dispatched dispatch nothing."),
        Setting::new(NAME, "max_chain_dispatches", within(&MAX_CHAIN_DISPATCHES, "dispatches"), |draft, value| {
            value.put(&mut draft.dispatcher.config.max_chain_dispatches)
        })
        .default("100")
        .about("How many dispatches may come of one run altogether, chains included."),
        Setting::new(NAME, "max_retries", within(&MAX_RETRIES, "retries"), |draft, value| {
            value.put(&mut draft.dispatcher.config.max_retries)
        })
        .env(&["DISPATCH_MAX_RETRIES"])
        .default("8")
        .about(
            "How often a dispatch, or a plan that cannot read a file, is tried again after GitHub failed to answer.",
        ),
        Setting::new(
            NAME,
            "retry_base_ms",
            Form::Integer { min: 1, max: 60_000, unit: "milliseconds" },
            |draft, value| value.put_millis(&mut draft.dispatcher.config.retry_base),
        )
        .env(&["DISPATCH_RETRY_BASE_DELAY_MS"])
        .default("200")
        .about("The wait before the first retry; each further one is four times longer, up to 15 minutes."),
        Setting::new(NAME, "issues", ISSUE_POLICIES, |draft, value| value.put(&mut draft.dispatcher.config.issues))
            .env(&["CREATE_ISSUES"])
            .default("problems")
            .about(
                "When the source repository gets an issue about a run: `problems` when something failed or was denied, \
             `all` (or `true`) on success too, `off` (or `false`) never.",
            ),
        Setting::new(
            NAME,
            "issues_per_hour",
            Form::Integer { min: 0, max: GITHUB_CONTENT_WRITES_PER_HOUR, unit: "issues" },
            |draft, value| value.put(&mut draft.dispatcher.config.issues_per_hour),
        )
        .default("60")
        .about(
            "How many new issues an installation gets in a clock hour; further ones are counted, not made up later.",
        ),
        Setting::new(
            NAME,
            "issue_wait_minutes",
            Form::Integer { min: 1, max: ONE_WEEK_IN_MINUTES, unit: "minutes" },
            |draft, value| value.put_minutes(&mut draft.dispatcher.config.issue_wait),
        )
        .default("10")
        .about("How long an issue waits for targets that are still open before it shows them as pending."),
        Setting::new(
            NAME,
            "dispatch_expiry_minutes",
            Form::Integer { min: 1, max: ONE_WEEK_IN_MINUTES, unit: "minutes" },
            |draft, value| value.put_minutes(&mut draft.dispatcher.config.dispatch_expiry),
        )
        .default("360")
        .about("How old a dispatch may be when it is sent; an older one fails as expired."),
        Setting::new(NAME, "keep_minutes_days", DAYS, |draft, value| {
            value.put_days(&mut draft.dispatcher.keep_minutes)
        })
        .default("2")
        .about("How long counters by the minute are kept."),
        Setting::new(NAME, "keep_runs_days", DAYS, |draft, value| value.put_days(&mut draft.dispatcher.keep_runs))
            .default("400")
            .about("How long runs and counters by the hour are kept."),
        Setting::new(NAME, "keep_lineage_days", DAYS, |draft, value| {
            value.put_days(&mut draft.dispatcher.keep_lineage)
        })
        .default("90")
        .about("How long it is remembered which run was started by which. A re-run after that begins a new chain."),
    ],
};
