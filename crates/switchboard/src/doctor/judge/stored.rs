//! What the database says about the work: what waits, what was given up, what is missing, which files do not parse.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::files::{BrokenFile, FilesRead};
use switchboard_engine::gaps::Completeness;
use switchboard_engine::yaml::Severity;
use switchboard_github::pages::Pages;
use switchboard_panel::components::{duration, plural};
use switchboard_panel::links;
use switchboard_store::{Backlog, Work};

use crate::doctor::{Check, Figures, subject};

/// A wait worth a word: what `/readyz` calls degraded.
const LATE: Duration = Duration::from_secs(300);
/// A wait that means that something is stuck: what the alert `SwitchboardBacklogOld` fires at.
const STUCK: Duration = Duration::from_secs(900);
/// A look at GitHub's list that is older than this while a server runs: what `SwitchboardGapCheckStale` fires at.
const STALE: Duration = Duration::from_secs(3600);

/// How long work has waited.
#[must_use]
pub fn backlog(backlog: &Backlog, now: Timestamp, runs: bool) -> Check {
    let pending = backlog.pending_deliveries;
    let wait = backlog.oldest_waiting.map_or(Duration::ZERO, |since| now.since(since));
    let found = match (pending, backlog.oldest_waiting) {
        (0, None) => "nothing waits".to_owned(),
        (_, None) => format!("{} to be settled", plural(pending, "delivery waits", "deliveries wait")),
        (_, Some(_)) => {
            let those = plural(pending, "delivery waits", "deliveries wait");
            format!("{those} to be settled, the oldest job for {}", duration(wait))
        }
    };
    let check = match runs {
        false if wait > LATE => Check::warning(subject::BACKLOG, found, "Start the server: it takes up what waits."),
        _ if wait > STUCK => Check::error(subject::BACKLOG, found, "The jobs page tells what the attempts say: /jobs."),
        _ if wait > LATE => Check::warning(
            subject::BACKLOG,
            found,
            "The overview tells what waits, and for what; GitHub may be holding it.",
        ),
        _ => Check::ok(subject::BACKLOG, found),
    };
    check.with(Figures::Backlog { oldest_seconds: wait.as_secs(), deliveries_pending: pending })
}

/// Dead letters: how many there are, and what the newest say. `base` is where the server's pages are.
#[must_use]
pub fn dead_letters(backlog: &Backlog, newest: &[Work], base: Option<&str>) -> Vec<Check> {
    let count: u64 = backlog.dead.values().sum();
    let figures = Figures::DeadLetters { count };
    if count == 0 {
        return vec![Check::ok(subject::DEAD_LETTERS, "none").with(figures)];
    }
    let kinds: Vec<String> = backlog.dead.iter().map(|((_, kind), count)| format!("{count} {kind}")).collect();
    let found = format!("{}: {}", plural(count, "dead letter", "dead letters"), kinds.join(", "));
    let hint = "Mend the cause, then replay or discard them: /jobs/letters, or `switchboard jobs --state dead`.";
    let page = |path: &str| base.map(|base| format!("{base}{path}"));
    let all = Check::warning(subject::DEAD_LETTERS, found, hint).at(page("/jobs?state=dead")).with(figures);
    let one = |work: &Work| {
        let told = |failure: &switchboard_store::Failure| format!("{}: {}", work.kind, failure.message);
        let found = work.failure.as_ref().map_or_else(|| work.kind.clone(), told);
        let hint = work.failure.as_ref().and_then(|failure| failure.hint.clone());
        let hint = hint.unwrap_or_else(|| "Its page tells every attempt; replay it once the cause is gone.".to_owned());
        Check::warning(subject::DEAD_LETTERS, found, hint).about(work.id.to_string()).at(page(&links::job(work.id)))
    };
    std::iter::once(all).chain(newest.iter().map(one)).collect()
}

