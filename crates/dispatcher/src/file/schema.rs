//! The published JSON Schema of `dispatching.yml`, for editors.

/// The schema as it is served under `/schemas/`. Limits that JSON Schema cannot express (size, repeated keys, Git's finer rules for
/// refs) are found by [`super::read`] only.
pub const JSON_SCHEMA: &str = include_str!("../../../../schemas/dispatching.schema.json");
