//! One thing that was looked at, and how it turned out.

use super::figures::Figures;
use super::subject::Subject;

/// How a check turned out; worse ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nobody could look, or there was nothing to look at yet.
    Skipped,
    /// As it should be.
    Ok,
    /// It works, and is probably not meant so or will not last.
    Warning,
    /// It does not work.
    Error,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Warning, Self::Error, Self::Skipped];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at. There may be several of one subject, each about something else.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What was looked at.
    pub subject: &'static Subject,
    /// What of it, where there are several: an account, a repository, a job.
    pub about: Option<String>,
    /// How it turned out.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; always there, unless all is well.
    pub hint: Option<String>,
    /// Where to do it on GitHub's or the server's pages, or else where it is explained.
    pub link: String,
    /// The same as data, where there are numbers or places to tell.
    pub figures: Option<Figures>,
}

impl Check {
    /// All is well.
    pub(crate) fn ok(subject: &'static Subject, found: impl Into<String>) -> Self {
        let (verdict, found, link) = (Verdict::Ok, found.into(), subject.docs());
        Self { subject, about: None, verdict, found, hint: None, link, figures: None }
    }

    fn amiss(verdict: Verdict, subject: &'static Subject, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { verdict, hint: Some(hint.into()), ..Self::ok(subject, found) }
    }

    /// It works, and is probably not meant so.
    pub(crate) fn warning(subject: &'static Subject, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::amiss(Verdict::Warning, subject, found, hint)
    }

    /// It does not work.
    pub(crate) fn error(subject: &'static Subject, found: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::amiss(Verdict::Error, subject, found, hint)
    }

    /// Nobody could look.
    pub(crate) fn skipped(subject: &'static Subject, why: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::amiss(Verdict::Skipped, subject, why, hint)
    }

    /// Of several, the one about this.
    pub(crate) fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }

    /// With the page to do it on, if there is one.
    pub(crate) fn at(self, page: Option<String>) -> Self {
        Self { link: page.unwrap_or(self.link), ..self }
    }

    /// With the same as data.
    pub(crate) fn with(self, figures: Figures) -> Self {
        Self { figures: Some(figures), ..self }
    }
}
