//! As much of JSON Schema as the schemas of our own files use, so that a test can hold a schema to the reader of the file.
//! A keyword that is not known here fails the test.

use regex::Regex;
use serde_json::{Value, json};
use switchboard_engine::yaml::{self, Node, ScalarKind};

/// A YAML file's value as JSON Schema sees it.
#[must_use]
pub fn to_json(node: &Node) -> Value {
    match &*node.value {
        yaml::Value::Seq(items) => items.iter().map(to_json).collect(),
        yaml::Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.text.to_string(), to_json(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        yaml::Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Str => json!(&*scalar.text),
            ScalarKind::Int => scalar.text.parse::<i64>().map_or(json!(i64::MAX), |number| json!(number)),
            ScalarKind::Float => json!(0.5),
            ScalarKind::Bool => json!(true),
            ScalarKind::Null => Value::Null,
        },
    }
}

/// Whether the schema `root` accepts `value`.
///
/// # Panics
/// If the schema uses a keyword, or a value of one, that is not known here.
#[must_use]
pub fn accepts(root: &Value, value: &Value) -> bool {
    part_accepts(root, root, value)
}

fn part_accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(verdict) = schema.as_bool() {
        return verdict;
    }
    schema.as_object().expect("a schema is an object or a boolean").iter().all(|(keyword, rule)| {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                let pointer = &rule.as_str().expect("a reference is a text")[1..];
                part_accepts(root, root.pointer(pointer).expect("the reference leads somewhere"), value)
            }
            "anyOf" => list(rule).iter().any(|schema| part_accepts(root, schema, value)),
            "enum" => list(rule).contains(value),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|kind| is_of_type(kind, value)),
                kind => is_of_type(kind, value),
            },
            "minLength" | "maxLength" | "pattern" => value.as_str().is_none_or(|text| text_is(keyword, rule, text)),
            "minimum" => value.as_i64().is_none_or(|number| number >= bound(rule)),
            "maximum" => value.as_i64().is_none_or(|number| number <= bound(rule)),
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| part_accepts(root, rule, item))),
            "minItems" => value.as_array().is_none_or(|items| counts(items.len()) >= bound(rule)),
            "maxItems" => value.as_array().is_none_or(|items| counts(items.len()) <= bound(rule)),
            "minProperties" => value.as_object().is_none_or(|object| counts(object.len()) >= bound(rule)),
            "maxProperties" => value.as_object().is_none_or(|object| counts(object.len()) <= bound(rule)),
            "required" => value.as_object().is_none_or(|object| {
                list(rule).iter().all(|key| object.contains_key(key.as_str().expect("a key is a text")))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                object.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| part_accepts(root, schema, value)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                let is_known = |key: &str| schema.get("properties").is_some_and(|known| known.get(key).is_some());
                object.iter().filter(|(key, _)| !is_known(key)).all(|(_, value)| part_accepts(root, rule, value))
            }),
            "propertyNames" => {
                value.as_object().is_none_or(|object| object.keys().all(|key| part_accepts(root, rule, &json!(key))))
            }
            other => panic!("the keyword {other} is not understood"),
        }
    })
}

fn is_of_type(kind: &Value, value: &Value) -> bool {
    match kind.as_str().expect("a type is a text") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

fn text_is(keyword: &str, rule: &Value, text: &str) -> bool {
    match keyword {
        "minLength" => counts(text.chars().count()) >= bound(rule),
        "maxLength" => counts(text.chars().count()) <= bound(rule),
        _ => Regex::new(rule.as_str().expect("a pattern is a text")).expect("a pattern").is_match(text),
    }
}

fn list(rule: &Value) -> &[Value] {
    rule.as_array().expect("a list")
}

fn bound(rule: &Value) -> i64 {
    rule.as_i64().expect("a bound is a whole number")
}

fn counts(length: usize) -> i64 {
    i64::try_from(length).expect("a length")
}
