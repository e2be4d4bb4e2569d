//! GitHub as we use it: signatures, events, tokens, the REST client.
//!
//! Two halves that meet only in their names for things ([`ids`], [`repo_name`]):
//!
//! - **Receiving.** [`webhook`] tells whether GitHub signed a delivery and what it is about. Pure functions.
//! - **Calling.** [`GitHub`] performs calls. A [`Call`] names a row of the [`endpoint`] table and as whom it is made
//!   ([`Auth`]); on its way it gets a token (minted once, narrowed to the [`Scope`]), a place in the [`budget`], the ETag
//!   of what is known, and goes through the [`transport`]. What comes back is an [`Answer`], or an [`Error`] that says
//!   when to come back, whether the change may have happened, or why it is final, with a [`Hint`] for the operator.
//!
//! Before there is an App, [`manifest`] registers one.
//! Beside them, [`oidc`] tells which workflow run a token names, for reports that runs send themselves, and [`oauth`] who a
//! person is that signs in, and where they belong.
//!
//! Secrets live in the types of [`secret`], which cannot be printed; [`redact`] masks what looks like one elsewhere.
//! Whatever number or word GitHub decides stands in [`limits`], with its source.

mod answer;
pub mod api;
mod auth;
pub mod budget;
mod cache;
mod call;
mod classify;
mod client;
pub mod endpoint;
mod error;
mod flight;
mod hint;
mod http_transport;
pub mod ids;
pub mod limits;
pub mod manifest;
pub mod oauth;
pub mod observe;
pub mod oidc;
pub mod page;
pub mod pages;
mod path;
pub mod permission;
pub mod record;
pub mod redact;
pub mod repo_name;
pub mod secret;
#[cfg(test)]
mod testing;
pub mod transport;
pub mod webhook;

pub use answer::Answer;
pub use auth::{Auth, Scope};
pub use budget::Priority;
pub use call::{Call, Fetched, Raw};
pub use client::{ClockReading, GitHub, Settings, SettingsError, TokenLife};
pub use error::{Class, Error, HoldScope, Reason};
pub use hint::Hint;
pub use http_transport::{HttpTransport, SetupError};
pub use ids::{AppId, AppSlug, DeliveryGuid, HeadSha, HookDeliveryId, InstallationId, RepoId, RunId};
pub use repo_name::RepoName;
