//! The pictures in the documents, taken of the demo's story, so that they show what is there. `cargo xtask screenshots`
//! writes them into `docs/images`; every other run takes them too, and compares only their names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::chrome::{Browser, Scheme, Scripts, Viewport};
use crate::support::server::{Process, switchboard};
use crate::town::Town;

/// The folder to write them to, set by `cargo xtask screenshots`.
const FOLDER: &str = "SWITCHBOARD_SCREENSHOTS";
/// How long the demo may take to tell its story; it takes a third of this on two idle cores.
const STORY: Duration = Duration::from_secs(60);

const LAPTOP: Viewport = Viewport { width: 1280, height: 860 };
const PHONE: Viewport = Viewport { width: 360, height: 740 };

/// Where pictures go.
struct Album {
    folder: PathBuf,
    taken: BTreeSet<String>,
}

impl Album {
    async fn take(&mut self, browser: &Browser, name: &str, path: &str, viewport: Viewport, scheme: Scheme) {
        browser.look(viewport, scheme).await;
        browser.go(path).await;
        browser.find("main h1, main .lead").await;
        let picture = browser.screenshot().await;
        assert_eq!(size(&picture), Some((viewport.width, viewport.height)), "{name}");
        std::fs::write(self.folder.join(name), picture).unwrap();
        self.taken.insert(name.to_owned());
    }
}

#[tokio::test]
async fn the_pictures_in_the_documents_are_of_pages_that_there_are() {
    let scratch = tempfile::tempdir().unwrap();
    let wanted = std::env::var_os(FOLDER).map(PathBuf::from);
    let mut album =
        Album { folder: wanted.clone().unwrap_or_else(|| scratch.path().to_owned()), taken: BTreeSet::new() };

    let demo = Process::start(switchboard(scratch.path(), &[], &["demo", "--port", "0"]));
    let journey = told(&demo, "Look at this journey first: ").await;
    let (base, journey) = journey.split_at(journey.find("/dispatcher/").unwrap());
    let Some(browser) = Browser::open(base, Scripts::On).await else { return };
    browser.go(journey).await;
    let delivery = href(&browser, ".actions a[href^='/deliveries/']").await;
    browser.go(&delivery).await;
    let commit = href(&browser, "h1 a[href*='/@']").await;
    for (name, path) in [("overview", "/"), ("journey", journey), ("subject", &commit), ("relay", "/relay")] {
        album.take(&browser, &format!("{name}.png"), path, LAPTOP, Scheme::Light).await;
        album.take(&browser, &format!("{name}-dark.png"), path, LAPTOP, Scheme::Dark).await;
        album.take(&browser, &format!("{name}-phone.png"), path, PHONE, Scheme::Light).await;
    }
    for (name, path) in
        [("delivery.png", delivery.as_str()), ("jobs.png", "/jobs"), ("installations.png", "/installations")]
    {
        album.take(&browser, name, path, LAPTOP, Scheme::Light).await;
    }
    drop(browser);
    drop(demo);

    // The demo keeps its promise that nothing is given up, so a dead letter is from elsewhere.
    let town = Town::build().await;
    let Some(browser) = town.visitor(Scripts::On).await else { return };
    town.refuse_payments().await;
    browser.go("/jobs?state=dead").await;
    browser.click(".works a.kind").await;
    let letter = browser.arrives("/jobs/").await;
    album.take(&browser, "dead-letter.png", &letter, LAPTOP, Scheme::Light).await;

    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images");
    let kept: BTreeSet<String> = std::fs::read_dir(documents)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(kept, album.taken, "`cargo xtask screenshots` takes them anew; delete what it no longer takes");
}

/// Where a link on the page leads.
async fn href(browser: &Browser, css: &str) -> String {
    browser.find(css).await.attr("href").await.unwrap().unwrap()
}

/// What the demo prints behind these words.
async fn told(demo: &Process, words: &str) -> String {
    let began = Instant::now();
    loop {
        let printed = demo.printed();
        if let Some(rest) = printed.split_once(words).and_then(|(_, rest)| rest.split_once('\n')) {
            return rest.0.trim().to_owned();
        }
        assert!(began.elapsed() < STORY, "the demo did not say {words:?}: {printed}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Width and height of a PNG, from its first chunk (<https://www.w3.org/TR/png/#11IHDR>).
fn size(png: &[u8]) -> Option<(u32, u32)> {
    let chunk = png.strip_prefix(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")?;
    let number = |at: usize| Some(u32::from_be_bytes(chunk.get(at..at + 4)?.try_into().ok()?));
    Some((number(0)?, number(4)?))
}
