use std::time::Duration;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use switchboard_clock::Clock;

use crate::error::{Class, HoldScope, Reason};
use crate::hint::Hint;
use crate::permission::{Access, Permission};
use crate::testing::{World, answer, app_key_pem, dispatcher, reader, repo};
use crate::transport::{Request, TransportError};
use crate::{InstallationId, RepoId, Scope};

fn bearer(request: &Request) -> String {
    let value = &request.headers["authorization"];
    assert!(value.is_sensitive());
    value.to_str().unwrap().strip_prefix("Bearer ").unwrap().to_owned()
}

fn claims(jwt: &str) -> Value {
    let part = jwt.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn the_app_signs_for_itself_for_at_most_ten_minutes() {
    let world = World::new();
    world.github.app().send().await.unwrap();
    let jwt = bearer(&world.stub.calls()[0]);
    let now = world.clock.now().seconds();
    assert_eq!(claims(&jwt), json!({"iss": "42", "iat": now - 60, "exp": now + 540}));

    let der: String = app_key_pem().lines().filter(|line| !line.starts_with('-')).collect();
    let pair = KeyPair::from_pkcs8(&STANDARD.decode(der).unwrap()).unwrap();
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().unwrap();
    let (message, signature) = jwt.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public.as_ref())
        .verify(message.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap())
        .unwrap();

    world.clock.advance(Duration::from_secs(299));
    world.github.app().send().await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.github.app().send().await.unwrap();
    let jwts: Vec<String> = world.stub.calls().iter().map(bearer).collect();
    assert!(jwts[0] == jwts[1] && jwts[1] != jwts[2]);
}

#[tokio::test]
async fn a_token_is_minted_once_however_many_ask_for_it() {
    let world = World::new();
    world.stub.close();
    let tasks: Vec<_> = (0..20)
        .map(|n| {
            let call = world.github.contents(reader(), &repo(), &format!("file-{n}"));
            tokio::spawn(call.send())
        })
        .collect();
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    world.stub.open();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!((world.stub.mints().len(), world.stub.calls().len()), (1, 20));
    assert!(world.stub.calls().iter().all(|call| bearer(call) == "ghs_1"));
}

#[tokio::test]
async fn a_token_is_narrowed_to_what_the_call_needs() {
    let world = World::new();
    world.github.repository(dispatcher().on(RepoId(2)), &repo()).send().await.unwrap();
    world.github.repository(reader(), &repo()).send().await.unwrap();
    let mints = world.stub.mints();
    assert_eq!(mints[0].url.path(), "/app/installations/7/access_tokens");
    assert_eq!(body(&mints[0]), json!({"repository_ids": [1, 2], "permissions": {"actions": "write"}}));
    assert_eq!(body(&mints[1]), json!({"permissions": {"contents": "read"}}));
}

#[tokio::test]
async fn a_token_for_a_name_tells_which_repository_it_stands_for() {
    let world = World::new();
    let scope = reader().on_named("Octo/Hello".parse().unwrap());
    assert!(world.github.minted_repositories(&scope).is_empty());
    world.github.repository(scope.clone(), &repo()).send().await.unwrap();
    let asked = json!({"repositories": ["Hello"], "permissions": {"contents": "read"}});
    assert_eq!(body(&world.stub.mints()[0]), asked);
    assert_eq!(world.github.minted_repositories(&scope), [RepoId(1)]);
    assert_eq!(scope.to_string(), "contents: read on Octo/Hello of installation 7");
}

#[tokio::test]
async fn a_token_is_judged_by_its_own_expiry() {
    for (life, reused) in [(3600, 55 * 60 - 1), (600, 299)] {
        let world = World::new();
        world.stub.mints_tokens_for(Duration::from_secs(life));
        let read = async || world.github.repository(reader(), &repo()).send().await.unwrap();
        read().await;
        world.clock.advance(Duration::from_secs(reused));
        read().await;
        assert_eq!(world.stub.mints().len(), 1, "{life}");
        world.clock.advance(Duration::from_secs(1));
        read().await;
        assert_eq!(world.stub.mints().len(), 2, "{life}");
    }
}

