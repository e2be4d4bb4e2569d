//! What these tests need besides the binary, and what happens when it is missing.

use std::path::{Path, PathBuf};

/// Set by `cargo xtask test` once browser and driver are installed: a test that cannot find them then is broken.
const HANDSHAKE: &str = "SWITCHBOARD_BROWSER_TESTS";
/// Where `cargo xtask test` has put axe-core's script.
const AXE: &str = "SWITCHBOARD_AXE";
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const DRIVER: &str = "chromedriver";

/// The programs.
pub struct Programs {
    pub browser: PathBuf,
    pub driver: PathBuf,
}

/// `None`, and a word about it, where they are missing and may be.
pub fn programs() -> Option<Programs> {
    let browser = BROWSERS.iter().find_map(|name| on_path(name));
    match (browser, on_path(DRIVER)) {
        (Some(browser), Some(driver)) => Some(Programs { browser, driver }),
        _ => missing("chromium and chromedriver", "on Debian: apt-get install chromium chromium-driver"),
    }
}

/// axe-core's script, likewise.
pub fn axe() -> Option<String> {
    match std::env::var_os(AXE) {
        Some(path) => Some(std::fs::read_to_string(path).unwrap()),
        None => missing("axe-core", "`cargo xtask test` fetches it"),
    }
}

fn missing<T>(what: &str, hint: &str) -> Option<T> {
    let required = [HANDSHAKE, "CI"].into_iter().find(|name| std::env::var_os(name).is_some());
    assert!(required.is_none(), "{what} is missing, and {} is set; {hint}", required.unwrap_or_default());
    eprintln!("NOT TESTED: {what} is missing; {hint}");
    None
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| Path::is_file(file))
}
