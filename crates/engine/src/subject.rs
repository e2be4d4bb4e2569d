//! How what a human asks about is written, so that everybody finds it under the same name. Names of accounts and
//! repositories compare without case at GitHub, so they stand in lower case here.

use switchboard_github::webhook::envelope::Envelope;
use switchboard_store::{Installation, Subject};

/// A pull request or issue: `owner/name#12`.
#[must_use]
pub fn number(repository: &str, number: u64) -> Subject {
    format!("{}#{number}", repository.to_lowercase()).into()
}

/// A commit: `owner/name@<sha>`.
#[must_use]
pub fn commit(repository: &str, sha: &str) -> Subject {
    format!("{}@{sha}", repository.to_lowercase()).into()
}

/// A repository: `owner/name`.
#[must_use]
pub fn repository(name: &str) -> Subject {
    name.to_lowercase().into()
}

/// An installation: `installation/7`.
#[must_use]
pub fn installation(id: Installation) -> Subject {
    format!("installation/{id}").into()
}

/// What a delivery is about: the most specific thing that a human would ask for.
#[must_use]
pub(crate) fn of(envelope: &Envelope) -> Option<Subject> {
    let name = envelope.repository.as_ref().and_then(|repository| repository.full_name.as_deref());
    match (name, envelope.number, &envelope.head_sha) {
        (Some(name), Some(number), _) => Some(self::number(name, number)),
        (Some(name), None, Some(sha)) => Some(commit(name, sha.as_str())),
        (Some(name), None, None) => Some(repository(name)),
        (None, ..) => envelope.installation.map(|id| installation(Installation(id.0))),
    }
}
