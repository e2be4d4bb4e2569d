//! All checks together, for people and for machines.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;

use super::subject::{self, Subject};
use super::{Check, Figures, Verdict};
use crate::settings::Problems;

/// The version of the JSON's shape. Members may be added within a version, and nothing else.
const VERSION: u32 = 1;

/// All checks, in the order of the table of subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    checks: Vec<Check>,
}

impl Report {
    /// Puts checks into the table's order; those of one subject stay in theirs.
    #[must_use]
    pub fn of(mut checks: Vec<Check>) -> Self {
        let place = |subject: &Subject| subject::ALL.iter().position(|known| known.name == subject.name);
        checks.sort_by_key(|check| place(check.subject));
        Self { checks }
    }

    /// Nothing could be looked at, because the settings cannot be used.
    #[must_use]
    pub fn unusable(problems: &Problems) -> Self {
        let problem = |problem: &crate::settings::Problem| {
            let origin = problem.origin.as_ref().map(|origin| format!(", at {origin}")).unwrap_or_default();
            let hint = problem.hint.as_deref().unwrap_or("correct it; `switchboard settings` shows every setting");
            let check = Check::error(subject::CONFIGURATION, format!("{}{origin}", problem.message), hint);
            Check { about: problem.setting.clone(), ..check }
        };
        let others = subject::ALL.iter().filter(|subject| **subject != subject::CONFIGURATION);
        let skipped = others
            .map(|subject| Check::skipped(subject, "the configuration cannot be used", "correct the configuration"));
        Self::of(problems.0.iter().map(problem).chain(skipped).collect())
    }

    /// The checks.
    #[must_use]
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }

    /// The worst verdict.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// Whether nothing is an error; warnings are not.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.verdict() < Verdict::Error
    }

    fn count(&self, verdict: Verdict) -> usize {
        self.checks.iter().filter(|check| check.verdict == verdict).count()
    }

    /// For people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let names: Vec<String> = self.checks.iter().map(name).collect();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let mut text = String::new();
        for (check, name) in self.checks.iter().zip(&names) {
            let _ = writeln!(text, "{:<7}  {name:width$}  {}", check.verdict.word(), check.found);
            if let Some(hint) = &check.hint {
                let _ = writeln!(text, "{:9}{:width$}  hint: {hint}", "", "");
            }
            if matches!(check.verdict, Verdict::Warning | Verdict::Error) {
                let _ = writeln!(text, "{:9}{:width$}  see: {}", "", "", check.link);
            }
        }
        let counted = |verdict: Verdict| match (self.count(verdict), verdict) {
            (1, _) | (_, Verdict::Ok | Verdict::Skipped) => format!("{} {}", self.count(verdict), verdict.word()),
            (count, _) => format!("{count} {}s", verdict.word()),
        };
        let _ = writeln!(text, "\n{}", Verdict::ALL.map(counted).join(", "));
        text
    }

    /// For machines: the shape that `docs/doctor.md` tells.
    #[must_use]
    pub fn to_json(&self) -> String {
        let document = Document {
            version: VERSION,
            verdict: self.verdict().word(),
            healthy: self.is_healthy(),
            counts: Verdict::ALL.map(|verdict| (verdict.word(), self.count(verdict))).into(),
            checks: self.checks.iter().map(Row::of).collect(),
        };
        // Numbers and texts only, so that nothing in it can fail to be written.
        let mut json = serde_json::to_string_pretty(&document).unwrap_or_default();
        json.push('\n');
        json
    }
}

fn name(check: &Check) -> String {
    match &check.about {
        Some(about) => format!("{} {about}", check.subject.name),
        None => check.subject.name.to_owned(),
    }
}

/// The whole as machines read it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'r> {
    version: u32,
    verdict: &'static str,
    healthy: bool,
    counts: BTreeMap<&'static str, usize>,
    checks: Vec<Row<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'r> {
    name: &'static str,
    about: Option<&'r str>,
    verdict: &'static str,
    found: &'r str,
    hint: Option<&'r str>,
    link: &'r str,
    figures: Option<&'r Figures>,
}

impl<'r> Row<'r> {
    fn of(check: &'r Check) -> Self {
        Self {
            name: check.subject.name,
            about: check.about.as_deref(),
            verdict: check.verdict.word(),
            found: &check.found,
            hint: check.hint.as_deref(),
            link: &check.link,
            figures: check.figures.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn report() -> Report {
        Report::of(vec![
            Check::warning(subject::SUSPENSIONS, "suspended since yesterday", "Let an owner lift it.")
                .about("acme")
                .at(Some("https://github.com/x".to_owned())),
            Check::ok(subject::CLOCK, "0.2 s behind").with(Figures::Clock { ahead_ms: 200, within_ms: 600 }),
            Check::skipped(subject::DATABASE, "not there yet", "start the server"),
        ])
    }

    #[test]
    fn people_read_verdict_name_finding_hint_and_link() {
        let expected = "\
skipped  database          not there yet
                           hint: start the server
ok       clock             0.2 s behind
warning  suspensions acme  suspended since yesterday
                           hint: Let an owner lift it.
                           see: https://github.com/x

1 ok, 1 warning, 0 errors, 1 skipped
";
        assert_eq!(report().to_text(), expected);
    }

    #[test]
    fn machines_read_the_same_with_figures() {
        let document: Value = serde_json::from_str(&report().to_json()).unwrap();
        assert_eq!(document["counts"], json!({ "ok": 1, "warning": 1, "error": 0, "skipped": 1 }));
        assert_eq!((&document["verdict"], &document["healthy"]), (&json!("warning"), &json!(true)));
        let clock = json!({
            "name": "clock", "about": null, "verdict": "ok", "found": "0.2 s behind", "hint": null,
            "link": "docs/doctor.md#clock", "figures": { "aheadMs": 200, "withinMs": 600 },
        });
        assert_eq!(document["checks"][1], clock);
    }

    #[test]
    fn one_error_is_enough() {
        let mut checks = report().checks;
        assert!(Report::of(checks.clone()).is_healthy());
        checks.push(Check::error(subject::KEY, "refused", "another key"));
        assert!(!Report::of(checks).is_healthy());
        assert_eq!(Report::default().verdict(), Verdict::Ok);
    }
}
