//! `POST /github/callback`: a report is verified, validated and stored, and only then answered. Nothing else happens in the
//! request, so whatever becomes of GitHub or a page afterwards, nothing that was answered with 200 is lost.
//!
//! The checks run in the contract's order; what a stranger can make us do comes first and costs nothing: no store is read before a
//! token is believed, no body before its sender is listed, nothing is written before all of it is found in order.

mod answer;
pub(crate) mod inbox;
mod rate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method};
use serde_json::json;
use switchboard_clock::{Clock, Timestamp};
use switchboard_engine::Reader;
use switchboard_engine::accept::{Acceptor, Verified};
use switchboard_engine::observe::{Accepted as Observed, Via};
use switchboard_github::oidc::{Rejection, Verifier};
use switchboard_store::{Acceptance, Binding, DeliveryKey, Key, Subject, Verdict};
use tokio::sync::Semaphore;

use crate::admit::{Listing, consistent, listed, same_repository, unknown_dispatch};
use crate::cache::values::SentDispatch;
use crate::cache::{Entry, Reported};
use crate::config::{Config, UnknownRepo};
use crate::handlers::draft::subject;
use crate::handlers::report::AcceptedReport;
use crate::handlers::{CALLBACK, Relay};
use crate::identity::{Identity, identify};
use crate::records::{AllowlistRecord, DispatchRecord, LevelRecord, TargetRecord, keys, views};
use crate::refusal::{Code, Refusal};
use crate::report::{BODY_BYTES_MAX, Report, digest};

use rate::Windows;

/// How long a body may take to arrive; clients wait 10 s for the answer.
const BODY_TIMEOUT: Duration = Duration::from_secs(8);
/// Bodies that are read at once. Each may have 2 MiB, and twice that while it is read.
const BODIES_MAX: usize = 16;
/// What a sender is told to wait when the list or the store is not to be had.
const COME_BACK: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What the endpoint needs.
pub struct Callback {
    relay: Relay,
    acceptor: Acceptor,
    store: Reader,
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    windows: Windows,
    inbox_windows: Windows,
    bodies: Semaphore,
}

/// What became of a report that was not refused.
enum Taken {
    Ignored,
    Stored { status: &'static str, acceptance: Acceptance },
}

impl Callback {
    /// The endpoint of this relay.
    #[must_use]
    pub fn new(relay: Relay, acceptor: Acceptor, store: Reader, verifier: Verifier, clock: Arc<dyn Clock>) -> Self {
        let windows = || Windows::new(relay.config.rate_limit_per_minute);
        let (windows, inbox_windows) = (windows(), windows());
        Self { relay, acceptor, store, verifier, clock, windows, inbox_windows, bodies: Semaphore::new(BODIES_MAX) }
    }

    /// Its routes: the path of existing clients, with and without a slash at the end, and the inbox, which takes the same tokens.
    pub fn router(self) -> Router {
        let callback = Arc::new(self);
        Router::new()
            .route("/github/callback", any(receive))
            .route("/github/callback/", any(receive))
            .route(inbox::PATH, get(inbox::inbox).fallback(inbox::other_method))
            .with_state(callback)
    }

    fn config(&self) -> &Config {
        &self.relay.config
    }

    async fn take(&self, method: &Method, headers: &HeaderMap, body: Body) -> Result<Taken, Refusal> {
        shape(method, headers)?;
        let identity = self.identified(headers).await?;
        let Some(level) = self.listed(&identity).await? else { return Ok(Taken::Ignored) };
        let now = self.clock.now();
        let others = self.relay.cache.rate(&identity.repository, now).await;
        let place = self.windows.take(&identity.repository, now, &others).map_err(|wait| {
            let detail = format!("{} has sent as many reports as it may in a minute.", identity.repository);
            Refusal::new(Code::RateLimited, detail).retry_after(wait)
        })?;
        let mut learned = Vec::new();
        let taken = self.report(&identity, &level, body, &mut learned).await;
        if taken.is_err() {
            self.windows.give_back(&identity.repository, place);
            return taken;
        }
        learned.extend(self.relay.cache.taken(&identity.repository, &self.windows.taken_of(&identity.repository, now)));
        self.relay.cache.put(learned, now).await;
        taken
    }

