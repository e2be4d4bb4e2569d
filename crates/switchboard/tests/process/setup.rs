//! From a clean machine to a first answered webhook: the documented steps, with the simulator for GitHub.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::support::browser::Browser;
use crate::support::server::{Ended, Process, Server, run, switchboard};
use crate::support::until;

/// `switchboard simulator` on a free port, and its address.
async fn simulator(folder: &Path) -> (Process, String) {
    let mut command = switchboard(folder, &[], &["simulator", "--port", "0"]);
    command.stdin(Stdio::piped());
    let simulator = Process::start(command);
    let address = simulator.line("its address", |line| line.strip_prefix("GITHUB_API_URL=").map(str::to_owned)).await;
    simulator.line("the end of the instructions", |line| line.contains("Press Enter").then_some(())).await;
    (simulator, address)
}

/// `switchboard setup`, and the address that it prints.
async fn setup(folder: &Path, github: &str, more: &[&str]) -> (Process, String) {
    let arguments = [&["setup", "--github-url", github, "--organization", "acme"], more].concat();
    let setup = Process::start(switchboard(folder, &[], &arguments));
    let address = setup.line("the page's address", |line| line.contains("?key=").then(|| line.trim().to_owned())).await;
    (setup, address)
}

fn free_port() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn from_a_clean_machine_to_a_first_answered_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let (mut github, api) = simulator(folder.path()).await;
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let (mut setup, address) = setup(folder.path(), &api, &["--url", &url]).await;

    let mut browser = Browser::new();
    browser.open(&address).await;
    assert!(browser.page.contains("Create a GitHub App"), "{}", browser.page);
    browser.press("continue", &[("name", "Our Switchboard"), ("url", "nonsense")]).await;
    assert_eq!(browser.status, 422);
    assert!(browser.page.contains("aria-invalid=\"true\"") && browser.page.contains("value=\"Our Switchboard\""));
    browser.press("continue", &[("url", &url)]).await;
    for part in
        ["read dispatching.yml", "Workflow run", &format!("{url}/webhooks/github"), "shown once, in the terminal"]
    {
        assert!(browser.page.contains(part), "{part}: {}", browser.page);
    }
    let policy = browser.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains(&format!("form-action 'self' {api};")), "the form may leave for GitHub: {policy}");

    browser.press("create", &[]).await;
    assert!(browser.page.contains("Create GitHub App from manifest"), "{}", browser.page);
    browser.press("create", &[]).await;
    assert!(
        browser.at.path() == "/progress" && browser.page.contains("waiting for an installation"),
        "{}",
        browser.page
    );
    let progress = browser.at.to_string();
    let install = browser.link("install-link");
    browser.open(&install).await;
    browser.press("install", &[("account", "acme")]).await;
    assert!(browser.page.contains("Installed on acme"), "{}", browser.page);
    let done = until("doctor has looked", async || {
        browser.open(&progress).await;
        browser.page.contains("id=\"done\"").then(|| browser.page.clone())
    })
    .await;
    assert!(done.contains("Everything is in place"), "{done}");
    assert!(setup.ended().await.success(), "{}", setup.printed());

    let env = fs::read_to_string(folder.path().join(".env")).unwrap();
    let printed = setup.printed();
    let token = printed.lines().map(str::trim).find(|line| line.starts_with("sbt_")).unwrap().to_owned();
    assert!(env.contains("GITHUB_APP_SLUG=our-switchboard\n") && env.contains(&format!("PUBLIC_URL={url}\n")), "{env}");
    assert!(!env.contains(&token) && env.contains("SWITCHBOARD_OPERATOR_TOKEN_HASH=sha256:"), "{env}");
    for line in env.lines().filter(|line| line.contains("SECRET=")) {
        let secret = line.split_once('=').unwrap().1;
        assert!(secret.len() > 20 && !printed.contains(secret) && !done.contains(secret), "{line}");
    }
    #[cfg(unix)]
    assert_eq!(
        [".env", "secrets/github-app.private-key.pem", "secrets"].map(|name| mode(&folder.path().join(name))),
        [0o600, 0o600, 0o700]
    );

    let variables = [("PORT".to_owned(), port)];
    let server = Process::start(switchboard(folder.path(), &variables, &["--env-file", ".env", "serve"]));
    let server = Server::started(server).await;
    github.child.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    let client = crate::support::client();
    let page = until("the first page shows the run", async || {
        let page = client.get(&server.url).bearer_auth(&token).send().await.unwrap().text().await.unwrap();
        page.contains("acme/api").then_some(page)
    })
    .await;
    assert!(page.contains("Overview"), "{page}");
    let listed = until("the webhook is settled", async || {
        let list =
            run(folder.path(), &variables, &["--env-file", ".env", "deliveries", "--json", "--token", &token]).await;
        list.out.lines().any(|line| line.contains("\"completed\"") && line.contains("settled")).then_some(list.out)
    })
    .await;
    assert!(listed.contains("acme/api"), "{listed}");
    server.stop().await;
    github.terminate();
    assert!(github.ended().await.success());
}

