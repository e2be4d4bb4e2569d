//! The yardstick: a server of the same framework that reads the body and answers 202, and does nothing else.

use std::process::ExitCode;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use crate::trouble::Trouble;

/// The product's own cap, so that both servers take the same bodies.
const BODY_MAX: usize = 25 * 1024 * 1024;

/// Serves on a loopback port until killed.
pub(super) fn run(port: u16) -> Result<ExitCode, Trouble> {
    let void = |error: std::io::Error| Trouble::Void(format!("the bare endpoint does not come up: {error}"));
    // As many threads as the product has: one a core.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(void)?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, port)).await.map_err(void)?;
        let router = Router::new()
            .route("/webhooks/github", post(accept))
            .route("/health", get(async || StatusCode::OK))
            .layer(axum::extract::DefaultBodyLimit::max(BODY_MAX));
        axum::serve(listener, router).await.map_err(void)
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn accept(body: Bytes) -> (StatusCode, Json<serde_json::Value>) {
    // An answer of the product's size, so that both send as much.
    let answer = serde_json::json!({
        "accepted": !body.is_empty(), "duplicate": false, "ignored": false,
        "delivery": "00000000-0000-0000-0000-000000000000",
    });
    (StatusCode::ACCEPTED, Json(answer))
}
