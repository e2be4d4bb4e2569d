//! The second and third step: what is cut and what is dropped, with the paths of both.

use serde_json::{Map, Value};

use super::MAX_DROPPED;

/// Longest text that is left whole, in bytes; a cut one is no longer, its ellipsis included.
pub(super) const MAX_TEXT: usize = 1_024;
const ELLIPSIS: char = '…';
/// Commits of a push that are kept: the last ones, which are the newest.
const MAX_COMMITS: usize = 20;
/// Paths that are kept of each list of files of a commit.
const MAX_FILES: usize = 100;
/// The lists of files that a commit has.
const FILE_LISTS: [&str; 3] = ["added", "modified", "removed"];
/// Members of a webhook that say nothing about the commit.
const SURROUNDINGS: [&str; 3] = ["organization", "enterprise", "installation"];
/// Links that people and Git follow; every other `…_url` leads to the API, and can be put together from the name.
const KEPT_URLS: [&str; 2] = ["html_url", "clone_url"];
/// Longest key that is named in a path as it is, in bytes; GitHub's own are shorter.
const MAX_KEY: usize = 40;
/// Longest path that is named, in bytes.
const MAX_PATH: usize = 120;

/// Cuts long texts and lists. Returns the paths of the first ones.
pub(super) fn shorten(payload: &mut Map<String, Value>) -> Vec<String> {
    let mut dropped = Vec::new();
    for (key, value) in payload.iter_mut() {
        shorten_value(value, key, &named("", key), &mut dropped);
    }
    dropped
}

fn shorten_value(value: &mut Value, key: &str, path: &str, dropped: &mut Vec<String>) {
    match value {
        Value::String(text) => {
            if cut_text(text, MAX_TEXT) {
                note(dropped, path);
            }
        }
        Value::Array(items) => {
            if cut_list(items, key) {
                note(dropped, path);
            }
            for (index, item) in items.iter_mut().enumerate() {
                shorten_value(item, "", &format!("{path}[{index}]"), dropped);
            }
        }
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                shorten_value(value, key, &named(path, key), dropped);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn cut_list(items: &mut Vec<Value>, key: &str) -> bool {
    if key == "commits" && items.len() > MAX_COMMITS {
        items.drain(..items.len() - MAX_COMMITS);
        true
    } else if FILE_LISTS.contains(&key) && items.len() > MAX_FILES {
        items.truncate(MAX_FILES);
        true
    } else {
        false
    }
}

/// Drops links and what surrounds the event. Returns the paths of the first ones.
pub(super) fn unlink(payload: &mut Map<String, Value>) -> Vec<String> {
    let mut dropped = Vec::new();
    drop_where(payload, "", &mut dropped, |key| SURROUNDINGS.contains(&key) || is_link(key));
    dropped
}

fn drop_where(object: &mut Map<String, Value>, path: &str, dropped: &mut Vec<String>, goes: fn(&str) -> bool) {
    object.retain(|key, _| {
        let goes = goes(key);
        if goes {
            note(dropped, &named(path, key));
        }
        !goes
    });
    for (key, value) in object.iter_mut() {
        unlink_value(value, &named(path, key), dropped);
    }
}

fn unlink_value(value: &mut Value, path: &str, dropped: &mut Vec<String>) {
    match value {
        Value::Object(object) => drop_where(object, path, dropped, is_link),
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                unlink_value(item, &format!("{path}[{index}]"), dropped);
            }
        }
        _ => {}
    }
}

fn is_link(key: &str) -> bool {
    key == "_links" || (key.ends_with("_url") && !KEPT_URLS.contains(&key))
}

/// Cuts a text to `longest` bytes at a character's boundary, an ellipsis at its end. Whether it was too long.
pub(super) fn cut_text(text: &mut String, longest: usize) -> bool {
    if text.len() <= longest {
        return false;
    }
    text.truncate(text.floor_char_boundary(longest.saturating_sub(ELLIPSIS.len_utf8())));
    text.push(ELLIPSIS);
    true
}

/// Remembers a path, unless there are enough.
pub(super) fn note(dropped: &mut Vec<String>, path: &str) {
    if dropped.len() < MAX_DROPPED && !dropped.iter().any(|known| known == path) {
        let mut path = path.to_owned();
        cut_text(&mut path, MAX_PATH);
        dropped.push(path);
    }
}

/// The path of a member. Keys that are not GitHub's manner are not repeated, so that a path needs no escaping and stays short.
pub(super) fn named(path: &str, key: &str) -> String {
    let plain = key.len() <= MAX_KEY && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let key = if plain { key } else { "?" };
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
