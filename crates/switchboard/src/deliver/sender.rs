//! Posts a delivery to a server, signed anew.

use std::time::Duration;

use bytes::Bytes;
use http::{StatusCode, header};
use serde_json::Value;
use switchboard_github::secret::WebhookSecret;
use switchboard_github::webhook::signature::{SIGNATURE_HEADER, sign};
use url::Url;

/// How long the server may take: GitHub waits ten seconds, and here it may be a debugger that takes its time.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Posts deliveries to one address.
#[derive(Debug, Clone)]
pub struct Sender {
    client: reqwest::Client,
    to: Url,
    secret: WebhookSecret,
}

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its JSON, or null.
    pub said: Value,
}

/// Why the server said nothing.
#[derive(Debug, thiserror::Error)]
pub enum SendProblem {
    /// No connection.
    #[error("no server answers at {0}")]
    Unreachable(Url),
    /// It broke, or took too long.
    #[error("the server's answer did not arrive: {0}")]
    Lost(reqwest::Error),
    /// The client could not be made.
    #[error("cannot set up HTTP: {0}")]
    Setup(reqwest::Error),
}

impl Sender {
    /// Posts to `to`, signing with `secret`.
    ///
    /// # Errors
    /// [`SendProblem::Setup`].
    pub fn new(to: Url, secret: WebhookSecret) -> Result<Self, SendProblem> {
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(SendProblem::Setup)?;
        Ok(Self { client, to, secret })
    }

    /// Posts one delivery: of `headers` those that GitHub makes, and the body as it is.
    ///
    /// # Errors
    /// [`SendProblem`], when there is no answer.
    pub async fn send(&self, headers: &[(String, String)], body: Bytes) -> Result<Answer, SendProblem> {
        let mut request = self.client.post(self.to.clone());
        for (name, value) in headers.iter().filter(|(name, _)| is_githubs(name)) {
            request = request.header(name, value);
        }
        let signature = sign(&self.secret, &body);
        let request = request.header(header::CONTENT_TYPE, "application/json").header(SIGNATURE_HEADER, signature);
        let answer = request.body(body).send().await.map_err(|error| self.problem(error))?;
        let status = answer.status();
        let said = answer.bytes().await.map_err(|error| self.problem(error))?;
        Ok(Answer { status, said: serde_json::from_slice(&said).unwrap_or_default() })
    }

    fn problem(&self, error: reqwest::Error) -> SendProblem {
        if error.is_connect() { SendProblem::Unreachable(self.to.clone()) } else { SendProblem::Lost(error) }
    }
}

/// Whether GitHub makes this header for what a delivery is, rather than for its way.
fn is_githubs(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("x-github-") || matches!(name.as_str(), "user-agent" | "accept")
}

impl Answer {
    /// Whether sending the same again may be answered differently.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        self.status.is_server_error()
            || matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    }

    /// The answer on one line: `202 accepted`, `401 the signature fits none of the configured secrets`.
    #[must_use]
    pub fn line(&self) -> String {
        let is = |member: &str| self.said[member] == true;
        let word = match &self.said {
            _ if is("duplicate") => "duplicate: it was here before",
            _ if is("ignored") => "ignored: no automation wants it",
            _ if is("accepted") => "accepted",
            said => said["detail"].as_str().unwrap_or_else(|| self.status.canonical_reason().unwrap_or_default()),
        };
        let hint = self.said["hint"].as_str().map_or_else(String::new, |hint| format!(" ({hint})"));
        format!("{} {word}{hint}", self.status.as_u16())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_told_on_one_line() {
        let line = |status: u16, said: Value| Answer { status: StatusCode::from_u16(status).unwrap(), said }.line();
        assert_eq!(line(202, json!({ "accepted": true, "duplicate": false })), "202 accepted");
        assert_eq!(line(202, json!({ "accepted": true, "duplicate": true })), "202 duplicate: it was here before");
        assert_eq!(line(401, json!({ "detail": "no", "hint": "look" })), "401 no (look)");
        assert_eq!(line(502, Value::Null), "502 Bad Gateway");
    }
}
