use std::fmt;
use std::path::PathBuf;

use crate::settings::value::{FromText, Refusal};

/// Where the durable state lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreLocation {
    /// A SQLite file; a relative path starts at the working directory.
    Sqlite(PathBuf),
}

impl Default for StoreLocation {
    fn default() -> Self {
        Self::Sqlite(PathBuf::new())
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

impl FromText for StoreLocation {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let hint = "write sqlite:switchboard.db, or only the file's path";
        let path = match text.split_once(':') {
            Some(("sqlite", path)) => path.strip_prefix("//").unwrap_or(path),
            // The rest of the address is not repeated: it may hold a password.
            Some((scheme, rest)) if rest.starts_with("//") => {
                return Err(Refusal::new(format!("this build has no `{scheme}` store")).hint(hint));
            }
            _ => text,
        };
        if path.is_empty() || path.ends_with('/') {
            return Err(Refusal::new("the address names no file").hint(hint));
        }
        if path == ":memory:" {
            return Err(Refusal::new("a store in memory would lose accepted deliveries").hint(hint));
        }
        Ok(Self::Sqlite(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_named_by_address_or_by_path() {
        let cases = [
            ("sqlite:switchboard.db", "switchboard.db"),
            ("sqlite:///var/lib/a.db", "/var/lib/a.db"),
            ("sqlite://a.db", "a.db"),
            ("/var/lib/a.db", "/var/lib/a.db"),
            ("a.db", "a.db"),
        ];
        for (text, path) in cases {
            assert_eq!(StoreLocation::from_text(text), Ok(StoreLocation::Sqlite(path.into())), "{text}");
        }
    }

    #[test]
    fn foreign_addresses_are_refused_without_their_password() {
        let refusal = StoreLocation::from_text("mysql://root:hunter2@db/x").unwrap_err();
        assert!(refusal.message.contains("mysql"));
        assert!(!format!("{refusal:?}").contains("hunter2"));
        assert!(StoreLocation::from_text("sqlite::memory:").is_err());
        assert!(StoreLocation::from_text("sqlite:").is_err());
    }
}
