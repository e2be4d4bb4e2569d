//! By what a repeated report is recognised.

use aws_lc_rs::digest::{SHA256, digest as sha256};
use serde::Serialize;
use serde_json::Value;
use switchboard_store::Digest;

use super::Report;

/// The digest of a report of `repository`: of everything it says but the echo and the job's own clock, which a client that
/// repeats itself writes anew.
#[must_use]
pub fn digest(repository: &str, report: &Report) -> Digest {
    #[derive(Serialize)]
    struct Said {
        repository: String,
        report: Value,
    }
    // A report is made of texts and numbers, so it always serialises; its members come in the order of their declaration.
    let mut report = serde_json::to_value(report).unwrap_or_default();
    if let Some(members) = report.as_object_mut() {
        members.remove("echo");
        if let Some(decorations) = members.get_mut("decorations").and_then(Value::as_object_mut) {
            for clock in ["started_at", "completed_at", "dropped"] {
                decorations.remove(clock);
            }
        }
    }
    let said = serde_json::to_vec(&Said { repository: repository.to_ascii_lowercase(), report }).unwrap_or_default();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(sha256(&SHA256, &said).as_ref());
    Digest(bytes)
}
