//! A small world, and a client that knows nothing but HTTP.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use switchboard_clock::{Clock as _, SimulatedClock};
use switchboard_simulator::{
    App, AppSpec, Fault, Installation, InstallationSpec, Repository, RepositorySpec, SIMULATOR_ONLY_PRIVATE_KEY,
    Simulator, Workflow, WorkflowSpec,
};

/// `acme` with a source and a target, both private, and an App installed on all of it; `rival/open` is public and foreign.
pub struct World {
    pub clock: SimulatedClock,
    pub github: Simulator,
    pub app: App,
    pub installation: Installation,
    pub source: Repository,
    pub target: Repository,
    pub open: Repository,
    pub ci: Workflow,
    pub cd: Workflow,
}

pub type Answered = Response<Bytes>;

impl World {
    pub fn new() -> Self {
        let clock = SimulatedClock::default();
        let github = Simulator::new(Arc::new(clock.clone()), 7);
        let acme = github.organization("acme");
        let source = acme.repository("source");
        let target = acme.repository("target");
        let open = github.organization("rival").repository(RepositorySpec::new("open").public());
        let ci = source.workflow("ci.yml");
        let cd = target.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["sha"]));
        let app = github.app(AppSpec::new("switchboard")).unwrap();
        let installation = app.install(&acme, InstallationSpec::all());
        Self { clock, github, app, installation, source, target, open, ci, cd }
    }

    pub fn jwt(&self) -> String {
        let now = self.clock.now().seconds();
        self.jwt_with(&json!({ "iss": self.app.id(), "iat": now - 60, "exp": now + 540 }))
    }

    pub fn jwt_with(&self, claims: &Value) -> String {
        let body: String = SIMULATOR_ONLY_PRIVATE_KEY.lines().filter(|line| !line.starts_with("-----")).collect();
        let key = KeyPair::from_der(&STANDARD.decode(body).unwrap()).unwrap();
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&json!({ "alg": "RS256", "typ": "JWT" })), part(claims));
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    pub async fn try_send(&self, request: Request<Bytes>) -> Result<Answered, Fault> {
        self.github.handle(request).await
    }

    pub async fn send(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> Answered {
        self.try_send(request(method, path, token, body)).await.unwrap()
    }

    pub async fn get(&self, path: &str, token: &str) -> Answered {
        self.send("GET", path, token, None).await
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Answered {
        self.send("POST", path, token, Some(body)).await
    }

    /// Mints a token and gives the whole answer.
    pub async fn mint(&self, body: Value) -> Answered {
        self.post(&format!("/app/installations/{}/access_tokens", self.installation.id()), &self.jwt(), body).await
    }

    /// A token with everything that the installation has.
    pub async fn token(&self) -> String {
        self.narrow_token(json!({})).await
    }

    pub async fn narrow_token(&self, body: Value) -> String {
        let answer = self.mint(body).await;
        assert_eq!(answer.status(), 201, "{}", json_of(&answer));
        json_of(&answer)["token"].as_str().unwrap().to_owned()
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

pub fn request(method: &str, path: &str, token: &str, body: Option<Value>) -> Request<Bytes> {
    let body = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
    Request::builder()
        .method(method)
        .uri(path)
        .header("user-agent", "test")
        .header("authorization", format!("Bearer {token}"))
        .body(body)
        .unwrap()
}

pub fn json_of(answer: &Answered) -> Value {
    serde_json::from_slice(answer.body()).unwrap_or(Value::Null)
}

pub fn header<'a>(answer: &'a Answered, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// Asserts status and the beginning of the message.
#[track_caller]
pub fn refused(answer: &Answered, status: u16, message: &str) {
    let body = json_of(answer);
    assert_eq!(answer.status(), status, "{body}");
    assert!(body["message"].as_str().unwrap().starts_with(message), "{body}");
    assert_eq!(body["status"], status.to_string());
    assert!(body["documentation_url"].is_string());
}
