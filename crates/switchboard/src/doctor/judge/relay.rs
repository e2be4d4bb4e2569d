//! What the relay alone needs: its allowlist, the issuers of the tokens that runs report with, its cache.

use switchboard_github::RepoName;
use switchboard_github::pages::Pages;
use switchboard_panel::components::plural;
use switchboard_relay::allowlist::{AllowlistSource, Level};
use switchboard_relay::cache::redis::Unusable;
use switchboard_relay::records::AllowlistRecord;

use crate::doctor::{Check, Figures, Subject, subject};

/// Where the list is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Where it stands.
    pub source: &'a AllowlistSource,
    /// The repository whose events are relayed.
    pub upstream: &'a RepoName,
    /// GitHub's pages, if they are known.
    pub pages: Option<Pages<'a>>,
}

impl Place<'_> {
    fn page(&self, line: u32) -> Option<String> {
        match self.source {
            AllowlistSource::Upstream { path } => Some(self.pages?.line(self.upstream.as_str(), path, line)),
            AllowlistSource::Blob(blob) => {
                Some(format!("https://{}/{}/blob/{}/{}#L{line}", blob.host, blob.repo, blob.git_ref, blob.path))
            }
        }
    }
}

/// What is said of everything here while there is no relay.
#[must_use]
pub fn off(subject: &'static Subject) -> Check {
    Check::skipped(subject, "the relay is switched off", "Set `enabled` and `upstream` under [relay] to relay events.")
}

/// The allowlist as it was last read. `runs` is whether a server has the database open.
#[must_use]
pub fn allowlist(record: Option<&AllowlistRecord>, place: Place<'_>, runs: bool) -> Check {
    const SUBJECT: &Subject = subject::RELAY_ALLOWLIST;
    let Some(record) = record else {
        let hint = "The attempts at relay.allowlist tell why: /jobs.";
        return if runs {
            Check::error(SUBJECT, format!("{} was not read yet, so that nothing is relayed", place.source), hint)
        } else {
            Check::skipped(SUBJECT, "it was not read yet", "A server reads it at its start.")
        };
    };
    let entries = record.list.as_ref().map_or(&[][..], |list| list.entries());
    let since = record.since.map(switchboard_clock::Timestamp::rfc3339_seconds);
    let figures = Figures::Allowlist {
        entries: entries.len(),
        since: since.clone(),
        reason: record.error.as_ref().map(|error| error.reason.clone()),
        read_at: record.checked_at.rfc3339_seconds(),
    };
    let in_force = since.unwrap_or_default();
    let check = match &record.error {
        None => {
            let on = |level: &Level| (level.as_str(), entries.iter().filter(|entry| entry.level == *level).count());
            let levels = Level::ALL.iter().map(on).filter(|(_, count)| *count > 0);
            let levels: Vec<String> = levels.map(|(level, count)| format!("{count} on {level}")).collect();
            let levels = if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
            let those = plural(entries.len() as u64, "entry", "entries");
            Check::ok(SUBJECT, format!("{those}{levels}, in force since {in_force}")).at(place.page(1))
        }
        Some(error) => {
            let first = error.diagnostics.first();
            let hint = first.and_then(|first| first.hint.clone()).unwrap_or_else(|| match error.reason.as_str() {
                "invalid" => "Correct the line; `switchboard relay lint` checks the file.".to_owned(),
                "missing" => "Commit the file, or install the App on its repository; see relay.allowlist.".to_owned(),
                _ => "It is read again by itself; see the check github.".to_owned(),
            });
            let found = |rest: &str| format!("{}: {}; {rest}", error.reason, error.message);
            let check = if record.list.is_some() {
                Check::warning(SUBJECT, found(&format!("the list of {in_force} stays in force")), hint)
            } else {
                Check::error(SUBJECT, found("no list is in force, so that nothing is relayed"), hint)
            };
            check.at(place.page(first.map_or(1, |first| first.line)))
        }
    };
    check.with(figures)
}

/// An issuer that was asked for its keys.
#[must_use]
pub fn issuer(name: &str, found: Result<usize, String>) -> Check {
    const SUBJECT: &Subject = subject::RELAY_ISSUERS;
    let check = match found {
        Ok(keys) => Check::ok(SUBJECT, format!("answers with {}", plural(keys as u64, "key", "keys")))
            .with(Figures::Issuer { keys }),
        Err(why) => {
            let hint = "Let this machine reach it; see oidc_issuer and [[relay.provider]] in `switchboard settings`.";
            Check::error(SUBJECT, format!("no report can be verified: {why}"), hint)
        }
    };
    check.about(name)
}

