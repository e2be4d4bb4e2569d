//! The name of one attempt of a workflow run, under which everything about it is recorded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `<repository id>/<run id>/<attempt>`, with `~<n>` behind it for the n-th replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunKey {
    /// GitHub's id of the source repository.
    pub repository_id: u64,
    /// GitHub's id of the run; re-runs keep it.
    pub run_id: u64,
    /// Which attempt of the run, from 1.
    pub attempt: u32,
    /// Which replay, from 1; `None` for the plan that the webhook caused.
    pub replay: Option<u32>,
}

impl RunKey {
    /// The key of an attempt as the webhook reported it.
    #[must_use]
    pub const fn new(repository_id: u64, run_id: u64, attempt: u32) -> Self {
        Self { repository_id, run_id, attempt, replay: None }
    }

    /// The key of the n-th replay of this attempt.
    #[must_use]
    pub const fn replayed(self, n: u32) -> Self {
        Self { replay: Some(n), ..self }
    }
}

impl fmt::Display for RunKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.repository_id, self.run_id, self.attempt)?;
        match self.replay {
            Some(n) => write!(f, "~{n}"),
            None => Ok(()),
        }
    }
}

/// A text that is not a run key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a run key")]
pub struct RunKeyError;

impl FromStr for RunKey {
    type Err = RunKeyError;

    fn from_str(text: &str) -> Result<Self, RunKeyError> {
        let mut parts = text.split('/');
        let (Some(repository), Some(run), Some(last), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(RunKeyError);
        };
        let (attempt, replay) = match last.split_once('~') {
            Some((attempt, n)) => (attempt, Some(n.parse().map_err(|_| RunKeyError)?)),
            None => (last, None),
        };
        let number = |text: &str| text.parse().map_err(|_| RunKeyError);
        let attempt = attempt.parse().map_err(|_| RunKeyError)?;
        let key = Self { repository_id: number(repository)?, run_id: number(run)?, attempt, replay };
        // One key, one spelling: no `+1`, no leading zeros.
        if key.to_string() == text { Ok(key) } else { Err(RunKeyError) }
    }
}

impl TryFrom<String> for RunKey {
    type Error = RunKeyError;

    fn try_from(text: String) -> Result<Self, RunKeyError> {
        text.parse()
    }
}

impl From<RunKey> for String {
    fn from(key: RunKey) -> Self {
        key.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_one_spelling() {
        let key = RunKey::new(7, 30_433_642, 2);
        assert_eq!(key.to_string(), "7/30433642/2");
        assert_eq!(key.replayed(3).to_string(), "7/30433642/2~3");
        for key in [key, key.replayed(3)] {
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        for text in
            ["", "1/2", "1/2/3/4", "1/2/03", "+1/2/3", "1/2/3~", "1/2/3~x", "1/2/3~01", "a/b/c", "-1/2/3", "1/2/3 "]
        {
            assert_eq!(text.parse::<RunKey>(), Err(RunKeyError), "{text:?}");
        }
    }
}
