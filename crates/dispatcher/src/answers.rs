//! What GitHub's answer to a dispatch means.

use std::time::Duration;

use switchboard_clock::Timestamp;

use crate::reasons::Reason;

/// How long writes are held when GitHub limits the rate and does not say for how long. Source: GitHub's advice for secondary limits.
const DEFAULT_HOLD: Duration = Duration::from_secs(60);
/// The member by which a dispatch asks for the run's id; GitHub Enterprise Servers of old refuse it.
const RUN_DETAILS: &str = "return_run_details";

/// Which request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// The one for a token with Actions: write on the target.
    Token,
    /// The dispatch itself.
    Dispatch,
}

/// The parts of an answer that decide.
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `retry-after`.
    pub retry_after: Option<Duration>,
    /// The header `x-ratelimit-remaining`.
    pub rate_remaining: Option<u64>,
    /// The header `x-ratelimit-reset`.
    pub rate_reset: Option<Timestamp>,
    /// The member `message` of the body, or the body itself where it is no JSON; may quote strangers' text.
    pub message: &'a str,
}

/// What is to be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The workflow was started.
    Started,
    /// All writes of the installation wait until then; this does not count as an attempt.
    Hold(Timestamp),
    /// A fresh token once, then [`Reason::AuthFailed`].
    RefreshToken,
    /// The same again without `return_run_details`, once.
    WithoutRunDetails,
    /// GitHub said that it did nothing: try again later.
    Retry,
    /// The workflow may have been started all the same: look for its run before trying again.
    LookThenRetry,
    /// Never try again.
    Permanent(Reason),
}

/// Classifies an answer that arrived. A lost one (reset, timeout) is [`lost`].
#[must_use]
pub fn classify(request: Request, answer: &Answer<'_>, now: Timestamp) -> Outcome {
    match answer.status {
        200..=299 => Outcome::Started,
        401 => Outcome::RefreshToken,
        403 | 429 if is_rate_limit(answer) => Outcome::Hold(hold_until(answer, now)),
        403 => Outcome::Permanent(forbidden(answer.message)),
        429 => Outcome::Retry,
        500..=599 if request == Request::Token => Outcome::Retry,
        500..=599 => Outcome::LookThenRetry,
        404 | 422 if request == Request::Token => Outcome::Permanent(Reason::TargetNotInstalled),
        404 => Outcome::Permanent(Reason::WorkflowNotFound),
        422 => unprocessable(answer.message),
        _ => Outcome::Permanent(Reason::Rejected),
    }
}

/// What a request without an answer means: repeating a token request does no harm, repeating a dispatch may.
#[must_use]
pub const fn lost(request: Request) -> Outcome {
    match request {
        Request::Token => Outcome::Retry,
        Request::Dispatch => Outcome::LookThenRetry,
    }
}

fn is_rate_limit(answer: &Answer<'_>) -> bool {
    let says_so = ["secondary rate limit", "abuse detection"].iter().any(|text| contains(answer.message, text));
    answer.retry_after.is_some() || answer.rate_remaining == Some(0) || says_so
}

fn hold_until(answer: &Answer<'_>, now: Timestamp) -> Timestamp {
    match (answer.retry_after, answer.rate_reset) {
        (Some(wait), _) => now + wait,
        (None, Some(reset)) if answer.rate_remaining == Some(0) && reset > now => reset,
        _ => now + DEFAULT_HOLD,
    }
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
fn unprocessable(message: &str) -> Outcome {
    let begins = |text: &str| message.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    let reason = if begins("No ref found") {
        Reason::RefNotFound
    } else if begins("Unexpected inputs") || begins("Required input") || begins("Provided value") {
        Reason::InputsRejected
    } else if contains(message, RUN_DETAILS) {
        return Outcome::WithoutRunDetails;
    } else if contains(message, "disabled workflow") || contains(message, "workflow is disabled") {
        Reason::WorkflowDisabled
    } else if contains(message, "'workflow_dispatch' trigger") || contains(message, "workflow_dispatch trigger") {
        Reason::NoDispatchTrigger
    } else {
        Reason::Rejected
    };
    Outcome::Permanent(reason)
}

fn contains(message: &str, lower: &str) -> bool {
    message.to_ascii_lowercase().contains(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000);

    fn dispatch(status: u16, message: &str) -> Outcome {
        classify(Request::Dispatch, &Answer { status, message, ..Answer::default() }, NOW)
    }

    #[test]
    fn success_has_two_faces() {
        assert_eq!((dispatch(200, ""), dispatch(204, "")), (Outcome::Started, Outcome::Started));
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
            (302, "", Reason::Rejected),
        ];
        for (status, message, reason) in table {
            assert_eq!(dispatch(status, message), Outcome::Permanent(reason), "{status} {message}");
        }
    }

    #[test]
    fn quoted_names_do_not_change_the_reason() {
        assert_eq!(dispatch(422, "No ref found for: a disabled workflow"), Outcome::Permanent(Reason::RefNotFound));
        assert_eq!(
            dispatch(422, "Unexpected inputs provided: [\"return_run_details\"]"),
            Outcome::Permanent(Reason::InputsRejected)
        );
        assert_eq!(dispatch(422, "\"return_run_details\" is not a permitted key."), Outcome::WithoutRunDetails);
    }

    #[test]
    fn rate_limits_hold_for_as_long_as_github_says() {
        let after = |seconds| Outcome::Hold(NOW + Duration::from_secs(seconds));
        for status in [403, 429] {
            let limited = Answer { status, ..Answer::default() };
            let table = [
                (
                    Answer { retry_after: Some(Duration::from_secs(37)), rate_reset: Some(Timestamp::MAX), ..limited },
                    after(37),
                ),
                (
                    Answer { rate_remaining: Some(0), rate_reset: Some(Timestamp::from_seconds(1_500)), ..limited },
                    after(500),
                ),
                (
                    Answer { rate_remaining: Some(0), rate_reset: Some(Timestamp::from_seconds(900)), ..limited },
                    after(60),
                ),
                (Answer { message: "You have exceeded a secondary rate limit", ..limited }, after(60)),
                (
                    Answer {
                        message: "secondary rate limit",
                        rate_reset: Some(Timestamp::MAX),
                        rate_remaining: Some(9),
                        ..limited
                    },
                    after(60),
                ),
            ];
            for (answer, expected) in table {
                assert_eq!(classify(Request::Dispatch, &answer, NOW), expected, "{answer:?}");
            }
        }
        assert_eq!(dispatch(429, "Too Many Requests"), Outcome::Retry);
    }

    #[test]
    fn an_ambiguous_dispatch_is_looked_up_before_it_is_repeated() {
        for status in [500, 502, 503, 504] {
            assert_eq!(dispatch(status, ""), Outcome::LookThenRetry);
        }
        assert_eq!((lost(Request::Dispatch), lost(Request::Token)), (Outcome::LookThenRetry, Outcome::Retry));
    }

    #[test]
    fn a_token_request_that_finds_nothing_means_not_installed() {
        for (status, expected) in [
            (404, Outcome::Permanent(Reason::TargetNotInstalled)),
            (422, Outcome::Permanent(Reason::TargetNotInstalled)),
            (401, Outcome::RefreshToken),
            (403, Outcome::Permanent(Reason::InstallationSuspended)),
            (502, Outcome::Retry),
        ] {
            let answer = Answer { status, message: "This installation has been suspended", ..Answer::default() };
            assert_eq!(classify(Request::Token, &answer, NOW), expected, "{status}");
        }
    }
}
