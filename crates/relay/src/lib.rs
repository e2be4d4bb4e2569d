//! Relays one upstream repository's events to the repositories of its allowlist, and their results back.

pub mod admit;
pub mod advance;
pub mod allowlist;
pub mod checks;
pub mod conclusion;
pub mod count;
pub mod criteria;
pub mod identity;
pub mod names;
pub mod refusal;
pub mod report;
pub mod verify;
