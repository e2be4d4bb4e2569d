//! What stands beside a repository: oncalls, or a mapping of options.

use switchboard_engine::glob::{Glob, MAX_GLOB};
use switchboard_engine::yaml::{FieldPath, Node, ScalarKind, Value, quote};
use switchboard_github::repo_name::{RepoName, is_owner};

use super::keys::{EVENTS, OPTIONS};
use super::read::{Reader, at};
use super::{Events, Options};
use crate::config::TIMEOUT_MINUTES;

/// Reads what stands under a repository's name: nothing, oncalls as a text or list, or a mapping of options.
pub(super) fn read(reader: &mut Reader, node: &Node, path: &FieldPath) -> Options {
    match &*node.value {
        Value::Map(_) => mapping(reader, node, path).unwrap_or_default(),
        Value::Scalar(_) | Value::Seq(_) => Options { oncalls: oncalls(reader, node, path), ..Options::default() },
    }
}

fn mapping(reader: &mut Reader, node: &Node, path: &FieldPath) -> Option<Options> {
    let fields = reader.walker.fields(node, path, &OPTIONS)?;
    let mut options = Options::default();
    if let Some((node, path)) = fields.optional("oncalls") {
        options.oncalls = oncalls(reader, node, &path);
    }
    if let Some((node, path)) = fields.optional("events") {
        options.events = events(reader, node, &path);
    }
    if let Some((node, path)) = fields.optional("refs") {
        options.refs = Some(globs(reader, node, &path, check_ref));
    }
    if let Some((node, path)) = fields.optional("branches") {
        options.branches = Some(globs(reader, node, &path, check_branch));
    }
    if let Some((node, path)) = fields.optional("labels") {
        options.labels = labels(reader, node, &path);
    }
    if let Some((node, path)) = fields.optional("timeout_minutes") {
        options.timeout_minutes = minutes(reader, node, &path);
    }
    if let Some((node, path)) = fields.optional("start_timeout_minutes") {
        options.start_timeout_minutes = minutes(reader, node, &path);
    }
    if let Some((node, path)) = fields.optional("silent") {
        options.silent = reader.walker.boolean(node, &path).unwrap_or_default();
    }
    Some(options)
}

fn oncalls(reader: &mut Reader, node: &Node, path: &FieldPath) -> Vec<String> {
    let mut logins = Vec::new();
    match &*node.value {
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Null => {}
        Value::Scalar(scalar) if scalar.kind == ScalarKind::Str => {
            for text in scalar.text.split(',').filter(|text| !text.trim().is_empty()) {
                oncall(reader, node, path, text, &mut logins);
            }
        }
        Value::Seq(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = path.index(index);
                if let Some(text) = reader.walker.string(item, &path) {
                    oncall(reader, item, &path, &text, &mut logins);
                }
            }
        }
        _ => {
            let message = format!("expected oncalls, found {}", node.describe());
            reader.error(at(node), path, "type", message, "write GitHub logins as a text with commas, or as a list");
        }
    }
    logins
}

/// What cannot be mentioned is left out, so that nothing else is ever put behind an `@`.
fn oncall(reader: &mut Reader, node: &Node, path: &FieldPath, text: &str, logins: &mut Vec<String>) {
    let login = text.trim();
    let login = login.strip_prefix('@').unwrap_or(login);
    if !is_owner(login) && login.parse::<RepoName>().is_err() {
        let message = format!("{} is no GitHub login and is left out", quote(text.trim()));
        reader.warn(
            at(node),
            path,
            "oncall",
            message,
            "write logins, or `organization/team`, with commas between them",
        );
    } else if !logins.iter().any(|known| known.eq_ignore_ascii_case(login)) {
        logins.push(login.to_owned());
    }
}

fn events(reader: &mut Reader, node: &Node, path: &FieldPath) -> Events {
    let mut events = Events { pull_request: false, nightly: false };
    for (index, item) in reader.walker.items(node, path).unwrap_or_default().iter().enumerate() {
        let path = path.index(index);
        match reader.walker.string(item, &path).as_deref() {
            Some("pull_request") => events.pull_request = true,
            Some("nightly") => events.nightly = true,
            Some(other) => {
                reader.error(at(item), &path, "event", format!("unknown event {}", quote(other)), &EVENTS.hint(other));
            }
            None => {}
        }
    }
    events
}

fn globs(reader: &mut Reader, node: &Node, path: &FieldPath, check: impl Fn(&str) -> Option<String>) -> Vec<Glob> {
    let mut globs = Vec::new();
    for (index, item) in reader.walker.items(node, path).unwrap_or_default().iter().enumerate() {
        let path = path.index(index);
        let Some(text) = reader.walker.string(item, &path) else { continue };
        if let Some(hint) = check(&text) {
            reader.warn(at(item), &path, "never_matches", format!("{} never matches", quote(&text)), &hint);
        }
        match text.parse::<Glob>() {
            Ok(glob) => globs.push(glob),
            Err(_) => {
                let message = format!("the pattern has more than {MAX_GLOB} bytes");
                reader.error(at(item), &path, "glob", message, "no branch or tag has so long a name");
            }
        }
    }
    globs
}

/// What to write instead of a pattern that no full ref can match.
fn check_ref(pattern: &str) -> Option<String> {
    let fixed = pattern.split('*').next().unwrap_or_default();
    let may_match = fixed.starts_with("refs/") || "refs/".starts_with(fixed);
    (!may_match).then(|| format!("pushes are named in full: write {}", quote(&format!("refs/heads/{pattern}"))))
}

/// What to write instead of a pattern that no branch's own name can match.
fn check_branch(pattern: &str) -> Option<String> {
    let own = pattern.strip_prefix("refs/heads/")?;
    Some(format!("branches go by their own names: write {}", quote(own)))
}

fn labels(reader: &mut Reader, node: &Node, path: &FieldPath) -> Vec<String> {
    let mut labels = Vec::new();
    for (index, item) in reader.walker.items(node, path).unwrap_or_default().iter().enumerate() {
        let path = path.index(index);
        let Some(text) = reader.walker.string(item, &path) else { continue };
        if text.trim().is_empty() {
            reader.error(at(item), &path, "empty", "the label is empty".to_owned(), "remove it");
        } else {
            labels.push(text.trim().to_owned());
        }
    }
    labels
}

fn minutes(reader: &mut Reader, node: &Node, path: &FieldPath) -> Option<u32> {
    let number = reader.walker.integer(node, path)?;
    let minutes = u32::try_from(number).ok().filter(|minutes| TIMEOUT_MINUTES.contains(minutes));
    if minutes.is_none() {
        let hint = format!("use a number from {} to {}", TIMEOUT_MINUTES.start(), TIMEOUT_MINUTES.end());
        reader.error(at(node), path, "range", format!("{number} is out of range"), &hint);
    }
    minutes
}