    /// Steps 2 and 3: which run asks, by its token alone.
    async fn identified(&self, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let token = bearer(headers).ok_or_else(|| Refusal::new(Code::TokenMissing, "There is no bearer token."))?;
        let claims = self.verifier.verify(token).await.map_err(rejected)?;
        identify(&claims, &self.config().providers)
    }

    /// The run's repository, as the list in force has it.
    async fn entry(&self, identity: &Identity) -> Result<Option<LevelRecord>, Refusal> {
        let up = &self.relay.up;
        let level: Option<LevelRecord> =
            self.store.get(&views::LEVEL, &keys::entry(up, &identity.repository)).await.map_err(store)?;
        if level.is_none() {
            let list: Option<AllowlistRecord> =
                self.store.get(&views::ALLOWLIST, &keys::upstream(up)).await.map_err(store)?;
            if list.is_none_or(|list| list.list.is_none()) {
                let refusal = Refusal::new(Code::AllowlistUnavailable, "No valid allowlist has been read yet.");
                return Err(refusal.retry_after(COME_BACK));
            }
        }
        Ok(level)
    }

    /// Step 4: whether the repository's reports count.
    async fn listed(&self, identity: &Identity) -> Result<Option<LevelRecord>, Refusal> {
        let level = self.entry(identity).await?.filter(|level| level.entry.level.reports());
        let forbid = self.config().unknown_repo == UnknownRepo::Forbid;
        match listed(&identity.repository, level.is_some(), forbid)? {
            Listing::Counts => Ok(level),
            Listing::Ignored => Ok(None),
        }
    }

    /// Steps 6 to 10: what is reported, and whether it is in order.
    /// `learned` is what the cache may know once the report is stored.
    async fn report(
        &self,
        identity: &Identity,
        level: &LevelRecord,
        body: Body,
        learned: &mut Vec<Entry>,
    ) -> Result<Taken, Refusal> {
        let _room = self.bodies.acquire().await;
        let body = read(body).await?;
        let mut report = Report::read(&body, identity.run_ids)?;
        drop(body);
        consistent(identity, &report, level.entry.options.events.nightly)?;
        // The attempt belongs to what is said, whoever names it: without it a re-run would look like a repetition.
        report.run_attempt = Some(report.attempt(identity.run_attempt));
        if report.kind.is_nightly() {
            report.delivery_id.make_ascii_lowercase();
        }
        self.pinned(identity).await?;
        let attempt = report.attempt(identity.run_attempt);
        let (delivery_id, repo, run) = (report.delivery_id.clone(), &identity.repository, report.run_id.clone());
        let result = keys::result(&delivery_id, repo, &report.workflow, &report.result, &run, attempt);
        let token = identity.token_id.as_deref().map(|token| (token, result.as_str()));
        let of = Reported { delivery_id: &delivery_id, repo, run: &run, token };
        let (lane, about) = if report.kind.is_nightly() {
            let about = subject(&self.relay.up, None, &report.delivery_id);
            (keys::nightly_lane(&self.relay.up).as_str().to_owned(), about)
        } else {
            let dispatch = match self.dispatched(&of, learned).await {
                // Whoever speaks for two dispatches is told so, whether or not the other one exists.
                Err(refusal) if refusal.code == Code::UnknownDispatch => {
                    self.unbound(identity, &report).await?;
                    return Err(refusal);
                }
                dispatched => dispatched?,
            };
            if dispatch.kind.event_type() != report.kind.as_str() {
                return Err(Refusal::field("event_type", "must be the event that was dispatched"));
            }
            (dispatch.lane, subject(&self.relay.up, dispatch.number, &dispatch.head_sha))
        };
        learned.extend(self.relay.cache.spoken(&of, identity.expires_at, self.clock.now()));
        self.store(identity, report, lane, about, &result).await
    }

