//! The relay's pages: the matrix follows what happens, is walked by keys, and is whole on a phone and without a script.

use std::time::Duration;

use fantoccini::key::Key;
use serde_json::Value;
use switchboard_simulator::PullSpec;
use tempfile::TempDir;

use crate::chrome::{Browser, Scheme, Scripts};
use crate::eyes::{Eyes, PHONE, TOO_WIDE};
use crate::support::server::Server;
use crate::support::until;
use crate::support::upstream::{Upstream, soon};

const BACKEND: &str = "td.r-cell[data-label='vendor/backend']";
const REQUIRED: &str = "td.r-cell[data-label='vendor/required']";

/// How long a run takes: its first report has to be in before GitHub tells of its end, as in earnest, on a busy machine, too.
const RUN: Duration = Duration::from_secs(3);

/// An upstream, and a server that relays it. A run at `vendor/backend` takes so long.
async fn relaying(run: Duration) -> (Upstream, Server, TempDir) {
    let github = Upstream::start(soon("CI").result("build").succeeds_after(run)).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    (github, server, folder)
}

fn pull(title: &str) -> PullSpec {
    PullSpec::new(title).by("alice").forked().labels(&["ciflow/crcr/gpu"])
}

/// Waits until an entry's cell shows a letter.
async fn shows(browser: &Browser, cell: &str, letter: &str) {
    browser.reads(&format!("{cell} b"), letter).await;
}

#[tokio::test]
async fn the_matrix_follows_a_run_cell_by_cell_without_a_reload() {
    let (github, server, _folder) = relaying(RUN).await;
    let Some(browser) = Browser::open(&server.url, Scripts::On).await else { return };
    browser.go("/relay").await;
    browser.find(".live[data-live-state='on']").await;
    // What a reload would lose; and what is asked for from now on.
    browser.eval("window.seenBefore = true").await;
    github.up.open_pull(pull("Add a kernel"));
    browser.reads(".r-matrix tbody", "Add a kernel").await;
    shows(&browser, BACKEND, "R").await;
    browser.eval("performance.clearResourceTimings()").await;
    shows(&browser, BACKEND, "P").await;
    shows(&browser, REQUIRED, "P").await;
    let asked =
        browser.eval("return performance.getEntriesByType('resource').map((it) => new URL(it.name).pathname)").await;
    let asked: Vec<&str> = asked.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(asked.iter().any(|path| path.starts_with("/relay/rows/pr/")), "a row was drawn alone: {asked:?}");
    assert_eq!(browser.eval("return window.seenBefore").await, true, "the page was never loaded again");

    // The second row comes above the first one.
    github.up.open_pull(pull("Fuse two kernels"));
    until("two rows", async || (browser.count(".r-matrix tbody tr").await == 2).then_some(())).await;
    browser.reads(".r-matrix tbody tr:first-child", "Fuse two kernels").await;
    assert_eq!(browser.eval("return window.seenBefore").await, true);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn arrow_keys_walk_the_matrix_and_enter_shows_what_stands_behind_a_cell() {
    let (github, server, _folder) = relaying(RUN).await;
    let Some(browser) = Browser::open(&server.url, Scripts::On).await else { return };
    for title in ["Add a kernel", "Fuse two kernels"] {
        let head = github.up.open_pull(pull(title)).head_sha();
        github.check(&head, "crcr/gate", "success").await;
    }
    browser.go("/relay").await;
    shows(&browser, BACKEND, "P").await;
    browser.eval("document.querySelector('.r-matrix tbody th a').focus()").await;
    let at = async || {
        browser.eval("const it = document.activeElement; return it.closest('td, th').dataset.label ?? it.closest('tr').innerText.split('\\n')[0]").await
    };
    for (key, place) in [
        (Key::Right, "vendor/required"),
        (Key::Right, "vendor/backend"),
        (Key::Right, "vendor/backend"),
        (Key::Down, "vendor/backend"),
        (Key::Left, "vendor/required"),
        (Key::Left, "#1 Add a kernel"),
        (Key::Up, "#2 Fuse two kernels"),
        (Key::Right, "vendor/required"),
    ] {
        browser.press(&key.to_string()).await;
        assert_eq!(at().await, place, "after {key:?}");
    }
    browser.press(&Key::Enter.to_string()).await;
    browser.reads("dialog.r-dialog[open]", "vendor/required").await;
    browser.reads("dialog.r-dialog[open]", "execution").await;
    browser.press(&Key::Escape.to_string()).await;
    until("the dialog is closed", async || (browser.count("dialog[open]").await == 0).then_some(())).await;
    assert_eq!(at().await, "vendor/required", "the focus is where it was");
    assert_eq!(browser.path().await, "/relay");
    browser.press("?").await;
    browser.reads("dialog#keys[open]", "from cell to cell").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}

#[tokio::test]
async fn every_page_of_the_relay_is_sound_in_each_of_its_looks() {
    let (github, server, _folder) = relaying(RUN).await;
    let Some(browser) = Browser::open(&server.url, Scripts::On).await else { return };
    let head = github.up.open_pull(pull("Add a kernel")).head_sha();
    github.check(&head, "crcr/gate", "success").await;
    browser.go("/relay").await;
    shows(&browser, BACKEND, "P").await;
    let target = browser.eval("return document.querySelector('td.r-cell a').getAttribute('href')").await;
    let target = target.as_str().unwrap();
    let dispatch = target.rsplitn(3, '/').last().unwrap();
    let mut eyes = Eyes::open();
    for page in [
        "/relay",
        "/relay?open=vendor/backend",
        "/relay?tab=nightly",
        "/relay/prs/1",
        dispatch,
        target,
        "/relay/repos/vendor/backend",
        "/relay/levels",
        "/relay/trends",
        "/relay/allowlist",
        "/relay/setup",
        "/subjects/org/up/1",
    ] {
        browser.go(page).await;
        browser.find("main h1").await;
        eyes.look(&browser, page).await;
    }
    eyes.saw_nothing_wrong();
    assert_eq!(browser.complaints().await, Vec::<String>::new());

    // On a phone a row is a card, with what has not passed.
    browser.look(PHONE, Scheme::Light).await;
    browser.go("/relay").await;
    browser.reads(".r-matrix tbody tr", "2 passed or nothing to do").await;
    let shown = "return getComputedStyle(document.querySelector('td.r-cell')).display";
    assert_eq!(browser.eval(shown).await, "none");
    assert_eq!(browser.eval(TOO_WIDE).await, Value::Null);
}

#[tokio::test]
async fn without_scripts_the_matrix_unfolds_finds_and_leads_to_results() {
    let (github, server, _folder) = relaying(RUN).await;
    let Some(browser) = Browser::open(&server.url, Scripts::Off).await else { return };
    let head = github.up.open_pull(pull("Add a kernel")).head_sha();
    github.check(&head, "crcr/gate", "success").await;
    browser.go("/relay").await;
    shows(&browser, BACKEND, "P").await;
    assert_eq!(browser.count("html.js").await, 0, "the page's script has not run");
    browser.click(".r-fold[href*='backend']").await;
    browser.reads(".r-name", "build").await;
    browser.reads(".segments a[aria-current='page']", "Pull requests").await;
    browser.fill("#find", "#1\n").await;
    browser.arrives("/relay").await;
    browser.reads(".chosen", "#1").await;
    browser.click("td.r-cell a").await;
    browser.arrives("/relay/dispatches/").await;
    browser.reads(".r-section", "vendor/").await;
    browser.click(".r-section h2 a").await;
    browser.arrives("/relay/repos/vendor/").await;
    browser.reads("main", "24 hours").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
}
