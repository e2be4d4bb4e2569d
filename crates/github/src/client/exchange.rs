//! One call on the wire: a place in the budget, redirects by hand, one fresh token after a 401, and for reads the
//! ETag and equal reads under way.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LINK, LOCATION, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use url::Url;
use zeroize::Zeroizing;

use super::Core;
use crate::answer::Answer;
use crate::auth::Auth;
use crate::budget::{Cost, Priority};
use crate::cache::{Cached, ReadKey};
use crate::classify::{Called, text};
use crate::error::{Class, Error, Reason};
use crate::hint::Hint;
use crate::limits::MAX_REDIRECTS;
use crate::observe::Exchange;
use crate::path::same_server;
use crate::record::{CallKind, CallRecord, Witnesses};
use crate::secret::Token;
use crate::transport::{Request, Response, TransportError};

const API_VERSION_HEADER: HeaderName = HeaderName::from_static("x-github-api-version");
/// An error's body is read this far however little of a success was asked for, since it says what is wrong.
const MIN_READ_BYTES: usize = 16 * 1024;
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A call, ready to be sent.
pub(crate) struct Outgoing<'a> {
    pub called: Called<'a>,
    pub url: Url,
    pub accept: &'static str,
    pub body: Option<Bytes>,
    pub etag: Option<HeaderValue>,
    pub timeout: Duration,
    pub max_body: usize,
    pub cost: Cost,
    pub kind: CallKind,
    pub priority: Priority,
    pub scope_text: String,
    pub witnesses: &'a Witnesses,
}

/// Reads that may share one answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ReadFlight {
    key: ReadKey,
    max_body: usize,
    conditional: bool,
    live: bool,
}

impl Core {
    /// Reads, together with whoever reads the same right now.
    pub(crate) async fn read(
        &self,
        outgoing: Outgoing<'_>,
        auth: &Auth,
        conditional: bool,
        known: Option<Cached>,
    ) -> Result<Answer, Error> {
        let key = ReadKey { url: outgoing.url.to_string(), accept: outgoing.accept, auth: auth.clone() };
        if let Some(known) = known.filter(|_| conditional && self.cache.get(&key).is_none()) {
            self.cache.put(key.clone(), known);
        }
        let live = outgoing.priority == Priority::Live;
        let flight = ReadFlight { key, max_body: outgoing.max_body, conditional, live };
        let started = self.clock.now();
        let (log, record) = (outgoing.witnesses.log.as_ref(), self.record(&outgoing, &outgoing.url));
        let (result, shared) = self.reads.join(&flight, self.read_alone(outgoing, auth, &flight)).await;
        if let (true, Some(log)) = (shared, log) {
            let status = result.as_ref().map_or_else(Error::status, |answer| Some(answer.status()));
            let duration_ms = millis(self.clock.now().since(started));
            log.note(CallRecord { kind: CallKind::Shared, status, duration_ms, ..record });
        }
        result
    }

    async fn read_alone(&self, mut outgoing: Outgoing<'_>, auth: &Auth, flight: &ReadFlight) -> Result<Answer, Error> {
        let known = if flight.conditional { self.cache.get(&flight.key) } else { None };
        outgoing.etag = known.as_ref().map(|known| known.etag.clone());
        let response = self.authorized(&outgoing, auth).await?;
        if let Some(known) = known.filter(|_| response.status == StatusCode::NOT_MODIFIED) {
            return Ok(Answer::revalidated(&known, outgoing.max_body, &self.api_url));
        }
        if flight.conditional {
            match response.headers.get(ETAG).filter(|_| !response.truncated) {
                Some(etag) => self.cache.put(
                    flight.key.clone(),
                    Cached {
                        etag: etag.clone(),
                        content_type: response.headers.get(CONTENT_TYPE).cloned(),
                        link: response.headers.get(LINK).cloned(),
                        body: response.body.clone(),
                    },
                ),
                None => self.cache.remove(&flight.key),
            }
        }
        Ok(Answer::new(response, &self.api_url))
    }

    /// Sends a call with its credentials; after a 401 once more with fresh ones. The answer is a success, or a 304 where
    /// an ETag was sent.
    pub(crate) async fn authorized(&self, outgoing: &Outgoing<'_>, auth: &Auth) -> Result<Response, Error> {
        let mut fresh = false;
        loop {
            let token = self.credentials(auth, outgoing.priority, outgoing.witnesses).await?;
            let response = self.exchange(outgoing, &token).await?;
            let unchanged = response.status == StatusCode::NOT_MODIFIED && outgoing.etag.is_some();
            if response.status.is_success() || unchanged {
                return Ok(cut(response, outgoing.max_body));
            }
            if response.status == StatusCode::UNAUTHORIZED && !fresh {
                self.distrust(auth, &token, &response.headers);
                fresh = true;
                continue;
            }
            let error = outgoing.called.refused(&response, self.clock.now());
            if let Class::RetryAfter { at, scope } = error.class() {
                tracing::warn!(?scope, until = %at, status = error.status(), "GitHub asked to wait; its calls are held");
                self.budgets.hold(scope, at);
            }
            return Err(error);
        }
    }

