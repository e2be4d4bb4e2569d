//! The kinds of facts, as the predecessor named them.
#![expect(missing_docs, reason = "each constant is named after its text")]

pub const REQUEST_ACCEPTED: &str = "dispatch.request.accepted";
pub const SOURCE_SKIPPED: &str = "dispatch.source.skipped";
pub const CONFIG_INVALID: &str = "dispatch.config.invalid";
pub const CONFIG_RECOVERED: &str = "dispatch.config.recovered";
pub const PLAN_FAILED: &str = "dispatch.plan.failed";
pub const RUN_COMPLETED: &str = "dispatch.run.completed";
pub const PLAN_CREATED: &str = "dispatch.plan.created";
pub const TARGET_QUEUED: &str = "dispatch.target.queued";
pub const TARGET_DENIED: &str = "dispatch.target.denied";
pub const TARGET_SIMULATED: &str = "dispatch.target.simulated";
pub const TRIGGER_SUCCEEDED: &str = "dispatch.trigger.succeeded";
pub const TRIGGER_FAILED: &str = "dispatch.trigger.failed";
pub const ISSUE_CREATED: &str = "dispatch.issue.created";
pub const ISSUE_UPDATED: &str = "dispatch.issue.updated";
pub const ISSUE_CLOSED: &str = "dispatch.issue.closed";
pub const ISSUE_FAILED: &str = "dispatch.issue.failed";
pub const ISSUE_SUPPRESSED: &str = "dispatch.issue.suppressed";
