//! A ChromeDriver of one's own on a free port, and a session of it. Dropped, browser and driver are ended.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};

use super::needs::Programs;
use crate::support::PATIENCE;
use crate::support::server::Process;

/// The window, unless a test asks for another viewport.
const WINDOW: &str = "--window-size=1280,900";

/// See the [module's documentation](self).
pub struct Driver {
    _process: Process,
    port: u16,
    session: Option<String>,
}

impl Driver {
    /// Starts a driver and a browser with a profile in `profile`, in which pages may run scripts or not.
    pub async fn start(programs: &Programs, profile: &Path, scripts: bool) -> (Self, Client) {
        let mut command = Command::new(&programs.driver);
        command.arg("--port=0").env("HOME", profile);
        let process = Process::start(command);
        let port = process.line("the driver's port", |line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse().ok()
        });
        let port: u16 = port.await;
        // From here on a failed test ends the driver.
        let mut driver = Self { _process: process, port, session: None };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(programs, profile, scripts))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        driver.session = client.session_id().await.unwrap();
        (driver, client)
    }

    /// Asks the driver to end the browser, which is not its child in any way that would end it too.
    fn end_session(&self) -> std::io::Result<()> {
        let Some(session) = &self.session else { return Ok(()) };
        let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
        connection.set_read_timeout(Some(PATIENCE))?;
        write!(connection, "DELETE /session/{session} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")?;
        // It answers once the browser has ended, and keeps the connection.
        connection.read(&mut [0; 1024]).map(|_| ())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Err(error) = self.end_session() {
            eprintln!("a browser may be left behind: {error}");
        }
    }
}

fn capabilities(programs: &Programs, profile: &Path, scripts: bool) -> Map<String, Value> {
    let arguments = [
        "--headless=new",
        // Root may not use the sandbox, containers often cannot; the pages are our own.
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
        "--no-proxy-server",
        "--force-color-profile=srgb",
        "--lang=en-US",
        WINDOW,
        &format!("--user-data-dir={}", profile.display()),
    ];
    let mut preferences = json!({});
    if !scripts {
        // Content settings of Chromium: 2 is "block".
        preferences["profile.managed_default_content_settings.javascript"] = json!(2);
    }
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "binary": programs.browser, "args": arguments, "prefs": preferences },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "pageLoad": PATIENCE.as_millis() as u64, "script": PATIENCE.as_millis() as u64 },
    });
    wanted.as_object().unwrap().clone()
}
