//! The panel put together: what it is made of, and its one router.

use std::sync::Arc;

use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
use axum::{Extension, Router};
use switchboard_store::Store;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::access::{self, Auth, Flows, Limiter, PublicRoutes, Refusals, Sessions};
use crate::core::{Actions, Core, Version};
use crate::insight::Insight;
use crate::live::{self, Live};
use crate::network::Access;
use crate::{AutomationPages, NavItem, api, assets, dress, headers, pages, theme, zone};

/// What the panel is made of.
pub struct Panel {
    /// What it shows.
    pub store: Arc<dyn Store>,
    /// Who takes in what operators do: the engine's acceptor.
    pub actions: Arc<dyn Actions>,
    /// How sign-in works.
    pub auth: Auth,
    /// Which addresses may see it.
    pub access: Access,
    /// The automations that are switched on, in the order of their tabs.
    pub automations: Vec<Arc<dyn AutomationPages>>,
    /// What is running.
    pub version: Version,
    /// Where GitHub's pages are, without a slash at the end: `https://github.com`.
    pub github_url: String,
    /// Cancelled when the server stops, so that pages that listen let it.
    pub shutdown: CancellationToken,
    /// Routes of the server itself, and who may see them.
    pub also: Vec<(Visibility, Router)>,
}

/// Who may see a route. The addresses that may see the panel at all bound both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Whoever has signed in, or sends a token.
    SignedIn,
    /// Anybody.
    Public,
}

impl Panel {
    /// Everything under one router, its own fallback included: merge the webhook's and the probes' routes into it.
    ///
    /// Serve it with `into_make_service_with_connect_info::<SocketAddr>()`; without the peer's address nobody passes an
    /// allowlist, and all clients share one limit of wrong tokens.
    pub fn router(self) -> Router {
        self.router_with(Insight::default())
    }

    /// As [`Panel::router`], with what the server tells about itself.
    pub fn router_with(self, insight: Insight) -> Router {
        let shared = vec![
            NavItem { label: "Overview", path: "/" },
            NavItem { label: "Deliveries", path: "/deliveries" },
            NavItem { label: "Jobs", path: "/jobs" },
        ];
        let own = vec![
            NavItem { label: "Installations", path: "/installations" },
            NavItem { label: "Audit", path: "/audit" },
            NavItem { label: "Settings", path: "/settings" },
        ];
        let tabs = self.automations.iter().map(|automation| automation.nav()).collect();
        let automations: Vec<Router> = self.automations.iter().map(|automation| automation.routes()).collect();
        let api = self.automations.iter().map(|automation| automation.api()).fold(api::routes(), OpenApiRouter::merge);
        let core = Arc::new(Core {
            sessions: Sessions::new(&self.auth),
            flows: Flows::new(&self.auth),
            public: PublicRoutes::new(&self.auth.public, &self.automations),
            store: self.store,
            actions: self.actions,
            automations: self.automations,
            auth: self.auth,
            limiter: Limiter::default(),
            refusals: Refusals::default(),
            access: self.access,
            version: self.version,
            github_url: self.github_url,
            insight,
            live: Live::default(),
            shutdown: self.shutdown,
            nav: vec![shared, tabs, own],
        });
        let (public, guarded): (Vec<_>, Vec<_>) =
            self.also.into_iter().partition(|(visibility, _)| *visibility == Visibility::Public);
        let signed_in = automations
            .into_iter()
            .chain(guarded.into_iter().map(|(_, router)| router))
            .fold(shared_pages().merge(api::document(api)), Router::merge)
            .fallback(dress::unknown_path)
            .layer(from_fn_with_state(Arc::clone(&core), access::guard));
        let open = Router::new()
            .route("/sign-in", get(access::form).post(access::enter))
            .route("/sign-in/github", get(access::begin))
            .route(access::CALLBACK_PATH, get(access::callback))
            .route("/sign-out", post(access::leave))
            .route("/keys", get(pages::keys::page))
            .route("/theme", post(theme::choose))
            .route("/zone", get(zone::page).post(zone::choose))
            .route("/assets/{name}", get(assets::serve))
            .with_state(Arc::clone(&core));
        let open = public.into_iter().map(|(_, router)| router).fold(open, Router::merge);
        // From the inside out: who is asking, what an error looks like, what every answer carries.
        signed_in
            .merge(open)
            .layer(from_fn_with_state(Arc::clone(&core), access::identify))
            .layer(from_fn_with_state(Arc::clone(&core), dress::dress))
            .layer(Extension(core))
            .layer(from_fn(zone::keep))
            .layer(from_fn(headers::secure))
    }
}

fn shared_pages() -> Router {
    Router::new()
        .route("/", get(pages::overview::page))
        .route("/deliveries", get(pages::deliveries::page))
        .route("/deliveries/{id}", get(pages::delivery::page))
        .route("/deliveries/{id}/body", get(pages::delivery::raw))
        .route("/deliveries/{id}/on-github", get(pages::delivery::on_github))
        .route("/deliveries/{id}/replay", post(pages::actions::replay))
        .route("/jobs", get(pages::jobs::page))
        .route("/jobs/letters", get(pages::letters::page).post(pages::letters::act))
        .route("/jobs/{id}", get(pages::job::page))
        .route("/jobs/{id}/revive", post(pages::actions::revive))
        .route("/jobs/{id}/discard", post(pages::actions::discard))
        .route("/subjects/{owner}/{name}", get(pages::subject::place))
        .route("/subjects/{owner}/{name}/{detail}", get(pages::subject::detail))
        .route("/subjects/{owner}/{name}/{kind}/{detail}", get(pages::subject::as_on_github))
        .route("/installations", get(pages::installations::list))
        .route("/installations/{id}", get(pages::installations::one))
        .route("/audit", get(pages::audit::page))
        .route("/settings", get(pages::settings::page))
        .route("/search", get(pages::search::page))
        .route("/live", get(live::events))
}
