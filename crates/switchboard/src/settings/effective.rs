use super::file::Given;
use super::kinds::{Secret, shown_providers};
use super::origin::Origin;
use super::setting::Setting;
use super::value::Value;

/// A setting's value as it holds, fit to be shown, and where it came from.
#[derive(Debug, Clone)]
pub struct Effective {
    /// The setting.
    pub setting: &'static Setting,
    /// Its value as it would be written in TOML; a secret's fingerprint; `None` when it is unset.
    pub shown: Option<String>,
    /// Where it came from.
    pub origin: Origin,
}

impl Effective {
    pub(super) fn new(setting: &'static Setting, given: Option<&Given>) -> Self {
        let shown = given.map(|given| shown(setting, &given.value));
        Self { setting, shown, origin: given.map_or(Origin::Default, |given| given.origin.clone()) }
    }
}

fn shown(setting: &Setting, value: &Value) -> String {
    if !setting.is_secret() {
        return toml(value);
    }
    match value {
        Value::List(secrets) => {
            secrets.iter().map(|secret| Secret::new(secret).fingerprint()).collect::<Vec<_>>().join(", ")
        }
        Value::Text(secret) => Secret::new(secret).fingerprint(),
        Value::Boolean(_) | Value::Integer(_) | Value::Providers(_) => "(hidden)".to_owned(),
    }
}

/// The value as it is written in a TOML file.
pub(super) fn toml(value: &Value) -> String {
    match value {
        Value::Boolean(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => toml_edit::Value::from(text.as_str()).to_string(),
        Value::List(entries) => toml_edit::Array::from_iter(entries.iter().map(String::as_str)).to_string(),
        Value::Providers(providers) => shown_providers(providers),
    }
}
