//! What the story promises, and whether it held.

use super::narrator::{Narrator, Tone};

/// Everything that was expected so far.
#[derive(Debug, Default)]
pub(super) struct Verdicts(Vec<Verdict>);

#[derive(Debug)]
struct Verdict {
    expected: &'static str,
    held: bool,
    found: String,
}

impl Verdicts {
    /// Notes whether what was expected has come to pass; `found` is shown if it has not.
    pub(super) fn note(&mut self, expected: &'static str, held: bool, found: impl Into<String>) {
        self.0.push(Verdict { expected, held, found: found.into() });
    }

    /// Notes that two values should be equal.
    pub(super) fn equal<T: PartialEq + std::fmt::Debug>(&mut self, expected: &'static str, found: &T, wanted: &T) {
        self.note(expected, found == wanted, format!("found {found:?}, not {wanted:?}"));
    }

    /// Whether everything held.
    pub(super) fn all_held(&self) -> bool {
        self.0.iter().all(|verdict| verdict.held)
    }

    /// Prints the table.
    pub(super) fn tell(&self, narrator: &Narrator) {
        narrator.heading("What the story promised");
        for Verdict { expected, held, found } in &self.0 {
            if *held {
                narrator.say(&format!("{} {expected}", narrator.toned(Tone::Good, "✓")));
            } else {
                narrator.say(&format!("{} {expected}", narrator.toned(Tone::Bad, "✗")));
                for line in found.lines() {
                    narrator.say(&format!("  {line}"));
                }
            }
        }
    }
}
