//! From the file's text to an [`Allowlist`], or to what is wrong with it.

use std::collections::HashMap;

use switchboard_engine::yaml::{
    self, Budget, Diagnostic, Diagnostics, FieldPath, Key, Node, ScalarKind, Severity, Value, Walker, quote,
};
use switchboard_github::repo_name::RepoName;

use super::keys::LEVELS;
use super::{Allowlist, Entry, Level, Options, options};
use crate::names::Device;

/// What one file may cost. The deepest that means anything is five: `L3`, device, repository, option, its values.
pub const BUDGET: Budget = Budget { bytes: 256 * 1024, depth: 8, nodes: 100_000, aliases: false };
/// Most entries of one file.
pub const MAX_ENTRIES: usize = 1_000;

/// Reads a file. `None` if it is refused; then at least one of the remarks is an error. A valid file may come with warnings. The remarks
/// stand in the file's order, and there are never more than a screenful: a last one counts those left out.
#[must_use]
pub fn parse(bytes: &[u8]) -> (Option<Allowlist>, Vec<Diagnostic>) {
    let root = match yaml::parse(bytes, &BUDGET) {
        Ok(Some(root)) => root,
        Ok(None) => return (Some(Allowlist::default()), Vec::new()),
        Err(diagnostic) => return (None, vec![diagnostic]),
    };
    let mut reader = Reader::default();
    reader.document(&root);
    reader.finish()
}

/// What a file comes to while it is walked through.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) walker: Walker,
    /// Apart from the errors, so that no number of warnings can hide one.
    warnings: Diagnostics,
    entries: Vec<Entry>,
    /// The line in which each repository was first named.
    lines: HashMap<RepoName, u32>,
}

impl Reader {
    fn finish(self) -> (Option<Allowlist>, Vec<Diagnostic>) {
        let errors = self.walker.finish();
        let mut remarks = [errors.kept(), self.warnings.kept()].concat();
        remarks.sort_by_key(|remark| (remark.line, remark.column));
        let dropped = errors.dropped() + self.warnings.dropped();
        if dropped > 0 {
            let severity = if errors.dropped() > 0 { Severity::Error } else { Severity::Warning };
            let rest = Diagnostic::error(1, 1, format!("{dropped} more remarks are left out")).with_code("more");
            remarks.push(Diagnostic { severity, ..rest });
        }
        let list = if errors.has_errors() { None } else { Allowlist::new(self.entries).ok() };
        (list, remarks)
    }

    pub(super) fn error(
        &mut self,
        place: (u32, u32),
        path: &FieldPath,
        code: &'static str,
        message: String,
        hint: &str,
    ) {
        let diagnostic = Diagnostic::error(place.0, place.1, message);
        self.walker.push(diagnostic.at(path).with_code(code).with_hint(hint));
    }

    pub(super) fn warn(
        &mut self,
        place: (u32, u32),
        path: &FieldPath,
        code: &'static str,
        message: String,
        hint: &str,
    ) {
        let diagnostic = Diagnostic::warning(place.0, place.1, message);
        self.warnings.push(diagnostic.at(path).with_code(code).with_hint(hint));
    }

    fn document(&mut self, root: &Node) {
        let path = FieldPath::default();
        if is_null(root) {
            return;
        }
        for entry in self.walker.entries(root, &path).unwrap_or_default() {
            let (key, path) = (&entry.key, path.key(&entry.key.text));
            match key.text.parse() {
                Ok(level) => self.level(level, &entry.value, &path),
                Err(_) => {
                    let message = format!("unknown key {}; nothing under it counts", quote(&key.text));
                    self.warn(at_key(key), &path, "unknown_key", message, &LEVELS.hint(&key.text));
                }
            }
        }
    }

    fn level(&mut self, level: Level, node: &Node, path: &FieldPath) {
        match &*node.value {
            _ if is_null(node) => {}
            Value::Seq(items) if level != Level::L3 => {
                for (index, item) in items.iter().enumerate() {
                    self.item(level, item, &path.index(index));
                }
            }
            Value::Map(devices) if level == Level::L3 => {
                let mut seen = HashMap::new();
                for entry in devices {
                    self.device(&entry.key, &entry.value, &path.key(&entry.key.text), &mut seen);
                }
            }
            _ if level == Level::L3 => {
                let message = format!("expected a mapping of devices, found {}", node.describe());
                let hint = "write each device with its repositories under it: `device: { owner/repo: }`";
                self.error(at(node), path, "type", message, hint);
            }
            _ => {
                let message = format!("expected a list of repositories, found {}", node.describe());
                self.error(
                    at(node),
                    path,
                    "type",
                    message,
                    "write each repository in a line of its own: `- owner/repo`",
                );
            }
        }
    }

