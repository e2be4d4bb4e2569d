//! GitHub's JSON, rendered from the state. Answers and payloads take an object's shape from the same function.

pub(crate) mod account;
pub(crate) mod actions;
pub(crate) mod checks;
pub(crate) mod installation;
pub(crate) mod issues;
pub(crate) mod pulls;
pub(crate) mod repository;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use switchboard_clock::Timestamp;

use crate::state::State;

/// GitHub's opaque node id.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// GitHub's form of a time.
pub(crate) fn time(at: Timestamp) -> String {
    at.rfc3339_seconds()
}

/// `null` or GitHub's form of a time.
pub(crate) fn maybe_time(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| json!(time(at)))
}

impl State {
    /// Address of an API resource; `path` begins with a slash.
    pub(crate) fn api_url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.api_url)
    }

    /// Address of a page; `path` begins with a slash.
    pub(crate) fn html_url(&self, path: &str) -> String {
        format!("{}{path}", self.settings.html_url)
    }
}

/// Adds members to an object.
pub(crate) fn extended(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}

/// Members whose values are addresses under one prefix: name and suffix.
pub(crate) fn links(prefix: &str, list: &[(&str, &str)]) -> Map<String, Value> {
    list.iter().map(|(name, suffix)| ((*name).to_owned(), json!(format!("{prefix}{suffix}")))).collect()
}
