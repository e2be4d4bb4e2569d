//! `switchboard setup`: from nothing to a server that a GitHub App talks to, by GitHub's manifest flow.
//!
//! 1. A [`Plan`] says what is to be created; the [`site`], a page on this machine only, shows it and lets it be changed.
//! 2. The page's form posts the [`manifest`] to GitHub, which asks for confirmation, creates the App and leads the browser
//!    back with a code, which is exchanged for the App's secrets.
//! 3. [`files`] writes them down: the key and the environment file, each readable by their owner only. Whether they can be
//!    written is found out before the App exists, and if it fails after all, the page lets it be tried again.
//! 4. [`finish`] waits until the App is installed somewhere, and ends with what `doctor` says.
//!
//! Each step is a [`Stage`], which the page draws and the terminal follows.

mod env_text;
mod files;
mod finish;
mod guard;
mod manifest;
mod pages;
mod plan;
mod run;
mod site;
mod stage;

pub use files::{Destination, FileProblem};
pub use plan::{Fields, Place, Plan, PlanProblem, Reach};
pub use run::{Options, run};
pub use stage::{Created, Stage};
