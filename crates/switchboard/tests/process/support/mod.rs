//! What stories about the binary need: a simulated GitHub in the test's process, and servers in processes of their own.

pub mod browser;
pub mod github;
pub mod person;
pub mod server;
pub mod upstream;

use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `look` finds something.
///
/// # Panics
/// If it takes too long.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A client that asks on this machine only, and follows no redirect by itself.
pub fn client() -> reqwest::Client {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(PATIENCE).build().unwrap()
}
