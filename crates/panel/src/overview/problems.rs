//! The last few problems, each as a sentence with a link: what stands in the way now, then what was given up.

use switchboard_clock::Timestamp;
use switchboard_engine::installations::Seen;
use switchboard_store::{Hold, Work};

use super::Said;
use crate::components::{State, count, plural, sentence};
use crate::status::{Seen as Found, Status};
use crate::{installed, links};

/// A problem.
pub(crate) struct Problem {
    /// What it is known by on its page.
    pub(crate) key: String,
    /// When it arose, if that is known.
    pub(crate) at: Option<Timestamp>,
    pub(crate) said: Said,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// The dead letter that it is, to be replayed or discarded.
    pub(crate) letter: Option<Work>,
}

impl Problem {
    fn standing(key: String, at: Option<Timestamp>, said: Said, hint: &str) -> Self {
        Self { key, at, said, hint: Some(hint.to_owned()), letter: None }
    }
}

pub(super) fn list(status: &Status, holds: &[Hold], seen: &[Seen], letters: Vec<Work>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = missing(status).into_iter().collect();
    problems.extend(holds.iter().map(|hold| held(hold, seen)));
    problems.extend(seen.iter().filter_map(installation));
    let mut letters: Vec<_> = letters.into_iter().map(letter).collect();
    letters.sort_by_key(|letter| std::cmp::Reverse(letter.at));
    problems.extend(letters);
    problems
}

fn missing(status: &Status) -> Option<Problem> {
    let Found::Missing { count: missing, checked_at } = status.seen else { return None };
    let words = format!(
        "{} of GitHub's own list {} not here.",
        plural(missing, "delivery", "deliveries"),
        if missing == 1 { "is" } else { "are" }
    );
    let said = Said::new(State::Denied, words).to("/jobs?class=intent");
    Some(Problem::standing("missing".to_owned(), Some(checked_at), said, "GitHub is being asked to send them again."))
}

fn held(hold: &Hold, seen: &[Seen]) -> Problem {
    let id = hold.installation.0;
    let name = seen.iter().find(|seen| seen.id == id).map_or_else(|| id.to_string(), installed::name);
    let said = Said::new(State::Denied, format!("Writes of `{}` wait, because GitHub asked for it.", plain(&name)));
    Problem::standing(format!("held-{id}"), None, said.to(links::installation(id)), "They go on by themselves.")
}

fn installation(seen: &Seen) -> Option<Problem> {
    let name = plain(&installed::name(seen));
    let missing = installed::missing(seen);
    let (words, hint) = match missing.first() {
        _ if seen.suspended_at.is_some() => {
            (format!("`{name}` has suspended the App."), "Nothing can be read or written there until it is lifted.")
        }
        Some((permission, access)) => {
            let more = match missing.len() - 1 {
                0 => String::new(),
                more => format!(" and {} more", count(more as u64)),
            };
            let words =
                format!("`{name}` has not granted `{permission}: {access}`{more}.", permission = plain(permission));
            (words, "An owner of the account approves it on GitHub, in the installation's settings.")
        }
        None => return None,
    };
    let said = Said::new(State::Denied, words).to(links::installation(seen.id));
    Some(Problem::standing(format!("installation-{}", seen.id), None, said, hint))
}

fn letter(work: Work) -> Problem {
    let why = work
        .failure
        .as_ref()
        .map_or_else(|| format!("`{}` was given up.", plain(&work.kind)), |failure| sentence(&failure.message));
    Problem {
        key: format!("w-{}", work.id),
        at: work.settled_at,
        said: Said::new(State::Dead, why).to(links::job(work.id)),
        hint: work.failure.as_ref().and_then(|failure| failure.hint.as_deref()).map(sentence),
        letter: Some(work),
    }
}

/// A name that cannot end the quotes around it.
fn plain(name: &str) -> String {
    name.replace('`', "'")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(id: u64, granted: &[(&str, &str)], needed: &[(&str, &str)]) -> Seen {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Seen { id, account: Some(format!("a`{id}")), granted: map(granted), needed: map(needed), ..Seen::default() }
    }

    #[test]
    fn what_stands_in_the_way_is_told_with_what_to_do() {
        let now = Timestamp::from_seconds(1_000);
        let status = Status { seen: Found::Missing { count: 1, checked_at: now }, now };
        let hold = Hold { installation: switchboard_store::Installation(7), until: now };
        let needed = [("contents", "write"), ("issues", "read"), ("metadata", "read")];
        let installations = [
            seen(7, &[("contents", "read")], &needed),
            seen(8, &needed, &needed),
            Seen { suspended_at: Some("2026-11-02T09:14:00Z".to_owned()), ..seen(9, &needed, &needed) },
        ];
        let told: Vec<_> =
            list(&status, &[hold], &installations, Vec::new()).into_iter().map(|problem| problem.said.words).collect();
        assert_eq!(
            told,
            [
                "1 delivery of GitHub's own list is not here.",
                "Writes of `a'7` wait, because GitHub asked for it.",
                "`a'7` has not granted `contents: write` and 2 more.",
                "`a'9` has suspended the App.",
            ]
        );
    }
}
