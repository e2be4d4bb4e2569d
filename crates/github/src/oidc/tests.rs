use std::sync::OnceLock;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use proptest::prelude::*;
use serde_json::json;
use switchboard_clock::SimulatedClock;

use super::*;
use crate::testing::{Stub, answer, app_key_pem, new_key_pem};
use crate::transport::TransportError;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "relay";

struct World {
    verifier: Verifier,
    stub: Arc<Stub>,
    clock: SimulatedClock,
}

impl World {
    fn new() -> Self {
        let clock = SimulatedClock::default();
        let stub = Arc::new(Stub::new(clock.clone()));
        let verifier = Verifier::new(
            &["https://other.example", ISSUER],
            &["old", AUDIENCE],
            stub.clone(),
            Arc::new(clock.clone()),
        )
        .unwrap();
        Self { verifier, stub, clock }
    }

    /// The issuer publishes these keys when it is asked next.
    fn publishes(&self, keys: &[(&str, &str)]) {
        self.stub.will_answer([answer(200, &[], &json!({ "keys": keys.iter().map(published).collect::<Vec<_>>() }))]);
    }

    fn now(&self) -> i64 {
        self.clock.now().millis() / 1000
    }

    /// A token that everything is right with, but for these claims; a null leaves one out.
    fn token(&self, changes: Value) -> String {
        signed("one", app_key_pem(), &self.claims(changes))
    }

    fn claims(&self, changes: Value) -> Value {
        let now = self.now();
        let mut claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 300, "jti": "id",
            "repository": "acme/api", "run_id": "5",
        });
        let members = claims.as_object_mut().unwrap();
        if let Value::Object(changes) = changes {
            members.extend(changes);
        }
        members.retain(|_, value| !value.is_null());
        claims
    }

    fn asked(&self) -> usize {
        self.stub.calls().len()
    }
}

fn other_key() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(new_key_pem)
}

fn published((id, pem): &(&str, &str)) -> Value {
    let key = Jwk::from_encoding_key(&EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap(), Algorithm::RS256).unwrap();
    let AlgorithmParameters::RSA(rsa) = key.algorithm else { unreachable!("an RSA key") };
    json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "n": rsa.n, "e": rsa.e, "x5t": "ignored" })
}

fn signed(key_id: &str, pem: &str, claims: &Value) -> String {
    let header = Header { kid: Some(key_id.to_owned()), ..Header::new(Algorithm::RS256) };
    jsonwebtoken::encode(&header, claims, &EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap()).unwrap()
}

fn invalid(outcome: Result<Claims, Rejection>) -> &'static str {
    match outcome {
        Err(Rejection::Invalid(why)) => why,
        other => panic!("not invalid: {other:?}"),
    }
}

#[tokio::test]
async fn a_genuine_token_tells_which_run_it_was_given_to() {
    let world = World::new();
    world.publishes(&[("zero", other_key()), ("one", app_key_pem())]);
    let claims = world.verifier.verify(&world.token(json!({ "run_attempt": 2 }))).await.unwrap();
    assert_eq!((claims.issuer(), claims.text("repository").as_deref()), (ISSUER, Some("acme/api")));
    assert_eq!((claims.text("run_id").as_deref(), claims.text("run_attempt").as_deref()), (Some("5"), Some("2")));
    assert_eq!(claims.expires_at().millis(), (world.now() + 300) * 1000);
    let asked = world.stub.calls().remove(0);
    assert_eq!(asked.url.as_str(), "https://issuer.example/.well-known/jwks");
}

#[tokio::test]
async fn a_token_for_somebody_else_or_of_another_time_is_invalid() {
    let world = World::new();
    world.publishes(&[("one", app_key_pem())]);
    let now = world.now();
    let table = [
        (json!({ "exp": now - 60 }), "the token has expired"),
        (json!({ "exp": null }), "the token does not say when it ends"),
        (json!({ "exp": "soon" }), "the token does not say when it ends"),
        (json!({ "nbf": now + 61 }), "the token is not valid yet"),
        (json!({ "iat": now + 61 }), "the token is not valid yet"),
        (json!({ "nbf": "soon" }), "the token is not valid yet"),
        (json!({ "aud": "relays" }), "the token is meant for another audience"),
        (json!({ "aud": ["a", 5] }), "the token is meant for another audience"),
        (json!({ "aud": null }), "the token is meant for another audience"),
    ];
    for (changes, why) in table {
        assert_eq!(invalid(world.verifier.verify(&world.token(changes.clone())).await), why, "{changes}");
    }
    let fine = [
        json!({ "exp": now - 59 }),
        json!({ "exp": i64::MAX }),
        json!({ "exp": 4e10 }),
        json!({ "nbf": now + 60, "iat": now + 60 }),
        json!({ "nbf": null, "iat": null }),
        json!({ "aud": ["a", AUDIENCE] }),
    ];
    for changes in fine {
        world.verifier.verify(&world.token(changes.clone())).await.unwrap_or_else(|why| panic!("{changes}: {why}"));
    }
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn nothing_in_a_token_chooses_how_it_is_verified() {
    let world = World::new();
    world.publishes(&[("one", app_key_pem())]);
    let claims = world.claims(json!({}));
    let public = published(&("one", app_key_pem())).to_string();
    let hmac = Header { kid: Some("one".to_owned()), ..Header::new(Algorithm::HS256) };
    let hmac = jsonwebtoken::encode(&hmac, &claims, &EncodingKey::from_secret(public.as_bytes())).unwrap();
    let genuine = world.token(json!({}));
    let body = genuine.split('.').nth(1).unwrap();
    use base64::Engine as _;
    let none = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"one"}"#);
    let wrong = "the token is not signed with RS256";
    assert_eq!(invalid(world.verifier.verify(&hmac).await), wrong);
    assert_eq!(invalid(world.verifier.verify(&format!("{none}.{body}.")).await), wrong);
    let forged = signed("one", other_key(), &claims);
    assert_eq!(invalid(world.verifier.verify(&forged).await), "the token's signature is wrong");
    let unnamed = jsonwebtoken::encode(
        &Header::new(Algorithm::RS256),
        &claims,
        &EncodingKey::from_rsa_pem(app_key_pem().as_bytes()).unwrap(),
    );
    assert_eq!(invalid(world.verifier.verify(&unnamed.unwrap()).await), "the token does not name its key");
    let stranger = world.token(json!({ "iss": "https://evil.example" }));
    assert_eq!(world.verifier.verify(&stranger).await, Err(Rejection::IssuerUnknown));
    assert_eq!(world.verifier.verify(&world.token(json!({ "iss": null }))).await, Err(Rejection::IssuerUnknown));
    assert!(invalid(world.verifier.verify(&"a".repeat(TOKEN_BYTES_MAX + 1)).await).contains("16 KiB"));
    assert_eq!(world.asked(), 1);
}