/// What the relay keeps at hand: whether a Redis answered, where it is kept in one.
#[must_use]
pub fn cache(redis: Option<Result<(), Unusable>>) -> Check {
    const SUBJECT: &Subject = subject::RELAY_CACHE;
    match redis {
        None => Check::ok(SUBJECT, "in the server's memory"),
        Some(Ok(())) => Check::ok(SUBJECT, "a Redis, which answers"),
        Some(Err(why)) => {
            let found = format!("the Redis cannot be used, so that everything is looked up in the database: {why}");
            let hint = match why {
                Unusable::Address(_) => "Write redis://host:6379, or rediss:// for one with TLS, in REDIS_URL.",
                Unusable::Silent => "Let this machine reach it; an address of rediss:// needs one that speaks TLS.",
                Unusable::Refused(_) => "Look whether it runs, and at user, password and scheme in REDIS_URL.",
            };
            Check::warning(SUBJECT, found, hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_clock::Timestamp;
    use switchboard_relay::allowlist::parse;
    use switchboard_relay::records::AllowlistError;

    use super::*;
    use crate::doctor::Verdict;

    const NOW: Timestamp = Timestamp::from_seconds(1_767_614_400);

    fn record(text: &str, error: Option<&str>) -> AllowlistRecord {
        let (list, _) = parse(text.as_bytes());
        let broken = error.map(|text| match text {
            "missing" => ("missing", "there is no such file".to_owned(), Vec::new()),
            text => {
                let (_, diagnostics) = parse(text.as_bytes());
                ("invalid", diagnostics[0].to_string(), diagnostics)
            }
        });
        let error = broken.map(|(reason, message, diagnostics)| AllowlistError {
            reason: reason.to_owned(),
            message,
            since: NOW,
            diagnostics,
        });
        let since = list.is_some().then_some(NOW);
        AllowlistRecord { list, text: text.to_owned(), etag: None, since, checked_at: NOW, warnings: Vec::new(), error }
    }

    fn judged(record: Option<&AllowlistRecord>, runs: bool) -> Check {
        let (source, upstream) = (AllowlistSource::default(), "org/up".parse().unwrap());
        let pages = Some(Pages::of("https://github.com"));
        allowlist(record, Place { source: &source, upstream: &upstream, pages }, runs)
    }

    #[test]
    fn a_list_in_force_is_well_and_says_how_many_stand_on_which_level() {
        let check = judged(Some(&record("L1: [ a/b ]\nL4: [ c/d, e/f ]\n", None)), true);
        assert_eq!(check.verdict, Verdict::Ok);
        assert_eq!(check.found, "3 entries (1 on L1, 2 on L4), in force since 2026-01-05T12:00:00Z");
        assert_eq!(check.link, "https://github.com/org/up/blob/HEAD/.github/allowlist.yml#L1");
        assert_eq!(judged(Some(&record("", None)), true).verdict, Verdict::Ok, "an empty list is a list");
    }

    #[test]
    fn a_refused_list_is_a_warning_while_an_older_one_stays_in_force_and_an_error_otherwise() {
        let check = judged(Some(&record("L1: [ a/b ]", Some("L1:\n  - a/b/c\n"))), true);
        assert_eq!(check.verdict, Verdict::Warning);
        assert!(check.found.starts_with("invalid: 2:") && check.found.contains("stays in force"), "{}", check.found);
        assert!(check.link.ends_with("/allowlist.yml#L2"), "{}", check.link);
        let mut never = record("L1: [ a/b ]", Some("missing"));
        never.list = None;
        let check = judged(Some(&never), true);
        assert_eq!(check.verdict, Verdict::Error);
        assert!(check.hint.as_deref().unwrap().starts_with("Commit the file"), "{check:?}");
    }

    #[test]
    fn a_list_that_was_never_read_is_an_error_beside_a_server_and_nothing_to_say_before() {
        assert_eq!((judged(None, true).verdict, judged(None, false).verdict), (Verdict::Error, Verdict::Skipped));
    }

    #[test]
    fn a_redis_that_cannot_be_used_is_a_warning_because_nothing_depends_on_it() {
        assert_eq!((cache(None).verdict, cache(Some(Ok(()))).verdict), (Verdict::Ok, Verdict::Ok));
        for why in [Unusable::Silent, Unusable::Address("x".to_owned()), Unusable::Refused("NOAUTH".to_owned())] {
            let check = cache(Some(Err(why.clone())));
            assert_eq!(check.verdict, Verdict::Warning);
            assert!(check.found.ends_with(&why.to_string()) && check.hint.is_some(), "{check:?}");
        }
    }

    #[test]
    fn an_issuer_without_keys_is_an_error_with_its_reason() {
        assert_eq!(issuer("https://a", Ok(2)).found, "answers with 2 keys");
        let check = issuer("https://a", Err("it answered 404".to_owned()));
        assert_eq!((check.verdict, check.about.as_deref()), (Verdict::Error, Some("https://a")));
        assert!(check.found.ends_with("it answered 404"));
    }
}
