//! The endpoints that we call, each as a method that returns a [`Call`](crate::Call) to be tuned and sent.
//!
//! The types hold what we read and nothing else: unknown members are ignored, and whatever GitHub may leave out or
//! send as null is an `Option`.

pub mod actions;
pub mod app;
pub mod checks;
pub mod comments;
pub mod issues;
pub mod repos;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Deserializer};

/// Reads null like a missing member.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
