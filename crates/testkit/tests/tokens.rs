//! The verifier of tokens and the simulated issuers share no code; here they meet.
#![expect(clippy::unwrap_used, reason = "what tests share fails by panicking, too")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use switchboard_clock::SimulatedClock;
use switchboard_github::oidc::{GITHUB_ISSUER, Rejection, Verifier};
use switchboard_github::transport::{Request, Response, Transport, TransportError};
use switchboard_simulator::{BuildkiteJob, IdToken, Provider, RunSpec, Simulator};

const AUDIENCE: &str = "relay";

/// Asks the simulator in process.
#[derive(Debug)]
struct InProcess(Simulator);

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let mut asked = http::Request::new(request.body);
        *asked.method_mut() = request.method;
        *asked.uri_mut() = request.url.as_str().parse().unwrap();
        *asked.headers_mut() = request.headers;
        let (parts, body) = self.0.handle(asked).await.map_err(|_| TransportError::Reset)?.into_parts();
        Ok(Response { status: parts.status, headers: parts.headers, body, truncated: false })
    }
}

struct Meeting {
    clock: SimulatedClock,
    github: Simulator,
    verifier: Verifier,
}

impl Meeting {
    fn new() -> Self {
        let clock = SimulatedClock::default();
        let github = Simulator::new(Arc::new(clock.clone()), 7);
        let buildkite = github.issuer(Provider::Buildkite).url();
        let transport = Arc::new(InProcess(github.clone()));
        let verifier =
            Verifier::new(&[GITHUB_ISSUER, &buildkite], &[AUDIENCE], transport, Arc::new(clock.clone())).unwrap();
        Self { clock, github, verifier }
    }

    fn token(&self) -> IdToken {
        let repository = self.github.repo("vendor/backend");
        let run = repository.workflow("ci.yml").start_run(&RunSpec::default()).unwrap();
        repository.id_token(run, AUDIENCE).unwrap()
    }
}

#[tokio::test]
async fn genuine_tokens_are_believed() {
    let meeting = Meeting::new();
    let token = meeting.token();
    let claims = meeting.verifier.verify(&token.mint()).await.unwrap();
    assert_eq!(claims.text("repository").as_deref(), Some("vendor/backend"));
    assert_eq!(claims.text("run_id").as_deref(), token.claims()["run_id"].as_str());
    let job = BuildkiteJob::new("organization", "pipeline", "job");
    let build = meeting.github.buildkite_token(&job, AUDIENCE).mint();
    let claims = meeting.verifier.verify(&build).await.unwrap();
    assert_eq!(claims.text("pipeline_id").as_deref(), Some("pipeline"));
}

#[tokio::test]
async fn no_bad_token_is_believed() {
    let meeting = Meeting::new();
    let bad = [
        ("expired", meeting.token().expired()),
        ("not yet valid", meeting.token().not_yet_valid()),
        ("for somebody else", meeting.token().audience("elsewhere")),
        ("unsigned", meeting.token().unsigned()),
        ("signed with the public key", meeting.token().signed_with_public_key()),
        ("signed with an unknown key", meeting.token().signed_with_unknown_key()),
        ("forged", meeting.token().forged()),
    ];
    for (what, token) in bad {
        let outcome = meeting.verifier.verify(&token.mint()).await;
        assert!(matches!(outcome, Err(Rejection::Invalid(_))), "{what}: {outcome:?}");
    }
    let stranger = meeting.token().claim("iss", "https://elsewhere.example").mint();
    assert_eq!(meeting.verifier.verify(&stranger).await, Err(Rejection::IssuerUnknown));
}

#[tokio::test]
async fn keys_may_change_and_be_away() {
    let meeting = Meeting::new();
    let issuer = meeting.github.issuer(Provider::GitHubActions);
    issuer.fault().status(503);
    let early = meeting.verifier.verify(&meeting.token().mint()).await;
    assert!(matches!(early, Err(Rejection::KeysUnavailable { .. })), "{early:?}");
    meeting.clock.advance(Duration::from_mins(1));
    let before = meeting.token().mint();
    meeting.verifier.verify(&before).await.unwrap();
    issuer.rotate();
    meeting.clock.advance(Duration::from_mins(1));
    meeting.verifier.verify(&meeting.token().mint()).await.unwrap();
    meeting.verifier.verify(&before).await.unwrap();
    let asked = meeting.github.calls().iter().filter(|call| call.path.ends_with("/jwks")).count();
    assert_eq!(asked, 3, "once in vain, once for each key");
}
