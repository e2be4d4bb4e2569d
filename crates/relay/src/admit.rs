//! Whether a verified report is taken: steps 4 and 7 to 9 of the endpoint, on values that were read before.

use switchboard_github::RepoName;

use crate::identity::Identity;
use crate::refusal::{Code, Refusal};
use crate::report::{Report, Status};

/// What became of a report that is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// The entry's reports count.
    Counts,
    /// The entry is not known, or its level is too low: the report is not kept.
    Ignored,
}

/// Step 4: whether reports of this repository count, by the allowlist in force.
///
/// # Errors
/// [`Code::NotAllowed`] where strangers are to be refused instead of ignored.
pub fn listed(repository: &RepoName, reports_count: bool, forbid_strangers: bool) -> Result<Listing, Refusal> {
    match (reports_count, forbid_strangers) {
        (true, _) => Ok(Listing::Counts),
        (false, false) => Ok(Listing::Ignored),
        (false, true) => {
            Err(Refusal::new(Code::NotAllowed, format!("Reports of {repository} are not taken by the allowlist.")))
        }
    }
}

/// Steps 7 and 8, as far as the token and the body alone decide them.
///
/// # Errors
/// [`Code::Nightly`], [`Code::RunMismatch`].
pub fn consistent(identity: &Identity, report: &Report, takes_nightlies: bool) -> Result<(), Refusal> {
    if report.kind.is_nightly() {
        let refused = |detail: &str| Err(Refusal::new(Code::Nightly, detail));
        if report.status == Status::InProgress {
            return refused("A nightly is reported once, when it has completed.");
        }
        if report.delivery_id.len() != 40 || !report.delivery_id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return refused("The delivery_id of a nightly is the upstream's full commit SHA.");
        }
        if !takes_nightlies {
            return refused("The allowlist takes no nightlies of this repository.");
        }
    }
    let mismatch = |what: &str| Err(Refusal::new(Code::RunMismatch, format!("The body's {what} is not the token's.")));
    if identity.run_id.as_ref().is_some_and(|claimed| *claimed != report.run_id) {
        return mismatch("run_id");
    }
    if let (Some(claimed), Some(said)) = (identity.run_attempt, report.run_attempt)
        && claimed != said
    {
        return mismatch("run_attempt");
    }
    Ok(())
}

/// Step 8: whether the name still stands for the repository that it was pinned to.
///
/// # Errors
/// [`Code::IdentityChanged`].
pub fn same_repository(identity: &Identity, pinned: Option<u64>) -> Result<(), Refusal> {
    match (identity.repository_id, pinned) {
        (Some(id), Some(pinned)) if id != pinned => {
            let detail =
                format!("{} is another repository than the one that this name stood for.", identity.repository);
            Err(Refusal::new(Code::IdentityChanged, detail))
        }
        _ => Ok(()),
    }
}

/// Step 9's refusal. The same for an unknown id and for somebody else's, so that nobody learns which ids exist.
#[must_use]
pub fn unknown_dispatch() -> Refusal {
    Refusal::new(Code::UnknownDispatch, "No event of this delivery_id was dispatched to this repository.")
}
