//! What a check run is to show: the whole of it, so that writing it twice changes nothing.

use serde::{Deserialize, Serialize};

use crate::conclusion::Conclusion;

/// How far a check run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// What it stands for has not begun.
    Queued,
    /// It runs.
    InProgress,
    /// It has ended.
    Completed(Conclusion),
}

impl Progress {
    /// GitHub's `status`.
    #[must_use]
    pub const fn status(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed(_) => "completed",
        }
    }

    /// GitHub's `conclusion`.
    #[must_use]
    pub const fn conclusion(self) -> Option<Conclusion> {
        match self {
            Self::Completed(conclusion) => Some(conclusion),
            Self::Queued | Self::InProgress => None,
        }
    }

    /// The title of its output.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::InProgress => "In progress",
            Self::Completed(conclusion) => conclusion.title(),
        }
    }
}

/// A check run as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Desired {
    /// The commit that it stands on.
    pub head: String,
    /// Its name.
    pub name: String,
    /// Which of the results with this name it shows, as a text that sorts.
    pub order: String,
    /// What it shows: the same check run is written only while this stays the same.
    pub episode: String,
    /// How far it is.
    pub progress: Progress,
    /// The title of its output.
    pub title: String,
    /// The text of its output, Markdown.
    pub summary: String,
    /// Where *Details* leads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details_url: Option<String>,
    /// `{run_id}:{pr_number}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub external_id: Option<String>,
    /// Whether it may be created; otherwise only one that is there is written.
    pub create: bool,
    /// Whether it says that the check run no longer matters, whatever it shows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdraws: bool,
}

impl Desired {
    /// What facts tell of it.
    pub(crate) fn told(&self) -> serde_json::Value {
        serde_json::json!({
            "name": self.name, "head": self.head, "status": self.progress.status(),
            "conclusion": self.progress.conclusion(),
        })
    }
}

/// A check run as it was last written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// GitHub's id of it.
    pub id: u64,
    /// Which of the results with this name it shows.
    pub order: String,
    /// What it shows.
    pub episode: String,
    /// How far it is.
    pub progress: Progress,
    /// The text that it shows.
    #[serde(default)]
    pub summary: String,
}

/// What it takes to bring a check run from what was last written to what is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// Nothing: something newer stands there.
    Nothing,
    /// A new check run.
    Create,
    /// A change of the one with this id.
    Update(u64),
}

/// What it takes to write `desired`, given what was written before.
///
/// An update needs the same episode (for a result: run and attempt) and must not lead from completed back to open: GitHub would keep the times of
/// the end. What withdraws a check run updates whatever stands there. What stands there already is not written again. Everything else is a new check run, which GitHub shows in place of the older one of its name.
#[must_use]
pub fn write(desired: &Desired, written: Option<&Written>) -> Write {
    let Some(written) = written else {
        return if desired.create { Write::Create } else { Write::Nothing };
    };
    if desired.order < written.order {
        return Write::Nothing;
    }
    let unchanged = (written.progress, &written.summary) == (desired.progress, &desired.summary);
    if unchanged && desired.episode == written.episode {
        return Write::Nothing;
    }
    let same = desired.episode == written.episode;
    let reopens = written.progress.conclusion().is_some() && desired.progress.conclusion().is_none();
    if desired.withdraws || same && !reopens {
        return Write::Update(written.id);
    }
    // What only follows an existing check run to its end does not open another.
    if desired.create { Write::Create } else { Write::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desired((run, attempt, completed): (u32, u32, bool), progress: Progress) -> Desired {
        Desired {
            head: "abc".into(),
            name: "crcr/a/b".into(),
            order: format!("{run}/{attempt}/{completed}"),
            episode: format!("{run}/{attempt}"),
            progress,
            title: progress.title().into(),
            summary: String::new(),
            details_url: None,
            external_id: None,
            create: true,
            withdraws: false,
        }
    }

    fn written(of: &Desired) -> Written {
        Written {
            id: 9,
            order: of.order.clone(),
            episode: of.episode.clone(),
            progress: of.progress,
            summary: of.summary.clone(),
        }
    }

    const DONE: Progress = Progress::Completed(Conclusion::Success);

    #[test]
    fn relay_24_one_check_run_is_created_and_then_updated() {
        let running = desired((5, 1, false), Progress::InProgress);
        assert_eq!(write(&running, None), Write::Create);
        assert_eq!(write(&desired((5, 1, true), DONE), Some(&written(&running))), Write::Update(9));
    }

    #[test]
    fn what_comes_late_writes_nothing_and_a_new_run_writes_anew() {
        let there = written(&desired((5, 2, false), Progress::InProgress));
        assert_eq!(write(&desired((5, 1, true), DONE), Some(&there)), Write::Nothing);
        assert_eq!(write(&desired((6, 1, false), Progress::InProgress), Some(&there)), Write::Create);
        let finishing = Desired { create: false, ..desired((6, 1, false), Progress::InProgress) };
        assert_eq!(write(&finishing, Some(&there)), Write::Nothing);
        assert_eq!(write(&finishing, None), Write::Nothing);
        let neutral = Progress::Completed(Conclusion::Neutral);
        let withdrawn = Desired { create: false, withdraws: true, ..desired((6, 1, false), neutral) };
        assert_eq!(write(&withdrawn, Some(&there)), Write::Update(9));
        assert_eq!(write(&withdrawn, None), Write::Nothing);
    }

    #[test]
    fn a_completed_check_run_is_corrected_but_never_reopened() {
        let there = written(&desired((5, 1, true), DONE));
        let corrected = desired((5, 1, true), Progress::Completed(Conclusion::Failure));
        assert_eq!(write(&corrected, Some(&there)), Write::Update(9));
        assert_eq!(write(&desired((5, 1, true), Progress::InProgress), Some(&there)), Write::Create);
    }
}