    fn item(&mut self, level: Level, node: &Node, path: &FieldPath) {
        match &*node.value {
            Value::Scalar(scalar) if scalar.kind != ScalarKind::Null => {
                self.entry(level, None, (&scalar.text, at(node)), None, path);
            }
            Value::Map(entries) if entries.len() == 1 => {
                for entry in entries {
                    self.entry(level, None, (&entry.key.text, at_key(&entry.key)), Some(&entry.value), path);
                }
            }
            Value::Map(entries) => {
                let message = format!("expected one repository, found a mapping of {} keys", entries.len());
                let hint = "indent the options below the repository, and begin each repository with `-`";
                self.error(at(node), path, "item", message, hint);
            }
            _ => {
                let message = format!("expected a repository, found {}", node.describe());
                self.error(at(node), path, "type", message, "write `owner/repo`, or remove the item");
            }
        }
    }

    fn device(&mut self, key: &Key, node: &Node, path: &FieldPath, seen: &mut HashMap<Device, u32>) {
        let device = key.text.parse::<Device>();
        match &device {
            Err(error) => {
                let message = format!("{} is no device: {error}", quote(&key.text));
                self.error(at_key(key), path, "device", message, "the device is what follows the prefix in the label");
            }
            Ok(device) => {
                if let Some(first) = seen.insert(device.clone(), key.line) {
                    let message = format!("the device {device} stands here again; first in line {first}");
                    self.warn(
                        at_key(key),
                        path,
                        "device_twice",
                        message,
                        "case does not tell devices apart; join them",
                    );
                }
            }
        }
        match &*node.value {
            _ if is_null(node) => {}
            Value::Map(entries) => {
                for entry in entries {
                    let (path, named) = (path.key(&entry.key.text), (&*entry.key.text, at_key(&entry.key)));
                    self.entry(Level::L3, device.as_ref().ok().cloned(), named, Some(&entry.value), &path);
                }
            }
            _ => {
                let message = format!("expected a mapping of repositories, found {}", node.describe());
                self.error(at(node), path, "type", message, "write each repository as a key: `owner/repo:`");
            }
        }
    }

    fn entry(
        &mut self,
        level: Level,
        device: Option<Device>,
        (text, place): (&str, (u32, u32)),
        value: Option<&Node>,
        path: &FieldPath,
    ) {
        let options = value.map_or_else(Options::default, |node| options::read(self, node, path));
        let Ok(repo) = trimmed(text).parse::<RepoName>() else {
            let message = format!("{} is not `owner/repo`", quote(text));
            self.error(place, path, "name", message, name_hint(text));
            return;
        };
        if let Some(first) = self.lines.insert(repo.clone(), place.0) {
            let message = format!("{repo} stands here twice; first in line {first}");
            self.error(place, path, "repository_twice", message, "keep one of them: a repository stands on one level");
            self.lines.insert(repo, first);
            return;
        }
        if self.lines.len() == MAX_ENTRIES + 1 {
            let message = format!("more than {MAX_ENTRIES} repositories are listed");
            self.error(place, path, "too_many_entries", message, "remove those that are no longer relayed to");
        }
        self.entries.push(Entry { repo, level, device, line: place.0, options });
    }
}

fn is_null(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar.kind == ScalarKind::Null)
}

pub(super) fn at(node: &Node) -> (u32, u32) {
    (node.line, node.column)
}

fn at_key(key: &Key) -> (u32, u32) {
    (key.line, key.column)
}

/// A repository's name without the spaces and slashes around it.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c == '/' || c.is_whitespace())
}

fn name_hint(text: &str) -> &'static str {
    let name = trimmed(text);
    if name.starts_with('@') {
        "drop the @"
    } else if name.contains("://") {
        "write owner and repository only, not the address"
    } else if !name.contains('/') {
        "write the owner before it: `owner/repo`"
    } else {
        "write one owner, a slash and one repository, without spaces"
    }
}
