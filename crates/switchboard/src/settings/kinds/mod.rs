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
mod provider;
mod relay;
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
pub(super) use provider::{
    BUILDKITE, PIPELINE_KEYS, PROVIDER_KEYS, read as read_providers, read_text as read_providers_text,
    shown as shown_providers,
};
pub(super) use relay::Issuer;
pub(super) use token::hash_of_token;
