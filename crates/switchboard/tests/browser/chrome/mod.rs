//! A browser as a person uses it: goes to pages, reads, clicks, types, and looks at what its console says.

mod axe;
mod driver;
mod needs;

pub use axe::Axe;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, Locator};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::support::{PATIENCE, until};
use driver::Driver;

/// Whether pages may run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// Which of the two colour schemes the reader prefers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    Light,
    Dark,
}

/// What one looks through, in CSS pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Viewport {
    pub width: u32,
    pub height: u32,
}

/// See the [module's documentation](self).
pub struct Browser {
    client: Client,
    /// Where paths lead: `http://127.0.0.1:3000`.
    base: String,
    // In this order: the browser ends before its profile goes.
    _driver: Driver,
    _profile: TempDir,
}

impl Browser {
    /// A browser in front of the server at `base`; `None` where there is none and need not be.
    pub async fn open(base: &str, scripts: Scripts) -> Option<Self> {
        let programs = needs::programs()?;
        let profile = TempDir::new_in(PathBuf::from(env!("CARGO_TARGET_TMPDIR"))).unwrap();
        let (driver, client) = Driver::start(&programs, profile.path(), scripts == Scripts::On).await;
        Some(Self { client, base: base.to_owned(), _driver: driver, _profile: profile })
    }

    /// Opens a page and waits until it is there.
    pub async fn go(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// Path and query of the page that is shown.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Waits until the page's path begins so.
    pub async fn arrives(&self, path: &str) -> String {
        let began = Instant::now();
        loop {
            let now = self.path().await;
            if now.starts_with(path) {
                return now;
            }
            assert!(began.elapsed() < PATIENCE, "the browser was to arrive at {path}, and is at {now}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The first element that `css` selects, once there is one that is shown.
    pub async fn find(&self, css: &str) -> Element {
        until(&format!("{css} is shown"), async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        })
        .await
    }

    /// How many elements `css` selects now.
    pub async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    /// What is to be read in the first element that `css` selects.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// Waits until `words` are to be read in the first element that `css` selects.
    pub async fn reads(&self, css: &str, words: &str) {
        until(&format!("{css} reads “{words}”"), async || {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.text().await.ok()?.contains(words).then_some(())
        })
        .await;
    }

    /// Clicks on the first element that `css` selects, once there is one that takes a click: between being found and being
    /// clicked it may go, with the page that it was on.
    pub async fn click(&self, css: &str) {
        until(&format!("{css} takes a click"), async || self.find(css).await.click().await.ok()).await;
    }

    /// Types into a field, behind what stands in it.
    pub async fn fill(&self, css: &str, text: &str) {
        self.find(css).await.send_keys(text).await.unwrap();
    }

    /// Types into a field in place of what stands in it.
    pub async fn refill(&self, css: &str, text: &str) {
        self.find(css).await.clear().await.unwrap();
        self.fill(css, text).await;
    }

    /// Chooses from a list.
    pub async fn choose(&self, css: &str, value: &str) {
        self.find(css).await.select_by_value(value).await.unwrap();
    }

    /// Follows a link that opens another tab, and looks at that one.
    pub async fn click_into_new_tab(&self, css: &str) {
        let before = self.client.windows().await.unwrap();
        self.click(css).await;
        let opened = until("another tab", async || {
            self.client.windows().await.unwrap().into_iter().find(|tab| !before.contains(tab))
        });
        self.client.switch_to_window(opened.await).await.unwrap();
    }

    /// Closes the tab, and looks at the one that it was opened from.
    pub async fn close_tab(&self) {
        self.client.close_window().await.unwrap();
        let left = self.client.windows().await.unwrap().remove(0);
        self.client.switch_to_window(left).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        self.client.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// The source of the page as it is now.
    pub async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    /// What a script's `return` gives.
    pub async fn eval(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// The viewport as PNG, without scroll bars.
    pub async fn screenshot(&self) -> Vec<u8> {
        self.devtools("Emulation.setScrollbarsHidden", json!({ "hidden": true })).await;
        self.client.screenshot().await.unwrap()
    }

    /// Looks through a viewport, and prefers a colour scheme and no motion, from now on.
    pub async fn look(&self, Viewport { width, height }: Viewport, scheme: Scheme) {
        let mobile = width < 600;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        let value = match scheme {
            Scheme::Light => "light",
            Scheme::Dark => "dark",
        };
        let scheme = json!({ "name": "prefers-color-scheme", "value": value });
        let motion = json!({ "name": "prefers-reduced-motion", "value": "reduce" });
        let media = json!({ "features": [scheme, motion] });
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    /// The console's warnings and errors since the last call; violations of the content security policy are among them.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.extension("se/log", json!({ "type": "browser" })).await;
        let serious =
            log.as_array().unwrap().iter().filter(|entry| entry["level"] != "INFO" && entry["level"] != "DEBUG");
        serious.map(|entry| entry["message"].as_str().unwrap().to_owned()).collect()
    }

    /// Those of the [complaints](Self::complaints) that are about this server; a simulated GitHub has no icon, for one.
    pub async fn complaints_here(&self) -> Vec<String> {
        let mut complaints = self.complaints().await;
        complaints.retain(|line| line.starts_with(&self.base));
        complaints
    }

    /// A command of the DevTools protocol.
    async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.extension("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn extension(&self, path: &'static str, body: Value) -> Value {
        self.client.issue_cmd(Extension { path, body }).await.unwrap()
    }
}

/// A command that ChromeDriver has beyond WebDriver's own.
#[derive(Debug)]
struct Extension {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
