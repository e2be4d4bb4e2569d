//! As much of a JSON Schema validator as our schema uses. A keyword it does not know fails the test.

use regex::Regex;
use serde_json::{Value, json};
use switchboard_engine::yaml::{self, Node, ScalarKind};

pub(super) fn to_json(node: &Node) -> Value {
    match &*node.value {
        yaml::Value::Seq(items) => items.iter().map(to_json).collect(),
        yaml::Value::Map(entries) => entries
            .iter()
            .map(|entry| (entry.key.text.to_string(), to_json(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        yaml::Value::Scalar(scalar) => match scalar.kind {
            ScalarKind::Str => json!(&*scalar.text),
            ScalarKind::Int | ScalarKind::Float => json!(1),
            ScalarKind::Bool => json!(true),
            ScalarKind::Null => Value::Null,
        },
    }
}

pub(super) fn accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(verdict) = schema.as_bool() {
        return verdict;
    }
    schema.as_object().expect("a schema is an object or a boolean").iter().all(|(keyword, rule)| {
        match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" => true,
            "$ref" => {
                accepts(root, root.pointer(&rule.as_str().unwrap()[1..]).expect("the reference leads somewhere"), value)
            }
            "type" => match rule.as_str().unwrap() {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                other => panic!("unknown type {other}"),
            },
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => value.as_object().is_none_or(|object| {
                object.iter().all(|(key, value)| rule.get(key).is_none_or(|schema| accepts(root, schema, value)))
            }),
            "additionalProperties" => value.as_object().is_none_or(|object| {
                object
                    .iter()
                    .filter(|(key, _)| schema.get("properties").is_none_or(|known| known.get(key).is_none()))
                    .all(|(_, value)| accepts(root, rule, value))
            }),
            "propertyNames" => {
                value.as_object().is_none_or(|object| object.keys().all(|key| accepts(root, rule, &json!(key))))
            }
            "items" => value.as_array().is_none_or(|items| items.iter().all(|item| accepts(root, rule, item))),
            "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 >= rule.as_u64().unwrap()),
            "maxLength" => value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            other => panic!("the keyword {other} is not understood"),
        }
    })
}
