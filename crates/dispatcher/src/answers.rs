//! What GitHub's refusal of a dispatch means. Rate limits, lost answers and stale tokens are the client's to tell; what is
//! left is a status and a sentence, and the sentence decides.

use crate::reasons::Reason;

/// The member by which a dispatch asks for the run's id; GitHub Enterprise Servers of old refuse it.
const RUN_DETAILS: &str = "return_run_details";

/// Which request was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The one for a token with Actions: write on the target.
    Token,
    /// The dispatch itself.
    Dispatch,
}

/// What is to be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The same again without `return_run_details`, once.
    WithoutRunDetails,
    /// Never try again.
    Permanent(Reason),
}

/// Classifies a refusal by its status and by the member `message` of its body, which may quote strangers' text.
#[must_use]
pub fn classify(request: Request, status: u16, message: &str) -> Refused {
    Refused::Permanent(match (status, request) {
        (403, _) => forbidden(message),
        (404 | 422, Request::Token) => Reason::TargetNotInstalled,
        (404, Request::Dispatch) => Reason::WorkflowNotFound,
        (422, Request::Dispatch) => return unprocessable(message),
        _ => Reason::Rejected,
    })
}

fn forbidden(message: &str) -> Reason {
    if contains(message, "archived") {
        Reason::TargetArchived
    } else if contains(message, "suspended") {
        Reason::InstallationSuspended
    } else {
        Reason::TargetPermissionMissing
    }
}

/// GitHub tells these apart by text alone. A message may quote the ref or an input, which strangers choose, so what comes first in it
/// is looked at first.
fn unprocessable(message: &str) -> Refused {
    let begins = |text: &str| message.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    let reason = if begins("No ref found") {
        Reason::RefNotFound
    } else if begins("Unexpected inputs") || begins("Required input") || begins("Provided value") {
        Reason::InputsRejected
    } else if contains(message, RUN_DETAILS) {
        return Refused::WithoutRunDetails;
    } else if contains(message, "disabled workflow") || contains(message, "workflow is disabled") {
        Reason::WorkflowDisabled
    } else if contains(message, "'workflow_dispatch' trigger") || contains(message, "workflow_dispatch trigger") {
        Reason::NoDispatchTrigger
    } else {
        Reason::Rejected
    };
    Refused::Permanent(reason)
}

fn contains(message: &str, lower: &str) -> bool {
    message.to_ascii_lowercase().contains(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dispatch(status: u16, message: &str) -> Refused {
        classify(Request::Dispatch, status, message)
    }

    #[test]
    fn refusals_have_distinct_permanent_reasons() {
        let table = [
            (403, "Resource not accessible by integration", Reason::TargetPermissionMissing),
            (403, "Repository was archived so is read-only.", Reason::TargetArchived),
            (403, "This installation has been suspended", Reason::InstallationSuspended),
            (404, "Not Found", Reason::WorkflowNotFound),
            (422, "No ref found for: dev", Reason::RefNotFound),
            (422, "Workflow does not have 'workflow_dispatch' trigger", Reason::NoDispatchTrigger),
            (422, "Cannot trigger a 'workflow_dispatch' on a disabled workflow", Reason::WorkflowDisabled),
            (422, "Unexpected inputs provided: [\"x\"]", Reason::InputsRejected),
            (422, "Required input 'x' not provided", Reason::InputsRejected),
            (422, "Provided value 'x' for input 'y' not in the list of allowed values", Reason::InputsRejected),
            (422, "Something else", Reason::Rejected),
            (400, "Problems parsing JSON", Reason::Rejected),
            (410, "", Reason::Rejected),
        ];
        for (status, message, reason) in table {
            assert_eq!(dispatch(status, message), Refused::Permanent(reason), "{status} {message}");
        }
    }

    #[test]
    fn quoted_names_do_not_change_the_reason() {
        assert_eq!(dispatch(422, "No ref found for: a disabled workflow"), Refused::Permanent(Reason::RefNotFound));
        assert_eq!(
            dispatch(422, "Unexpected inputs provided: [\"return_run_details\"]"),
            Refused::Permanent(Reason::InputsRejected)
        );
        assert_eq!(dispatch(422, "\"return_run_details\" is not a permitted key."), Refused::WithoutRunDetails);
    }

    #[test]
    fn a_refused_token_means_that_the_app_is_not_installed() {
        for status in [404, 422] {
            assert_eq!(classify(Request::Token, status, ""), Refused::Permanent(Reason::TargetNotInstalled));
        }
        let suspended = classify(Request::Token, 403, "This installation has been suspended");
        assert_eq!(suspended, Refused::Permanent(Reason::InstallationSuspended));
    }
}