    /// Sends a call, following redirects on the same server. Any status but a redirect's is an answer.
    async fn exchange(&self, outgoing: &Outgoing<'_>, token: &Token) -> Result<Response, Error> {
        let called = &outgoing.called;
        let permit = self.budgets.enter(called.scope, outgoing.cost, outgoing.priority).await.map_err(|wait| {
            if let Some(observer) = &outgoing.witnesses.observer {
                observer.put_off(wait.why);
            }
            called.held(wait.until, wait.why.words())
        })?;
        let headers = self.headers(outgoing, token)?;
        let mut url = outgoing.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let request = Request {
                method: called.endpoint.http_method(),
                url: url.clone(),
                headers: headers.clone(),
                body: outgoing.body.clone().unwrap_or_default(),
                timeout: outgoing.timeout,
                max_body: outgoing.max_body.max(MIN_READ_BYTES),
            };
            let started = self.clock.now();
            let result = self.transport.send(request).await;
            let now = self.clock.now();
            self.note(outgoing, &url, now.since(started), &result);
            let response = result.map_err(|error| called.unanswered(error))?;
            self.readings.note(&response.headers, started, now);
            permit.hear(&response.headers, now);
            if response.status == StatusCode::NOT_MODIFIED {
                permit.refund();
            }
            if !is_redirect(response.status) {
                return Ok(response);
            }
            url = self.redirected(&url, &response.headers).ok_or_else(|| {
                let message = "redirected to another server, or nowhere".to_owned();
                called.permanent(Reason::RedirectRefused, message, Some(Hint::CheckApiUrl))
            })?;
        }
        Err(called.permanent(Reason::RedirectRefused, format!("more than {MAX_REDIRECTS} redirects"), None))
    }

    /// Where a redirect leads, if that is our own server: the token goes nowhere else.
    fn redirected(&self, from: &Url, headers: &HeaderMap) -> Option<Url> {
        let mut url = from.join(text(headers, LOCATION.as_str())?).ok()?;
        url.set_fragment(None);
        same_server(&url, &self.api_url).then_some(url)
    }

    fn headers(&self, outgoing: &Outgoing<'_>, token: &Token) -> Result<HeaderMap, Error> {
        let mut bearer =
            HeaderValue::from_str(&Zeroizing::new(format!("Bearer {}", token.expose()))).map_err(|_| {
                let message = "the token holds characters that no header may".to_owned();
                outgoing.called.permanent(Reason::TokenMismatch, message, None)
            })?;
        bearer.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(ACCEPT, HeaderValue::from_static(outgoing.accept));
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(API_VERSION_HEADER, self.api_version.clone());
        if outgoing.body.is_some() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        if let Some(etag) = &outgoing.etag {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        Ok(headers)
    }

    fn record(&self, outgoing: &Outgoing<'_>, url: &Url) -> CallRecord {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        CallRecord {
            at: self.clock.now(),
            kind: outgoing.kind,
            method: outgoing.called.endpoint.method.to_owned(),
            route: outgoing.called.endpoint.route.to_owned(),
            path: CallRecord::short_path(path),
            status: None,
            failure: None,
            duration_ms: 0,
            request_id: None,
            remaining: None,
            installation: outgoing.called.installation,
            scope: outgoing.scope_text.clone(),
        }
    }

    fn note(&self, outgoing: &Outgoing<'_>, url: &Url, took: Duration, result: &Result<Response, TransportError>) {
        let status = result.as_ref().ok().map(|response| response.status);
        let unchanged = status == Some(StatusCode::NOT_MODIFIED);
        let kind = if unchanged { CallKind::Revalidated } else { outgoing.kind };
        if let Some(observer) = &outgoing.witnesses.observer {
            let endpoint = outgoing.called.endpoint;
            let status = status.map(|status| status.as_u16());
            observer.exchanged(&Exchange { kind, method: endpoint.method, route: endpoint.route, status, took });
        }
        let Some(log) = &outgoing.witnesses.log else { return };
        let mut record = self.record(outgoing, url);
        record.at = record.at - took;
        record.duration_ms = millis(took);
        record.kind = kind;
        match result {
            Ok(response) => {
                record.status = Some(response.status.as_u16());
                record.request_id = text(&response.headers, "x-github-request-id").map(str::to_owned);
                record.remaining =
                    text(&response.headers, "x-ratelimit-remaining").and_then(|left| left.trim().parse().ok());
            }
            Err(error) => record.failure = Some(error.to_string()),
        }
        log.note(record);
    }
}

fn cut(mut response: Response, max_body: usize) -> Response {
    if response.body.len() > max_body {
        response.body.truncate(max_body);
        response.truncated = true;
    }
    response
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
