use serde_json::{Map, Value, json};

use crate::settings::sections::SECTIONS;
use crate::settings::setting::{Form, NO, Setting, YES};

/// The JSON Schema of `switchboard.toml`, pretty-printed.
///
/// It follows the loader except that words are given in lower case, though the loader takes them in any.
#[must_use]
pub fn schema() -> String {
    let mut sections = Map::new();
    for section in SECTIONS {
        let keys: Map<String, Value> =
            section.settings.iter().map(|setting| (setting.key.to_owned(), of_setting(setting))).collect();
        let schema = json!({
            "description": section.about,
            "type": "object",
            "additionalProperties": false,
            "properties": keys,
        });
        sections.insert(section.name.to_owned(), schema);
    }
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "switchboard.toml",
        "description": "Settings of Switchboard.",
        "type": "object",
        "additionalProperties": false,
        "properties": sections,
    });
    format!("{schema:#}\n")
}

fn of_setting(setting: &Setting) -> Value {
    let text = json!({ "type": "string" });
    let texts = json!({ "type": "array", "items": { "type": "string", "minLength": 1 } });
    let mut schema = match &setting.form {
        Form::Boolean => {
            let words: Vec<&str> = YES.iter().chain(&NO).copied().collect();
            json!({ "anyOf": [{ "type": "boolean" }, { "enum": words }, { "enum": [0, 1] }] })
        }
        Form::Integer { min, max, .. } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Form::Text { .. } | Form::Secret { .. } => text,
        Form::Choice { words, yes_and_no: None } => json!({ "enum": words }),
        Form::Choice { words, yes_and_no: Some(_) } => {
            json!({ "anyOf": [{ "enum": words }, { "type": "boolean" }] })
        }
        Form::List { .. } => texts,
        Form::Secrets { .. } => json!({ "anyOf": [text, texts] }),
    };
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), setting.about.into());
        if let Some(default) = default(setting) {
            members.insert("default".to_owned(), default);
        }
    }
    schema
}

fn default(setting: &Setting) -> Option<Value> {
    use crate::settings::value::Value as Ours;
    Some(match setting.form.read_text(setting.default?).ok().flatten()? {
        Ours::Boolean(flag) => flag.into(),
        Ours::Integer(number) => number.into(),
        Ours::Text(text) => text.into(),
        Ours::List(entries) => entries.into(),
    })
}
