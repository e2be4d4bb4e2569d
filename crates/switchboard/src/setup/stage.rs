//! How far a set-up has come. The page draws it, the terminal follows it.

use std::sync::Arc;

use switchboard_github::manifest::NewApp;

use super::files::Written;
use super::plan::Plan;
use crate::doctor::Report;

/// How far a set-up has come; later ones never go back.
#[derive(Debug, Clone)]
pub enum Stage {
    /// Nothing exists yet.
    Planning,
    /// The App exists, and its secrets are in memory only: the files could not be written.
    Unsaved {
        /// The App.
        app: Arc<NewApp>,
        /// What was planned.
        plan: Plan,
        /// Why, and what to do.
        problem: (String, &'static str),
    },
    /// The App exists and everything is written down.
    Saved(Arc<Created>),
    /// It is installed: the accounts.
    Installed(Arc<Created>, Vec<String>),
    /// The last look at everything.
    Examined(Arc<Created>, Arc<Report>),
}

/// An App that was created, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its name.
    pub name: String,
    /// Its number.
    pub id: String,
    /// Its slug.
    pub slug: String,
    /// The account that owns it.
    pub owner: String,
    /// Where it is installed from.
    pub install_url: String,
    /// What was planned.
    pub plan: Plan,
    /// What was written.
    pub written: Written,
}

impl Stage {
    /// The App, once it is written down.
    #[must_use]
    pub fn created(&self) -> Option<&Arc<Created>> {
        match self {
            Self::Planning | Self::Unsaved { .. } => None,
            Self::Saved(created) | Self::Installed(created, _) | Self::Examined(created, _) => Some(created),
        }
    }
}
