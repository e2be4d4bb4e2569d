//! The local page: its routes, and what each does.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Form, Query, State};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, Uri, header};
use serde::Deserialize;
use switchboard_github::manifest::{ManifestError, NewApp, Registrar};
use switchboard_panel::{TokenHash, standalone};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::files::{Destination, FileProblem, Written};
use super::guard::{self, Door};
use super::pages::{self, Drawn};
use super::plan::{Fields, Place, Plan, Reach};
use super::stage::{Created, Stage};
use crate::needs::Needs;

/// Where GitHub leads back to.
pub(super) const CREATED: &str = "/created";

/// Everything that the page knows.
pub(super) struct Site {
    pub(super) place: Place,
    pub(super) needs: Needs,
    pub(super) destination: Destination,
    pub(super) registrar: Registrar,
    pub(super) door: Door,
    /// What the way back from GitHub must carry, so that nobody else's App is taken for ours.
    pub(super) state: String,
    /// `http://127.0.0.1:<port>`
    pub(super) address: String,
    /// The hash of the token to sign in with; none if one is configured already.
    pub(super) operator: Option<TokenHash>,
    /// What was asked for last.
    pub(super) fields: Mutex<Fields>,
    pub(super) stage: watch::Sender<Stage>,
    /// One exchange at a time: a code is good for one.
    pub(super) exchanging: tokio::sync::Mutex<()>,
    /// Whether the App's installation is waited for.
    pub(super) waits: bool,
    /// Somebody has seen the end.
    pub(super) seen: Notify,
    /// Held by every page that follows what happens.
    pub(super) listening: Arc<()>,
    /// Ends everything.
    pub(super) closing: CancellationToken,
    /// What webhooks are to be signed with if GitHub made no secret, as for a webhook that is switched off.
    pub(super) webhook_secret: String,
}

type Shared = State<Arc<Site>>;

/// The page's routes, dressed like the panel's.
pub(super) fn router(site: Arc<Site>) -> Router {
    let (door, web) = (site.door.clone(), site.place.web.clone());
    let pages = Router::new()
        .route("/", get(enter))
        .route("/plan", get(plan).post(planned))
        .route("/review", get(review))
        .route(CREATED, get(created))
        .route("/save", post(save))
        .route("/progress", get(progress))
        .route("/live", get(live))
        .with_state(site);
    standalone::dressed(pages, &web).layer(from_fn(move |request, next| guard::guard(door.clone(), request, next)))
}

#[derive(Deserialize)]
struct Entering {
    key: Option<String>,
}

/// `GET /?key=…`: the address that was printed.
async fn enter(State(site): Shared, Query(entering): Query<Entering>) -> Response {
    match entering.key {
        Some(key) if site.door.fits(&key) => admitted(&site, &key, "/plan"),
        Some(_) => guard::refuse("This is not the key that `switchboard setup` printed."),
        None => Redirect::to("/plan").into_response(),
    }
}

/// Leads on, with the cookie that opens the door.
fn admitted(site: &Site, key: &str, to: &'static str) -> Response {
    ([(header::SET_COOKIE, site.door.cookie(key))], Redirect::to(to)).into_response()
}

/// `GET /plan`: what shall it be?
async fn plan(State(site): Shared, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(*site.stage.borrow(), Stage::Planning) {
        return Redirect::to("/progress").into_response();
    }
    let fields = site.fields();
    Drawn::new(&uri, &headers).page(StatusCode::OK, &pages::PlanPage::new(&site, &fields, &[]))
}

#[derive(Deserialize)]
struct PlanForm {
    name: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    url: String,
    #[serde(default)]
    public: Option<String>,
}