    /// Step 8 where nothing is written: whether the run has spoken for another dispatch before.
    async fn unbound(&self, identity: &Identity, report: &Report) -> Result<(), Refusal> {
        let key = keys::bound_run(&identity.repository, &report.run_id);
        let bound: Option<serde_json::Value> = self.store.get(&views::BOUND, &key).await.map_err(store)?;
        match bound {
            Some(bound) if bound["for"] != report.delivery_id.as_str() => Err(run_bound()),
            _ => Ok(()),
        }
    }

    /// Step 8, as far as the store decides it: whether the name still stands for the repository that it stood for.
    async fn pinned(&self, identity: &Identity) -> Result<(), Refusal> {
        let pinned: Option<serde_json::Value> =
            self.store.get(&views::IDENTITY, &keys::identity(&identity.repository)).await.map_err(store)?;
        same_repository(identity, pinned.and_then(|pinned| pinned["id"].as_u64()))
    }

    /// Step 9: the dispatch that the report answers, if it was planned for this repository.
    /// The cache may say yes; everything else is the store's to say.
    async fn dispatched(&self, of: &Reported<'_>, learned: &mut Vec<Entry>) -> Result<SentDispatch, Refusal> {
        let now = self.clock.now();
        if let Some(known) = self.relay.cache.dispatch(of, now).await {
            return Ok(known);
        }
        let key = keys::target(of.delivery_id, of.repo);
        let target: Option<TargetRecord> = self.store.get(&views::TARGET, &key).await.map_err(store)?;
        let target = target.ok_or_else(unknown_dispatch)?;
        if target.is_withheld() {
            return Err(unknown_dispatch());
        }
        let key = keys::dispatch(of.delivery_id);
        let dispatch: Option<DispatchRecord> = self.store.get(&views::DISPATCH, &key).await.map_err(store)?;
        let DispatchRecord { kind, lane, number, head: head_sha, planned_at, .. } =
            dispatch.ok_or_else(unknown_dispatch)?;
        let sent = SentDispatch { kind, lane, number, head_sha, planned_at };
        if target.has_left() {
            let retention = DAY * self.config().retention_days;
            learned.extend(self.relay.cache.sent(of, &sent, retention, now));
        }
        Ok(sent)
    }

