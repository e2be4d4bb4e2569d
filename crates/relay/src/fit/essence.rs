//! The fourth step: what a downstream needs to build the commit, and to say what it is.

use serde_json::{Map, Value, json};

use super::cut::{cut_text, named, note};

/// What is kept of a payload: a member's name, and what is kept of its value.
enum Keep {
    /// A text, number, switch or null as it is.
    Leaf(&'static str),
    /// Some members of an object.
    Part(&'static str, &'static [Keep]),
    /// Put in afterwards, as much of it as there is room for.
    Later(&'static str),
}

use Keep::{Later, Leaf, Part};

const PAYLOAD: &[Keep] = &[
    Leaf("action"),
    Leaf("number"),
    Part("label", &[Leaf("name")]),
    Leaf("ref"),
    Leaf("before"),
    Leaf("after"),
    Leaf("base_ref"),
    Leaf("created"),
    Leaf("deleted"),
    Leaf("forced"),
    Leaf("compare"),
    Part("head_commit", &[Leaf("id"), Leaf("message"), Leaf("timestamp")]),
    Part(
        "repository",
        &[Leaf("id"), Leaf("full_name"), Leaf("default_branch"), Leaf("private"), Leaf("html_url"), Leaf("clone_url")],
    ),
    Part("sender", &[Leaf("login"), Leaf("id"), Leaf("type")]),
    Part("pusher", &[Leaf("name")]),
    Part("pull_request", PULL_REQUEST),
];

const PULL_REQUEST: &[Keep] = &[
    Leaf("number"),
    Leaf("state"),
    Leaf("draft"),
    Leaf("merged"),
    Leaf("merged_at"),
    Leaf("merge_commit_sha"),
    Leaf("title"),
    Leaf("html_url"),
    Leaf("author_association"),
    Part("user", &[Leaf("login"), Leaf("id")]),
    Part("head", SIDE),
    Part("base", SIDE),
    Later("labels"),
];

const SIDE: &[Keep] =
    &[Leaf("ref"), Leaf("sha"), Part("repo", &[Leaf("id"), Leaf("full_name"), Leaf("fork"), Leaf("clone_url")])];

/// What is kept of a payload.
pub(super) struct Essence {
    /// The payload, with the labels that were [set](Self::set_labels).
    pub(super) payload: Map<String, Value>,
    /// All labels of the pull request: their names alone.
    pub(super) labels: Vec<Value>,
}

/// What is kept of `payload`, yet without labels. Paths of what goes are added to `dropped`.
pub(super) fn of(payload: &Map<String, Value>, dropped: &mut Vec<String>) -> Essence {
    let labels = payload.get("pull_request").and_then(|pull| pull.get("labels"));
    let names = labels.and_then(Value::as_array).into_iter().flatten().filter_map(|label| label.get("name"));
    let labels = names.filter(|name| name.is_string()).map(|name| json!({ "name": name })).collect();
    Essence { payload: part(payload, PAYLOAD, "", dropped), labels }
}

impl Essence {
    /// Gives the pull request the first `count` of its labels.
    pub(super) fn set_labels(&mut self, count: usize) {
        if let Some(Value::Object(pull)) = self.payload.get_mut("pull_request") {
            pull.insert("labels".to_owned(), self.labels.iter().take(count).cloned().collect());
        }
    }

    /// Cuts every text to `longest` bytes.
    pub(super) fn shorten(&mut self, longest: usize) {
        shorten(&mut self.payload, longest);
    }
}

fn part(object: &Map<String, Value>, keep: &[Keep], path: &str, dropped: &mut Vec<String>) -> Map<String, Value> {
    let mut kept = Map::new();
    for (key, value) in object {
        let wanted = keep.iter().find(|keep| matches!(keep, Leaf(name) | Part(name, _) | Later(name) if name == key));
        match (wanted, value) {
            (Some(Part(_, keep)), Value::Object(object)) => {
                kept.insert(key.clone(), Value::Object(part(object, keep, &named(path, key), dropped)));
            }
            (Some(Part(..)), Value::Null) => {
                kept.insert(key.clone(), Value::Null);
            }
            (Some(Later(_)), Value::Array(_)) => {
                kept.insert(key.clone(), Value::Array(Vec::new()));
            }
            (Some(Leaf(_)), leaf) if !leaf.is_object() && !leaf.is_array() => {
                kept.insert(key.clone(), leaf.clone());
            }
            _ => note(dropped, &named(path, key)),
        }
    }
    kept
}

fn shorten(object: &mut Map<String, Value>, longest: usize) {
    for value in object.values_mut() {
        match value {
            Value::String(text) => {
                cut_text(text, longest);
            }
            Value::Object(object) => shorten(object, longest),
            _ => {}
        }
    }
}
