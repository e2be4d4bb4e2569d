//! The names of things. Each is its own type, so that a key is never passed where a view was meant.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

uuid_id! {
    /// A delivery's own id: a UUIDv7, so that ids sort by acceptance.
    DeliveryId
    /// The id of a job or an intent, a UUIDv7.
    WorkId
    /// The id of a fact, a UUIDv7; facts of one store sort by it in order of commit.
    FactId
}

macro_rules! text_id {
    ($(#[$doc:meta] $name:ident)*) => {$(
        #[$doc]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// A name known at compile time.
            #[must_use]
            pub const fn of(name: &'static str) -> Self {
                Self(Cow::Borrowed(name))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(name: String) -> Self {
                Self(Cow::Owned(name))
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self(Cow::Owned(name.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

text_id! {
    /// What runs one at a time: works of one lane, one class and one automation follow each other in order.
    Lane
    /// Which kind of worker takes a job, for example `dispatcher` or `builds:x86_64-linux:trusted`.
    Queue
    /// The name of a projection, for example `dispatcher.run`.
    View
    /// A row's key inside a view. Keys sort as bytes.
    Key
    /// What a human asks about: `owner/repo#12`, `owner/repo@<sha>`, `owner/repo`, `installation/7`.
    Subject
}

impl Queue {
    /// Where intents wait.
    pub const OUTBOX: Self = Self::of("outbox");
}

/// The App's installation on an account, by GitHub's number. Installations take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Installation(pub u64);

impl fmt::Display for Installation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