#[tokio::test]
async fn keys_serve_for_an_hour_and_for_a_day_while_the_issuer_is_down() {
    let world = World::new();
    world.publishes(&[("one", app_key_pem())]);
    let verify = async || world.verifier.verify(&world.token(json!({}))).await;
    verify().await.unwrap();
    world.clock.advance(KEYS_FRESH - Duration::from_secs(1));
    verify().await.unwrap();
    assert_eq!(world.asked(), 1);
    world.clock.advance(Duration::from_secs(1));
    world.stub.will_answer([Err(TransportError::Timeout), answer(500, &[], &Value::Null)]);
    verify().await.unwrap();
    verify().await.unwrap();
    assert_eq!(world.asked(), 2, "a failed look is not repeated within the minute");
    world.clock.advance(FETCH_PAUSE);
    verify().await.unwrap();
    assert_eq!(world.asked(), 3);
    world.clock.advance(KEYS_KEPT);
    world.stub.will_answer([answer(200, &[], &json!({ "keys": [] }))]);
    let Err(Rejection::KeysUnavailable { retry_after }) = verify().await else { panic!("keys of yesterday") };
    assert_eq!(retry_after, FETCH_PAUSE);
    world.clock.advance(Duration::from_secs(20));
    assert_eq!(verify().await, Err(Rejection::KeysUnavailable { retry_after: Duration::from_secs(40) }));
    world.clock.advance(Duration::from_secs(40));
    world.publishes(&[("one", app_key_pem())]);
    verify().await.unwrap();
}

#[tokio::test]
async fn a_rotated_key_is_looked_for_once_a_minute() {
    let world = World::new();
    world.publishes(&[("one", app_key_pem())]);
    world.verifier.verify(&world.token(json!({}))).await.unwrap();
    let rotated = |world: &World| signed("two", other_key(), &world.claims(json!({})));
    // Just fetched: not again, whoever asks.
    assert_eq!(invalid(world.verifier.verify(&rotated(&world)).await), "the issuer has no key of that name");
    world.clock.advance(FETCH_PAUSE);
    world.publishes(&[("one", app_key_pem()), ("two", other_key())]);
    world.verifier.verify(&rotated(&world)).await.unwrap();
    let unknown = signed("three", other_key(), &world.claims(json!({})));
    for _ in 0..5 {
        assert_eq!(invalid(world.verifier.verify(&unknown).await), "the issuer has no key of that name");
    }
    assert_eq!(world.asked(), 2);
}

#[tokio::test]
async fn many_at_once_fetch_once_and_known_keys_do_not_wait_for_a_fetch() {
    let world = World::new();
    world.publishes(&[("one", app_key_pem())]);
    let token = world.token(json!({}));
    let (a, b, c) =
        tokio::join!(world.verifier.verify(&token), world.verifier.verify(&token), world.verifier.verify(&token));
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(world.asked(), 1);
    world.clock.advance(FETCH_PAUSE);
    world.stub.close();
    let unknown = signed("two", other_key(), &world.claims(json!({})));
    let known = world.token(json!({}));
    tokio::select! {
        biased;
        _ = world.verifier.verify(&unknown) => panic!("the issuer does not answer yet"),
        known = world.verifier.verify(&known) => assert!(known.is_ok()),
    }
}

#[test]
fn an_issuer_is_an_address() {
    let clock = SimulatedClock::default();
    let stub = Arc::new(Stub::new(clock.clone()));
    for name in ["", "issuer.example", "file:///etc", "https://", "https://a.example/?x=1", "https://a.example/#x"] {
        assert!(Verifier::new(&[name], &[], stub.clone(), Arc::new(clock.clone())).is_err(), "{name:?}");
    }
}

proptest! {
    #[test]
    fn no_token_makes_it_panic(token in "[A-Za-z0-9_.{}\":-]{0,200}", claims in ".{0,60}") {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let shaped = format!("{}.{}.{}", encode(r#"{"alg":"RS256","kid":"one"}"#), encode(&claims), encode(&token));
        prop_assert!(Token::read(&token).is_err());
        let _ = Token::read(&shaped);
        let _ = keys::KeySet::read(claims.as_bytes());
    }
}
