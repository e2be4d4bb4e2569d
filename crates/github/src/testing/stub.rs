use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use switchboard_clock::{Clock, SimulatedClock};
use tokio::sync::Semaphore;

use crate::transport::{Request, Response, Transport, TransportError};

type Outcome = Result<Response, TransportError>;

/// A GitHub that mints whatever token is asked for and answers everything else from a script, else with `200 {}`.
#[derive(Debug)]
pub(crate) struct Stub {
    clock: SimulatedClock,
    state: Mutex<State>,
    /// Answers wait here while it has no permits.
    gate: Semaphore,
}

#[derive(Debug)]
struct State {
    calls: Vec<Request>,
    mints: Vec<Request>,
    answers: VecDeque<Outcome>,
    mint_answers: VecDeque<Outcome>,
    token_life: Duration,
}

/// An answer with a JSON body.
pub(crate) fn answer(status: u16, headers: &[(&'static str, &str)], body: &Value) -> Outcome {
    let headers = headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap())).collect();
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    Ok(Response { status: StatusCode::from_u16(status).unwrap(), headers, body, truncated: false })
}

impl Stub {
    pub(crate) fn new(clock: SimulatedClock) -> Self {
        let state = State {
            calls: Vec::new(),
            mints: Vec::new(),
            answers: VecDeque::new(),
            mint_answers: VecDeque::new(),
            token_life: Duration::from_secs(3600),
        };
        Self { clock, state: Mutex::new(state), gate: Semaphore::new(Semaphore::MAX_PERMITS) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers the next calls so.
    pub(crate) fn will_answer(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.state().answers.extend(outcomes);
    }

    /// Answers the next mints so.
    pub(crate) fn will_mint(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        self.state().mint_answers.extend(outcomes);
    }

    pub(crate) fn mints_tokens_for(&self, life: Duration) {
        self.state().token_life = life;
    }

    /// Lets no call through until [`Stub::open`].
    pub(crate) fn close(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    pub(crate) fn open(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS);
    }

    /// All calls but mints.
    pub(crate) fn calls(&self) -> Vec<Request> {
        self.state().calls.clone()
    }

    pub(crate) fn mints(&self) -> Vec<Request> {
        self.state().mints.clone()
    }

    fn mint(&self, state: &State, request: &Request) -> Outcome {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let ids = asked["repository_ids"].as_array().map(|ids| ids.iter().map(|id| json!({"id": id})).collect());
        let named = |name: &Value| json!({"id": 1, "full_name": format!("octo/{}", name.as_str().unwrap())});
        let repositories = ids.or_else(|| Some(asked["repositories"].as_array()?.iter().map(named).collect()));
        let mut minted = json!({
            "token": format!("ghs_{}", state.mints.len()),
            "expires_at": (self.clock.now() + state.token_life).rfc3339_seconds(),
            "permissions": asked["permissions"],
        });
        minted["permissions"]["metadata"] = "read".into();
        if let Some(repositories) = repositories {
            minted["repositories"] = Value::Array(repositories);
        }
        answer(201, &[], &minted)
    }
}

#[async_trait]
impl Transport for Stub {
    async fn send(&self, request: Request) -> Outcome {
        let minting = request.url.path().ends_with("/access_tokens");
        let outcome = {
            let mut state = self.state();
            if minting {
                state.mints.push(request.clone());
                state.mint_answers.pop_front().unwrap_or_else(|| self.mint(&state, &request))
            } else {
                state.calls.push(request.clone());
                state.answers.pop_front().unwrap_or_else(|| answer(200, &[], &json!({})))
            }
        };
        let _permit = self.gate.acquire().await;
        let mut outcome = outcome?;
        if outcome.body.len() > request.max_body {
            outcome.body.truncate(request.max_body);
            outcome.truncated = true;
        }
        Ok(outcome)
    }
}
