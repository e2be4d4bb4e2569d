//! The house keeps its shape: who may import whom, and what no source may say.
//!
//! - [`floors`]: dependencies point downwards, never up or sideways;
//! - [`sources`]: words, paths and calls that stay out;
//! - [`images`]: the pictures that documents show.

#![expect(clippy::expect_used, reason = "what a test cannot read fails it")]

mod floors;
mod images;
mod sources;

use std::path::Path;

/// The repository's root.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
