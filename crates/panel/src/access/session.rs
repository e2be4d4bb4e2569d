//! Sessions: a signed cookie that says who somebody is and until when. The server keeps nothing but the sessions that
//! were ended early.

use std::time::Duration;

use aws_lc_rs::hmac;
use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::request::Parts;
use switchboard_clock::Timestamp;
use switchboard_store::{Store, StoreError};

use super::ended::Ended;
use super::{Auth, TokenHash, random, same_origin};
use crate::Fault;

/// How long a session lasts.
pub(crate) const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look at what is public.
    Visitor,
    /// Look.
    ReadOnly,
    /// Look and act.
    Operator,
}

impl Role {
    /// The role in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::ReadOnly => "read-only",
            Self::Operator => "operator",
        }
    }
}

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    /// By the cookie of a sign-in.
    Cookie,
    /// By a token in the `Authorization` header.
    Bearer,
    /// Not at all: no sign-in is configured.
    Open,
    /// Not at all: what they see is public.
    Visit,
}

/// Somebody who may look. As an extractor it answers 401 if nobody is signed in.
#[derive(Debug, Clone)]
pub struct Session {
    /// What they may do.
    pub role: Role,
    /// Who they are, as facts name the actor.
    pub who: String,
    /// When the session ends.
    pub expires_at: Timestamp,
    /// What a form of ours carries in its field `csrf`.
    pub csrf: String,
    pub(crate) via: Via,
    nonce: String,
}

impl Session {
    /// Whether they may act.
    #[must_use]
    pub fn may_act(&self) -> bool {
        self.role == Role::Operator
    }

    /// Whether this is somebody who is not signed in and reads what is public.
    #[must_use]
    pub fn is_visitor(&self) -> bool {
        self.role == Role::Visitor
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    /// Whether this is the session of an open panel, where nobody signs in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.via == Via::Open
    }
}

/// Somebody who may act. As an extractor it answers 401 if nobody is signed in, 403 to the read-only role, and 403 to
/// what a browser sends from another site.
#[derive(Debug, Clone)]
pub struct Operator(pub Session);

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Fault::sign_in_needed)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Operator {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let session = Session::from_request_parts(parts, state).await?;
        if !session.may_act() {
            return Err(Fault::read_only());
        }
        if session.via != Via::Bearer && !same_origin(&parts.headers) {
            return Err(Fault::foreign_form());
        }
        Ok(Self(session))
    }
}

/// Makes sessions and recognises them.
pub(crate) struct Sessions {
    key: hmac::Key,
    pub(crate) cookie: &'static str,
    https: bool,
    ended: Ended,
}

