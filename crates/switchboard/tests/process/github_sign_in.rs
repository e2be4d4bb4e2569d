//! People sign in at the running binary with a GitHub that is simulated and reached over TCP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::{Clock as _, SimulatedClock, SystemClock};

use crate::support::github::{CLIENT_SECRET, GitHub};
use crate::support::person::{Browser, Page};
use crate::support::server::Server;
use crate::support::{client, until};

const TOKEN: &str = "an-operators-token-of-enough-length";

/// A GitHub with people, and a server where they may sign in.
struct Story {
    github: GitHub,
    server: Server,
    folder: tempfile::TempDir,
}

impl Story {
    async fn begin() -> Self {
        Self::with(GitHub::start().await).await
    }

    async fn with(github: GitHub) -> Self {
        let acme = github.simulator.organization("acme");
        acme.team("ops").add_member(&github.simulator.user("mona"));
        acme.add_member(&github.simulator.user("lisa"));
        acme.invite(&github.simulator.user("ivan"));
        let _ = (github.simulator.user("sam"), github.simulator.user("guest"));
        let folder = tempfile::tempdir().unwrap();
        let server = serve(&github, folder.path()).await;
        Self { github, server, folder }
    }

    fn browser(&self) -> Browser {
        Browser::at(&self.server.url)
    }

    /// What stands in the audit, once it holds `text`.
    async fn audit(&self, text: &str) -> String {
        let look = async || {
            let page = client().get(format!("{}/audit", self.server.url)).bearer_auth(TOKEN).send().await.unwrap();
            let page = page.text().await.unwrap();
            page.contains(text).then_some(page)
        };
        until(&format!("the audit tells: {text}"), look).await
    }
}

async fn serve(github: &GitHub, folder: &Path) -> Server {
    let mut variables = github.variables_with_sign_in();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    Server::start(folder, &variables).await
}

#[track_caller]
fn refused(page: &Page, status: u16, code: &str, words: &str) {
    assert_eq!(page.status, status, "{}", page.body);
    assert!(page.body.contains(code) && page.body.contains(words), "{code}, {words}: {}", page.body);
    assert!(page.body.contains("href=\"/sign-in/github"), "the button is there again: {}", page.body);
}

