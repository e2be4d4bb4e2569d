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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use switchboard_clock::Timestamp;

    use super::*;
    use crate::report::RunIds;

    fn identity() -> Identity {
        Identity {
            repository: "acme/api".parse().unwrap(),
            repository_id: Some(7),
            run_id: Some("5".to_owned()),
            run_attempt: Some(2),
            token_id: Some("jti".to_owned()),
            expires_at: Timestamp::from_seconds(2_000),
            run_ids: RunIds::Numbers,
        }
    }

    fn report(changes: &[(&str, Value)]) -> Report {
        let mut body = json!({
            "event_type": "pull_request", "delivery_id": "d-1",
            "workflow": { "status": "completed", "conclusion": "success", "name": "CI", "job_name": "build", "run_id": "5" },
        });
        for (member, value) in changes {
            let place = if body.get(member).is_some() { &mut body[*member] } else { &mut body["workflow"][*member] };
            *place = value.clone();
        }
        Report::read(body.to_string().as_bytes(), RunIds::Words).unwrap()
    }

    fn code(admitted: Result<(), Refusal>) -> Option<&'static str> {
        admitted.err().map(|refusal| refusal.code.as_str())
    }

    #[test]
    fn relay_15_strangers_are_ignored_or_refused_as_the_operator_likes() {
        let repo = identity().repository;
        assert_eq!(listed(&repo, true, true).unwrap(), Listing::Counts);
        assert_eq!(listed(&repo, true, false).unwrap(), Listing::Counts);
        assert_eq!(listed(&repo, false, false).unwrap(), Listing::Ignored);
        assert_eq!(listed(&repo, false, true).unwrap_err().code, Code::NotAllowed);
    }

    #[test]
    fn relay_14_a_token_and_a_body_speak_of_one_run() {
        let sha = "a".repeat(40);
        let nightly = ("event_type", json!("nightly"));
        let table = [
            (vec![], true, None),
            (vec![("run_attempt", json!(2))], true, None),
            (vec![("run_attempt", json!("1"))], true, Some("run_mismatch")),
            (vec![("run_id", json!(6))], true, Some("run_mismatch")),
            (vec![("run_id", json!("05"))], true, Some("run_mismatch")),
            (vec![nightly.clone(), ("delivery_id", json!(sha))], true, None),
            (vec![nightly.clone(), ("delivery_id", json!(sha.to_uppercase()))], true, None),
            (vec![nightly.clone(), ("delivery_id", json!(sha))], false, Some("nightly")),
            (vec![nightly.clone(), ("delivery_id", json!(&sha[1..]))], true, Some("nightly")),
            (vec![nightly.clone(), ("delivery_id", json!("g".repeat(40)))], true, Some("nightly")),
            (
                vec![nightly.clone(), ("delivery_id", json!(sha)), ("status", json!("in_progress"))],
                true,
                Some("nightly"),
            ),
            // The report is looked at before the claims.
            (vec![nightly, ("delivery_id", json!("x")), ("run_id", json!(6))], true, Some("nightly")),
        ];
        for (changes, takes_nightlies, expected) in table {
            let report = report(&changes);
            assert_eq!(code(consistent(&identity(), &report, takes_nightlies)), expected, "{changes:?}");
        }
        let unbound = Identity { run_id: None, run_attempt: None, ..identity() };
        let anywhere = report(&[("run_id", json!("any-run")), ("run_attempt", json!(9))]);
        assert_eq!(code(consistent(&unbound, &anywhere, true)), None);
    }

    #[test]
    fn relay_14_a_pinned_name_stands_for_one_repository() {
        assert_eq!(code(same_repository(&identity(), Some(7))), None);
        assert_eq!(code(same_repository(&identity(), Some(8))), Some("identity_changed"));
        assert_eq!(code(same_repository(&identity(), None)), None);
        let untold = Identity { repository_id: None, ..identity() };
        assert_eq!(code(same_repository(&untold, Some(8))), None);
    }
}
