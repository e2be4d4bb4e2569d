use std::fmt::Write as _;

use serde_json::json;

/// How a check turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Good,
    /// Works, but is probably not meant.
    Odd,
    /// Does not work.
    Bad,
}

impl Verdict {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Odd => "odd",
            Self::Bad => "bad",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// What was looked at.
    pub subject: String,
    /// How it turned out.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do, unless all is well.
    pub hint: Option<String>,
}

impl Check {
    /// All is well.
    pub(crate) fn good(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Good, found: found.into(), hint: None }
    }

    /// Works, but is probably not meant.
    pub(crate) fn odd(subject: impl Into<String>, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { subject: subject.into(), verdict: Verdict::Odd, found: found.into(), hint: Some(hint.into()) }
    }

    /// Does not work.
    pub(crate) fn bad(subject: impl Into<String>, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict: Verdict::Bad, ..Self::odd(subject, found, hint) }
    }
}

/// All checks, in the order in which they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// The checks.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether nothing is bad.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Bad)
    }

    /// For people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = self.checks.iter().map(|check| check.subject.chars().count()).max().unwrap_or_default();
        let mut text = String::new();
        for Check { subject, verdict, found, hint } in &self.checks {
            let _ = writeln!(text, "{:<4} {subject:width$}  {found}", verdict.word());
            if let Some(hint) = hint {
                let _ = writeln!(text, "     {:width$}  hint: {hint}", "");
            }
        }
        text
    }

    /// For scripts.
    #[must_use]
    pub fn to_json(&self) -> String {
        let checks: Vec<_> = self
            .checks
            .iter()
            .map(|Check { subject, verdict, found, hint }| {
                json!({ "subject": subject, "verdict": verdict.word(), "found": found, "hint": hint })
            })
            .collect();
        format!("{:#}\n", json!({ "healthy": self.is_healthy(), "checks": checks }))
    }
}
