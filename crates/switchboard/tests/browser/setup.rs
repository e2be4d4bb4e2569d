//! `switchboard setup` in a real browser: from nothing to an App, a running server and a first delivery.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::chrome::{Browser, Scripts};
use crate::eyes::Eyes;
use crate::github_sign_in::free_port;
use crate::support::server::{Process, Server, switchboard};
use crate::town::sign_in;

/// People who are to sign in with the App that is yet to be made.
const PEOPLE: &str = "[auth]\noperators = [\"acme/ops\"]\nviewers = [\"acme\"]\n";

/// Addresses of the page's own server that a link leads to, apart from places on the page.
const OWN_LINKS: &str = "return [...document.querySelectorAll('a[href]')]
  .filter((it) => it.origin === location.origin && !it.getAttribute('href').startsWith('#')).map((it) => it.href)";

/// A simulated GitHub, a set-up that waits for somebody, and where its page is.
struct Story {
    folder: tempfile::TempDir,
    github: Process,
    setup: Process,
    /// The page's origin, and the path that opens it.
    page: (String, String),
    port: String,
}

impl Story {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("switchboard.toml"), PEOPLE).unwrap();
        let mut command = switchboard(folder.path(), &[], &["simulator", "--port", "0"]);
        command.stdin(Stdio::piped());
        let github = Process::start(command);
        let api = github.line("its address", |line| line.strip_prefix("GITHUB_API_URL=").map(str::to_owned)).await;
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let arguments = ["setup", "--github-url", &api, "--organization", "acme", "--url", &url];
        let setup = Process::start(switchboard(folder.path(), &[], &arguments));
        let address = setup.line("the page", |line| line.contains("?key=").then(|| line.trim().to_owned())).await;
        let (origin, key) = address.split_once("/?").unwrap();
        let page = (origin.to_owned(), format!("/?{key}"));
        Self { folder, github, setup, page, port }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// From the set-up's first page to its last; `look` is shown each.
    async fn make_an_app(&mut self, browser: &Browser, mut look: impl AsyncFnMut(&str)) {
        browser.go(&self.page.1).await;
        browser.arrives("/plan").await;
        look("the plan").await;
        browser.fill("#url", " nonsense").await;
        browser.click("#continue").await;
        browser.find("#url[aria-invalid='true']").await;
        look("a plan with a mistake").await;
        browser.refill("#url", &format!("http://127.0.0.1:{}", self.port)).await;
        browser.click("#continue").await;

        browser.arrives("/review").await;
        browser.reads(".asks", "read dispatching.yml").await;
        browser.reads(".asks", "belongs to a team that may").await;
        look("the review").await;
        browser.click("#create").await;
        browser.arrives("/organizations/acme/settings/apps/new").await;
        browser.click("#create").await;

        browser.arrives("/progress").await;
        browser.reads("main", "waiting for an installation").await;
        look("the wait for an installation").await;
        browser.click_into_new_tab("#install-link").await;
        browser.choose("#account", "acme").await;
        browser.click("#install").await;
        browser.reads("#installed", "Installed on acme").await;
        browser.close_tab().await;
        // It follows by itself, by a script or without.
        browser.reads("#done", "Everything is in place").await;
    }

    /// The token that stands in the terminal.
    fn token(&self) -> String {
        self.setup.printed().lines().map(str::trim).find(|line| line.starts_with("sbt_")).unwrap().to_owned()
    }
}

#[tokio::test]
async fn from_nothing_to_a_first_delivery_with_every_page_fit_for_everybody() {
    let mut story = Story::begin().await;
    let Some(browser) = Browser::open(&story.page.0, Scripts::On).await else { return };
    let mut eyes = Eyes::open();
    story.make_an_app(&browser, async |page| eyes.look(&browser, page).await).await;
    let complaints = browser.complaints_here().await;
    assert!(complaints.iter().all(|line| line.contains("/plan") && line.contains("422")), "{complaints:?}");

    // The set-up has ended, and nothing on its last page leads back to it.
    assert!(story.setup.ended().await.success(), "{}", story.setup.printed());
    assert_eq!(browser.count(".live").await, 0, "nothing is followed any more");
    assert_eq!(browser.eval(OWN_LINKS).await, serde_json::json!([]));
    assert_eq!(browser.eval("return document.title").await, "Set up: done Switchboard acme · Switchboard");
    eyes.look(&browser, "the end").await;
    eyes.saw_nothing_wrong();
    assert_eq!(browser.complaints_here().await, Vec::<String>::new(), "it is not even asked for");

    let variables = [("PORT".to_owned(), story.port.clone())];
    let server = Process::start(switchboard(story.path(), &variables, &["--env-file", ".env", "serve"]));
    let server = Server::started(server).await;
    let Some(browser) = Browser::open(&server.url, Scripts::On).await else { return };
    browser.go("/deliveries?event=workflow_run").await;
    sign_in(&browser, &story.token()).await;
    browser.arrives("/deliveries").await;
    story.github.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    // The run of acme/api, and what it led to above it.
    browser.click(".deliveries tbody tr:last-child a.row").await;
    browser.arrives("/deliveries/").await;
    browser.reads("h1", "workflow_run").await;
    browser.reads("main", "acme/api").await;
    browser.click(".account > summary").await;
    browser.click(".account form[action='/sign-out'] button").await;

    // The App that was made lets people in, as it was planned for.
    browser.click(".door a[href^='/sign-in/github']").await;
    browser.choose("#login", "mona").await;
    browser.click("#authorize").await;
    browser.reads(".account > summary", "@mona").await;
    assert_eq!(browser.complaints_here().await, Vec::<String>::new());
    server.stop().await;
}

#[tokio::test]
async fn without_scripts_the_set_up_goes_the_same_way() {
    let mut story = Story::begin().await;
    let Some(browser) = Browser::open(&story.page.0, Scripts::Off).await else { return };
    story.make_an_app(&browser, async |_| {}).await;
    assert!(story.setup.ended().await.success(), "{}", story.setup.printed());
    assert!(story.path().join(".env").exists());
    assert_eq!(browser.count(".live, meta[http-equiv='refresh']").await, 0, "nothing is followed any more");
}
