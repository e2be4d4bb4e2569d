//! The members that people write into issues and comments, with GitHub's limits.

use serde_json::Value;

use super::{Exchange, Refusal};
use crate::limits::{MAX_TEXT, MAX_TITLE};

/// A text that fits.
pub(super) fn checked_text(resource: &str, field: &str, text: &str) -> Result<String, Refusal> {
    if text.chars().count() > MAX_TEXT {
        let message = format!("{field} is too long (maximum is {} characters)", MAX_TEXT + 1);
        return Err(Refusal::invalid(resource, field, "custom", &message));
    }
    Ok(text.to_owned())
}

/// The title, if one is sent.
pub(super) fn title(x: &Exchange<'_>) -> Result<Option<String>, Refusal> {
    match x.body.get("title") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(title)) if title.trim().is_empty() => {
            Err(Refusal::invalid("Issue", "title", "missing_field", ""))
        }
        Some(Value::String(title)) if title.chars().count() > MAX_TITLE => {
            let message = format!("title is too long (maximum is {MAX_TITLE} characters)");
            Err(Refusal::invalid("Issue", "title", "custom", &message))
        }
        Some(Value::String(title)) => Ok(Some(title.clone())),
        Some(_) => Err(Refusal::new(422, "Invalid request.\n\nFor 'properties/title', the value is not a string.")),
    }
}

/// The body of an issue, if one is sent: `Some(None)` empties it.
pub(super) fn body(x: &Exchange<'_>) -> Result<Option<Option<String>>, Refusal> {
    match x.body.get("body") {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => Ok(Some(Some(checked_text("Issue", "body", text)?))),
        Some(_) => Err(Refusal::new(422, "Invalid request.\n\nFor 'properties/body', the value is not a string.")),
    }
}

/// Label names, each a text or an object with a `name`.
pub(super) fn label_names(list: Option<&Value>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(list) = list.filter(|list| !list.is_null()) else { return Ok(None) };
    let list = list.as_array().ok_or_else(|| Refusal::new(422, "Invalid request.\n\nLabels are not an array."))?;
    let name = |label: &Value| label.as_str().or_else(|| label["name"].as_str()).map(str::to_owned);
    let names: Option<Vec<String>> = list.iter().map(name).collect();
    names.map(Some).ok_or_else(|| Refusal::new(422, "Invalid request.\n\nA label is not a string."))
}
