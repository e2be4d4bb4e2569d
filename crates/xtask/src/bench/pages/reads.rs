//! How often a page reads the store: the server's own routes, called in this process over a store that tells of each
//! statement its readers run. Nothing else runs, so every statement is the page's.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use switchboard::assembly::Server;
use switchboard::settings::{Purpose, Settings, Sources};
use switchboard_clock::{SystemClock, SystemEntropy};
use switchboard_store::sqlite::{Options, SqliteStore, Trace};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::fill::void;
use super::visit::{Visit, visits};
use crate::bench::product;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// No page is longer.
const PAGE_MAX: usize = 16 * 1024 * 1024;

/// The pages of the database at `path`, and the statements that each runs.
pub(super) async fn count(workspace: &Workspace, path: &Path, deliveries: u32) -> Result<Vec<(Visit, u64)>, Trouble> {
    let statements = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&statements);
    let trace: Trace = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    let options = Options::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let store = SqliteStore::open(path, &Options { trace: Some(trace), ..options }).map_err(void)?;
    let router = routes(workspace, Arc::clone(&store))?;
    let mut counted = Vec::new();
    for visit in visits(store.as_ref(), deliveries).await? {
        let before = statements.load(Ordering::Relaxed);
        ask(router.clone(), &visit).await?;
        counted.push((visit, statements.load(Ordering::Relaxed) - before));
    }
    Ok(counted)
}

async fn ask(router: Router, visit: &Visit) -> Result<(), Trouble> {
    let void = |why: String| Trouble::Void(format!("{}: {why}", visit.path));
    let request = Request::get(&visit.path).header(header::HOST, "localhost").body(Body::empty());
    let request = request.map_err(|error| void(error.to_string()))?;
    let answer = match router.oneshot(request).await {
        Ok(answer) => answer,
        Err(never) => match never {},
    };
    if !(answer.status().is_success() || answer.status().is_redirection()) {
        return Err(void(answer.status().to_string()));
    }
    to_bytes(answer.into_body(), PAGE_MAX).await.map_err(|error| void(error.to_string())).map(|_| ())
}

/// Everything that the server answers, wired as it is when it serves.
fn routes(workspace: &Workspace, store: Arc<SqliteStore>) -> Result<Router, Trouble> {
    let void = |error: &dyn std::fmt::Display| Trouble::Void(format!("the server cannot be put together: {error}"));
    // Nobody listens there, and nobody is asked.
    let variables = product::variables(workspace, "http://127.0.0.1:9");
    let sources = variables
        .into_iter()
        .fold(Sources::default(), |sources, (name, value)| sources.with_variable(name, value.to_string_lossy()));
    let settings = Settings::load(&sources, Purpose::Serve).map_err(|error| void(&error))?;
    let components = switchboard::serve::components(&settings, store).map_err(|error| void(&error))?;
    Ok(Server::new(components, CancellationToken::new()).into_router())
}
