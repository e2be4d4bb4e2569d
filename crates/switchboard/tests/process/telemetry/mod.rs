//! What machines are told by the running binary: metrics that documents, dashboard and alerts know, a trace for each
//! delivery, and log lines that name it.

mod documents;
mod exposed;
mod logs;
mod metrics;
mod relay;
mod traces;

use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

const TOKEN: &str = "an-operators-token-of-some-length";

/// The GitHub's variables, an operator's token, and some more.
fn with(github: &GitHub, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

/// Lets a run complete, and waits for the dispatch that follows from it. Returns our id of the delivery.
async fn dispatch(github: &GitHub, server: &Server) -> String {
    let (_, delivery) = github.complete_run();
    let answer = post(&client(), &server.url, &delivery).send().await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    until("the dispatch arrives", async || (!github.deploy.runs().is_empty()).then_some(())).await;
    answer["id"].as_str().unwrap().to_owned()
}
