//! What the document says about refusals: every one is a problem document with a code and, where there is one, a hint.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::{ContentBuilder, RefOr, Response, ResponseBuilder, schema::Ref};
use utoipa::{IntoResponses, ToSchema};

/// A refusal, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub struct Problem {
    /// `about:blank`: the title says what the status means.
    r#type: String,
    /// What the status means, in short.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What happened, in a sentence.
    detail: String,
    /// A short stable word to decide by: `not_found`.
    code: String,
    /// What to do about it.
    hint: Option<String>,
}

/// The media type of a problem.
const PROBLEM: &str = "application/problem+json";

/// Refusals that every route may answer with.
const EVERYWHERE: [(u16, &str); 7] = [
    (400, "The request could not be understood."),
    (401, "Nobody is signed in, or the token is not known."),
    (403, "This address, or this role, may not do that."),
    (422, "A parameter or the body is not what it should be."),
    (429, "There were too many wrong tokens; `Retry-After` says when to try again."),
    (500, "Something went wrong here; the server's log says what."),
    (503, "The database cannot be read at the moment."),
];

fn responses(more: &[(u16, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let one = |(status, text): &(u16, &str)| {
        let schema = Ref::from_schema_name("Problem");
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let response = ResponseBuilder::new().description(*text).content(PROBLEM, content).build();
        (status.to_string(), RefOr::T(response))
    };
    EVERYWHERE.iter().chain(more).map(one).collect()
}

/// How a list, or anything that is always there, may be refused.
pub struct Refused;

impl IntoResponses for Refused {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[])
    }
}

/// How one thing of many may be refused.
pub struct RefusedOne;

impl IntoResponses for RefusedOne {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[(404, "There is no such thing.")])
    }
}

/// How an action may be refused.
pub struct RefusedAction;

impl IntoResponses for RefusedAction {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[
            (404, "There is no such thing."),
            (
                409,
                "It is not in a state in which this can be done, or the `Idempotency-Key` was used for something else.",
            ),
            (410, "It was there, and its retention has passed."),
            (413, "The body is too large."),
        ])
    }
}
