//! The web shell: layout, components, sign-in, live updates, and the pages that every automation shares.
//!
//! A request passes, from the outside in:
//!
//! 1. [`headers`]: what every answer carries, a strict content security policy first of all;
//! 2. `dress`: turns a [`Fault`] into a page for people or a problem document for programs;
//! 3. [`access`]: the address, then who is asking, then whether they had to sign in;
//! 4. a handler, here (`pages`, `api`) or in an automation ([`AutomationPages::routes`]).
//!
//! A handler extracts a [`Shell`], reads what it shows by key or by one range of keys, fills a template with
//! [`components`], and lets the shell draw it. The frame costs one read of the store; a page has seven for itself, however
//! much is stored. Pages are whole without the script: it only copies ids, keeps relative times true, and draws the
//! regions marked `data-live` anew when [`live`](Shell::live) hints that they changed.
//!
//! What operators do is sent to the engine as an action, a delivery like any other, so nothing here writes to the store.

mod access;
pub mod api;
pub mod assets;
mod automation;
pub mod components;
mod core;
mod dress;
mod fault;
pub mod headers;
mod insight;
mod installed;
pub mod links;
mod live;
mod network;
mod overview;
mod pages;
mod panel;
mod query;
mod shell;
mod shortcuts;
pub mod standalone;
mod status;
mod theme;
mod topic;
mod zone;

pub use access::{
    Auth, Belonging, CALLBACK_PATH, Directory, DirectoryError, GitHubSignIn, Grantee, GranteeError, Grants, Group,
    Operator, OperatorForm, PUBLIC_PAGES, Person, Role, Session, SessionForm, SessionSecret, TokenHash, TokenHashError,
    generate_token, same_origin,
};
pub use automation::{About, AutomationPages, NavItem};
pub use core::{Actions, Version};
pub use fault::Fault;
pub use insight::{Budget, Budgets, Insight, SettingRow, TokenLife};
pub use network::{Access, Network, NetworkError};
pub use panel::{Panel, Visibility};
pub use shell::Shell;
pub use shortcuts::Shortcut;
