//! The published JSON Schema of the allowlist, for editors.

/// The schema as it is served under `/schemas/allowlist.json`. What JSON Schema cannot express (size, repeated keys, a repository on two
/// levels) is found by [`super::parse`] only.
pub const JSON_SCHEMA: &str = include_str!("../../../../schemas/allowlist.json");
