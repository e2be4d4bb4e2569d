//! The types that settings are made of: each knows which texts it accepts and what to answer to the rest.
//!
//! What a crate below already defines (an App's key, a token's hash, a network, the dispatcher's patterns) is taken
//! from there, so that the rule which stops the start and the rule which works later are one.

mod app_key;
mod dispatcher;
mod github;
mod grants;
mod log;
mod network;
mod secret;
mod store;
mod token;

pub use github::BaseUrl;
pub use log::{LogFilter, LogFormat};
pub use network::Host;
pub use secret::Secret;
pub use store::StoreLocation;

pub(super) use dispatcher::Owner;
pub(super) use grants::PublicPage;
pub(super) use token::hash_of_token;
