//! Pages that an operator makes public to read.
//!
//! A visitor gets in by a list of routes, never by the absence of a rule: what is not listed asks for a sign-in, and so does
//! everything but reading. A page that visitors see leaves out what is not theirs (headers and bodies of deliveries, what
//! operators did); [`crate::Shell::is_visitor`] tells it.

use axum::extract::MatchedPath;
use axum::extract::Request;
use http::Method;

use crate::AutomationPages;

/// A name that the setting may list, and what it opens, beside those of the automations.
pub(crate) struct PublicPage {
    name: &'static str,
    routes: &'static [&'static str],
}

/// The shared pages that may be public.
pub(crate) const SHARED: &[PublicPage] = &[
    PublicPage { name: "overview", routes: &["/"] },
    PublicPage {
        name: "deliveries",
        routes: &["/deliveries", "/deliveries/{id}", "/api/v1/deliveries", "/api/v1/deliveries/{id}"],
    },
];

/// The names of the shared pages that may be public.
pub const PUBLIC_PAGES: [&str; SHARED.len()] = {
    let mut names = [""; SHARED.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = SHARED[at].name;
        at += 1;
    }
    names
};

/// The routes that visitors may read.
#[derive(Default)]
pub(crate) struct PublicRoutes(Vec<&'static str>);

impl PublicRoutes {
    /// What these names open.
    pub(crate) fn new(names: &[String], automations: &[std::sync::Arc<dyn AutomationPages>]) -> Self {
        let named = |name: &str| names.iter().any(|public| public == name);
        let shared = SHARED.iter().filter(|page| named(page.name)).flat_map(|page| page.routes);
        let theirs = automations.iter().filter(|pages| named(pages.name())).flat_map(|pages| pages.public_routes());
        Self(shared.chain(theirs).copied().collect())
    }

    /// Whether a visitor may have this.
    pub(crate) fn allow(&self, request: &Request) -> bool {
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let route = request.extensions().get::<MatchedPath>();
        reads && route.is_some_and(|route| self.0.contains(&route.as_str()))
    }

    /// Whether a tab leads somewhere for a visitor.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.contains(&path)
    }
}