#[tokio::test]
async fn members_of_the_team_operate_and_members_of_the_organization_look() {
    let story = Story::begin().await;
    let door = story.browser().get("/sign-in").await;
    let button = door.body.find("Sign in with GitHub").unwrap();
    assert!(button < door.body.find("name=\"token\"").unwrap(), "the button comes first");

    for (login, role, acts) in [("mona", "operator", true), ("lisa", "read-only", false), ("guest", "read-only", false)]
    {
        let mut browser = story.browser();
        let entered = browser.sign_in(login, "%2Fjobs%2Fletters").await;
        assert_eq!((entered.status.as_u16(), entered.location.as_str()), (303, "/jobs/letters"), "{}", entered.body);
        let page = browser.get("/").await;
        assert!(page.body.contains(&format!("Signed in as <b>@{login}</b> ({role})")), "{}", page.body);
        let asked = browser.post("/jobs/0/discard", &[("csrf", &page.field("csrf")), ("id", "x")]).await;
        assert_eq!(asked.status == 403, !acts, "{login}: {}", asked.body);
    }
    let page = story.audit("@guest").await;
    for told in ["@mona", "@lisa", "Signed in with GitHub from"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    until("no user's token outlives its sign-in", async || (story.github.app.user_tokens() == 0).then_some(())).await;
    story.server.stop().await;
}

#[tokio::test]
async fn who_does_not_belong_is_told_why() {
    let story = Story::begin().await;
    let sam = story.browser().sign_in("sam", "").await;
    refused(&sam, 403, "not_a_member", "@sam is not a member of <code>acme/ops</code> or <code>acme</code>.");
    let ivan = story.browser().sign_in("ivan", "").await;
    refused(&ivan, 403, "membership_pending", "@ivan was invited to <code>acme</code> and has not accepted yet.");
    // Written down after the answer, in order.
    let page = story.audit("membership_pending").await;
    assert!(page.contains("@sam") && page.contains("@ivan") && page.contains("not_a_member"), "{page}");

    story.github.installation.set_permissions(&[]);
    let lisa = story.browser().sign_in("lisa", "").await;
    refused(&lisa, 403, "not_a_member", "members: read");
    story.github.simulator.user("mona").suspend();
    refused(&story.browser().sign_in("mona", "").await, 403, "account_suspended", "suspended this account");
    assert_eq!(story.browser().get("/").await.status, 303, "nobody got in");
    story.server.stop().await;
}

#[tokio::test]
async fn an_answer_counts_once_and_only_in_the_browser_that_asked() {
    let story = Story::begin().await;
    let mut mona = story.browser();
    let authorize = mona.begin("").await;
    let back = mona.approve(&authorize, "mona").await;

    refused(&story.browser().get(&back).await, 400, "sign_in_expired", "began in another browser");
    let mut other = story.browser();
    other.begin("").await;
    refused(&other.get(&back).await, 400, "state_mismatch", "belongs to another sign-in");

    assert_eq!(mona.get(&back).await.status, 303, "the code was not spent by those who could not use it");
    refused(&mona.get(&back).await, 400, "sign_in_expired", "another browser");

    // A code that was obtained with another verifier, brought with this browser's own state.
    let mut mallory = story.browser();
    let foreign = mallory.begin("").await;
    let foreign = mallory.approve(&foreign, "mona").await;
    let (code, _) = foreign.split_once("&state=").unwrap();
    let mut victim = story.browser();
    let own = victim.begin("").await;
    let own = victim.approve(&own, "lisa").await;
    let (_, state) = own.split_once("&state=").unwrap();
    refused(&victim.get(&format!("{code}&state={state}")).await, 400, "code_rejected", "does not accept");
    assert_eq!(victim.get("/").await.status, 303, "nobody is signed in");
    story.server.stop().await;
}

#[tokio::test]
async fn a_code_that_was_used_or_expired_is_refused_and_a_fresh_one_is_not() {
    let clock = SimulatedClock::new(SystemClock.now());
    let story = Story::with(GitHub::with_clock("switchboard-tested", Arc::new(clock.clone())).await).await;
    let mut mona = story.browser();
    let authorize = mona.begin("").await;
    let back = mona.approve(&authorize, "mona").await;
    clock.advance(Duration::from_secs(600));
    refused(&mona.get(&back).await, 400, "code_rejected", "older than ten minutes");
    assert_eq!(mona.sign_in("mona", "").await.status, 303);

    // Somebody else was faster with the code.
    let mut lisa = story.browser();
    let authorize = lisa.begin("").await;
    let back = lisa.approve(&authorize, "lisa").await;
    let exchange = format!("{}/login/oauth/access_token{}", story.github.url, &back[back.find('?').unwrap()..]);
    let form = [("client_id", story.github.app.client_id()), ("client_secret", CLIENT_SECRET.to_owned())];
    let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    client().post(exchange).header("user-agent", "thief").body(form).send().await.unwrap();
    assert_eq!(story.github.app.user_tokens(), 0, "without the verifier the thief gets nothing");
    refused(&lisa.get(&back).await, 400, "code_rejected", "it was used before");
    story.server.stop().await;
}

#[tokio::test]
async fn who_declines_may_think_again() {
    let story = Story::begin().await;
    let mut mona = story.browser();
    let authorize = mona.begin("%2Fdeliveries%3Fevent%3Dpush").await;
    let back = mona.decline(&story.github, &authorize).await;
    let declined = mona.get(&back).await;
    refused(&declined, 403, "sign_in_declined", "You declined at GitHub");
    assert!(declined.body.contains("/sign-in/github?next=%2Fdeliveries%3Fevent%3Dpush"), "it knows where to go");
    assert_eq!(mona.sign_in("mona", "").await.status, 303);
    story.server.stop().await;
}

#[tokio::test]
async fn while_github_is_down_nobody_is_let_in_and_nothing_is_lost() {
    let story = Story::begin().await;
    let simulator = &story.github.simulator;
    for (method, path) in [
        ("POST", "/login/oauth/access_token"),
        ("GET", "/user"),
        ("GET", "/orgs/acme/teams/ops/memberships/mona"),
        ("GET", "/user/memberships/orgs/acme"),
    ] {
        simulator.fault(method, path).status(502);
        let login = if path.starts_with("/user/") { "lisa" } else { "mona" };
        let down = story.browser().sign_in(login, "%2Fjobs").await;
        refused(&down, 503, "github_unavailable", "try again in a moment");
        assert!(down.body.contains("/sign-in/github?next=%2Fjobs"), "{path}");
    }
    simulator.fault("GET", "/user").reset();
    let mut mona = story.browser();
    refused(&mona.sign_in("mona", "").await, 503, "github_unavailable", "cannot be asked");
    assert_eq!(mona.sign_in("mona", "").await.status, 303, "the next attempt goes through");
    story.server.stop().await;
}

#[tokio::test]
async fn a_session_survives_a_restart_and_a_sign_out_does_too() {
    let story = Story::begin().await;
    let (mut mona, mut lisa) = (story.browser(), story.browser());
    mona.sign_in("mona", "").await;
    lisa.sign_in("lisa", "").await;
    let kept = lisa.secrets.last().unwrap().clone();
    let csrf = lisa.get("/").await.field("csrf");
    assert_eq!(lisa.post("/sign-out", &[("csrf", &csrf)]).await.location, "/sign-in");
    story.audit("Signed out").await;
    assert_eq!(lisa.get("/").await.status, 303);

    let Story { github, server, folder } = story;
    server.stop().await;
    let server = serve(&github, folder.path()).await;
    mona.moves_to(&server.url);
    assert_eq!(mona.get("/").await.status, 200, "still signed in");
    let replayed = client().get(&server.url).header("cookie", format!("switchboard={kept}")).send().await.unwrap();
    assert_eq!(replayed.status(), 303, "a cookie that was signed out stays worthless");
    server.stop().await;

    std::fs::remove_file(folder.path().join("switchboard.db.session-secret")).unwrap();
    let server = serve(&github, folder.path()).await;
    mona.moves_to(&server.url);
    assert_eq!(mona.get("/").await.status, 303, "another secret, and every session is over");
    server.stop().await;
}

#[tokio::test]
async fn wrong_tokens_stand_in_the_audit_and_no_secret_of_a_sign_in_is_logged_or_shown() {
    let github = GitHub::start().await;
    let mut story = Story::with(github).await;
    let mut secrets = vec![CLIENT_SECRET.to_owned(), "ghu_".to_owned(), "ghr_".to_owned(), TOKEN.to_owned()];
    for login in ["mona", "sam", "ivan"] {
        let mut browser = story.browser();
        browser.sign_in(login, "").await;
        secrets.append(&mut browser.secrets);
    }
    story.github.simulator.fault("POST", "/login/oauth/access_token").status(502);
    let mut browser = story.browser();
    browser.sign_in("lisa", "").await;
    secrets.append(&mut browser.secrets);
    story.browser().post("/sign-in", &[("token", "a-guess-that-is-wrong")]).await;
    let audit = story.audit("token_wrong").await;
    assert!(audit.contains("Was refused with a token"), "{audit}");

    let mut pages = audit;
    for path in ["/settings", "/deliveries", "/api/v1/deliveries"] {
        let page = client().get(format!("{}{path}", story.server.url)).bearer_auth(TOKEN).send().await.unwrap();
        pages += &page.text().await.unwrap();
    }
    assert!(pages.contains("client_secret") && pages.contains("sha256:"), "the settings show a fingerprint");
    story.server.process.terminate();
    assert!(story.server.process.ended().await.success());
    let printed = story.server.process.printed();
    assert!(printed.contains("signed in") && printed.contains("a sign-in was refused"), "{printed}");
    assert!(secrets.len() > 12, "there was something to leak: {}", secrets.len());
    for secret in secrets.into_iter().chain(["a-guess-that-is-wrong".to_owned()]) {
        assert!(!printed.contains(&secret), "{secret} was logged: {printed}");
        assert!(!pages.contains(&secret), "{secret} stands on a page");
    }
}
