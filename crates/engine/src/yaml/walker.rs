//! A strict walk over a [`Node`] tree: every mapping knows its keys, every value its type.

use std::sync::Arc;

use super::diagnostic::quote;
use super::{Diagnostic, Diagnostics, Entry, FieldPath, Key, Node, ScalarKind, Value};

/// The keys that a mapping may have.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// The keys, as they must be written.
    pub known: &'static [&'static str],
    /// Remedies for keys that people write by mistake: (key, hint).
    pub mistaken: &'static [(&'static str, &'static str)],
}

impl Keys {
    /// The remedy for a key that is none of these.
    #[must_use]
    pub fn hint(&self, key: &str) -> String {
        if let Some((_, hint)) = self.mistaken.iter().find(|(mistaken, _)| mistaken.eq_ignore_ascii_case(key)) {
            return (*hint).to_owned();
        }
        let near = self.known.iter().filter(|known| is_near(key, known)).min_by_key(|known| distance(key, known));
        match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => {
                let known: Vec<_> = self.known.iter().map(|known| format!("`{known}`")).collect();
                format!("known keys: {}", known.join(", "))
            }
        }
    }
}

/// Takes a tree apart and collects what is wrong with it. Methods return `None` after they have said why.
#[derive(Debug, Default)]
pub struct Walker {
    diagnostics: Diagnostics,
}

impl Walker {
    /// A walker that has found nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that was found.
    #[must_use]
    pub fn finish(self) -> Diagnostics {
        self.diagnostics
    }

    /// Whether an error was found so far.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.diagnostics.has_errors()
    }

    /// Notes an error about `node`.
    pub fn error(&mut self, node: &Node, path: &FieldPath, message: impl Into<String>, hint: Option<&str>) {
        let diagnostic = Diagnostic::error(node.line, node.column, message).at(path);
        self.push(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// Notes an error about a key.
    pub fn key_error(&mut self, key: &Key, path: &FieldPath, message: impl Into<String>, hint: Option<&str>) {
        let diagnostic = Diagnostic::error(key.line, key.column, message).at(path);
        self.push(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// Notes an error about `node` under a code of its own.
    fn coded(&mut self, node: &Node, path: &FieldPath, code: &'static str, message: String, hint: Option<&str>) {
        let diagnostic = Diagnostic::error(node.line, node.column, message).at(path).with_code(code);
        self.push(match hint {
            Some(hint) => diagnostic.with_hint(hint),
            None => diagnostic,
        });
    }

    /// Notes any remark.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// The entries of a mapping with arbitrary keys.
    pub fn entries<'n>(&mut self, node: &'n Node, path: &FieldPath) -> Option<&'n [Entry]> {
        match &*node.value {
            Value::Map(entries) => Some(entries),
            _ => self.wrong_type(node, path, "a mapping"),
        }
    }

    /// The fields of a strict mapping; each unknown key is an error of its own.
    pub fn fields<'n>(&mut self, node: &'n Node, path: &FieldPath, keys: &Keys) -> Option<Fields<'n>> {
        let entries = self.entries(node, path)?;
        for Entry { key, .. } in entries {
            if !keys.known.contains(&&*key.text) {
                let message = format!("unknown key {}", quote(&key.text));
                let diagnostic = Diagnostic::error(key.line, key.column, message).with_code("unknown_key");
                self.push(diagnostic.at(&path.key(&key.text)).with_hint(keys.hint(&key.text)));
            }
        }
        Some(Fields { node, entries, path: path.clone() })
    }

    /// The items of a list.
    pub fn items<'n>(&mut self, node: &'n Node, path: &FieldPath) -> Option<&'n [Node]> {
        match &*node.value {
            Value::Seq(items) => Some(items),
            _ => self.wrong_type(node, path, "a list"),
        }
    }

    /// The items of a list that must have at least one.
    pub fn filled_items<'n>(&mut self, node: &'n Node, path: &FieldPath) -> Option<&'n [Node]> {
        let items = self.items(node, path)?;
        if items.is_empty() {
            self.coded(node, path, "empty", "the list must have at least one item".to_owned(), None);
            return None;
        }
        Some(items)
    }

    /// A text that is not empty.
    pub fn string(&mut self, node: &Node, path: &FieldPath) -> Option<Arc<str>> {
        let text = self.text(node, path)?;
        if text.is_empty() {
            self.coded(node, path, "empty", "the text must not be empty".to_owned(), None);
            return None;
        }
        Some(text)
    }

    /// A text, perhaps empty.
    pub fn text(&mut self, node: &Node, path: &FieldPath) -> Option<Arc<str>> {
        match node.scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Str => Some(Arc::clone(&scalar.text)),
            _ => self.wrong_type(node, path, "a text"),
        }
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, node: &Node, path: &FieldPath) -> Option<bool> {
        match node.scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Bool => Some(scalar.text.eq_ignore_ascii_case("true")),
            _ => self.wrong_type(node, path, "`true` or `false`"),
        }
    }

    /// A whole number in decimal digits.
    pub fn integer(&mut self, node: &Node, path: &FieldPath) -> Option<i64> {
        let scalar = node.scalar().filter(|scalar| scalar.kind == ScalarKind::Int);
        match scalar.and_then(|scalar| scalar.text.parse().ok()) {
            Some(number) => Some(number),
            None => self.wrong_type(node, path, "a whole number"),
        }
    }

    /// Notes that `node` should have been `wanted`.
    pub fn wrong_type<T>(&mut self, node: &Node, path: &FieldPath, wanted: &str) -> Option<T> {
        let found = node.describe();
        let hint = match node.scalar() {
            Some(scalar) if wanted == "a text" && scalar.kind != ScalarKind::Null => Some("put it in quotes"),
            Some(scalar) if scalar.kind == ScalarKind::Null => Some("give it a value, or remove the key"),
            _ => None,
        };
        self.coded(node, path, "type", format!("expected {wanted}, found {found}"), hint);
        None
    }
}

/// The fields of one mapping.
#[derive(Debug)]
pub struct Fields<'n> {
    node: &'n Node,
    entries: &'n [Entry],
    path: FieldPath,
}

impl<'n> Fields<'n> {
    /// The value under `key` with its path, if the key is there.
    #[must_use]
    pub fn optional(&self, key: &str) -> Option<(&'n Node, FieldPath)> {
        let entry = self.entries.iter().find(|entry| &*entry.key.text == key)?;
        Some((&entry.value, self.path.key(key)))
    }

    /// The value under `key` with its path; its absence is an error.
    pub fn required(&self, walker: &mut Walker, key: &str) -> Option<(&'n Node, FieldPath)> {
        let found = self.optional(key);
        if found.is_none() {
            walker.coded(self.node, &self.path.key(key), "missing", format!("`{key}` is missing"), None);
        }
        found
    }
}

/// Whether somebody who typed `text` probably meant `known`: a third of the letters may be wrong.
fn is_near(text: &str, known: &str) -> bool {
    text.len() <= known.len() * 2 && distance(text, known) <= known.len().div_ceil(3)
}

/// Levenshtein distance in characters, case aside.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().map(|c| c.to_ascii_lowercase()).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