#[tokio::test]
async fn after_a_401_one_fresh_token_is_tried() {
    let world = World::new();
    let refused = || answer(401, &[], &json!({"message": "Bad credentials"}));
    world.stub.will_answer([refused()]);
    world.github.repository(reader(), &repo()).send().await.unwrap();
    let tokens: Vec<String> = world.stub.calls().iter().map(bearer).collect();
    assert_eq!(tokens, ["ghs_1", "ghs_2"]);

    world.stub.will_answer([refused(), refused()]);
    let error = world.github.repository(reader(), &repo()).send().await.unwrap_err();
    assert_eq!((error.class(), error.hint()), (Class::Permanent(Reason::AuthFailed), Some(&Hint::CheckAppKey)));
    assert_eq!(world.stub.calls().len(), 4);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_from_the_date_of_a_401() {
    let world = World::new();
    let date = "Mon, 05 Jan 2026 12:20:00 GMT"; // the clock shows 12:00
    world.stub.will_mint([answer(
        401,
        &[("date", date)],
        &json!({"message": "'Expiration time' claim ('exp') is too far"}),
    )]);
    world.github.repository(reader(), &repo()).send().await.unwrap();
    let (mints, now) = (world.stub.mints(), world.clock.now().seconds());
    assert_eq!(claims(&bearer(&mints[0]))["iat"], now - 60);
    assert_eq!(claims(&bearer(&mints[1]))["iat"], now + 20 * 60 - 60);
    assert_eq!(world.github.clock_skew_ms(), 20 * 60 * 1000);

    // Our clock is set right: the correction ends with the next refusal.
    world.clock.advance(Duration::from_secs(20 * 60));
    let date = "Mon, 05 Jan 2026 12:20:00 GMT";
    world.stub.will_answer([answer(401, &[("date", date)], &json!({}))]);
    world.github.app().send().await.unwrap();
    assert_eq!(world.github.clock_skew_ms(), 0);
    assert_eq!(claims(&bearer(&world.stub.calls()[2]))["iat"], world.clock.now().seconds() - 60);
}

#[tokio::test]
async fn a_mint_that_finds_nothing_or_loses_its_answer_is_repeated_before_it_counts() {
    let missing = || answer(404, &[], &json!({"message": "Not Found"}));
    let world = World::new();
    world.stub.will_mint([missing(), Err(TransportError::Reset)]);
    world.run(world.github.repository(reader(), &repo()).send()).await.unwrap();
    assert_eq!(world.stub.mints().len(), 3);

    let world = World::new();
    world.stub.will_mint([missing(), missing(), missing()]);
    let start = world.clock.now();
    let error = world.run(world.github.repository(reader(), &repo()).send()).await.unwrap_err();
    assert_eq!(error.class(), Class::Permanent(Reason::NotInstalled));
    assert_eq!(error.hint(), Some(&Hint::Install { installation: Some(InstallationId(7)) }));
    assert!(world.clock.now().since(start) < Duration::from_secs(2));
    assert_eq!((world.stub.mints().len(), world.stub.calls().len()), (3, 0));
}

#[tokio::test]
async fn a_lost_mint_is_never_an_ambiguous_write() {
    let world = World::new();
    world.stub.will_mint([(); 3].map(|()| Err(TransportError::Timeout)));
    let call = world.github.call(dispatcher(), &crate::endpoint::WORKFLOW_DISPATCH, &["o", "r", "w.yml"]);
    let error = world.run(call.send()).await.unwrap_err();
    assert_eq!(error.class(), Class::Transient);
}

#[tokio::test]
async fn a_rate_limited_mint_holds_all_mints_but_no_call() {
    let world = World::new();
    world.github.repository(reader(), &repo()).send().await.unwrap();
    world.stub.will_mint([answer(403, &[("retry-after", "37")], &json!({}))]);
    let held = Class::RetryAfter { at: world.clock.now() + Duration::from_secs(37), scope: HoldScope::Mint };
    for installation in [8, 9] {
        let scope = Scope::new(InstallationId(installation), Permission::CONTENTS, Access::Read);
        let error = world.github.repository(scope, &repo()).send().await.unwrap_err();
        assert_eq!(error.class(), held);
    }
    assert_eq!(world.stub.mints().len(), 2);
    world.github.repository(reader(), &repo()).send().await.unwrap();
    assert_eq!(world.github.mint_hold(), Some(world.clock.now() + Duration::from_secs(37)));
}

#[tokio::test]
async fn another_token_than_asked_for_is_not_used() {
    let minted = |permissions: Value, repositories: Value| {
        let body = json!({"token": "ghs_x", "expires_at": "2030-01-01T00:00:00Z", "permissions": permissions, "repositories": repositories});
        answer(201, &[], &body)
    };
    let good = json!({"actions": "write", "metadata": "read"});
    for (permissions, repositories, used) in [
        (good.clone(), json!([{"id": 1}]), true),
        (good.clone(), Value::Null, true),
        (Value::Null, Value::Null, true),
        (good.clone(), json!([{"id": 2}]), false),
        (good, json!([{"id": 1}, {"id": 2}]), false),
        (json!({"actions": "read"}), Value::Null, false),
        (json!({"actions": "write", "contents": "read"}), Value::Null, false),
        (json!({"metadata": "read"}), Value::Null, false),
    ] {
        let world = World::new();
        world.stub.will_mint([minted(permissions.clone(), repositories.clone())]);
        let result = world.github.repository(dispatcher(), &repo()).send().await;
        let reason = result.err().map(|error| error.reason().unwrap());
        assert_eq!(reason, (!used).then_some(Reason::TokenMismatch), "{permissions} {repositories}");
    }
}

#[tokio::test]
async fn an_unreadable_mint_does_not_quote_the_token() {
    for body in [json!({"token": ["ghs_secret"]}), json!({"token": "ghs_secret", "expires_at": "soon ghs_secret"})] {
        let world = World::new();
        world.stub.will_mint([answer(201, &[], &body)]);
        let error = world.github.repository(reader(), &repo()).send().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::AnswerUnreadable));
        assert!(!format!("{error:?} {error} {}", error.internal()).contains("ghs_secret"));
    }
}
