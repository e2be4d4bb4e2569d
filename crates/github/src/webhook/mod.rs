//! The receiving side: who signed a delivery, which one it is, and what it is about.
//!
//! Everything here is a pure function over bytes and headers, so that it can be fuzzed and needs no server. The order
//! in which a server calls them matters: [`signature`] before anything looks into the body.

pub mod envelope;
pub mod events;
pub mod headers;
mod scanner;
pub mod signature;
