//! How many tests ran, read from the closing lines of the test runners.

use std::fmt;

/// Tests counted over one or several runners.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl Totals {
    /// What one line of a runner's output adds: `cargo test`'s `test result: …` or nextest's `Summary […] …`.
    pub(crate) fn of_line(line: &str) -> Option<Self> {
        let line = without_colours(line);
        let line = line.trim();
        let counts = match line.strip_prefix("test result: ") {
            Some(rest) => rest.split_once(". ")?.1,
            None => line.strip_prefix("Summary [")?.split_once(':')?.1,
        };
        let mut totals = Self::default();
        for part in counts.split([';', ',', '(', ')']) {
            let mut words = part.split_whitespace();
            let (Some(Ok(count)), Some(word)) = (words.next().map(str::parse::<u64>), words.next()) else { continue };
            match word {
                "passed" => totals.passed += count,
                "failed" | "timed" | "exec" => totals.failed += count,
                "skipped" | "ignored" => totals.skipped += count,
                // nextest says `3 passed (1 flaky, 1 slow)`: those are among the passed.
                // cargo test says `filtered out`: not asked for.
                _ => {}
            }
        }
        Some(totals)
    }

    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Drops terminal control sequences (`ESC [ … letter`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().skip(1).find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(passed: u64, failed: u64, skipped: u64) -> Option<Totals> {
        Some(Totals { passed, failed, skipped })
    }

    #[test]
    fn reads_the_closing_lines_of_both_runners() {
        let table = [
            (
                "test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.02s",
                totals(5, 0, 1),
            ),
            ("test result: FAILED. 4 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out", totals(4, 2, 0)),
            ("     Summary [   0.004s] 1 test run: 1 passed, 0 skipped", totals(1, 0, 0)),
            (
                "     Summary [  12.100s] 812 tests run: 810 passed (3 slow, 1 flaky), 2 failed, 4 skipped",
                totals(810, 2, 4),
            ),
            ("     Summary [  61.100s] 3/812 tests run: 1 passed, 1 failed, 1 timed out, 4 skipped", totals(1, 2, 4)),
            ("test totals::reads ... ok", None),
            ("running 3 tests", None),
        ];
        for (line, expected) in table {
            assert_eq!(Totals::of_line(line), expected, "{line}");
        }
    }

    #[test]
    fn reads_coloured_lines() {
        let line = "\u{1b}[32;1m     Summary\u{1b}[0m [   0.004s] \u{1b}[1m2\u{1b}[0m tests run: \u{1b}[1m2\u{1b}[0m \u{1b}[32;1mpassed\u{1b}[0m, 0 skipped";
        assert_eq!(Totals::of_line(line), totals(2, 0, 0));
        let line = "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 5 passed; 0 failed; 0 ignored";
        assert_eq!(Totals::of_line(line), totals(5, 0, 0));
    }
}
