//! What an automation adds to the panel: a tab with pages, words for its facts, and an answer when somebody searches for
//! something of its own. How it is doing stands on the overview in the words that it wrote down
//! ([`switchboard_engine::health`]).

use async_trait::async_trait;
use axum::Router;
use switchboard_store::{Fact, Result, Store, Subject};
use utoipa_axum::router::OpenApiRouter;

use crate::Shortcut;
use crate::components::{Html, Told};

/// A tab in the navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavItem {
    /// What it says: `Dispatcher`.
    pub label: &'static str,
    /// Where it leads: `/dispatcher`. The tab is current on this path and everything below it.
    pub path: &'static str,
}

/// What an automation shows on the page of a subject, above its story.
#[derive(Default)]
pub struct About {
    /// What it shows, if the subject is something to it: a card.
    pub shown: Option<Html>,
    /// Reads of the store that this took: at most [`About::READS`].
    pub reads: usize,
}

impl About {
    /// Reads that all automations together may make for the page of a subject.
    pub const READS: usize = 2;
}

/// What an automation adds to the panel.
#[async_trait]
pub trait AutomationPages: Send + Sync + 'static {
    /// The automation's name, as its facts and jobs carry it.
    fn name(&self) -> &'static str;

    /// Its tab.
    fn nav(&self) -> NavItem;

    /// Its pages, with whole paths (`/dispatcher/…`). The panel puts sign-in, the
    /// security headers and the error pages around them; handlers draw a page with [`crate::Shell`] and ask for
    /// [`crate::Session`], [`crate::Operator`] or [`crate::OperatorForm`].
    fn routes(&self) -> Router;

    /// Its part of the API, described as it is served, with whole paths (`/api/v1/dispatcher/…`).
    fn api(&self) -> OpenApiRouter {
        OpenApiRouter::new()
    }

    /// Those of its routes that may be made public to read, as it has them in [`AutomationPages::routes`]. Only what reads records
    /// and tells nothing that GitHub would keep from a stranger who was told the records.
    fn public_routes(&self) -> &'static [&'static str] {
        &[]
    }

    /// What keys do on its pages beyond what they do on every page.
    fn shortcuts(&self) -> &'static [Shortcut] {
        &[]
    }

    /// One of its facts in words; `None` leaves it to the general form, which shows the fact's kind and data.
    fn tell(&self, fact: &Fact) -> Option<Told> {
        let _ = fact;
        None
    }

    /// The path of the page about what somebody pasted into the search box, if it is something of this automation's.
    /// At most one read of the store.
    ///
    /// # Errors
    /// What the store says.
    async fn find(&self, store: &dyn Store, query: &str) -> Result<Option<String>> {
        let _ = (store, query);
        Ok(None)
    }
    /// What it shows on the page of this subject. No read for a subject that is not its business.
    ///
    /// # Errors
    /// What the store says.
    async fn about(&self, subject: &Subject) -> Result<About> {
        let _ = subject;
        Ok(About::default())
    }
}
