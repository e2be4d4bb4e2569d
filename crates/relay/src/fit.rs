//! The body of a `repository_dispatch`, made to fit what GitHub takes.
//!
//! GitHub refuses a body of 64 KB and more, for every target alike, and a webhook may have 25 MB. [`fit`] takes the first of four steps
//! at which the whole request is short enough: untouched, long texts and lists cut, links dropped as well, and last only what a
//! downstream needs to build the commit. Each but the first leaves a mark, [`MARKER`], that says so and names what is gone.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use switchboard_github::ids::DeliveryGuid;

mod cut;
mod essence;

use essence::Essence;

/// The member that a cut payload carries.
pub const MARKER: &str = "switchboard_truncated";
/// Most paths that the mark names.
pub const MAX_DROPPED: usize = 50;

/// What is dispatched: the `event_type` that downstream workflows listen for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventType {
    /// A pull request event.
    PullRequest,
    /// A push.
    Push,
}

impl EventType {
    /// The event's name, as GitHub and downstream workflows know it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Push => "push",
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A request body within the limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FittedBody {
    /// The whole body, as it is sent.
    pub text: String,
    /// The step at which it fitted: 1 for an untouched payload, up to 4.
    pub level: u8,
}

/// A payload that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not JSON.
    #[error("the payload is not JSON")]
    NotJson,
    /// It is JSON, but not an object.
    #[error("the payload is not a JSON object")]
    NotAnObject,
    /// Not even the least that is kept of a payload is short enough. The limits that an operator can set leave room.
    #[error("the limit leaves no room for a payload")]
    NoRoom,
}

/// Puts the upstream's webhook into the body of a dispatch of at most `limit` bytes. Equal arguments give equal bodies.
///
/// # Errors
/// [`Unfit`].
pub fn fit(event_type: EventType, delivery: &DeliveryGuid, payload: &[u8], limit: usize) -> Result<FittedBody, Unfit> {
    let raw: &RawValue = serde_json::from_slice(payload).map_err(|_| Unfit::NotJson)?;
    if !raw.get().starts_with('{') {
        return Err(Unfit::NotAnObject);
    }
    let request = Request { event_type, delivery, original_bytes: payload.len(), limit };
    if raw.get().len() <= limit
        && let Some(text) = request.with(raw)?
    {
        return Ok(FittedBody { text, level: 1 });
    }
    let mut whole = serde_json::from_str(raw.get()).map_err(|_| Unfit::NotJson)?;
    let mut dropped = cut::shorten(&mut whole);
    if let Some(text) = request.marked(&mut whole, 2, &dropped)? {
        return Ok(FittedBody { text, level: 2 });
    }
    let links = cut::unlink(&mut whole);
    let named = [&*dropped, &*links].concat();
    if let Some(text) = request.marked(&mut whole, 3, named.get(..MAX_DROPPED).unwrap_or(&named))? {
        return Ok(FittedBody { text, level: 3 });
    }
    let essence = essence::of(&whole, &mut dropped);
    links.iter().for_each(|link| cut::note(&mut dropped, link));
    let text = request.least(essence, dropped)?.ok_or(Unfit::NoRoom)?;
    Ok(FittedBody { text, level: 4 })
}

/// Everything about the request but the payload.
struct Request<'r> {
    event_type: EventType,
    delivery: &'r DeliveryGuid,
    original_bytes: usize,
    limit: usize,
}

#[derive(Serialize)]
struct Body<'b, P> {
    event_type: &'static str,
    client_payload: ClientPayload<'b, P>,
}

/// Exactly three members: downstream workflows read them by name.
#[derive(Serialize)]
struct ClientPayload<'b, P> {
    event_type: &'static str,
    delivery_id: &'b str,
    payload: P,
}

impl Request<'_> {
    /// The body with this payload, if it is within the limit.
    fn with(&self, payload: impl Serialize) -> Result<Option<String>, Unfit> {
        let event_type = self.event_type.word();
        let client_payload = ClientPayload { event_type, delivery_id: self.delivery.as_str(), payload };
        let text = serde_json::to_string(&Body { event_type, client_payload }).map_err(|_| Unfit::NotJson)?;
        Ok((text.len() <= self.limit).then_some(text))
    }

    /// The same with the mark in the payload.
    fn marked(&self, payload: &mut Map<String, Value>, level: u8, dropped: &[String]) -> Result<Option<String>, Unfit> {
        let mark = json!({ "level": level, "original_bytes": self.original_bytes, "dropped": dropped });
        payload.insert(MARKER.to_owned(), mark);
        let text = self.with(&*payload);
        payload.remove(MARKER);
        text
    }

    /// The last step. The first length holds for everything that GitHub ever sent; the others cut texts that no real name is as long as,
    /// and leave every SHA whole.
    fn least(&self, mut essence: Essence, mut dropped: Vec<String>) -> Result<Option<String>, Unfit> {
        for longest in [cut::MAX_TEXT, 256, 64] {
            essence.shorten(longest);
            let Some(bare) = self.marked(&mut essence.payload, 4, &dropped)? else { continue };
            if essence.labels.is_empty() {
                return Ok(Some(bare));
            }
            essence.set_labels(essence.labels.len());
            if let Some(text) = self.marked(&mut essence.payload, 4, &dropped)? {
                return Ok(Some(text));
            }
            cut::note(&mut dropped, "pull_request.labels");
            return self.with_labels(essence, &dropped, bare).map(Some);
        }
        Ok(None)
    }

    /// As many labels as fit, the first ones first: more labels never make a body shorter, so their number can be halved in on.
    fn with_labels(&self, mut essence: Essence, dropped: &[String], bare: String) -> Result<String, Unfit> {
        let (mut best, mut fits, mut most) = (bare, 0, essence.labels.len());
        while fits < most {
            let count = (fits + most).div_ceil(2);
            essence.set_labels(count);
            match self.marked(&mut essence.payload, 4, dropped)? {
                Some(text) => (best, fits) = (text, count),
                None => most = count - 1,
            }
        }
        Ok(best)
    }
}

#[cfg(test)]
mod tests;
