//! A task is a list of steps. Each is announced, shown live, timed and counted; a failed one does not hide the next,
//! and the closing table says how each went.

use std::io::{BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use crate::totals::Totals;
use crate::trouble::Trouble;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed(String),
    LeftOut(String),
}

#[derive(Debug)]
struct Done {
    name: String,
    outcome: Outcome,
    took: Duration,
    tests: Totals,
}

/// The steps that a task has taken so far.
#[derive(Debug)]
pub(crate) struct Steps {
    started: Instant,
    done: Vec<Done>,
}

impl Steps {
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), done: Vec::new() }
    }

    /// Runs a program as one step; its output is passed on as it comes. Returns whether it ended well.
    pub(crate) fn run(&mut self, name: &str, command: &mut Command) -> bool {
        announce(name, &shown(command));
        let started = Instant::now();
        let (outcome, tests) = match shown_live(command) {
            Ok((status, tests)) if status.success() => (Outcome::Passed, tests),
            Ok((status, tests)) => (Outcome::Failed(status.to_string()), tests),
            Err(trouble) => (Outcome::Failed(trouble.to_string()), Totals::default()),
        };
        self.finish(name, outcome, started.elapsed(), tests)
    }

    /// Runs a piece of our own work as one step; what it returns is handed back if it ended well.
    pub(crate) fn perform<T>(&mut self, name: &str, work: impl FnOnce() -> Result<T, Trouble>) -> Option<T> {
        announce(name, "");
        let started = Instant::now();
        match work() {
            Ok(value) => {
                self.finish(name, Outcome::Passed, started.elapsed(), Totals::default());
                Some(value)
            }
            Err(trouble) => {
                let text = trouble.hint().map_or_else(|| trouble.to_string(), |hint| format!("{trouble}; {hint}"));
                self.finish(name, Outcome::Failed(text), started.elapsed(), Totals::default());
                None
            }
        }
    }

    /// Notes a step that was not taken, and why.
    pub(crate) fn leave_out(&mut self, name: &str, why: &str) {
        self.finish(name, Outcome::LeftOut(why.to_owned()), Duration::ZERO, Totals::default());
    }

    fn finish(&mut self, name: &str, outcome: Outcome, took: Duration, tests: Totals) -> bool {
        match &outcome {
            Outcome::Passed => println!("--- {name}: ok in {}", seconds(took)),
            Outcome::Failed(why) => println!("--- {name}: FAILED in {}: {why}", seconds(took)),
            Outcome::LeftOut(why) => println!("--- {name}: left out: {why}"),
        }
        let passed = outcome == Outcome::Passed;
        self.done.push(Done { name: name.to_owned(), outcome, took, tests });
        passed
    }

    /// Prints the closing table; the exit code says whether every step that was taken ended well.
    pub(crate) fn close(&self) -> ExitCode {
        print!("{}", self.table());
        let failed = self.done.iter().any(|step| matches!(step.outcome, Outcome::Failed(_)));
        if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }

    fn table(&self) -> String {
        let width = self.done.iter().map(|step| step.name.len()).max().unwrap_or_default();
        let mut text = String::from("\n");
        let mut tests = Totals::default();
        let mut failed = 0_usize;
        for step in &self.done {
            let (word, why) = match &step.outcome {
                Outcome::Passed => ("ok      ", String::new()),
                Outcome::Failed(why) => ("FAILED  ", format!("  {why}")),
                Outcome::LeftOut(why) => ("left out", format!("  {why}")),
            };
            failed += usize::from(matches!(step.outcome, Outcome::Failed(_)));
            let counted = if step.tests.is_empty() { String::new() } else { format!("  {}", step.tests) };
            text += &format!("  {:<width$}  {word}  {:>8}{counted}{why}\n", step.name, seconds(step.took));
            tests += step.tests;
        }
        if !tests.is_empty() {
            text += &format!("  tests: {tests}\n");
        }
        let verdict = if failed == 0 {
            "all steps ok".to_owned()
        } else {
            format!("{failed} of {} steps FAILED", self.done.len())
        };
        text + &format!("  {verdict} in {}\n", seconds(self.started.elapsed()))
    }
}