impl Sessions {
    /// The signing key is derived from this installation's secret and the hashes, so that changing who may sign in
    /// ends every session.
    pub(crate) fn new(auth: &Auth) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, auth.secret.bytes());
        let mut context = hmac::Context::with_key(&root);
        context.update(b"switchboard session 1");
        for hash in [&auth.operator, &auth.read_only] {
            context.update(&[u8::from(hash.is_some())]);
            context.update(hash.as_ref().map(TokenHash::bytes).unwrap_or_default());
        }
        if let Some(github) = &auth.github {
            context.update(github.grants.to_string().as_bytes());
        }
        let https = auth.https();
        Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, context.sign().as_ref()),
            // Browsers take a `__Host-` cookie only over https and only from this very host.
            cookie: if https { "__Host-switchboard" } else { "switchboard" },
            https,
            ended: Ended::default(),
        }
    }

    /// A new session.
    pub(crate) fn open(&self, role: Role, who: &str, via: Via, now: Timestamp) -> Session {
        self.session(role, who.to_owned(), via, now + SESSION_LIFE, BASE64.encode(random::<16>()))
    }

    /// The `Set-Cookie` that hands a session to the browser.
    pub(crate) fn set_cookie(&self, session: &Session) -> http::HeaderValue {
        super::set_cookie(self.cookie, &self.seal(session), SESSION_LIFE.as_secs(), self.https)
    }

    /// The `Set-Cookie` that takes it away.
    pub(crate) fn clear_cookie(&self) -> http::HeaderValue {
        super::clear_cookie(self.cookie, self.https)
    }

    /// The session of a cookie's value, if we made it and it has not ended.
    pub(crate) fn read(&self, value: &str, via: Via, now: Timestamp) -> Option<Session> {
        let (payload, tag) = value.rsplit_once('.')?;
        hmac::verify(&self.key, payload.as_bytes(), &BASE64.decode(tag).ok()?).ok()?;
        let mut parts = payload.split('.');
        let role = match parts.next()? {
            "operator" => Role::Operator,
            "read-only" => Role::ReadOnly,
            _ => return None,
        };
        let who = String::from_utf8(BASE64.decode(parts.next()?).ok()?).ok()?;
        let expires_at = Timestamp::from_millis(parts.next()?.parse().ok()?);
        let nonce = parts.next()?.to_owned();
        (now < expires_at && !self.ended.contains(&nonce)).then(|| self.session(role, who, via, expires_at, nonce))
    }

    /// Ends a session before its time.
    pub(crate) fn end(&self, session: &Session, now: Timestamp) {
        self.ended.insert(session.nonce.clone(), session.expires_at, now);
    }

    /// Learns once which sessions were ended before this start.
    pub(crate) async fn recall(&self, store: &dyn Store) -> Result<(), StoreError> {
        self.ended.recall(store).await
    }

    /// Whether a session was not ended early.
    pub(crate) fn is_alive(&self, session: &Session) -> bool {
        !self.ended.contains(&session.nonce)
    }

    /// What stands for a visitor: nothing that a cookie holds, or a form takes.
    pub(crate) fn visit(&self, now: Timestamp) -> Session {
        let who = Role::Visitor.as_str().to_owned();
        Session {
            role: Role::Visitor,
            who,
            expires_at: now,
            csrf: String::new(),
            via: Via::Visit,
            nonce: String::new(),
        }
    }

    fn session(&self, role: Role, who: String, via: Via, expires_at: Timestamp, nonce: String) -> Session {
        let csrf = BASE64.encode(hmac::sign(&self.key, format!("csrf {nonce}").as_bytes()));
        Session { role, who, expires_at, csrf, via, nonce }
    }

    fn seal(&self, session: &Session) -> String {
        let (role, who) = (session.role.as_str(), BASE64.encode(&session.who));
        let payload = format!("{role}.{who}.{}.{}", session.expires_at.millis(), session.nonce);
        let tag = BASE64.encode(hmac::sign(&self.key, payload.as_bytes()));
        format!("{payload}.{tag}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_767_614_400);

    fn auth(token: &str) -> Auth {
        Auth { operator: Some(TokenHash::of(token)), ..Auth::open() }
    }

    #[test]
    fn a_session_is_read_back_until_it_ends() {
        let sessions = Sessions::new(&auth("a"));
        let session = sessions.open(Role::ReadOnly, "Ünal.B", Via::Cookie, NOON);
        let value = sessions.seal(&session);
        let read = sessions.read(&value, Via::Cookie, NOON).unwrap();
        assert_eq!((read.role, read.who.as_str(), &read.csrf), (Role::ReadOnly, "Ünal.B", &session.csrf));
        assert!(sessions.read(&value, Via::Cookie, NOON + SESSION_LIFE).is_none());
        sessions.end(&read, NOON);
        assert!(sessions.read(&value, Via::Cookie, NOON).is_none());
    }

    #[test]
    fn a_changed_cookie_or_token_is_no_session() {
        let auth = auth("a");
        let sessions = Sessions::new(&auth);
        let value = sessions.seal(&sessions.open(Role::ReadOnly, "viewer", Via::Cookie, NOON));
        assert!(sessions.read(&value.replace("read-only", "operator"), Via::Cookie, NOON).is_none());
        assert!(sessions.read("", Via::Cookie, NOON).is_none());
        let rotated = Sessions::new(&Auth { operator: Some(TokenHash::of("b")), ..auth });
        assert!(rotated.read(&value, Via::Cookie, NOON).is_none());
    }
}