/// `POST /plan`
async fn planned(State(site): Shared, uri: Uri, headers: HeaderMap, Form(form): Form<PlanForm>) -> Response {
    let inactive = site.fields().inactive && form.url.trim().is_empty();
    let PlanForm { name, organization, url, public } = form;
    let fields = Fields { name, organization, url, public: public.is_some(), inactive };
    match Plan::of(&fields, &site.place) {
        Ok(_) => {
            site.remember(fields);
            Redirect::to("/review").into_response()
        }
        Err(problems) => {
            let page = pages::PlanPage::new(&site, &fields, &problems);
            Drawn::new(&uri, &headers).page(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// `GET /review`: exactly what will be created, and the button that leads to GitHub.
async fn review(State(site): Shared, uri: Uri, headers: HeaderMap) -> Response {
    if !matches!(*site.stage.borrow(), Stage::Planning) {
        return Redirect::to("/progress").into_response();
    }
    let Ok(plan) = Plan::of(&site.fields(), &site.place) else { return Redirect::to("/plan").into_response() };
    // Whatever would go wrong after the App exists is looked for before.
    let taken = site.registrar.is_taken(&plan.slug()).await;
    let files = site.destination.check();
    Drawn::new(&uri, &headers).page(StatusCode::OK, &pages::ReviewPage::new(&site, &plan, &taken, &files))
}

#[derive(Deserialize)]
struct Back {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /created?code=…&state=…`: the way back from GitHub.
async fn created(State(site): Shared, uri: Uri, headers: HeaderMap, Query(back): Query<Back>) -> Response {
    let expected = TokenHash::of(&site.state);
    let (Some(code), true) = (back.code, back.state.is_some_and(|state| expected.matches(&state))) else {
        return guard::refuse("This does not come from the form that `switchboard setup` showed. Begin anew there.");
    };
    let _one_at_a_time = site.exchanging.lock().await;
    if matches!(*site.stage.borrow(), Stage::Planning) {
        let Ok(plan) = Plan::of(&site.fields(), &site.place) else { return Redirect::to("/plan").into_response() };
        match site.registrar.convert(&code).await {
            Ok(app) => site.keep(Arc::new(app), plan),
            Err(error) => return failed(&uri, &headers, &error),
        }
    }
    Redirect::to("/progress").into_response()
}

fn failed(uri: &Uri, headers: &HeaderMap, error: &ManifestError) -> Response {
    let again = uri.path_and_query().map_or(CREATED, http::uri::PathAndQuery::as_str);
    let page = pages::FailedPage::new(error, error.may_pass().then(|| again.to_owned()));
    Drawn::new(uri, headers).page(StatusCode::BAD_GATEWAY, &page)
}

/// `POST /save`: writing it down once more.
async fn save(State(site): Shared) -> Response {
    let _one_at_a_time = site.exchanging.lock().await;
    let stage = site.stage.borrow().clone();
    if let Stage::Unsaved { app, plan, .. } = stage {
        site.keep(app, plan);
    }
    Redirect::to("/progress").into_response()
}

/// `GET /progress`: what has happened since the App exists, and what is waited for.
async fn progress(State(site): Shared, uri: Uri, headers: HeaderMap) -> Response {
    let stage = site.stage.borrow().clone();
    let drawn = Drawn::new(&uri, &headers);
    match &stage {
        Stage::Planning => Redirect::to("/plan").into_response(),
        Stage::Unsaved { app, problem, .. } => drawn.page(StatusCode::OK, &pages::UnsavedPage::new(&app.name, problem)),
        _ => {
            let response = drawn.page(StatusCode::OK, &pages::ProgressPage::new(&site, &stage));
            if matches!(stage, Stage::Examined(..)) || !site.waits {
                site.seen.notify_one();
            }
            response
        }
    }
}

/// `GET /live`: hints that the progress has changed.
async fn live(State(site): Shared) -> impl IntoResponse {
    standalone::live(site.stage.subscribe(), site.closing.clone(), Arc::clone(&site.listening))
}

impl Site {
    fn fields(&self) -> Fields {
        self.fields.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn remember(&self, fields: Fields) {
        *self.fields.lock().unwrap_or_else(PoisonError::into_inner) = fields;
    }

    /// Writes an App down. Its secrets stay in memory for as long as that fails.
    fn keep(&self, app: Arc<NewApp>, plan: Plan) {
        let stage = match self.write(&app, &plan) {
            Ok(written) => Stage::Saved(Arc::new(Created {
                name: app.name.clone(),
                id: app.id.to_string(),
                slug: app.slug.to_string(),
                owner: app.owner.as_ref().and_then(|owner| owner.login.clone()).unwrap_or_default(),
                install_url: format!("{}/apps/{}/installations/new", self.place.web, app.slug),
                plan,
                written,
            })),
            Err(problem) => Stage::Unsaved { app, plan, problem: (problem.to_string(), problem.hint()) },
        };
        self.stage.send_replace(stage);
    }

    fn write(&self, app: &NewApp, plan: &Plan) -> Result<Written, FileProblem> {
        let (id, key) = (app.id.to_string(), self.destination.key_text()?);
        let hash = self.operator.as_ref().map(ToString::to_string);
        let mut set = vec![
            ("GITHUB_APP_ID", id.as_str()),
            ("GITHUB_APP_SLUG", app.slug.as_str()),
            (
                "GITHUB_WEBHOOK_SECRET",
                app.webhook_secret.as_ref().map_or(self.webhook_secret.as_str(), |secret| secret.expose()),
            ),
            ("GITHUB_APP_PRIVATE_KEY_PATH", key.as_str()),
            ("GITHUB_API_URL", self.place.api.as_str()),
            ("GITHUB_APP_CLIENT_ID", app.client_id.as_str()),
            ("GITHUB_APP_CLIENT_SECRET", app.client_secret.expose()),
        ];
        if let Reach::Public(base) = &plan.reach {
            set.push(("PUBLIC_URL", base.as_str()));
        }
        if let Some(hash) = &hash {
            set.push(("SWITCHBOARD_OPERATOR_TOKEN_HASH", hash));
        }
        self.destination.write(app.pem.expose(), &set, &super::run::IN_THE_WAY)
    }
}
