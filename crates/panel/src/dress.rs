//! Turns faults into pages for people, and whatever else went wrong into faults.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri, header};

use crate::access::Session;
use crate::components::{Notice, State as Shape};
use crate::core::Core;
use crate::{Fault, Shell, links};

#[derive(Template)]
#[template(path = "pages/fault.html")]
struct FaultPage {
    title: &'static str,
    notice: Notice,
    status: u16,
    signed_in: bool,
}

/// Draws a page around a fault, if a person asked.
pub(crate) async fn dress(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let target = request.uri().clone();
    let headers = request.headers().clone();
    let mut response = next.run(request).await;
    let fault = match response.extensions_mut().remove::<Fault>() {
        Some(fault) => fault,
        None if is_bare_error(&response) => foreign(response.status()),
        None => return response,
    };
    if wants_json(&target, &headers) {
        // One that we made is a problem document already.
        return if is_bare_error(&response) { fault.into_response() } else { response };
    }
    let session = response.extensions_mut().remove::<Session>();
    let mut notice = Notice::new(shape(fault.status), fault.detail.clone()).code(fault.code).unmarked();
    if let Some(hint) = &fault.hint {
        notice = notice.hint(hint.clone());
    }
    let signed_in = session.is_some();
    let shell = Shell::for_fault(core, session, target, &headers);
    let body = FaultPage { title: fault.title(), notice, status: fault.status.as_u16(), signed_in };
    let Ok(mut page) = shell.page(fault.title(), &body).await else { return response };
    *page.status_mut() = fault.status;
    for name in [header::RETRY_AFTER, header::SET_COOKIE, header::ALLOW] {
        for value in response.headers().get_all(&name) {
            page.headers_mut().append(&name, value.clone());
        }
    }
    page
}

/// The answer for a path that nobody serves.
pub(crate) async fn unknown_path(uri: Uri) -> Fault {
    Fault::not_found(format!("There is nothing at `{}`.", uri.path()))
        .hint("The search box finds deliveries, jobs, repositories and whatever the automations know.")
}

/// An error that came without a fault: a router's 404 or 405, or an extractor's refusal.
fn is_bare_error(response: &Response) -> bool {
    let status = response.status();
    let made = response.headers().get(header::CONTENT_TYPE).is_some_and(|content_type| {
        let content_type = content_type.to_str().unwrap_or_default();
        content_type.starts_with("text/html") || content_type.contains("json")
    });
    (status.is_client_error() || status.is_server_error()) && !made
}

fn foreign(status: StatusCode) -> Fault {
    let (code, detail) = match status {
        StatusCode::NOT_FOUND => ("not_found", "There is nothing at this address."),
        StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "This address does not take that kind of request."),
        StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "What was sent is too large."),
        status if status.is_client_error() => ("request_invalid", "The request was not understood."),
        _ => ("failed", "This could not be done; the server's log says why."),
    };
    let fault = Fault::new(status, code, detail);
    match status {
        StatusCode::BAD_REQUEST => fault.hint("A parameter is missing, or is there twice, or does not read as text."),
        _ => fault,
    }
}

fn shape(status: StatusCode) -> Shape {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => Shape::Denied,
        status if status.is_server_error() => Shape::Failed,
        _ => Shape::Cancelled,
    }
}

fn wants_json(target: &Uri, headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    links::is_for_programs(target.path()) || (accept.contains("json") && !accept.contains("text/html"))
}
