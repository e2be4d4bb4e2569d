use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};
use switchboard_clock::Clock as _;
use switchboard_simulator::{BuildkiteJob, IdToken, Provider, RunSpec};

use crate::support::{Answered, World, json_of};

const AUDIENCE: &str = "relay";

async fn fetch(world: &World, url: &str) -> Answered {
    world.try_send(Request::get(url).body(Bytes::new()).unwrap()).await.unwrap()
}

async fn keys(world: &World, provider: Provider) -> Vec<Value> {
    let url = format!("{}/.well-known/jwks", world.github.issuer(provider).url());
    let answer = fetch(world, &url).await;
    assert_eq!(answer.status(), 200);
    json_of(&answer)["keys"].as_array().unwrap().clone()
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(part).unwrap()
}

/// Header and claims of a token, and whether one of `keys` has signed it under the name in its header.
fn read(token: &str, keys: &[Value]) -> (Value, Value, bool) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
    let good = keys.iter().filter(|key| key["kid"] == header["kid"]).any(|key| {
        let public =
            RsaPublicKeyComponents { n: decoded(key["n"].as_str().unwrap()), e: decoded(key["e"].as_str().unwrap()) };
        public.verify(&RSA_PKCS1_2048_8192_SHA256, signed.as_bytes(), &decoded(signature)).is_ok()
    });
    (header, serde_json::from_slice(&decoded(claims)).unwrap(), good)
}

fn token(world: &World) -> IdToken {
    let run = world.ci.start_run(&RunSpec::default()).unwrap();
    world.source.id_token(run, AUDIENCE).unwrap()
}

#[tokio::test]
async fn a_token_says_which_run_it_was_given_to() {
    let world = World::new();
    let run = world.ci.start_run(&RunSpec::default()).unwrap();
    let token = world.source.id_token(run, AUDIENCE).unwrap().mint();
    let (header, claims, good) = read(&token, &keys(&world, Provider::GitHubActions).await);
    assert!(good);
    assert_eq!((&header["alg"], &header["typ"]), (&json!("RS256"), &json!("JWT")));
    let now = world.clock.now().seconds();
    let file = "acme/source/.github/workflows/ci.yml@refs/heads/main";
    let expected = json!({
        "iss": "https://token.actions.githubusercontent.com",
        "aud": AUDIENCE,
        "sub": "repo:acme/source:ref:refs/heads/main",
        "repository": "acme/source",
        "repository_id": world.source.id().to_string(),
        "repository_owner": "acme",
        "repository_visibility": "private",
        "run_id": run.to_string(),
        "run_attempt": "1",
        "run_number": "1",
        "event_name": "push",
        "ref": "refs/heads/main",
        "ref_type": "branch",
        "sha": world.source.head("main").unwrap(),
        "workflow": "ci",
        "workflow_ref": file,
        "job_workflow_ref": file,
        "actor": "mona",
        "check_run_id": world.source.jobs(run)[0].id.to_string(),
        "iat": now,
        "nbf": now - 600,
        "exp": now + 300,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&claims[name], value, "{name}");
    }
    let other = world.source.id_token(run, AUDIENCE).unwrap();
    assert_ne!(other.claims()["jti"], claims["jti"]);
}

#[tokio::test]
async fn an_issuer_tells_where_its_keys_are() {
    let world = World::new();
    for provider in [Provider::GitHubActions, Provider::Buildkite] {
        let issuer = world.github.issuer(provider).url();
        let answer = json_of(&fetch(&world, &format!("{issuer}/.well-known/openid-configuration")).await);
        assert_eq!(
            (&answer["issuer"], &answer["jwks_uri"]),
            (&json!(issuer), &json!(format!("{issuer}/.well-known/jwks")))
        );
        assert_eq!(keys(&world, provider).await.len(), 1);
    }
    let ids = [keys(&world, Provider::GitHubActions).await, keys(&world, Provider::Buildkite).await];
    assert_ne!(ids[0][0]["kid"], ids[1][0]["kid"]);
    assert!(world.github.calls().iter().all(|call| !call.counted && !call.wrote()));
}

#[tokio::test]
async fn old_keys_stay_until_they_are_retired() {
    let world = World::new();
    let github = Provider::GitHubActions;
    let before = token(&world).mint();
    world.github.issuer(github).rotate();
    let after = token(&world).mint();
    let both = keys(&world, github).await;
    assert_eq!(both.len(), 2);
    assert!(read(&before, &both).2 && read(&after, &both).2);
    world.github.issuer(github).retire_old_keys();
    let left = keys(&world, github).await;
    assert!(!read(&before, &left).2 && read(&after, &left).2);
    world.github.issuer(github).rotate();
    assert!(read(&token(&world).mint(), &keys(&world, github).await).2, "keys do not run out");
}

