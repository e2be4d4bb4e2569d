//! What every answer gets at the end: revalidation, the budget, a request id, the time.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};

use super::answer::{Answer, Body, budget};
use crate::keys::sha256_hex;
use crate::limits::Standing;
use crate::state::State;

/// GitHub's JSON type.
const JSON: &str = "application/json; charset=utf-8";

/// The versions of the API that `X-GitHub-Api-Version` may name.
/// <https://docs.github.com/rest/about-the-rest-api/api-versions>
pub(super) const API_VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// Gives a successful read its ETag, and turns it into a 304 when the caller has it already.
pub(super) fn revalidated(mut answer: Answer, request: &Request<Bytes>, salt: &str) -> Answer {
    if request.method() != Method::GET || answer.status != StatusCode::OK {
        return answer;
    }
    let bytes = bytes(&answer.body);
    let etag = format!("W/\"{}\"", sha256_hex(&[salt.as_bytes(), &bytes]));
    let known = request.headers().get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // A validator is weak or not by how it is stored on the way; only its opaque part is compared.
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let fresh = known.flat_map(|list| list.split(',')).any(|tag| tag.trim() == "*" || opaque(tag) == opaque(&etag));
    answer.headers.push(("etag", etag));
    answer.headers.push(("cache-control", "private, max-age=60, s-maxage=60".to_owned()));
    answer.headers.push(("vary", "Accept, Authorization, Cookie, X-GitHub-OTP".to_owned()));
    if fresh {
        answer.status = StatusCode::NOT_MODIFIED;
        answer.body = Body::Empty;
    }
    answer
}

/// Whether an answer is free of charge.
/// <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api#use-conditional-requests-if-appropriate>
pub(super) fn costs_nothing(answer: &Answer) -> bool {
    answer.status == StatusCode::NOT_MODIFIED
}

/// The answer as it goes out.
pub(crate) fn dressed(
    state: &mut State,
    answer: &Answer,
    accepted: Option<&str>,
    standing: Option<Standing>,
) -> Response<Bytes> {
    let mut response = Response::new(bytes(&answer.body));
    *response.status_mut() = answer.status;
    let mut put = |name: &str, value: &str| {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), HeaderValue::from_str(value)) {
            response.headers_mut().insert(name, value);
        }
    };
    match &answer.body {
        Body::Empty => {}
        Body::Json(_) => put("content-type", JSON),
        Body::Raw { content_type, .. } => put("content-type", content_type),
    }
    put("server", "github.com");
    put("date", &state.now.format("%a, %d %b %Y %H:%M:%S GMT"));
    put("x-github-request-id", &state.next_request_id());
    put("x-github-media-type", "github.v3; format=json");
    put("x-github-api-version-selected", API_VERSIONS[0]);
    if let Some(accepted) = accepted {
        put("x-accepted-github-permissions", accepted);
    }
    for (name, value) in standing.into_iter().flat_map(budget) {
        put(name, &value);
    }
    for (name, value) in &answer.headers {
        put(name, value);
    }
    response
}

fn bytes(body: &Body) -> Bytes {
    match body {
        Body::Empty => Bytes::new(),
        Body::Json(value) => Bytes::from(value.to_string()),
        Body::Raw { bytes, .. } => bytes.clone(),
    }
}
