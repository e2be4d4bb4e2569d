//! Every name under which the relay keeps something: views, record keys, lanes, intent keys. They stand here and nowhere else, so that
//! what is written under a key is found under it.
//!
//! A key is made of parts with `/`, `#`, `@` or `:` between them. Each part goes through [`part`], which leaves none of these in it, so
//! no name, however it was chosen, can make two keys one or break out of a range of keys. Repositories are lower case in keys, since
//! names that differ in case mean one repository; everything else keeps its case.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use switchboard_github::ids::{DeliveryGuid, HeadSha};
use switchboard_github::repo_name::RepoName;
use switchboard_store::{DeliveryId, Key, Lane};

pub mod views;

/// What stands in a key as it is: everything else is percent-encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'_').remove(b'-');

/// A name as a part of a key: letters, digits, `.`, `_`, `-`, and `%` before two hexadecimal digits.
#[must_use]
pub fn part(name: &str) -> Cow<'_, str> {
    utf8_percent_encode(name, ENCODED).into()
}

/// The name that a part of a key stands for; `None` for a text that is no part.
#[must_use]
pub fn name_of(part: &str) -> Option<String> {
    let name = percent_decode_str(part).decode_utf8().ok()?;
    (self::part(&name) == part).then(|| name.into_owned())
}

/// A repository as a part of a key.
#[must_use]
pub fn repo(name: &RepoName) -> String {
    part(&name.key()).into_owned()
}

/// A seq as a part of a key that sorts the newest first: UUIDv7s begin with their time, and every digit is turned around.
#[must_use]
pub fn inverted(seq: DeliveryId) -> String {
    format!("{:032x}", u128::MAX - seq.0.as_u128())
}

/// `relay.allowlist`: the list of an upstream.
#[must_use]
pub fn allowlist(upstream: &RepoName) -> Key {
    repo(upstream).into()
}

/// `relay.level`: where an entry stands, and since when.
#[must_use]
pub fn level(upstream: &RepoName, entry: &RepoName) -> Key {
    format!("{}/{}", repo(upstream), repo(entry)).into()
}

/// `relay.pr`.
#[must_use]
pub fn pull_request(upstream: &RepoName, number: u64) -> Key {
    format!("{}#{number}", repo(upstream)).into()
}

/// `relay.head` of a pull request: what was dispatched of a commit.
#[must_use]
pub fn head_of_pull(upstream: &RepoName, head: &HeadSha, number: u64) -> Key {
    format!("{}{number}", heads(upstream, head)).into()
}

/// `relay.head` of a push. A full ref holds a slash, so it is never taken for a number.
#[must_use]
pub fn head_of_push(upstream: &RepoName, head: &HeadSha, full_ref: &str) -> Key {
    format!("{}{}", heads(upstream, head), part(full_ref)).into()
}

/// What the keys of a commit's [heads](views::HEAD) begin with.
#[must_use]
pub fn heads(upstream: &RepoName, head: &HeadSha) -> String {
    format!("{}@{head}/", repo(upstream))
}

/// `relay.dispatch`.
#[must_use]
pub fn dispatch(delivery: &DeliveryGuid) -> Key {
    part(delivery.as_str()).into_owned().into()
}

/// `relay.target`.
#[must_use]
pub fn target(delivery: &DeliveryGuid, entry: &RepoName) -> Key {
    format!("{}{}", targets(delivery), repo(entry)).into()
}

/// What the keys of a dispatch's [targets](views::TARGET) begin with.
#[must_use]
pub fn targets(delivery: &DeliveryGuid) -> String {
    format!("{}/", part(delivery.as_str()))
}

/// `relay.inbox`: an entry's dispatches in order.
#[must_use]
pub fn inbox(entry: &RepoName, seq: DeliveryId) -> Key {
    format!("{}/{seq}", repo(entry)).into()
}

/// Lane of everything about a pull request: events, reports, timers.
#[must_use]
pub fn pull_request_lane(upstream: &RepoName, number: u64) -> Lane {
    pull_request(upstream, number).as_str().into()
}

/// Lane of everything about a branch or tag.
#[must_use]
pub fn ref_lane(upstream: &RepoName, full_ref: &str) -> Lane {
    format!("{}@{}", repo(upstream), part(full_ref)).into()
}

/// Lane of the allowlist's reading.
pub const ALLOWLIST_LANE: Lane = Lane::of("relay:allowlist");

/// Key of the intent `dispatch`: the target, and how often it was planned to be sent anew.
#[must_use]
pub fn dispatch_intent(delivery: &DeliveryGuid, entry: &RepoName, generation: u32) -> Key {
    format!("relay.dispatch:{}:{}:{generation}", part(delivery.as_str()), repo(entry)).into()
}

#[cfg(test)]
mod tests;
