//! The dispatcher's views.

use switchboard_store::View;

/// A planned run.
pub const RUN: View = View::of("dispatcher.run");
/// A candidate of a run.
pub const TARGET: View = View::of("dispatcher.target");
/// The conclusion of a run that a candidate's dispatch started.
pub const RESULT: View = View::of("dispatcher.result");
/// Run id to run key.
pub const BY_RUN: View = View::of("dispatcher.by_run");
/// Delivery id to run key.
pub const BY_DELIVERY: View = View::of("dispatcher.by_delivery");
/// Dispatched run id to the dispatch it came from, with its lineage.
pub const BY_TARGET_RUN: View = View::of("dispatcher.by_target_run");
/// Dispatches whose run is not known yet.
pub const EXPECTED_RUN: View = View::of("dispatcher.expected_run");
/// Dispatches so far, by root run key.
pub const CHAIN: View = View::of("dispatcher.chain");
/// Runs, newest first.
pub const RECENT: View = View::of("dispatcher.recent");
/// Runs of a source, newest first.
pub const RECENT_SOURCE: View = View::of("dispatcher.recent_source");
/// Runs that named a target, newest first.
pub const RECENT_TARGET: View = View::of("dispatcher.recent_target");
/// Denied and failed targets, newest first.
pub const PROBLEM: View = View::of("dispatcher.problem");
/// The same by reason.
pub const PROBLEM_REASON: View = View::of("dispatcher.problem_reason");
/// The last verdict on a repository's file.
pub const REPO: View = View::of("dispatcher.repo");
/// Counters of who dispatched whom.
pub const EDGE: View = View::of("dispatcher.edge");
/// The issue of a run.
pub const ISSUE: View = View::of("dispatcher.issue");
/// The open issue about a repository's file.
pub const CONFIG_ISSUE: View = View::of("dispatcher.config_issue");
/// Issues per installation and hour.
pub const ISSUE_BUDGET: View = View::of("dispatcher.issue_budget");
/// Counters since the beginning.
pub const TOTAL: View = View::of("dispatcher.total");
/// Counters of reasons by day.
pub const DAY_REASON: View = View::of("dispatcher.day_reason");
/// Counters and latencies by minute.
pub const MINUTE: View = View::of("dispatcher.minute");
/// Counters and latencies by hour.
pub const HOUR: View = View::of("dispatcher.hour");
/// Counters by minute and source.
pub const MINUTE_REPO: View = View::of("dispatcher.minute_repo");
/// Counters by source and hour.
pub const HOUR_REPO: View = View::of("dispatcher.hour_repo");
/// The last 5, 15 and 60 minutes, summed by the rollup.
pub const WINDOW: View = View::of("dispatcher.window");
/// The checks, as the rollup last found them.
pub const HEALTH: View = switchboard_engine::health::VIEW;
