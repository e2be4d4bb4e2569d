use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How much weight an entry's results have. A higher level includes what the lower ones get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// Onboarding: dispatched to; reports are ignored.
    L1,
    /// Observation: results stand on the HUD.
    L2,
    /// Stable: check runs while the pull request carries the device's label.
    L3,
    /// Mature: check runs always, and the merge gate waits for them.
    L4,
}

/// A text that is no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is `L1`, `L2`, `L3` or `L4`")]
pub struct NoLevel;

impl Level {
    /// Every level, the lowest first.
    pub const ALL: [Self; 4] = [Self::L1, Self::L2, Self::L3, Self::L4];

    /// The level's key in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::L1 => "L1",
            Self::L2 => "L2",
            Self::L3 => "L3",
            Self::L4 => "L4",
        }
    }

    /// What the level is called.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::L1 => "onboarding",
            Self::L2 => "observation",
            Self::L3 => "stable",
            Self::L4 => "mature",
        }
    }

    /// Whether reports are taken and shown.
    #[must_use]
    pub fn reports(self) -> bool {
        self >= Self::L2
    }

    /// Whether there can be check runs.
    #[must_use]
    pub fn checks(self) -> bool {
        self >= Self::L3
    }

    /// Whether the merge gate waits.
    #[must_use]
    pub fn gates(self) -> bool {
        self >= Self::L4
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = NoLevel;
    fn from_str(text: &str) -> Result<Self, NoLevel> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or(NoLevel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_include_the_lower_ones_and_are_written_as_in_the_file() {
        assert!(Level::L1 < Level::L2 && Level::L2 < Level::L3 && Level::L3 < Level::L4);
        let rights = Level::ALL.map(|level| (level.reports(), level.checks(), level.gates()));
        assert_eq!(rights, [(false, false, false), (true, false, false), (true, true, false), (true, true, true)]);
        for level in Level::ALL {
            assert_eq!(level.as_str().parse(), Ok(level));
            assert_eq!(serde_json::to_value(level).unwrap(), level.as_str());
        }
        assert!("l1".parse::<Level>().is_err() && "L5".parse::<Level>().is_err());
    }
}