/// What the last look at GitHub's list of deliveries found.
#[must_use]
pub fn missing(seen: Option<&Completeness>, now: Timestamp, runs: bool) -> Check {
    const SUBJECT: &crate::doctor::Subject = subject::MISSING_DELIVERIES;
    let Some(seen) = seen else {
        return Check::skipped(SUBJECT, "GitHub's list was not looked through yet", "A server does so at its start.");
    };
    let age = now.since(seen.checked_at);
    let check = match (seen.missing, seen.nothing_missing_since) {
        (0, since) if runs && age > STALE => {
            let since =
                since.map_or_else(String::new, |since| format!("nothing was, since {}; ", since.rfc3339_seconds()));
            let found = format!("{since}last looked {} ago", duration(age));
            Check::warning(SUBJECT, found, "The job engine.gaps, which looks, tells why it does not: /jobs.")
        }
        (0, Some(since)) => Check::ok(SUBJECT, format!("nothing is, since {}", since.rfc3339_seconds())),
        (0, None) => Check::ok(SUBJECT, "nothing is"),
        (missing, _) => {
            let found =
                format!("{} by GitHub's list, looked at {} ago", plural(missing as u64, "is", "are"), duration(age));
            Check::warning(
                SUBJECT,
                found,
                "They are asked for again; see whether GitHub reaches the webhook's address.",
            )
        }
    };
    check.with(Figures::MissingDeliveries { missing: seen.missing, checked_at: seen.checked_at.rfc3339_seconds() })
}

/// The files of one automation, as it last read them.
#[must_use]
pub fn files(automation: &str, read: &FilesRead, pages: Option<Pages<'_>>) -> Vec<Check> {
    const SUBJECT: &crate::doctor::Subject = subject::REPOSITORY_FILES;
    let mut checks: Vec<Check> = read.broken.iter().map(|file| broken(automation, file, pages)).collect();
    if checks.is_empty() {
        let those = plural(read.repositories as u64, "repository", "repositories");
        let found = format!("{automation}: {those} looked at, as last read");
        checks.push(Check::ok(SUBJECT, found));
    }
    if !read.all {
        let found = format!("{automation}: only the first {} repositories were looked at", read.repositories);
        checks.push(Check::skipped(SUBJECT, found, format!("/{automation} shows every repository.")));
    }
    checks
}

fn broken(automation: &str, file: &BrokenFile, pages: Option<Pages<'_>>) -> Check {
    let BrokenFile { repository, path, diagnostics, read_at } = file;
    let errors = || diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
    let first = errors().next();
    let at = read_at.rfc3339_seconds();
    let found = match (first, errors().count().saturating_sub(1) as u64) {
        (None, _) => format!("{path} did not parse at {at}"),
        (Some(error), 0) => format!("{path}:{}:{}: {}; read at {at}", error.line, error.column, remark(error)),
        (Some(error), more) => {
            let more = plural(more, "error", "errors");
            format!("{path}:{}:{}: {}, and {more} more; read at {at}", error.line, error.column, remark(error))
        }
    };
    let hint = match first {
        None => format!("/{automation}/repos/{repository} shows the lines; `switchboard lint {path}` checks the file."),
        Some(error) => error
            .hint
            .clone()
            .unwrap_or_else(|| format!("Correct the line; `switchboard lint {path}` checks the file.")),
    };
    let page = pages.map(|pages| pages.line(repository, path, first.map_or(1, |error| error.line)));
    let figures = Figures::File {
        repository: repository.clone(),
        path: path.clone(),
        line: first.map(|error| error.line),
        column: first.map(|error| error.column),
        read_at: at,
    };
    Check::warning(subject::REPOSITORY_FILES, found, hint).about(repository.clone()).at(page).with(figures)
}

/// What is wrong, with the field.
fn remark(diagnostic: &switchboard_engine::yaml::Diagnostic) -> String {
    match diagnostic.path.as_str() {
        "" => diagnostic.message.clone(),
        path => format!("{path}: {}", diagnostic.message),
    }
}

