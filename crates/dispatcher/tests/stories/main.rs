//! The contract's acceptance cases, told as stories.
#![expect(clippy::expect_used, reason = "what tests share fails by panicking, too")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod bounds;
mod broken_files;
mod budget;
mod chains;
mod config_issues;
mod consent;
mod counters;
mod deliveries;
mod files;
mod first;
mod inputs;
mod issues;
mod lost_answers;
mod matching;
mod outages;
mod replay;
mod requests;
mod source;
mod unknown_runs;
