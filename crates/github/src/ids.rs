//! Names and numbers that GitHub gives to things, each with its own type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A text that does not follow the grammar of what it should name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {what}")]
pub struct InvalidName {
    /// What was expected, with its article: `a repository name (owner/name)`.
    pub what: &'static str,
}

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id! {
    /// The number of an App.
    AppId
}
numeric_id! {
    /// The id of an App's installation on one account.
    InstallationId
}
numeric_id! {
    /// The id of a repository; it survives renames and transfers.
    RepoId
}
numeric_id! {
    /// The id of a workflow run; attempts of one run share it.
    RunId
}
numeric_id! {
    /// The number of a delivery in the App's own delivery list. Not the GUID of the `X-GitHub-Delivery` header.
    HookDeliveryId
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;
            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let parse: fn(&str) -> Option<Box<str>> = $parse;
                parse(text).map(Self).ok_or(InvalidName { what: $what })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

text_id! {
    /// The SHA of a commit: 40 hexadecimal digits, or 64 where a repository uses SHA-256. Kept in lower case.
    HeadSha, "a commit SHA", |text| {
        let shaped = matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit());
        shaped.then(|| text.to_ascii_lowercase().into())
    }
}
text_id! {
    /// What `X-GitHub-Delivery` names a delivery: 1 to 200 visible ASCII characters, a GUID in practice.
    /// A redelivery has the same one.
    DeliveryGuid, "a delivery id", |text| {
        let shaped = (1..=crate::limits::MAX_WEBHOOK_HEADER_BYTES).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic());
        shaped.then(|| text.into())
    }
}
text_id! {
    /// The name of an App in URLs: lower-case letters, digits and hyphens.
    AppSlug, "an App slug", |text| {
        let shaped = (1..=100).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        shaped.then(|| text.into())
    }
}

impl AppSlug {
    /// The login under which the App acts: `my-app[bot]`.
    #[must_use]
    pub fn bot_login(&self) -> String {
        format!("{}[bot]", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shas_are_hexadecimal_and_kept_in_lower_case() {
        let sha: HeadSha = "ABCDEF0123456789abcdef0123456789ABCDEF01".parse().unwrap();
        assert_eq!(sha.as_str(), "abcdef0123456789abcdef0123456789abcdef01");
        for wrong in ["", "abc", "g".repeat(40).as_str(), "a".repeat(41).as_str()] {
            assert!(wrong.parse::<HeadSha>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn delivery_guids_are_visible_ascii_of_bounded_length() {
        assert!("72d3162e-cc78-11e3-81ab-4c9367dc0958".parse::<DeliveryGuid>().is_ok());
        for wrong in ["", "a b", "é", "a".repeat(201).as_str()] {
            assert!(wrong.parse::<DeliveryGuid>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_app_acts_under_its_slug() {
        assert_eq!("my-app".parse::<AppSlug>().unwrap().bot_login(), "my-app[bot]");
        assert!("My App".parse::<AppSlug>().is_err());
    }

    #[test]
    fn ids_serialise_as_their_bare_value() {
        assert_eq!(serde_json::to_string(&RepoId(7)).unwrap(), "7");
        assert!(serde_json::from_str::<AppSlug>("\"NO\"").is_err());
    }
}