#[cfg(test)]
mod tests {
    use switchboard_engine::yaml::Diagnostic;

    use super::*;
    use crate::doctor::Verdict;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_614_400);

    fn waiting(seconds: u64, runs: bool) -> Verdict {
        let oldest_waiting = Some(NOW - Duration::from_secs(seconds));
        let stored = Backlog { pending_deliveries: 3, oldest_waiting, ..Backlog::default() };
        backlog(&stored, NOW, runs).verdict
    }

    #[test]
    fn a_wait_is_judged_by_its_length_and_by_whether_a_server_runs() {
        let of = |seconds| (waiting(seconds, true), waiting(seconds, false));
        assert_eq!(of(200), (Verdict::Ok, Verdict::Ok));
        assert_eq!(of(400), (Verdict::Warning, Verdict::Warning));
        assert_eq!(of(1000), (Verdict::Error, Verdict::Warning));
        assert_eq!(backlog(&Backlog::default(), NOW, true).found, "nothing waits");
    }

    #[test]
    fn the_alerts_fire_at_the_same() {
        let alerts = include_str!("../../../../../deploy/observability/alerts.yml");
        for (metric, limit) in
            [("switchboard_oldest_unprocessed_seconds", STUCK), ("switchboard_gap_check_age_seconds", STALE)]
        {
            assert!(alerts.contains(&format!("expr: {metric} > {}", limit.as_secs())), "{metric}");
        }
    }

    #[test]
    fn what_is_missing_and_a_look_long_ago_are_warned_of() {
        let seen = |missing, age| Completeness {
            checked_at: NOW - Duration::from_secs(age),
            complete_until: NOW,
            nothing_missing_since: (missing == 0).then_some(NOW),
            missing,
        };
        assert_eq!(missing(Some(&seen(0, 60)), NOW, true).verdict, Verdict::Ok);
        assert_eq!(missing(Some(&seen(0, 4000)), NOW, true).verdict, Verdict::Warning);
        assert_eq!(missing(Some(&seen(0, 4000)), NOW, false).verdict, Verdict::Ok);
        assert_eq!(missing(Some(&seen(2, 60)), NOW, true).verdict, Verdict::Warning);
        assert_eq!(missing(None, NOW, true).verdict, Verdict::Skipped);
    }

    #[test]
    fn a_broken_file_is_told_with_its_first_error() {
        let diagnostics = vec![
            Diagnostic::warning(1, 1, "odd"),
            Diagnostic::error(3, 5, "unknown field").with_hint("did you mean `targets`?"),
            Diagnostic::error(9, 1, "worse"),
        ];
        let broken =
            BrokenFile { repository: "acme/api".into(), path: "dispatching.yml".into(), diagnostics, read_at: NOW };
        let verdict = BrokenFile { repository: "acme/deploy".into(), diagnostics: vec![], ..broken.clone() };
        let read = FilesRead { repositories: 7, all: false, broken: vec![broken, verdict] };
        let checks = files("dispatcher", &read, Some(Pages::of("https://github.com")));
        assert_eq!(
            checks[0].found,
            "dispatching.yml:3:5: unknown field, and 1 error more; read at 2026-01-05T12:00:00Z"
        );
        assert_eq!(checks[0].hint.as_deref(), Some("did you mean `targets`?"));
        assert_eq!(checks[0].link, "https://github.com/acme/api/blob/HEAD/dispatching.yml#L3");
        assert_eq!(checks[1].found, "dispatching.yml did not parse at 2026-01-05T12:00:00Z");
        assert!(checks[1].hint.as_ref().unwrap().starts_with("/dispatcher/repos/acme/deploy shows the lines"));
        assert_eq!((checks.len(), checks[2].verdict), (3, Verdict::Skipped));
        let well = files("dispatcher", &FilesRead { all: true, ..FilesRead::default() }, None);
        assert_eq!((well.len(), well[0].verdict), (1, Verdict::Ok));
    }
}
