//! A sign-in under way at GitHub: what binds the answer to the browser that asked.
//!
//! The browser keeps a signed cookie with a random number, where to go afterwards, and until when. `state` and the PKCE verifier
//! are derived from that number and our key, so that the verifier never leaves the server except to GitHub, and a code
//! that somebody else obtained is worth nothing in this browser. Known limit: a browser has one sign-in under way; of
//! two tabs the later one counts.

use std::time::Duration;

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use http::HeaderValue;
use switchboard_clock::Timestamp;

use super::{Auth, random, set_cookie};

/// How long somebody may take at GitHub; its codes last as long.
pub(crate) const FLOW_LIFE: Duration = Duration::from_secs(10 * 60);
/// A longer address is not come back to: browsers refuse cookies beyond 4 KB.
const NEXT_BYTES_MAX: usize = 1_500;

/// Makes sign-ins and recognises them.
pub(crate) struct Flows {
    key: hmac::Key,
    cookie: &'static str,
    https: bool,
}

/// A sign-in under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Flow {
    nonce: String,
    expires_at: Timestamp,
    /// Where to go afterwards: a path of ours, as far as it came from us.
    pub(crate) next: String,
}

impl Flows {
    pub(crate) fn new(auth: &Auth) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, auth.secret.bytes());
        let key = hmac::sign(&root, b"switchboard sign-in flow 1");
        let https = auth.https();
        let cookie = if https { "__Host-switchboard-flow" } else { "switchboard-flow" };
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), cookie, https }
    }

    /// A new one.
    pub(crate) fn begin(&self, next: &str, now: Timestamp) -> Flow {
        let next = if next.len() > NEXT_BYTES_MAX { "/" } else { next };
        Flow { nonce: BASE64.encode(random::<32>()), expires_at: now + FLOW_LIFE, next: next.to_owned() }
    }

    /// The `Set-Cookie` that hands it to the browser. Lax: the browser comes back from another site.
    pub(crate) fn set_cookie(&self, flow: &Flow) -> HeaderValue {
        set_cookie(self.cookie, &self.seal(flow), FLOW_LIFE.as_secs(), self.https)
    }

    /// The `Set-Cookie` that ends it.
    pub(crate) fn clear_cookie(&self) -> HeaderValue {
        super::clear_cookie(self.cookie, self.https)
    }

    /// The one that a browser has under way.
    pub(crate) fn read(&self, headers: &http::HeaderMap, now: Timestamp) -> Option<Flow> {
        let value = super::read_cookie(headers, self.cookie)?;
        let (payload, tag) = value.rsplit_once('.')?;
        hmac::verify(&self.key, payload.as_bytes(), &BASE64.decode(tag).ok()?).ok()?;
        let mut parts = payload.split('.');
        let (nonce, expires_at, next) = (parts.next()?, parts.next()?, parts.next()?);
        let expires_at = Timestamp::from_millis(expires_at.parse().ok()?);
        let next = String::from_utf8(BASE64.decode(next).ok()?).ok()?;
        (now < expires_at).then(|| Flow { nonce: nonce.to_owned(), expires_at, next })
    }

    fn seal(&self, flow: &Flow) -> String {
        let payload = format!("{}.{}.{}", flow.nonce, flow.expires_at.millis(), BASE64.encode(&flow.next));
        format!("{payload}.{}", BASE64.encode(hmac::sign(&self.key, payload.as_bytes())))
    }

    /// What GitHub carries there and back.
    pub(crate) fn state(&self, flow: &Flow) -> String {
        self.derived("state", flow)
    }

    /// Whether `state` is this one's.
    pub(crate) fn is_state(&self, flow: &Flow, state: &str) -> bool {
        constant_time::verify_slices_are_equal(self.state(flow).as_bytes(), state.as_bytes()).is_ok()
    }

    /// What proves at the exchange that the code was asked for here: 43 characters, as RFC 7636, section 4.1, wants at least.
    pub(crate) fn verifier(&self, flow: &Flow) -> String {
        self.derived("verifier", flow)
    }

    /// Its S256 challenge: RFC 7636, section 4.2.
    pub(crate) fn challenge(&self, flow: &Flow) -> String {
        BASE64.encode(digest::digest(&digest::SHA256, self.verifier(flow).as_bytes()))
    }

    fn derived(&self, what: &str, flow: &Flow) -> String {
        BASE64.encode(hmac::sign(&self.key, format!("{what} {}", flow.nonce).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header};

    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_767_614_400);

    fn sent_back(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())])
    }

    #[test]
    fn a_flow_is_recognised_for_ten_minutes_and_only_as_we_made_it() {
        let flows = Flows::new(&Auth::open());
        let flow = flows.begin("/deliveries?event=push", NOON);
        let headers = sent_back(&flows.set_cookie(&flow));
        assert_eq!(flows.read(&headers, NOON), Some(flow.clone()));
        assert_eq!(flows.read(&headers, NOON + FLOW_LIFE), None);
        assert_eq!(Flows::new(&Auth::open()).read(&headers, NOON), None, "another key");
        assert!(flows.is_state(&flow, &flows.state(&flow)));
        assert!(!flows.is_state(&flow, &flows.state(&flows.begin("/", NOON))) && !flows.is_state(&flow, ""));
        assert_eq!((flows.verifier(&flow).len(), flows.challenge(&flow).len()), (43, 43));
        assert_ne!(flows.verifier(&flow), flows.state(&flow));
        let cookie = flows.set_cookie(&flow).to_str().unwrap().to_owned();
        assert!(!cookie.contains(&flows.verifier(&flow)), "the verifier stays here");
    }

    #[test]
    fn an_address_too_long_for_a_cookie_is_not_come_back_to() {
        let flows = Flows::new(&Auth::open());
        assert_eq!(flows.begin(&format!("/{}", "a".repeat(2_000)), NOON).next, "/");
    }
}
