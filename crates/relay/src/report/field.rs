//! Members of a JSON body, read one by one, so that each can be refused or dropped by its own rule.

use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// JSON's white space (RFC 8259, section 2).
pub(super) fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// How deep a text is nested, if it is JSON. Reads every byte once and keeps nothing.
pub(super) fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'{' | b'[' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

pub(super) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// The member as an object. Serde would take a list for a struct as well, in the order of its fields.
pub(super) fn object<'b, T: Deserialize<'b>>(raw: &'b RawValue) -> Option<T> {
    if !raw.get().starts_with('{') {
        return None;
    }
    serde_json::from_str(raw.get()).ok()
}

/// The member as text.
pub(super) fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// Text, or a whole number as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    Text(String),
    Number(String),
}

impl Scalar {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) => text,
        }
    }
}

/// The member as text or a whole number.
pub(super) fn scalar(raw: &RawValue) -> Option<Scalar> {
    let written = raw.get();
    let digits = written.strip_prefix('-').unwrap_or(written);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Scalar::Number(written.to_owned()));
    }
    text(raw).map(Scalar::Text)
}

/// The `name` members of a list of objects, up to `most` of them.
pub(super) fn names(raw: &RawValue, most: usize) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Named<'b> {
        #[serde(borrow)]
        name: Option<&'b RawValue>,
    }
    let items = items(raw, most)?;
    Some(items.iter().filter_map(|item| object::<Named<'_>>(item)?.name.and_then(text)).collect())
}

/// The first `most` items of a list; the rest is skipped without being kept.
pub(super) fn items(raw: &RawValue, most: usize) -> Option<Vec<&RawValue>> {
    struct First(usize);

    impl<'de> Visitor<'de> for First {
        type Value = Vec<&'de RawValue>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut items = Vec::new();
            while items.len() < self.0 {
                match list.next_element::<&RawValue>()? {
                    Some(item) => items.push(item),
                    None => return Ok(items),
                }
            }
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(items)
        }
    }

    let mut reader = serde_json::Deserializer::from_str(raw.get());
    reader.deserialize_seq(First(most)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_text() {
        assert_eq!(depth("1"), 0);
        assert_eq!(depth(r#"{"a":[1,{"b":"[[[[\"{{"}]}"#), 3);
        assert_eq!(depth(&"[".repeat(10_000)), 10_000);
    }

    #[test]
    fn lists_are_cut_and_must_be_whole() {
        let raw: Box<RawValue> = serde_json::from_str(r#"[1, "two", {"three": 3}]"#).unwrap();
        assert_eq!(items(&raw, 2).unwrap().iter().map(|item| item.get()).collect::<Vec<_>>(), ["1", "\"two\""]);
        let raw: Box<RawValue> = serde_json::from_str("{}").unwrap();
        assert!(items(&raw, 2).is_none());
    }
}
