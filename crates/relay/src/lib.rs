//! Relays one upstream repository's events to the repositories of its allowlist, and their results back.

pub mod admit;
pub mod advance;
pub mod conclusion;
pub mod identity;
pub mod refusal;
pub mod report;
