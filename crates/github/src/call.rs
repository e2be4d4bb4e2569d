//! A call being put together.

use std::fmt::Display;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::answer::Answer;
use crate::auth::Auth;
use crate::budget::{Cost, Priority};
use crate::cache::Cached;
use crate::classify::Called;
use crate::client::{GitHub, Outgoing};
use crate::endpoint::{Effect, Endpoint, Repeat};
use crate::error::{Error, Reason};
use crate::limits::{ACCEPT_JSON, ACCEPT_RAW, DEFAULT_MAX_BODY};
use crate::page::NextPage;
use crate::path;
use crate::record::CallKind;

/// Marks a call whose answer is taken as bytes.
#[derive(Debug, Clone, Copy)]
pub enum Raw {}

/// A call that was not sent yet. `T` is what its answer's JSON reads as; see [`Call::fetch`].
#[must_use = "a call does nothing until it is sent"]
#[derive(Debug)]
pub struct Call<T> {
    github: GitHub,
    auth: Auth,
    endpoint: &'static Endpoint,
    /// The URL, or why there is none.
    url: Result<Url, String>,
    body: Result<Option<Bytes>, String>,
    accept: &'static str,
    conditional: bool,
    known: Option<Cached>,
    max_body: usize,
    timeout: Duration,
    priority: Priority,
    answer: PhantomData<fn() -> T>,
}

/// What a call brought, read as JSON.
#[derive(Debug, Clone)]
pub struct Fetched<T> {
    /// The value.
    pub value: T,
    /// The answer that it was read from.
    pub answer: Answer,
}

impl<T> Call<T> {
    pub(crate) fn new(github: GitHub, auth: Auth, endpoint: &'static Endpoint, values: &[&str]) -> Self {
        let core = github.core();
        let filled = path::fill(endpoint, values).map_err(|error| error.to_string());
        Self {
            url: filled.map(|path| path::below(core.api_url(), &path)),
            timeout: core.timeout(),
            priority: github.default_priority(),
            body: Ok(None),
            accept: ACCEPT_JSON,
            conditional: false,
            known: None,
            max_body: DEFAULT_MAX_BODY,
            github,
            auth,
            endpoint,
            answer: PhantomData,
        }
    }

    /// The same call, whose answer reads as another type.
    pub fn typed<U>(self) -> Call<U> {
        Call {
            github: self.github,
            auth: self.auth,
            endpoint: self.endpoint,
            url: self.url,
            body: self.body,
            accept: self.accept,
            conditional: self.conditional,
            known: self.known,
            max_body: self.max_body,
            timeout: self.timeout,
            priority: self.priority,
            answer: PhantomData,
        }
    }

    /// Adds a query parameter; the value is encoded.
    pub fn query(mut self, name: &str, value: impl Display) -> Self {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, &value.to_string());
        }
        self
    }

    /// Goes to the next page of a list instead of its beginning.
    pub fn page(mut self, next: &NextPage) -> Self {
        self.url = Ok(next.url().clone());
        self
    }

    /// Sends `body` as JSON.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        self.body = serde_json::to_vec(body).map(|json| Some(json.into())).map_err(|error| error.to_string());
        self
    }

    /// Asks for a file's bytes instead of their description.
    pub fn raw_accept(mut self) -> Self {
        self.accept = ACCEPT_RAW;
        self
    }

    /// Keeps the answer with its ETag and asks next time whether it is still the same. For reads that repeat.
    pub fn conditional(mut self) -> Self {
        self.conditional = true;
        self
    }

    /// What was read before this client was made, with its ETag. Where the client remembers something itself, that counts.
    pub fn known(mut self, etag: &str, body: Bytes) -> Self {
        self.known = HeaderValue::from_str(etag).ok().map(|etag| Cached { etag, content_type: None, link: None, body });
        self
    }

    /// Reads at most so many bytes of the answer's body; 8 MiB unless said.
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Allows this call another time than the configured one.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Gives this call another priority than its client's.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }

    fn called(&self) -> Called<'static> {
        Called {
            endpoint: self.endpoint,
            scope: self.auth.hold_scope(),
            installation: self.auth.installation(),
            asked: None,
        }
    }

    /// Sends the call once.
    ///
    /// # Errors
    /// [`Error`] for everything but a 2xx, a 304 included where nothing was known before.
    pub async fn send(self) -> Result<Answer, Error> {
        let called = self.called();
        let invalid = |message| called.permanent(Reason::RequestInvalid, message, None);
        let reading = self.endpoint.effect == Effect::Read;
        let outgoing = Outgoing {
            called,
            url: self.url.map_err(invalid)?,
            accept: self.accept,
            body: self.body.map_err(invalid)?,
            etag: None,
            timeout: self.timeout,
            max_body: self.max_body,
            cost: Cost::of(self.endpoint.effect),
            kind: if reading { CallKind::Read } else { CallKind::Write },
            priority: self.priority,
            scope_text: self.auth.to_string(),
            witnesses: self.github.witnesses(),
        };
        let core = self.github.core();
        if reading {
            core.read(outgoing, &self.auth, self.conditional, self.known).await
        } else {
            let response = core.authorized(&outgoing, &self.auth).await?;
            Ok(Answer::new(response, core.api_url()))
        }
    }

    /// Sends the call once and reads its answer as JSON.
    ///
    /// # Errors
    /// Those of [`Call::send`], and when the answer is longer than allowed or reads as something else. After a write that
    /// leaves open what GitHub did, such an answer counts as lost.
    pub async fn fetch(self) -> Result<Fetched<T>, Error>
    where
        T: DeserializeOwned,
    {
        let called = self.called();
        let answer = self.send().await?;
        if answer.truncated() {
            return Err(called.permanent(Reason::AnswerTooLarge, format!("over {} bytes", answer.body().len()), None));
        }
        match serde_json::from_slice(answer.body()) {
            Ok(value) => Ok(Fetched { value, answer }),
            Err(error) if called.endpoint.repeat == Repeat::LookUpFirst => Err(called.garbled(&error)),
            Err(error) => Err(called.permanent(Reason::AnswerUnreadable, error.to_string(), None)),
        }
    }
}
