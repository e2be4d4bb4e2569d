//! Answers and refusals, shaped as GitHub shapes them.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::limits::Standing;

/// What an answer carries.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Raw { content_type: &'static str, bytes: Bytes },
}

/// An answer before it gets the headers that every answer has.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub status: http::StatusCode,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

impl Answer {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status: code(status), headers: Vec::new(), body: Body::Json(body) }
    }

    pub(crate) fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status: code(status), headers: Vec::new(), body: Body::Empty }
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

fn code(status: u16) -> http::StatusCode {
    http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR)
}

/// An answer that says no.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: u16,
    message: String,
    errors: Option<Value>,
    headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(status: u16, message: &str) -> Self {
        Self { status, message: message.to_owned(), errors: None, headers: Vec::new() }
    }

    /// There is no such thing, or it is not for the caller to see: GitHub does not tell which.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    /// The token lacks a permission.
    pub(crate) fn not_accessible() -> Self {
        Self::new(403, "Resource not accessible by integration")
    }

    /// 422 about one field of the request.
    pub(crate) fn invalid(resource: &str, field: &str, code: &str, message: &str) -> Self {
        let mut error = json!({ "resource": resource, "code": code, "field": field });
        if !message.is_empty() {
            error["message"] = json!(message);
        }
        Self { errors: Some(json!([error])), ..Self::new(422, "Validation Failed") }
    }

    pub(crate) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Shows the budget, although the refusal did not count against it.
    pub(crate) fn standing(mut self, standing: Standing) -> Self {
        self.headers.extend(budget(standing));
        self
    }

    /// The answer; `docs` is the endpoint's page below `https://docs.github.com/rest/`.
    pub(crate) fn answer(self, docs: Option<&str>) -> Answer {
        let url = docs
            .map_or_else(|| "https://docs.github.com/rest".to_owned(), |d| format!("https://docs.github.com/rest/{d}"));
        let mut body = json!({ "message": self.message, "documentation_url": url, "status": self.status.to_string() });
        if let Some(errors) = self.errors {
            body["errors"] = errors;
        }
        Answer { headers: self.headers, ..Answer::json(self.status, body) }
    }
}

/// The headers that show a budget.
pub(crate) fn budget(standing: Standing) -> [(&'static str, String); 5] {
    [
        ("x-ratelimit-limit", standing.limit.to_string()),
        ("x-ratelimit-remaining", standing.limit.saturating_sub(standing.used).to_string()),
        ("x-ratelimit-used", standing.used.to_string()),
        ("x-ratelimit-reset", standing.reset.seconds().to_string()),
        ("x-ratelimit-resource", "core".to_owned()),
    ]
}
