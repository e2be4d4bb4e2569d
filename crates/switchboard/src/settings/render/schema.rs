use serde_json::{Map, Value, json};

use crate::settings::kinds::{BUILDKITE, PIPELINE_KEYS, PROVIDER_KEYS};
use crate::settings::sections::SECTIONS;
use crate::settings::setting::{Form, NO, Setting, YES};

/// The JSON Schema of `switchboard.toml`, pretty-printed.
///
/// It follows the loader except that words are given in lower case, though the loader takes them in any.
#[must_use]
pub fn schema() -> String {
    let mut sections = json!({});
    for section in SECTIONS {
        let keys: Map<String, Value> =
            section.settings.iter().map(|setting| (setting.key.to_owned(), of_setting(setting))).collect();
        let schema = json!({
            "description": section.about,
            "type": "object",
            "additionalProperties": false,
            "properties": keys,
        });
        match section.name.split_once('.') {
            // A section within a section; the table names it after the one that it is in.
            Some((outer, name)) => sections[outer]["properties"][name] = schema,
            None => sections[section.name] = schema,
        }
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
        Form::Providers => json!({ "type": "array", "items": provider() }),
    };
    if let Value::Object(members) = &mut schema {
        members.insert("description".to_owned(), setting.about.into());
        if let Some(default) = default(setting) {
            members.insert("default".to_owned(), default);
        }
    }
    schema
}

/// A table `[[relay.provider]]`.
fn provider() -> Value {
    let text = json!({ "type": "string", "minLength": 1 });
    let [organization, pipeline, repo, claims] = PIPELINE_KEYS;
    let pipeline = json!({
        "type": "object",
        "additionalProperties": false,
        "required": [organization, pipeline, repo],
        "properties": {
            organization: text,
            pipeline: text,
            repo: text,
            claims: {
                "type": "object",
                "additionalProperties": { "type": "array", "minItems": 1, "items": { "type": "string" } },
            },
        },
    });
    let [kind, issuer, pipelines] = PROVIDER_KEYS;
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": [kind, pipelines],
        "properties": {
            kind: { "enum": [BUILDKITE] },
            issuer: text,
            pipelines: { "type": "array", "minItems": 1, "items": pipeline },
        },
    })
}

fn default(setting: &Setting) -> Option<Value> {
    use crate::settings::value::Value as Ours;
    Some(match setting.form.read_text(setting.default?).ok().flatten()? {
        Ours::Boolean(flag) => flag.into(),
        Ours::Integer(number) => number.into(),
        Ours::Text(text) => text.into(),
        Ours::List(entries) => entries.into(),
        Ours::Providers(_) => json!([]),
    })
}
