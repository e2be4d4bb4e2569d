//! Signing in with GitHub in a real browser: who operates, who looks, who stays outside, and the way out.

use switchboard_panel::CALLBACK_PATH;
use tempfile::TempDir;

use crate::chrome::{Browser, Scripts};
use crate::eyes::Eyes;
use crate::support::client;
use crate::support::github::{GitHub, post};
use crate::support::server::{Process, Server, switchboard};

/// A GitHub with people, and a server where they may sign in, with a delivery.
struct Story {
    github: GitHub,
    server: Server,
    /// The page of the delivery.
    delivery: String,
    _folder: TempDir,
}

impl Story {
    async fn begin() -> Self {
        let github = GitHub::start().await;
        let acme = github.simulator.organization("acme");
        acme.team("ops").add_member(&github.simulator.user("mona"));
        acme.add_member(&github.simulator.user("lisa"));
        let _ = github.simulator.user("sam");
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        // GitHub leads back to where the server really is.
        let url = format!("http://127.0.0.1:{port}");
        github.app.add_callback_url(&format!("{url}{CALLBACK_PATH}"));
        let mut variables = github.variables_with_sign_in();
        variables.extend([("PUBLIC_URL".to_owned(), url), ("PORT".to_owned(), port)]);
        let server = Server::started(Process::start(switchboard(folder.path(), &variables, &["serve"]))).await;
        let (_, delivery) = github.complete_run();
        let answer = post(&client(), &server.url, &delivery).send().await.unwrap();
        let answer: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        let delivery = format!("/deliveries/{}", answer["id"].as_str().unwrap());
        Self { github, server, delivery, _folder: folder }
    }

    /// Presses the button, and approves at GitHub as somebody.
    async fn sign_in(&self, browser: &Browser, login: &str) {
        browser.click(".door a[href^='/sign-in/github']").await;
        browser.arrives("/login/oauth/authorize").await;
        browser.choose("#login", login).await;
        browser.click("#authorize").await;
    }
}

pub fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[tokio::test]
async fn members_of_the_team_operate_and_others_of_the_organization_see_no_button_that_acts() {
    let story = Story::begin().await;
    let mut eyes = Eyes::open();
    for scripts in [Scripts::On, Scripts::Off] {
        let Some(browser) = Browser::open(&story.server.url, scripts).await else { return };
        for (login, role, buttons) in [("mona", "operator", 1), ("lisa", "read-only", 0)] {
            browser.go(&story.delivery).await;
            browser.arrives("/sign-in?next=").await;
            if scripts == Scripts::On {
                eyes.look(&browser, "the sign-in page").await;
            }
            story.sign_in(&browser, login).await;
            assert_eq!(browser.arrives("/deliveries/").await, story.delivery, "where {login} wanted to go");
            browser.reads("main", "acme/api").await;
            assert_eq!(browser.count("main form[action$='/replay'] button").await, buttons, "{login}");
            assert_eq!(browser.count("main form[method='post']").await, buttons, "{login}");
            browser.click(".account > summary").await;
            browser.reads(".account .sheet", &format!("Signed in as @{login} ({role})")).await;
            if scripts == Scripts::On {
                eyes.look(&browser, &format!("what {login} sees")).await;
            }

            browser.click(".account form[action='/sign-out'] button").await;
            browser.arrives("/sign-in").await;
            browser.go("/audit").await;
            browser.arrives("/sign-in").await;
        }
        assert_eq!(browser.complaints_here().await, Vec::<String>::new());
    }
    eyes.saw_nothing_wrong();
    story.server.stop().await;
}

#[tokio::test]
async fn a_stranger_and_who_says_no_stay_outside_and_may_try_again() {
    let story = Story::begin().await;
    let Some(browser) = Browser::open(&story.server.url, Scripts::On).await else { return };
    let mut eyes = Eyes::open();
    browser.go("/jobs").await;
    story.sign_in(&browser, "sam").await;
    browser.arrives("/sign-in/github/callback").await;
    browser.reads(".door .notice", "sam").await;
    assert_eq!(browser.count("nav.tabs, .account").await, 0, "nothing of the inside shows");
    eyes.look(&browser, "a stranger's refusal").await;

    browser.click(".door a[href^='/sign-in/github']").await;
    browser.arrives("/login/oauth/authorize").await;
    browser.click("#cancel").await;
    browser.arrives("/sign-in/github/callback").await;
    browser.find(".door .notice").await;
    assert_eq!(browser.count("nav.tabs, .account").await, 0);
    eyes.look(&browser, "a refusal at GitHub").await;

    // The same browser, for somebody who may; it still knows where the reader wanted to go.
    story.sign_in(&browser, "lisa").await;
    assert_eq!(browser.arrives("/jobs").await, "/jobs");
    let complaints = browser.complaints_here().await;
    assert!(complaints.iter().all(|line| line.contains("/callback")), "the refusals are noted only: {complaints:?}");
    eyes.saw_nothing_wrong();
    assert_eq!(story.github.app.user_tokens(), 0, "nobody's token is kept");
    story.server.stop().await;
}
