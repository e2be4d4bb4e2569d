//! Users let the App know who they are and where they belong.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Request;
use serde_json::Value;
use switchboard_simulator::{Access, AppSpec, Installation, InstallationSpec};

use crate::support::{Answered, World, header, json_of, refused};

const CALLBACK: &str = "http://localhost:3000/sign-in/github/callback";
const SECRET: &str = "simulator-only-client-secret";
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters";

struct SignIn {
    world: World,
    client: String,
    installation: Installation,
}

/// An App that may read members, installed on `acme`, to which `mona` belongs, with `hubot` invited.
fn sign_in() -> SignIn {
    let world = World::new();
    let spec = AppSpec::new("door").permissions(&[("members", Access::Read)]).callback_url(CALLBACK);
    let app = world.github.app(spec).unwrap();
    let acme = world.github.organization("acme");
    acme.team("ops").add_member(&world.github.user("mona"));
    acme.invite(&world.github.user("hubot"));
    let _ = world.github.user("stranger");
    let installation = app.install(&acme, InstallationSpec::all());
    SignIn { client: app.client_id(), world, installation }
}

fn query(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

impl SignIn {
    async fn page(&self, method: &str, target: &str, form: &str) -> Answered {
        let request = Request::builder().method(method).uri(target).header("user-agent", "test");
        let request = request.header("accept", "application/json").body(Bytes::from(form.to_owned())).unwrap();
        self.world.try_send(request).await.unwrap()
    }

    async fn approve(&self, login: &str) -> String {
        let challenge =
            URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes()));
        let asked = [
            ("client_id", self.client.as_str()),
            ("redirect_uri", CALLBACK),
            ("state", "st"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("login", login),
        ];
        let answer = self.page("GET", &format!("/login/oauth/authorize?{}", query(&asked)), "").await;
        let location = header(&answer, "location").to_owned();
        assert!(location.starts_with(CALLBACK) && location.ends_with("&state=st"), "{location}");
        location.split(['=', '&']).nth(1).unwrap().to_owned()
    }

    async fn exchange(&self, code: &str, secret: &str, verifier: &str, redirect: &str) -> Value {
        let form = [
            ("client_id", self.client.as_str()),
            ("client_secret", secret),
            ("code", code),
            ("code_verifier", verifier),
            ("redirect_uri", redirect),
        ];
        json_of(&self.page("POST", "/login/oauth/access_token", &query(&form)).await)
    }

    async fn token(&self, login: &str) -> String {
        let code = self.approve(login).await;
        let answer = self.exchange(&code, SECRET, VERIFIER, CALLBACK).await;
        answer["access_token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn an_approval_becomes_a_token_that_tells_who_somebody_is_and_where_they_belong() {
    let it = sign_in();
    let mona = it.token("mona").await;
    assert!(mona.starts_with("ghu_"));
    assert_eq!(json_of(&it.world.get("/user", &mona).await)["login"], "mona");
    let membership = json_of(&it.world.get("/user/memberships/orgs/acme", &mona).await);
    assert_eq!((&membership["state"], &membership["organization"]["login"]), (&"active".into(), &"acme".into()));
    let team = it.world.get("/orgs/acme/teams/ops/memberships/mona", &mona).await;
    assert_eq!(json_of(&team)["state"], "active");
    refused(&it.world.get("/orgs/acme/teams/other/memberships/mona", &mona).await, 404, "Not Found");

    let hubot = it.token("hubot").await;
    assert_eq!(json_of(&it.world.get("/user/memberships/orgs/acme", &hubot).await)["state"], "pending");
    refused(&it.world.get("/orgs/acme/teams/ops/memberships/hubot", &hubot).await, 404, "Not Found");
    let stranger = it.token("stranger").await;
    refused(&it.world.get("/user/memberships/orgs/acme", &stranger).await, 404, "Not Found");
}

#[tokio::test]
async fn a_code_is_good_once_for_ten_minutes_for_whoever_asked() {
    let it = sign_in();
    let code = it.approve("mona").await;
    assert!(it.exchange(&code, SECRET, VERIFIER, CALLBACK).await["access_token"].is_string());
    assert_eq!(it.exchange(&code, SECRET, VERIFIER, CALLBACK).await["error"], "bad_verification_code");

    let code = it.approve("mona").await;
    it.world.pass(600);
    assert_eq!(it.exchange(&code, SECRET, VERIFIER, CALLBACK).await["error"], "bad_verification_code");

    for (secret, verifier, redirect, error) in [
        ("guess", VERIFIER, CALLBACK, "incorrect_client_credentials"),
        (SECRET, "another", CALLBACK, "bad_verification_code"),
        (SECRET, "", CALLBACK, "bad_verification_code"),
        (SECRET, VERIFIER, "http://localhost:3000/", "redirect_uri_mismatch"),
    ] {
        let code = it.approve("mona").await;
        assert_eq!(it.exchange(&code, secret, verifier, redirect).await["error"], error);
    }
}

#[tokio::test]
async fn a_page_asks_and_takes_no_for_an_answer() {
    let it = sign_in();
    let asked = query(&[("client_id", &it.client), ("redirect_uri", CALLBACK), ("state", "<st>")]);
    let page = it.page("GET", &format!("/login/oauth/authorize?{asked}"), "").await;
    let html = String::from_utf8_lossy(page.body());
    assert!(html.contains("<option value=\"mona\">") && html.contains("value=\"&lt;st&gt;\""), "{html}");
    let no = it.page("POST", "/login/oauth/authorize", &format!("{asked}&login=mona&authorize=0")).await;
    assert!(header(&no, "location").contains("error=access_denied"), "{}", header(&no, "location"));
    let yes = it.page("POST", "/login/oauth/authorize", &format!("{asked}&login=mona&authorize=1")).await;
    assert!(header(&yes, "location").starts_with(&format!("{CALLBACK}?code=")));
}

#[tokio::test]
async fn an_app_asks_for_itself_and_leads_back_to_itself_only() {
    let it = sign_in();
    for (client, redirect, method, status) in [
        ("Iv23nobody", CALLBACK, "S256", 404),
        (it.client.as_str(), "http://localhost:3000/sign-in/github/callback/", "S256", 400),
        (it.client.as_str(), "https://evil.example/", "S256", 400),
        (it.client.as_str(), CALLBACK, "plain", 400),
    ] {
        let asked = query(&[
            ("client_id", client),
            ("redirect_uri", redirect),
            ("code_challenge", &"c".repeat(43)),
            ("code_challenge_method", method),
            ("login", "mona"),
        ]);
        let answer = it.page("GET", &format!("/login/oauth/authorize?{asked}"), "").await;
        assert_eq!((answer.status().as_u16(), header(&answer, "location")), (status, ""), "{client} {redirect}");
    }
}

#[tokio::test]
async fn memberships_are_told_only_where_the_app_may_read_them() {
    let it = sign_in();
    let mona = it.token("mona").await;
    it.world.github.organization("rival").add_member(&it.world.github.user("mona"));
    let message = "You do not have access to this organization membership.";
    refused(&it.world.get("/user/memberships/orgs/rival", &mona).await, 403, message);
    it.installation.suspend();
    refused(&it.world.get("/user/memberships/orgs/acme", &mona).await, 403, "This installation has been suspended");
    it.world.github.user("mona").suspend();
    refused(&it.world.get("/user", &mona).await, 403, "Sorry. Your account was suspended.");
}

#[tokio::test]
async fn a_users_token_is_nobody_elses_and_ends() {
    let it = sign_in();
    let mona = it.token("mona").await;
    refused(&it.world.get("/app", &mona).await, 401, "A JSON web token");
    refused(&it.world.get("/user", &it.world.jwt()).await, 403, "Resource not accessible");
    refused(&it.world.get("/user", &it.world.token().await).await, 403, "Resource not accessible");

    let revoke = |secret: &str, token: &str| {
        let basic = STANDARD.encode(format!("{}:{secret}", it.client));
        let path = format!("/applications/{}/token", it.client);
        let request = Request::builder().method("DELETE").uri(path).header("user-agent", "test");
        let body = Bytes::from(serde_json::json!({ "access_token": token }).to_string());
        it.world.try_send(request.header("authorization", format!("Basic {basic}")).body(body).unwrap())
    };
    assert_eq!(revoke("guess", &mona).await.unwrap().status(), 401);
    assert_eq!(revoke(SECRET, &mona).await.unwrap().status(), 204);
    refused(&it.world.get("/user", &mona).await, 401, "Bad credentials");
    let late = it.token("mona").await;
    it.world.pass(8 * 3600);
    refused(&it.world.get("/user", &late).await, 401, "Bad credentials");
}