    /// Step 10: the one write.
    async fn store(
        &self,
        identity: &Identity,
        report: Report,
        lane: String,
        about: Subject,
        result: &Key,
    ) -> Result<Taken, Refusal> {
        let attempt = report.attempt(identity.run_attempt);
        let (repository, status) = (&identity.repository, report.status.as_str());
        let spoken_for = json!({ "for": report.delivery_id });
        let mut bindings =
            vec![Binding { view: views::BOUND, key: keys::bound_run(repository, &report.run_id), value: spoken_for }];
        if let Some(token) = &identity.token_id {
            bindings.push(Binding {
                view: views::BOUND,
                key: keys::bound_token(identity.expires_at, token),
                value: json!({ "for": result }),
            });
        }
        let said = digest(repository.as_str(), &report);
        let key = DeliveryKey {
            platform: CALLBACK.to_owned(),
            delivery_id: said.0.iter().map(|byte| format!("{byte:02x}")).collect(),
            event: report.kind.as_str().to_owned(),
            action: status.to_owned(),
        };
        let repository_id = identity.repository_id;
        let accepted = AcceptedReport { repository: repository.clone(), repository_id, lane, attempt, report };
        let body = serde_json::to_vec(&accepted).map_err(|error| Refusal::new(Code::Json, error.to_string()))?;
        let verified = Verified {
            key,
            digest: said,
            body: Bytes::from(body),
            repository: repository.as_str().to_owned(),
            subject: Some(about),
            bindings,
        };
        let acceptance = self.acceptor.verified(verified).await.map_err(store)?;
        match acceptance.verdict {
            Verdict::Bound { binding: 0 } => Err(run_bound()),
            Verdict::Bound { .. } => {
                Err(Refusal::new(Code::TokenReused, "This token has spoken for another result before."))
            }
            Verdict::Accepted | Verdict::Duplicate | Verdict::Requeued | Verdict::Conflict => {
                Ok(Taken::Stored { status, acceptance })
            }
        }
    }
}

async fn receive(State(callback): State<Arc<Callback>>, method: Method, headers: HeaderMap, body: Body) -> Response {
    let (started_at, begun): (Timestamp, _) = (callback.clock.now(), Instant::now());
    let taken = callback.take(&method, &headers, body).await;
    let (outcome, delivery) = match &taken {
        Ok(Taken::Ignored) => ("ignored", None),
        Ok(Taken::Stored { acceptance, .. }) if acceptance.verdict == Verdict::Duplicate => {
            ("duplicate", Some(acceptance.id))
        }
        Ok(Taken::Stored { acceptance, .. }) => ("accepted", Some(acceptance.id)),
        Err(refusal) => (refusal.code.as_str(), None),
    };
    let via = Via::Callback;
    let observed = Observed { via, event: Some(CALLBACK), outcome, delivery, started_at, took: begun.elapsed() };
    callback.acceptor.observe("", &observed);
    match taken {
        Ok(Taken::Ignored) => answer::ok("ignored", false),
        Ok(Taken::Stored { status, acceptance }) => answer::ok(status, acceptance.verdict == Verdict::Duplicate),
        Err(refusal) => {
            tracing::info!(code = refusal.code.as_str(), detail = refusal.detail, "a report was refused");
            answer::refused(&refusal)
        }
    }
}

/// Step 1: method, size and content type, by the head alone.
fn shape(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    if method != Method::POST {
        return Err(Refusal::new(Code::Method, format!("{method} is not how reports are sent.")));
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_BYTES_MAX as u64) {
        return Err(too_large());
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(Code::ContentType, "The body's content type is not application/json."));
    }
    Ok(())
}

fn run_bound() -> Refusal {
    Refusal::new(Code::RunBound, "This run has reported on another dispatch before.")
}

fn too_large() -> Refusal {
    Refusal::new(Code::TooLarge, "The body is larger than 2 MiB.")
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn rejected(rejection: Rejection) -> Refusal {
    match rejection {
        Rejection::Invalid(why) => Refusal::new(Code::TokenInvalid, sentence(why)),
        Rejection::IssuerUnknown => Refusal::new(Code::IssuerUnknown, "The token's issuer is not configured here."),
        Rejection::KeysUnavailable { retry_after } => {
            Refusal::new(Code::KeysUnavailable, "The issuer's keys cannot be fetched.").retry_after(retry_after)
        }
    }
}

/// Words as a sentence.
fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| format!("{}{}.", first.to_uppercase(), letters.as_str())).unwrap_or_default()
}

/// Any failure of the store, reads included, is never "no record".
fn store(error: impl std::fmt::Display) -> Refusal {
    tracing::warn!(%error, "a report could not be stored");
    Refusal::new(Code::Store, "The report cannot be stored.").retry_after(COME_BACK)
}

async fn read(body: Body) -> Result<Bytes, Refusal> {
    let reading = axum::body::to_bytes(body, BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_TIMEOUT, reading).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length_limit(&error) => Err(too_large()),
        Ok(Err(_)) | Err(_) => Err(Refusal::new(Code::Json, "The body did not arrive whole.")),
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(<dyn std::error::Error>::is::<http_body_util::LengthLimitError>)
}
