use std::str::FromStr;

use super::SettingError;

/// Declares a setting that is one of a few words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($(#[$of:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// The words of all choices.
            pub const WORDS: &[&str] = &[$($word),+];

            /// The word that chooses it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = SettingError;
            fn from_str(text: &str) -> Result<Self, SettingError> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => {
                        let hint = format!("use one of `{}`", Self::WORDS.join("`, `"));
                        Err(SettingError::new(format!("`{text}` is not {}", $what), hint))
                    }
                }
            }
        }
    };
}

choice! {
    /// What a report of a repository below L2, or in no list, is answered.
    UnknownRepo, "an answer to unknown repositories" {
        /// 200, and nothing is kept.
        Ignore = "ignore",
        /// 403.
        Forbid = "forbid",
    }
}

choice! {
    /// When the check run `crcr/gate` is written.
    GatePolicy, "a gate policy" {
        /// While the list has L4 entries.
        Auto = "auto",
        /// On every relayed head.
        Always = "always",
        /// Not at all.
        Never = "never",
    }
}

choice! {
    /// What follows when an L3 entry misses its criteria.
    Demotion, "a demotion policy" {
        /// It gets no new check runs.
        Suppress = "suppress",
        /// It is shown.
        Report = "report",
    }
}

choice! {
    /// Where the shared cache is kept.
    CacheBackend, "a cache backend" {
        /// In this process.
        Embedded = "embedded",
        /// In a Redis that several nodes share.
        Redis = "redis",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_are_their_words_and_nothing_else() {
        assert_eq!("forbid".parse(), Ok(UnknownRepo::Forbid));
        for word in GatePolicy::WORDS {
            assert_eq!(word.parse::<GatePolicy>().unwrap().word(), *word);
        }
        assert_eq!("sometimes".parse::<GatePolicy>().unwrap_err().hint, "use one of `auto`, `always`, `never`");
        assert!("Redis".parse::<CacheBackend>().is_err() && "".parse::<Demotion>().is_err());
    }
}
