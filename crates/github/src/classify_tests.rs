use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;
use crate::endpoint::{ACCESS_TOKENS, APP, CREATE_ISSUE, REPOSITORY, WORKFLOW_DISPATCH};
use crate::permission::{Access, Permission};

const NOW: Timestamp = Timestamp::from_seconds(1_767_614_400);
const INSTALLATION: InstallationId = InstallationId(7);
const SCOPE: HoldScope = HoldScope::Installation(INSTALLATION);

fn called(endpoint: &'static Endpoint) -> Called<'static> {
    Called { endpoint, scope: SCOPE, installation: Some(INSTALLATION), asked: None }
}

fn response(status: u16, headers: &[(&'static str, &str)], message: &str) -> Response {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
        .collect();
    let body = Bytes::from(serde_json::json!({"message": message, "documentation_url": "x"}).to_string());
    Response { status: StatusCode::from_u16(status).unwrap(), headers, body, truncated: false }
}

fn class(endpoint: &'static Endpoint, status: u16, headers: &[(&'static str, &str)], message: &str) -> Class {
    called(endpoint).refused(&response(status, headers, message), NOW).class()
}

#[test]
fn rate_limits_say_when_to_come_back() {
    let after = |seconds| Class::RetryAfter { at: NOW + Duration::from_secs(seconds), scope: SCOPE };
    let reset = (NOW.seconds() + 90).to_string();
    let date = "Mon, 05 Jan 2026 12:01:00 GMT"; // a minute ahead of NOW
    for (status, headers, message, seconds) in [
        (403, vec![("retry-after", "37")], "", 37),
        (429, vec![("retry-after", "37"), ("x-ratelimit-remaining", "5")], "", 37),
        (403, vec![("retry-after", "Mon, 05 Jan 2026 12:00:37 GMT")], "", 37),
        (403, vec![("retry-after", "soon")], "", 60),
        (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], "", 90),
        (429, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset), ("date", date)], "", 30),
        (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "5")], "", 1),
        (403, vec![("x-ratelimit-remaining", "0")], "", 60),
        (403, vec![], "API rate limit exceeded for installation ID 7.", 60),
        (403, vec![], "You have exceeded a secondary rate limit. Please wait.", 60),
        (429, vec![("x-ratelimit-remaining", "9")], "You have triggered an abuse detection mechanism.", 60),
    ] {
        assert_eq!(class(&REPOSITORY, status, &headers, message), after(seconds), "{status} {headers:?} {message}");
    }
    assert_eq!(class(&REPOSITORY, 429, &[], "slow down"), Class::Transient);
}

#[test]
fn every_refusal_has_its_class() {
    let permanent = Class::Permanent;
    for (endpoint, status, message, expected) in [
        (&REPOSITORY, 500, "", Class::Transient),
        (&REPOSITORY, 502, "<html>", Class::Transient),
        (&WORKFLOW_DISPATCH, 502, "", Class::Ambiguous),
        (&CREATE_ISSUE, 504, "", Class::Ambiguous),
        (&ACCESS_TOKENS, 500, "", Class::Transient),
        (&REPOSITORY, 401, "Bad credentials", permanent(Reason::AuthFailed)),
        (&APP, 404, "Integration not found", permanent(Reason::AuthFailed)),
        (&REPOSITORY, 403, "Resource not accessible by integration", permanent(Reason::PermissionMissing)),
        (&REPOSITORY, 403, "This installation has been suspended", permanent(Reason::Suspended)),
        (&CREATE_ISSUE, 403, "Repository was archived so is read-only.", permanent(Reason::Archived)),
        (&REPOSITORY, 403, "Blocked", permanent(Reason::Forbidden)),
        (&REPOSITORY, 404, "Not Found", permanent(Reason::NotFound)),
        (&CREATE_ISSUE, 410, "Issues are disabled for this repo", permanent(Reason::Gone)),
        (&CREATE_ISSUE, 409, "", permanent(Reason::Conflict)),
        (&WORKFLOW_DISPATCH, 422, "No ref found for: x", permanent(Reason::Rejected)),
        (&REPOSITORY, 418, "", permanent(Reason::UnexpectedStatus)),
        (&REPOSITORY, 304, "", permanent(Reason::UnexpectedStatus)),
    ] {
        assert_eq!(class(endpoint, status, &[], message), expected, "{status} {message}");
    }
}

