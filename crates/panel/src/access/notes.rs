//! Sign-ins, refusals and sign-outs stand in the audit. Each is an action, a delivery like any other.
//!
//! Strangers can cause refusals, so those are noted at a bounded rate: the first ones each, then one a minute with the number
//! of those before it that were not noted.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use switchboard_clock::Timestamp;
use switchboard_engine::accept::Action;
use switchboard_engine::sign_ins::{REFUSED, SIGNED_IN, SIGNED_OUT};

use super::Session;
use crate::Fault;
use crate::core::Core;

/// Refusals noted one by one before the rate counts.
const BURST: u32 = 20;
/// Afterwards one for each of these.
const PAUSE: Duration = Duration::from_secs(60);

/// Who was refused how.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    full_at: Timestamp,
    unnoted: u64,
}

impl Refusals {
    /// How many refusals this note stands for; `None` if it is only counted.
    fn count(&self, now: Timestamp) -> Option<u64> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.full_at.since(now) > PAUSE * (BURST - 1) {
            kept.unnoted += 1;
            return None;
        }
        kept.full_at = kept.full_at.max(now) + PAUSE;
        Some(std::mem::take(&mut kept.unnoted) + 1)
    }
}

/// Somebody signed in.
pub(super) async fn signed_in(core: &Core, session: &Session, by: &str, client: Option<IpAddr>) {
    tracing::info!(who = session.who, role = session.role.as_str(), by, client = text(client), "signed in");
    let body = json!({ "role": session.role.as_str(), "by": by, "client": text(client) });
    note(core, SIGNED_IN, &session.who, body).await;
}

/// Somebody was refused.
pub(super) async fn refused(core: &Core, who: &str, by: &str, client: Option<IpAddr>, fault: &Fault) {
    tracing::warn!(who, by, client = text(client), code = fault.code, "a sign-in was refused");
    let Some(count) = core.refusals.count(core.store.now()) else { return };
    let body = json!({ "by": by, "client": text(client), "code": fault.code, "count": count });
    note(core, REFUSED, who, body).await;
}

/// Somebody signed out. Names the session, so that it stays ended when the server starts anew.
pub(super) async fn signed_out(core: &Core, session: &Session, client: Option<IpAddr>) {
    tracing::info!(who = session.who, client = text(client), "signed out");
    let ended = json!({ "session": session.nonce(), "until": session.expires_at, "client": text(client) });
    note(core, SIGNED_OUT, &session.who, ended).await;
}

fn text(client: Option<IpAddr>) -> Option<String> {
    client.map(|client| client.to_string())
}

/// A store in trouble keeps nobody out who could then see why.
async fn note(core: &Core, event: &str, who: &str, body: Value) {
    let id = uuid::Builder::from_random_bytes(super::random()).into_uuid().to_string();
    let body = match body {
        Value::Object(body) => body,
        _ => Map::new(),
    };
    let (event, actor) = (event.to_owned(), who.to_owned());
    let action = Action { id, event, actor, body, subject: None, installation: None };
    if let Err(error) = core.actions.action(action).await {
        tracing::warn!(%error, "a sign-in, refusal or sign-out could not be noted in the audit");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_is_counted_and_not_written() {
        let refusals = Refusals::default();
        let now = Timestamp::from_seconds(1_000_000);
        let noted = (0..1_000).filter(|_| refusals.count(now).is_some()).count();
        assert_eq!(noted, BURST as usize);
        assert_eq!(refusals.count(now + PAUSE), Some(981), "the next one tells of those before");
        assert_eq!(refusals.count(now + PAUSE), None);
    }
}
