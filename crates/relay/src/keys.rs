//! The parts of keys.
//!
//! A key is made of parts with `/`, `#`, `@` or `:` between them. Each part goes through [`part`], which leaves none of these in it, so
//! no name, however it was chosen, can make two keys one or break out of a range of keys. Repositories are lower case in keys, since
//! names that differ in case mean one repository; everything else keeps its case.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use switchboard_github::repo_name::RepoName;
use switchboard_store::DeliveryId;

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

#[cfg(test)]
mod tests;
