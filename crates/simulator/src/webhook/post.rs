//! Posts webhooks over HTTP, once each, as GitHub does; and the reports of scripted runs, as their last step does.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{DELIVERY_TIMEOUT, DeliveryOutcome, OutgoingDelivery};
use crate::simulator::Simulator;

/// Webhooks and reports on their way at once.
const AT_ONCE: usize = 32;

/// A client that cannot be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client that posts webhooks")]
pub struct PostError(#[from] reqwest::Error);

impl Simulator {
    /// Lets time pass and posts every webhook to `url` when it is due, and every report to where its script says, until the
    /// future is dropped.
    ///
    /// # Errors
    /// When no HTTP client can be set up.
    pub async fn run(&self, url: &str) -> Result<Infallible, PostError> {
        self.post_all(|_| url.to_owned()).await
    }

    /// As [`Simulator::run`], each webhook to where its App wants it.
    ///
    /// # Errors
    /// When no HTTP client can be set up.
    pub async fn run_each(&self) -> Result<Infallible, PostError> {
        self.post_all(|delivery| delivery.url.clone()).await
    }

    async fn post_all(&self, address: impl Fn(&OutgoingDelivery) -> String) -> Result<Infallible, PostError> {
        let client = reqwest::Client::builder()
            .timeout(DELIVERY_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        let permits = Arc::new(Semaphore::new(AT_ONCE));
        let mut posts = JoinSet::new();
        loop {
            for delivery in self.take_due() {
                let url = address(&delivery);
                let (simulator, client, permits) = (self.clone(), client.clone(), Arc::clone(&permits));
                posts.spawn(async move {
                    let _permit = permits.acquire_owned().await;
                    let id = delivery.id;
                    let outcome = post(&client, &url, &delivery.headers, delivery.body).await;
                    simulator.report(id, outcome);
                });
            }
            for callback in self.take_due_callbacks() {
                let (simulator, client, permits) = (self.clone(), client.clone(), Arc::clone(&permits));
                posts.spawn(async move {
                    let _permit = permits.acquire_owned().await;
                    let outcome = post(&client, &callback.url, &callback.headers, callback.body).await;
                    simulator.report_callback(callback.id, outcome);
                });
            }
            while posts.try_join_next().is_some() {}
            match self.next_due() {
                Some(due) => tokio::select! {
                    () = self.clock.sleep_until(due) => {}
                    () = self.changed.notified() => {}
                },
                None => self.changed.notified().await,
            }
        }
    }
}

async fn post(client: &reqwest::Client, url: &str, headers: &[(String, String)], body: Bytes) -> DeliveryOutcome {
    if is_nowhere(url) {
        return DeliveryOutcome::Unreachable;
    }
    let mut request = client.post(url).body(body);
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.send().await {
        Ok(answer) => DeliveryOutcome::Answered(answer.status().as_u16()),
        Err(error) if error.is_timeout() => DeliveryOutcome::TimedOut,
        Err(error) => {
            tracing::debug!(url, %error, "not delivered");
            DeliveryOutcome::Unreachable
        }
    }
}

/// Whether the host's name is one that exists nowhere, so that nobody need be asked for it. RFC 6761, section 6.4.
fn is_nowhere(url: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| host.ends_with(".invalid")))
}