#[test]
fn a_lost_answer_is_ambiguous_only_where_it_may_have_changed_something() {
    for (endpoint, error, expected) in [
        (&REPOSITORY, TransportError::Reset, Class::Transient),
        (&ACCESS_TOKENS, TransportError::Timeout, Class::Transient),
        (&WORKFLOW_DISPATCH, TransportError::Connect, Class::Transient),
        (&WORKFLOW_DISPATCH, TransportError::Reset, Class::Ambiguous),
        (&WORKFLOW_DISPATCH, TransportError::Timeout, Class::Ambiguous),
    ] {
        assert_eq!(called(endpoint).unanswered(error).class(), expected, "{} {error}", endpoint.route);
    }
}

#[test]
fn a_missing_permission_is_named_by_the_answer_or_the_table() {
    let hint = |headers: &[(&'static str, &str)]| {
        let refused = response(403, headers, "Resource not accessible by integration");
        called(&WORKFLOW_DISPATCH).refused(&refused, NOW).hint().cloned().unwrap()
    };
    let grants = |permission| Hint::GrantPermission {
        any_of: vec![Permissions::one(permission, Access::Write)],
        installation: Some(INSTALLATION),
    };
    assert_eq!(hint(&[]), grants(Permission::ACTIONS));
    assert_eq!(hint(&[("x-accepted-github-permissions", "checks=write")]), grants(Permission::CHECKS));
}

#[test]
fn a_refused_mint_names_the_installation_or_the_approval() {
    let asked = Permissions::one(Permission::ACTIONS, Access::Write);
    let called = Called { asked: Some(&asked), scope: HoldScope::Mint, ..called(&ACCESS_TOKENS) };
    let installation = INSTALLATION;
    for (status, message, reason, hint) in [
        (404, "Not Found", Reason::NotInstalled, Hint::Install { installation: Some(installation) }),
        (
            422,
            "The permissions requested are not granted to this installation.",
            Reason::PermissionNotGranted,
            Hint::ApprovePermissions { permissions: asked.clone(), installation },
        ),
        (
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
            Reason::NotInstalled,
            Hint::Install { installation: Some(installation) },
        ),
        (
            403,
            "This installation has been suspended",
            Reason::Suspended,
            Hint::Unsuspend { installation: Some(installation) },
        ),
    ] {
        let error = called.refused(&response(status, &[], message), NOW);
        assert_eq!((error.reason(), error.hint()), (Some(reason), Some(&hint)), "{message}");
    }
}

#[test]
fn the_public_text_keeps_githubs_words_apart_and_secrets_out() {
    let words = format!("<script> ghs_{} {}", "x".repeat(50), "y".repeat(5_000));
    let error = called(&REPOSITORY).refused(&response(404, &[("x-github-request-id", "A:1")], &words), NOW);
    assert_eq!(error.to_string(), "not found, or not visible to the App (404)");
    assert!(error.internal().starts_with("<script> [redacted] yyy") && error.internal().len() == MAX_MESSAGE_BYTES);
    assert_eq!((error.request_id(), error.status(), error.code()), (Some("A:1"), Some(404), "not_found"));
}

#[test]
fn details_of_a_rejection_are_kept() {
    let body =
        br#"{"message":"Validation Failed","errors":["a",{"field":"ref","code":"missing"},{"message":"b"},{"x":1},7]}"#;
    assert_eq!(message(body), "Validation Failed; a; field ref: missing; b");
    assert_eq!(message(b"<html>"), "<html>");
    assert_eq!(message(b"[1]"), "[1]");
    assert_eq!(message(b"\xff"), "\u{fffd}");
}

#[test]
fn http_dates_are_read() {
    assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(Timestamp::from_seconds(784_111_777)));
    for wrong in
        ["", "GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 99 Nov 1994 08:49:37 GMT"]
    {
        assert_eq!(http_date(wrong), None, "{wrong}");
    }
}

proptest! {
    #[test]
    fn no_answer_makes_it_panic(
        status in 100..600u16, body in prop::collection::vec(any::<u8>(), 0..80),
        name in prop::sample::select(vec!["retry-after", "x-ratelimit-reset", "date", "x-accepted-github-permissions"]),
        value in "[ -~]{0,40}|[0-9]{1,30}|-[0-9]{1,5}",
    ) {
        let mut response = response(status, &[(name, &value), ("x-ratelimit-remaining", "0")], "");
        response.body = body.into();
        let error = called(&WORKFLOW_DISPATCH).refused(&response, NOW);
        if let Class::RetryAfter { at, .. } = error.class() {
            prop_assert!(at >= NOW);
        }
        let _ = (error.public(), error.hint().map(ToString::to_string));
    }
}