#[tokio::test]
async fn every_bad_token_is_bad_in_its_own_way() {
    let world = World::new();
    let keys = keys(&world, Provider::GitHubActions).await;
    let now = world.clock.now().seconds();
    let claims = |token: &IdToken| read(&token.mint(), &keys);
    let (_, expired, good) = claims(&token(&world).expired());
    assert!(good && expired["exp"].as_i64().unwrap() <= now - 3600);
    let (_, early, good) = claims(&token(&world).not_yet_valid());
    assert!(good && early["nbf"].as_i64().unwrap() >= now + 3600 && early["iat"].as_i64().unwrap() >= now + 3600);
    let (_, other, good) = claims(&token(&world).audience("elsewhere").without("run_id").claim("run_attempt", 7));
    assert!(good && other["aud"] == "elsewhere" && other["run_id"].is_null() && other["run_attempt"] == 7);
    let (header, _, good) = claims(&token(&world).unsigned());
    assert!(!good && header["alg"] == "none" && token(&world).unsigned().mint().ends_with('.'));
    let (header, _, good) = claims(&token(&world).signed_with_public_key());
    assert!(!good && header["alg"] == "HS256" && header["kid"] == keys[0]["kid"]);
    let (header, _, good) = claims(&token(&world).signed_with_unknown_key());
    assert!(!good && header["alg"] == "RS256" && header["kid"] != keys[0]["kid"]);
    let (header, _, good) = claims(&token(&world).forged());
    assert!(!good && header["kid"] == keys[0]["kid"]);
}

#[tokio::test]
async fn a_job_asks_for_a_token_as_actions_do() {
    let world = World::new();
    let run = world.ci.start_run(&RunSpec::default()).unwrap();
    let asks = world.source.id_token_request(run).unwrap();
    let path = asks.url.strip_prefix("https://api.github.com").unwrap();
    let answer = world.get(&format!("{path}&audience=a%20b"), &asks.token).await;
    assert_eq!(answer.status(), 200);
    let keys = keys(&world, Provider::GitHubActions).await;
    let (_, claims, good) = read(json_of(&answer)["value"].as_str().unwrap(), &keys);
    assert!(good);
    assert_eq!((&claims["aud"], &claims["run_id"]), (&json!("a b"), &json!(run.to_string())));
    let (_, claims, _) = read(json_of(&world.get(path, &asks.token).await)["value"].as_str().unwrap(), &keys);
    assert_eq!(claims["aud"], "https://github.com/acme", "without a wish it is the owner");
    assert_eq!(world.get(path, "guessed").await.status(), 401);
    assert_eq!(world.try_send(Request::get(path).body(Bytes::new()).unwrap()).await.unwrap().status(), 401);
    world.pass(60);
    assert_eq!(world.get(path, &asks.token).await.status(), 401, "the run is over");
}

#[tokio::test]
async fn builds_of_another_provider_say_where_they_belong() {
    let world = World::new();
    let job = BuildkiteJob::new("org-uuid", "pipeline-uuid", "job-uuid").on("release");
    let token = world.github.buildkite_token(&job, AUDIENCE).mint();
    let (_, claims, good) = read(&token, &keys(&world, Provider::Buildkite).await);
    assert!(good && !read(&token, &keys(&world, Provider::GitHubActions).await).2);
    assert_eq!(claims["iss"], "https://agent.buildkite.com");
    for (name, value) in [
        ("organization_id", "org-uuid"),
        ("pipeline_id", "pipeline-uuid"),
        ("build_branch", "release"),
        ("job_id", "job-uuid"),
        ("aud", AUDIENCE),
    ] {
        assert_eq!(claims[name], value, "{name}");
    }
}

#[tokio::test]
async fn keys_may_be_unavailable() {
    let world = World::new();
    let issuer = world.github.issuer(Provider::GitHubActions);
    issuer.fault().status(503);
    let url = format!("{}/.well-known/jwks", issuer.url());
    assert_eq!(fetch(&world, &url).await.status(), 503);
    issuer.fault().reset();
    assert!(world.try_send(Request::get(&url).body(Bytes::new()).unwrap()).await.is_err());
    world.github.issuer(Provider::Buildkite).fault().status(500);
    assert_eq!(fetch(&world, &url).await.status(), 200, "the other issuer's trouble is its own");
    assert_eq!(world.send("POST", "/_services/pipelines/idtoken/1/1", "x", None).await.status(), 405);
}