#[tokio::test]
async fn nobody_else_gets_in_and_a_foreign_way_back_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (_github, api) = simulator(folder.path()).await;
    let (mut setup, address) = setup(folder.path(), &api, &[]).await;
    let page = address.split("/?").next().unwrap();
    let client = crate::support::client();
    let status = async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(client.get(format!("{page}/plan"))).await, 403, "without the key");
    assert_eq!(status(client.get(format!("{page}/?key=sbt_wrong"))).await, 403);
    assert_eq!(status(client.get(format!("{page}/progress"))).await, 403);
    assert_eq!(status(client.get(format!("{page}/?key=x")).header("host", "evil.example")).await, 403);
    assert_eq!(status(client.get(format!("{page}/created?code=abc&state=guessed"))).await, 403);
    let mut browser = Browser::new();
    browser.open(&address).await;
    assert_eq!(browser.status, 200, "{}", browser.page);
    assert!(!folder.path().join(".env").exists());

    setup.terminate();
    assert_eq!(setup.ended().await.code(), Some(1));
    assert!(setup.printed().contains("ended before an App was created"), "{}", setup.printed());
}

#[tokio::test]
async fn a_code_that_is_used_up_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let (_github, api) = simulator(folder.path()).await;
    let (_setup, address) = setup(folder.path(), &api, &["--name", "Used"]).await;
    let mut browser = Browser::new();
    browser.open(&address).await;
    browser.press("continue", &[]).await;
    let page = browser.page.clone();
    let state = page.split("apps/new?state=").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    let origin = browser.at.origin().ascii_serialization();
    browser.open(&format!("{origin}/created?code=never-was&state={state}")).await;
    assert_eq!(browser.status, 502);
    for part in ["exchanged already, or is older than an hour", "delete it under", "id=\"anew\""] {
        assert!(browser.page.contains(part), "{part}: {}", browser.page);
    }
    // The name of an App that is there is noticed before GitHub has to.
    browser.open(&format!("{origin}/plan")).await;
    browser.press("continue", &[("name", "Switchboard simulated")]).await;
    assert!(browser.page.contains("exists already") && !browser.page.contains("id=\"create\""), "{}", browser.page);
}

#[tokio::test]
async fn an_app_that_could_not_be_written_down_is_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (_github, api) = simulator(folder.path()).await;
    let (mut setup, address) = setup(folder.path(), &api, &["--no-wait"]).await;
    let mut browser = Browser::new();
    browser.open(&address).await;
    browser.press("continue", &[]).await;
    // Somebody takes the key's place after everything has been looked at.
    let key = folder.path().join("secrets/github-app.private-key.pem");
    fs::create_dir(folder.path().join("secrets")).unwrap();
    fs::write(&key, "another key").unwrap();
    browser.press("create", &[]).await;
    browser.press("create", &[]).await;
    for part in ["exists, but is not written down", "github-app.private-key.pem exists already"] {
        assert!(browser.page.contains(part), "{part}: {}", browser.page);
    }
    assert_eq!(fs::read_to_string(&key).unwrap(), "another key");
    setup.line("what to do", |line| line.contains("leave it running").then_some(())).await;
    fs::remove_file(&key).unwrap();
    browser.press("save", &[]).await;
    assert!(setup.ended().await.success(), "{}", setup.printed());
    assert!(fs::read_to_string(&key).unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    assert!(setup.printed().contains("Install it: "), "{}", setup.printed());
}

fn refused(ended: &Ended, message: &str) {
    assert_eq!(ended.code, Some(2), "{}", ended.err);
    assert!(ended.err.contains(message) && ended.err.contains("hint: "), "{}", ended.err);
}

#[tokio::test]
async fn what_would_fail_once_the_app_exists_is_said_before() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".env"), "PORT=1\n").unwrap();
    refused(&run(folder.path(), &[], &["setup"]).await, ".env exists already");
    refused(&run(folder.path(), &[], &["setup", "--output", ".env/x"]).await, "cannot be written");
    let set = [("GITHUB_APP_ID".to_owned(), "7".to_owned())];
    let new = ["setup", "--output", "new.env"];
    refused(&run(folder.path(), &set, &new).await, "set in the environment: GITHUB_APP_ID");
    let elsewhere = [("GITHUB_API_URL".to_owned(), "https://ghe.example.com/api/v3".to_owned())];
    refused(&run(folder.path(), &elsewhere, &new).await, "the App is to be made on github.com");
    refused(&run(folder.path(), &[], &["setup", "--github-url", "github.com"]).await, "--github-url");
    fs::write(folder.path().join("x.pem"), switchboard_simulator::SIMULATOR_ONLY_PRIVATE_KEY).unwrap();
    fs::write(folder.path().join("switchboard.toml"), "[github]\nprivate_key_path = \"x.pem\"\n").unwrap();
    refused(&run(folder.path(), &[], &new).await, "names a private key (switchboard.toml:2");
    fs::remove_file(folder.path().join("switchboard.toml")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = run(folder.path(), &[], &["setup", "--output", "new.env", "--port", &port]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("cannot be served") && ended.err.contains("--port"), "{}", ended.err);
    assert_eq!(fs::read_to_string(folder.path().join(".env")).unwrap(), "PORT=1\n");
}
