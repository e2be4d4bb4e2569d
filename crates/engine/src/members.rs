//! Members of a JSON object, each with its own verdict on presence and type, so that a fault can be named.
//!
//! A webhook has hundreds of members, and an automation reads a dozen. [`object!`](crate::object) declares an object by those; the rest
//! is passed over without being kept. A member of another type than expected is a fault only for who asks for it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Most items of a list that are kept.
pub const MAX_ITEMS: usize = 1_000;

/// A member of an object: missing or null, of the expected type, or something else.
#[derive(Debug, Default)]
pub enum Member<T> {
    /// Missing or null.
    #[default]
    Absent,
    /// Of the expected type.
    Present(T),
    /// Of another type.
    OtherType,
}

impl<T> Member<T> {
    /// The value, if it is there and of the expected type.
    #[must_use]
    pub const fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::OtherType => None,
        }
    }

    /// The value if there is one.
    ///
    /// # Errors
    /// `path` for a value of another type.
    pub const fn optional(&self, path: &'static str) -> Result<Option<&T>, &'static str> {
        match self {
            Self::Absent => Ok(None),
            Self::Present(value) => Ok(Some(value)),
            Self::OtherType => Err(path),
        }
    }

    /// The value.
    ///
    /// # Errors
    /// `path` if it is not there or of another type.
    pub const fn required(&self, path: &'static str) -> Result<&T, &'static str> {
        match self.present() {
            Some(value) => Ok(value),
            None => Err(path),
        }
    }
}

impl Member<String> {
    /// A copy of the text.
    ///
    /// # Errors
    /// As of [`required`](Self::required).
    pub fn text(&self, path: &'static str) -> Result<String, &'static str> {
        self.required(path).cloned()
    }

    /// A copy of the text, if there is one.
    ///
    /// # Errors
    /// As of [`optional`](Self::optional).
    pub fn optional_text(&self, path: &'static str) -> Result<Option<String>, &'static str> {
        Ok(self.optional(path)?.cloned())
    }
}

impl Member<u64> {
    /// The number.
    ///
    /// # Errors
    /// As of [`required`](Self::required).
    pub fn number(&self, path: &'static str) -> Result<u64, &'static str> {
        self.required(path).copied()
    }

    /// The number, if there is one.
    ///
    /// # Errors
    /// As of [`optional`](Self::optional).
    pub fn optional_number(&self, path: &'static str) -> Result<Option<u64>, &'static str> {
        Ok(self.optional(path)?.copied())
    }
}

/// What a type can be made of; every other JSON value is [`Member::OtherType`].
pub trait FromMember: Sized {
    /// Of a text.
    fn from_text(_: &str) -> Option<Self> {
        None
    }
    /// Of a whole number from 0.
    fn from_number(_: u64) -> Option<Self> {
        None
    }
    /// Of `true` or `false`.
    fn from_switch(_: bool) -> Option<Self> {
        None
    }
    /// Of a list.
    ///
    /// # Errors
    /// What is wrong with the document.
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
    /// Of an object.
    ///
    /// # Errors
    /// What is wrong with the document.
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Option<Self>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

impl FromMember for String {
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl FromMember for u64 {
    fn from_number(number: u64) -> Option<Self> {
        Some(number)
    }
}

impl FromMember for bool {
    fn from_switch(switch: bool) -> Option<Self> {
        Some(switch)
    }
}

/// The items that are of the expected type, up to [`MAX_ITEMS`].
impl<T: FromMember> FromMember for Vec<T> {
    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Option<Self>, A::Error> {
        let mut items = Self::new();
        while let Some(item) = list.next_element::<Member<T>>()? {
            if let Member::Present(item) = item
                && items.len() < MAX_ITEMS
            {
                items.push(item);
            }
        }
        Ok(Some(items))
    }
}

impl<'de, T: FromMember> Deserialize<'de> for Member<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MemberVisitor(PhantomData))
    }
}

struct MemberVisitor<T>(PhantomData<T>);

impl<T> MemberVisitor<T> {
    fn known<E>(value: Option<T>) -> Result<Member<T>, E> {
        Ok(value.map_or(Member::OtherType, Member::Present))
    }
}

impl<'de, T: FromMember> Visitor<'de> for MemberVisitor<T> {
    type Value = Member<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
        Ok(Member::Absent)
    }

    fn visit_bool<E: de::Error>(self, switch: bool) -> Result<Self::Value, E> {
        Self::known(T::from_switch(switch))
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Member::OtherType)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Member::OtherType)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::known(T::from_number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Self::known(T::from_text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Self::known(T::from_list(list)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        Self::known(T::from_object(object)?)
    }
}

/// Declares an object by the members that are read of it.
///
/// ```
/// switchboard_engine::object!(Pull { number: u64, labels: Vec<Label> });
/// switchboard_engine::object!(Label { name: String });
///
/// let pull: Pull = serde_json::from_str(r#"{"number": 7, "labels": [{"name": "bug"}, 5], "title": null}"#)?;
/// assert_eq!(pull.number.number("number"), Ok(7));
/// let labels = pull.labels.required("labels").map(|labels| labels.len());
/// assert_eq!(labels, Ok(1));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! object {
    ($name:ident { $($member:ident: $type:ty),+ $(,)? }) => {
        #[derive(Debug, Default, ::serde::Deserialize)]
        #[serde(default)]
        pub(crate) struct $name {
            $(pub(crate) $member: $crate::members::Member<$type>,)+
        }

        impl $crate::members::FromMember for $name {
            fn from_object<'de, A: ::serde::de::MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                let object = ::serde::de::value::MapAccessDeserializer::new(object);
                ::serde::Deserialize::deserialize(object).map(Some)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    object!(Sample { flag: bool, count: u64, name: String, list: Vec<String>, inner: Inner });
    object!(Inner { name: String });

    fn read(text: &str) -> Sample {
        match serde_json::from_str(text) {
            Ok(Member::Present(sample)) => sample,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn members_are_of_their_type_or_named() {
        let sample =
            read(r#"{"flag": true, "count": 7, "name": "x", "list": ["a", 5, "b", null], "inner": {"name": "y"}}"#);
        assert_eq!(sample.flag.required("flag"), Ok(&true));
        assert_eq!((sample.count.number("count"), sample.name.text("name")), (Ok(7), Ok("x".to_owned())));
        assert_eq!(sample.list.required("list"), Ok(&vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(sample.inner.required("inner").and_then(|inner| inner.name.text("inner.name")), Ok("y".to_owned()));

        let other = read(r#"{"flag": "true", "count": -7, "name": {"a": [1]}, "list": {}, "inner": [{"name": "y"}]}"#);
        assert_eq!(other.flag.optional("flag"), Err("flag"));
        assert_eq!(
            (other.count.optional_number("count"), other.name.optional_text("name")),
            (Err("count"), Err("name"))
        );
        assert!(other.list.optional("list").is_err() && other.inner.optional("inner").is_err());

        let absent = read(r#"{"flag": null, "more": [[{}]]}"#);
        assert_eq!((absent.flag.optional("flag"), absent.flag.required("flag")), (Ok(None), Err("flag")));
        assert!(absent.list.present().is_none());
    }

    #[test]
    fn a_list_is_read_to_its_end_and_kept_to_a_thousand() {
        let items = vec!["\"x\""; 1_500].join(",");
        let sample = read(&format!("{{\"list\": [{items}], \"count\": 1}}"));
        assert_eq!((sample.list.required("list").map(Vec::len), sample.count.number("count")), (Ok(MAX_ITEMS), Ok(1)));
    }
}
