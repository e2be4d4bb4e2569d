//! The pages in a real browser: Chromium through ChromeDriver, against the real binary.
//!
//! - [`chrome`]: the browser, one a test, with its own driver and profile, both gone when the test ends however it ends;
//! - [`town`]: what the tests look at: a simulated GitHub, the server in a process of its own, and what happened there;
//! - [`eyes`]: what is wrong with a page in any of its looks;
//! - [`site`]: every page that there is, found by its links;
//! - the rest: one concern each.
//!
//! `cargo xtask test` installs browser and driver and fetches axe-core. Without them these tests say so and pass, except
//! in continuous integration and under `cargo xtask test`, where they fail.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands, also in its own functions")]

#[path = "../process/support/mod.rs"]
#[expect(dead_code, reason = "these stories need less of it than those without a browser")]
mod support;

mod chrome;
mod every_page;
mod eyes;
mod github_sign_in;
mod journey;
mod keyboard;
mod letters;
mod live;
mod relay;
mod screenshots;
mod search;
mod setup;
mod sign_in;
mod site;
mod town;
mod without_script;
