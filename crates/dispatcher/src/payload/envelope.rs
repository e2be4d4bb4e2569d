//! The JSON members that are read, each with its own verdict on presence and type, so that a fault can be named.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A member of an object: missing or null, of the expected type, or something else.
#[derive(Debug, Default)]
pub(super) enum Member<T> {
    #[default]
    Absent,
    Present(T),
    OtherType,
}

impl<T> Member<T> {
    pub(super) const fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::OtherType => None,
        }
    }

    /// The value if there is one; a value of another type is a fault at `path`.
    pub(super) const fn optional(&self, path: &'static str) -> Result<Option<&T>, &'static str> {
        match self {
            Self::Absent => Ok(None),
            Self::Present(value) => Ok(Some(value)),
            Self::OtherType => Err(path),
        }
    }

    /// The value; its absence is a fault at `path`.
    pub(super) const fn required(&self, path: &'static str) -> Result<&T, &'static str> {
        match self.present() {
            Some(value) => Ok(value),
            None => Err(path),
        }
    }
}

impl Member<String> {
    pub(super) fn text(&self, path: &'static str) -> Result<String, &'static str> {
        self.required(path).cloned()
    }

    pub(super) fn optional_text(&self, path: &'static str) -> Result<Option<String>, &'static str> {
        Ok(self.optional(path)?.cloned())
    }
}

impl Member<u64> {
    pub(super) fn number(&self, path: &'static str) -> Result<u64, &'static str> {
        self.required(path).copied()
    }

    pub(super) fn optional_number(&self, path: &'static str) -> Result<Option<u64>, &'static str> {
        Ok(self.optional(path)?.copied())
    }
}

/// What a type can be made of; every other JSON value is [`Member::OtherType`].
pub(super) trait FromMember: Sized {
    fn from_text(_: &str) -> Option<Self> {
        None
    }
    fn from_number(_: u64) -> Option<Self> {
        None
    }
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

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::OtherType)
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

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Member::OtherType)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Self::Value, A::Error> {
        Self::known(T::from_object(object)?)
    }
}

/// Declares an object by the members that are read of it.
macro_rules! object {
    ($name:ident { $($member:ident: $type:ty),+ $(,)? }) => {
        #[derive(Debug, Default, serde::Deserialize)]
        #[serde(default)]
        pub(super) struct $name {
            $(pub(super) $member: Member<$type>,)+
        }

        impl FromMember for $name {
            fn from_object<'de, A: MapAccess<'de>>(object: A) -> Result<Option<Self>, A::Error> {
                Deserialize::deserialize(de::value::MapAccessDeserializer::new(object)).map(Some)
            }
        }
    };
}

object!(Envelope {
    action: String,
    installation: Identified,
    repository: Repository,
    workflow_run: Run,
    workflow: Workflow,
});

object!(Identified { id: u64 });

object!(Account { login: String });

object!(Workflow { path: String });

object!(Repository { id: u64, name: String, full_name: String, owner: Account, default_branch: String });

object!(Run {
    id: u64,
    run_attempt: u64,
    name: String,
    path: String,
    head_branch: String,
    head_sha: String,
    event: String,
    conclusion: String,
    html_url: String,
    created_at: String,
    actor: Account,
    head_repository: Identified,
});