fn announce(name: &str, detail: &str) {
    println!("\n=== {name}{}{detail}", if detail.is_empty() { "" } else { ": " });
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// The command as one would type it.
fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args()).map(|word| word.to_string_lossy());
    words.collect::<Vec<_>>().join(" ")
}

/// Runs a program to its end, passes on both its streams line by line, and counts tests in them on the way.
fn shown_live(command: &mut Command) -> Result<(std::process::ExitStatus, Totals), Trouble> {
    // A child sees a pipe, not a terminal: it must be told that colours are still welcome.
    if std::io::stdout().is_terminal() && std::env::var_os("CARGO_TERM_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let name = shown(command);
    let not_started = |source| Trouble::NotStarted { program: name.clone(), source };
    let program = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut program = program.map_err(not_started)?;
    let (out, err) = (program.stdout.take(), program.stderr.take());
    let tests = std::thread::scope(|scope| {
        let err = scope.spawn(|| err.map(|stream| passed_on(stream, std::io::stderr())));
        let mut tests = out.map(|stream| passed_on(stream, std::io::stdout())).unwrap_or_default();
        tests += err.join().ok().flatten().unwrap_or_default();
        tests
    });
    let status = program.wait().map_err(not_started)?;
    Ok((status, tests))
}

fn passed_on(from: impl Read, mut to: impl Write) -> Totals {
    let mut tests = Totals::default();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while matches!(from.read_until(b'\n', &mut line), Ok(read) if read > 0) {
        if let Some(more) = Totals::of_line(&String::from_utf8_lossy(&line)) {
            tests += more;
        }
        // Whoever reads us may have gone away; the step still runs to its end.
        let _ = to.write_all(&line);
        line.clear();
    }
    tests
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_failed_step_does_not_hide_the_next_and_the_task_fails() {
        let mut steps = Steps::new();
        assert!(!steps.run("first", &mut shell("exit 3")));
        assert!(steps.run("second", &mut shell("exit 0")));
        let table = steps.table();
        assert!(table.contains("exit status: 3"), "{table}");
        assert!(table.contains("1 of 2 steps FAILED"), "{table}");
        assert_eq!(steps.close(), ExitCode::FAILURE);
    }

    #[test]
    fn output_is_passed_on_as_it_is_and_its_tests_are_counted() {
        let output = b"     Summary [ 0.1s] 4 tests run: 4 passed, 1 skipped\n\xff not text\nno newline at the end";
        let mut seen = Vec::new();
        assert_eq!(passed_on(output.as_slice(), &mut seen), Totals { passed: 4, failed: 0, skipped: 1 });
        assert_eq!(seen, output);
    }

    #[test]
    fn the_closing_table_adds_up_the_tests_of_all_steps() {
        let mut steps = Steps::new();
        let one = Totals { passed: 4, failed: 1, skipped: 2 };
        steps.finish("tests", Outcome::Failed("exit status: 1".to_owned()), Duration::from_secs(3), one);
        steps.finish("more", Outcome::Passed, Duration::from_secs(1), Totals { passed: 6, ..Totals::default() });
        assert!(steps.table().contains("tests: 10 passed, 1 failed, 2 skipped"), "{}", steps.table());
    }

    #[test]
    fn a_program_that_does_not_exist_is_a_failed_step() {
        let mut steps = Steps::new();
        assert!(!steps.run("missing", &mut Command::new("no-such-program-anywhere")));
        assert!(steps.table().contains("could not be started"));
    }

    #[test]
    fn a_step_that_was_left_out_is_shown_and_does_not_fail_the_task() {
        let mut steps = Steps::new();
        assert_eq!(steps.perform("own work", || Ok(7)), Some(7));
        steps.leave_out("payloads", "offline");
        assert!(steps.table().contains("left out"));
        assert_eq!(steps.close(), ExitCode::SUCCESS);
    }
}
