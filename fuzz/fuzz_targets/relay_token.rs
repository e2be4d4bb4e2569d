//! No token is believed that the issuer's key has not signed; what that key has signed names a run or is refused.
#![no_main]
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use switchboard_clock::{Clock as _, SimulatedClock};
use switchboard_github::oidc::{Claims, Rejection, Verifier};
use switchboard_github::transport::{Request, Response, Transport, TransportError};
use switchboard_relay::identity::identify;

const ISSUER: &str = "https://issuer.example";
const PEM: &str = include_str!("../../crates/simulator/keys/simulator-only.issuer-1.rsa-private-key.pem");

/// An issuer with one key, `k`.
#[derive(Debug)]
struct Issuer(String);

#[async_trait::async_trait]
impl Transport for Issuer {
    async fn send(&self, _: Request) -> Result<Response, TransportError> {
        let body = self.0.clone().into();
        Ok(Response { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body, truncated: false })
    }
}

struct Bench {
    verifier: Verifier,
    key: EncodingKey,
    clock: SimulatedClock,
}

fn bench() -> &'static Bench {
    static BENCH: OnceLock<Bench> = OnceLock::new();
    BENCH.get_or_init(|| {
        let built = EncodingKey::from_rsa_pem(PEM.as_bytes()).ok().and_then(|key| {
            let AlgorithmParameters::RSA(rsa) = Jwk::from_encoding_key(&key, Algorithm::RS256).ok()?.algorithm else {
                return None;
            };
            let keys = serde_json::json!({ "keys": [
                { "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k", "n": rsa.n, "e": rsa.e },
            ] });
            let (issuer, clock) = (Arc::new(Issuer(keys.to_string())), SimulatedClock::default());
            let verifier = Verifier::new(&[ISSUER], &["relay"], issuer, Arc::new(clock.clone())).ok()?;
            Some(Bench { verifier, key, clock })
        });
        let Some(built) = built else { panic!("the sample key must be one") };
        built
    })
}

/// The issuer answers at once, so that nothing is ever waited for.
fn verified(token: &str) -> Result<Claims, Rejection> {
    let verifying = std::pin::pin!(bench().verifier.verify(token));
    match verifying.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(verified) => verified,
        Poll::Pending => panic!("nothing is waited for"),
    }
}

libfuzzer_sys::fuzz_target!(|parts: (&str, &str, &str, &[u8])| {
    let (raw, header, claims, signature) = parts;
    assert!(verified(raw).is_err());
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    for header in [header, r#"{"alg":"RS256","kid":"k"}"#] {
        let message = format!("{}.{}", part(header.as_bytes()), part(claims.as_bytes()));
        assert!(verified(&format!("{message}.{}", part(signature))).is_err());
    }
    // Signed, with what a run has to say and whatever else there is.
    let now = bench().clock.now().millis() / 1_000;
    let member = serde_json::Value::from(claims);
    let said = format!(
        r#"{{"iss":"{ISSUER}","aud":"relay","iat":{now},"nbf":{now},"exp":{},"repository":"a/b","run_id":"5",{header}{}"run_attempt":{member}}}"#,
        now + 300,
        if header.is_empty() { "" } else { "," },
    );
    let message = format!("{}.{}", part(br#"{"alg":"RS256","kid":"k"}"#), part(said.as_bytes()));
    let Ok(signature) = crypto::sign(message.as_bytes(), &bench().key, Algorithm::RS256) else { return };
    if let Ok(claims) = verified(&format!("{message}.{signature}")) {
        assert_eq!(claims.issuer(), ISSUER);
        if let Ok(identity) = identify(&claims, &[]) {
            assert!(identity.run_id.is_some_and(|id| id.parse::<i64>().is_ok_and(|id| id >= 0)));
        }
    }
});
