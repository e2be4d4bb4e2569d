//! Reports that a story makes by hand: as a run would send them, or as nobody should.

use axum::body::Body;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::{Map, Value, json};
use switchboard_simulator::{IdToken, RunId};
use tower::ServiceExt as _;

use super::Town;

/// Whom the tokens of runs are for.
pub const AUDIENCE: &str = "pytorch-cross-repo-ci-relay";
/// Where reports go.
pub const CALLBACK: &str = "/github/callback";

/// An answer of the endpoint.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answer {
    /// The status and the word that says why.
    pub fn refusal(&self) -> (u16, &str) {
        (self.status, self.body["code"].as_str().unwrap_or_default())
    }

    /// A header's text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A report in the making: a run's, on the job `build` of the workflow `CI`.
#[derive(Debug, Clone)]
pub struct Said(pub Value);

impl Said {
    /// That a run on this dispatch has begun.
    #[expect(clippy::needless_pass_by_value, reason = "a run is a number or a word, whichever the story has")]
    pub fn started(delivery_id: &str, run: impl ToString) -> Self {
        Self(json!({
            "event_type": "pull_request",
            "delivery_id": delivery_id,
            "workflow": {
                "status": "in_progress", "conclusion": null, "name": "CI", "job_name": "build",
                "run_id": run.to_string(),
            },
        }))
    }

    /// That it has ended so.
    pub fn ended(delivery_id: &str, run: impl ToString, conclusion: &str) -> Self {
        Self::started(delivery_id, run).workflow("status", "completed").workflow("conclusion", conclusion)
    }

    /// That the downstream's nightly run at this upstream commit has ended so.
    pub fn nightly(sha: &str, run: impl ToString, conclusion: &str) -> Self {
        Self::ended(sha, run, conclusion).with("event_type", "nightly")
    }

    /// With another member.
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0[member] = value.into();
        self
    }

    /// With another member of `workflow`.
    pub fn workflow(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.0["workflow"][member] = value.into();
        self
    }

    /// Without a member of `workflow`.
    pub fn without(mut self, member: &str) -> Self {
        self.0["workflow"].as_object_mut().map(|workflow: &mut Map<String, Value>| workflow.remove(member));
        self
    }

    /// Of this job.
    pub fn job(self, name: &str) -> Self {
        self.workflow("job_name", name)
    }

    /// Of this attempt.
    pub fn attempt(self, attempt: u32) -> Self {
        self.workflow("run_attempt", attempt)
    }
}

impl Town {
    /// A genuine token of a run.
    pub fn token(&self, repo: &str, run: RunId) -> IdToken {
        self.world.github.find(repo).unwrap().id_token(run, AUDIENCE).unwrap()
    }

    /// A report with a new, genuine token of a run. Nothing follows from it before time passes.
    pub async fn report(&self, repo: &str, run: RunId, said: &Said) -> Answer {
        let attempt = said.0["workflow"]["run_attempt"].as_u64().unwrap_or(1);
        let token = self.token(repo, run).claim("run_attempt", attempt.to_string());
        self.say(&token.mint(), said).await
    }

    /// A report with this token.
    pub async fn say(&self, token: &str, said: &Said) -> Answer {
        self.send(token, said.0.to_string()).await
    }

    /// A body with this token.
    pub async fn send(&self, token: &str, body: impl Into<Body>) -> Answer {
        let request = Request::builder()
            .method(Method::POST)
            .uri(CALLBACK)
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/json");
        self.request(request.body(body.into()).unwrap()).await
    }

    /// Any request at the server's door.
    pub async fn request(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.world.router().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&body).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }
}
