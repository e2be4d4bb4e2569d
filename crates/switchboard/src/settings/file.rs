//! Reading `switchboard.toml`.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml_edit::{Document, Item, TableLike};

use super::origin::{Origin, Position};
use super::problem::Problem;
use super::setting::Setting;
use super::table;
use super::value::{Refusal, Value};

/// The file as it was found.
#[derive(Debug, Clone)]
pub(super) struct FileText {
    pub(super) path: Arc<str>,
    pub(super) text: String,
}

/// A value with the places to name when its meaning is refused.
#[derive(Debug, Clone)]
pub(super) struct Given {
    pub(super) value: Value,
    pub(super) origin: Origin,
    /// The origins of a list's entries, where they have their own.
    pub(super) entries: Vec<Origin>,
}

impl Given {
    /// The place to blame for a refusal.
    pub(super) fn blame(&self, refusal: &Refusal) -> Origin {
        refusal.entry.and_then(|index| self.entries.get(index)).unwrap_or(&self.origin).clone()
    }
}

/// What a file sets, and where its sections begin (for settings that are missing from them).
#[derive(Debug, Default)]
pub(super) struct FileValues {
    pub(super) given: BTreeMap<String, Given>,
    pub(super) sections: BTreeMap<String, Position>,
    /// The file is not TOML, so nothing is known about what it sets.
    pub(super) unreadable: bool,
}

/// Reads every key of the file; what is wrong goes to `problems`.
pub(super) fn read(file: &FileText, problems: &mut Vec<Problem>) -> FileValues {
    let mut reader = Reader { file, values: FileValues::default(), problems };
    match Document::parse(file.text.as_str()) {
        Ok(document) => reader.table("", document.as_table()),
        Err(error) => {
            // Only the message is used: the error's own rendering quotes the line, which may hold a secret.
            let offset = error.span().map_or(0, |span| span.start);
            reader.problems.push(
                Problem::new(format!("this is not valid TOML: {}", error.message().trim().replace('\n', ", ")))
                    .at(Origin::File(reader.position(offset)))
                    .hint("texts need quotes, lists look like [\"a\", \"b\"], a section begins with [name]"),
            );
            reader.values.unreadable = true;
        }
    }
    reader.values
}

struct Reader<'a> {
    file: &'a FileText,
    values: FileValues,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn table(&mut self, section: &str, table: &dyn TableLike) {
        for (key, item) in table.iter() {
            let name = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
            let key_offset = table.get_key_value(key).and_then(|(key, _)| key.span()).map(|span| span.start);
            let at = self.position(key_offset.or_else(|| item.span().map(|span| span.start)).unwrap_or(0));
            if let Some(setting) = table::setting(&name) {
                self.setting(setting, item, at);
            } else if table::is_section(&name) {
                if let Some(inner) = item.as_table_like() {
                    self.values.sections.insert(name.clone(), at);
                    self.table(&name, inner);
                } else {
                    self.problems.push(
                        Problem::new("this is a section, not a value")
                            .of(&name)
                            .at(Origin::File(at))
                            .hint(format!("begin it with [{name}] on a line of its own")),
                    );
                }
            } else {
                let kind = if item.is_table() || item.is_array_of_tables() { "section" } else { "setting" };
                self.problems.push(
                    Problem::new(format!("unknown {kind}"))
                        .of(&name)
                        .at(Origin::File(at))
                        .hint(table::hint_for_unknown(section, key)),
                );
            }
        }
    }

    fn setting(&mut self, setting: &'static Setting, item: &Item, key: Position) {
        let origin = item.span().map_or(key, |span| self.position(span.start));
        let entries: Vec<Origin> = item
            .as_array()
            .into_iter()
            .flat_map(|array| array.iter())
            .map(|entry| Origin::File(entry.span().map_or_else(|| origin.clone(), |span| self.position(span.start))))
            .collect();
        let origin = Origin::File(origin);
        match setting.form.read_toml(item) {
            Ok(Some(value)) => {
                self.values.given.insert(setting.name(), Given { value, origin, entries });
            }
            Ok(None) => {}
            Err(refusal) => {
                let within = refusal.offset.map(|offset| Origin::File(self.position(offset)));
                let entry = || refusal.entry.and_then(|index| entries.get(index).cloned());
                let at = within.or_else(entry).unwrap_or(origin);
                self.problems.push(refused(setting, refusal, at));
            }
        }
    }

    fn position(&self, offset: usize) -> Position {
        Position::of_offset(&self.file.path, &self.file.text, offset)
    }
}

/// The problem that a refusal is, once it is known of what and where.
pub(super) fn refused(setting: &Setting, refusal: Refusal, at: Origin) -> Problem {
    let problem = Problem::new(refusal.message).of(setting.name()).at(at);
    match refusal.hint {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}
