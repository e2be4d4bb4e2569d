//! What the HUD is asked, as it stands in the address: tab, filter, place, and what is unfolded. Pure.

use std::fmt::Write as _;

use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::links::encoded;
use url::form_urlencoded;

use crate::names::Device;
use crate::records::Kind;

/// Entries that can be unfolded at once.
pub(crate) const OPEN_MAX: usize = 3;
/// Hexadecimal digits of a row's place.
const PLACE_DIGITS: usize = 32;

/// Which rows of a tab.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Filter {
    /// All of them.
    #[default]
    All,
    /// Those of one entry; perhaps only those that fail there.
    Repo(RepoName, bool),
    /// Those in which something fails.
    Failing,
    /// Those of one pull request.
    Pull(u64),
    /// Those of one commit.
    Commit(String),
}

/// What the HUD is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// The tab.
    pub(crate) kind: Kind,
    /// Which of its rows.
    pub(crate) filter: Filter,
    /// The place of the last row of the page before.
    pub(crate) before: Option<String>,
    /// Entries that show their results one by one.
    pub(crate) open: Vec<RepoName>,
    /// The device whose entries have columns; all, unless it is given.
    pub(crate) device: Option<Device>,
}

impl Default for Question {
    fn default() -> Self {
        Self { kind: Kind::PullRequest, filter: Filter::All, before: None, open: Vec::new(), device: None }
    }
}

impl Question {
    /// Reads the query of an address. `find`, what somebody typed into the form, is a pull request, a commit or an entry.
    ///
    /// # Errors
    /// 422 for what is none of these.
    pub(crate) fn read(query: &str) -> Result<Self, Fault> {
        let mut question = Self::default();
        let (mut repo, mut failing) = (None, false);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            match &*name {
                "tab" | "kind" => question.kind = kind(value)?,
                "repo" => repo = Some(entry(value)?),
                "failing" => failing = matches!(value, "1" | "true" | "on"),
                "pr" => question.filter = Filter::Pull(number(value)?),
                "sha" => question.filter = Filter::Commit(sha(value)?),
                "find" => match value.trim_start_matches('#') {
                    digits if digits.len() < 7 && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                        question.filter = Filter::Pull(number(digits)?);
                    }
                    name if name.contains('/') => repo = Some(entry(name)?),
                    commit => question.filter = Filter::Commit(sha(commit)?),
                },
                "device" => question.device = Some(device(value)?),
                "before" => question.before = Some(place(value)?),
                "open" => {
                    for name in value.split(',') {
                        let name = entry(name)?;
                        if !question.open.contains(&name) {
                            question.open.push(name);
                        }
                    }
                }
                _ => {}
            }
        }
        question.open.truncate(OPEN_MAX);
        if question.filter == Filter::All {
            question.filter = match repo {
                Some(repo) => Filter::Repo(repo, failing),
                None if failing => Filter::Failing,
                None => Filter::All,
            };
        }
        if matches!(question.filter, Filter::Pull(_)) {
            question.kind = Kind::PullRequest;
        }
        Ok(question)
    }

    /// The address of this question.
    pub(crate) fn href(&self) -> String {
        let mut pairs: Vec<(&str, String)> = Vec::new();
        if self.kind != Kind::PullRequest {
            pairs.push(("tab", self.kind.as_str().to_owned()));
        }
        match &self.filter {
            Filter::All => {}
            Filter::Repo(repo, failing) => {
                pairs.push(("repo", repo.to_string()));
                if *failing {
                    pairs.push(("failing", "1".to_owned()));
                }
            }
            Filter::Failing => pairs.push(("failing", "1".to_owned())),
            Filter::Pull(number) => pairs.push(("pr", number.to_string())),
            Filter::Commit(sha) => pairs.push(("sha", sha.clone())),
        }
        pairs.extend(self.device.iter().map(|device| ("device", device.to_string())));
        pairs.extend(self.open.iter().map(|repo| ("open", repo.to_string())));
        pairs.extend(self.before.iter().map(|place| ("before", place.clone())));
        let mut href = "/relay".to_owned();
        for (at, (name, value)) in pairs.iter().enumerate() {
            let _ = write!(href, "{}{name}={}", if at == 0 { '?' } else { '&' }, encoded(value));
        }
        href
    }

    /// The same with another filter, from the newest row on.
    pub(crate) fn filtered(&self, filter: Filter) -> Self {
        Self { filter, before: None, ..self.clone() }
    }

    /// The other tab, with the filter if that means something there.
    pub(crate) fn tab(&self, kind: Kind) -> Self {
        let filter = if matches!(self.filter, Filter::Pull(_)) { Filter::All } else { self.filter.clone() };
        Self { kind, filter, before: None, ..self.clone() }
    }

    /// The page behind the row at this place.
    pub(crate) fn past(&self, place: &str) -> Self {
        Self { before: Some(place.to_owned()), ..self.clone() }
    }

    /// With this entry unfolded, or folded if it is. The entry that was unfolded first makes room.
    pub(crate) fn toggled(&self, repo: &RepoName) -> Self {
        let mut next = self.clone();
        if self.open.contains(repo) {
            next.open.retain(|open| open != repo);
        } else {
            next.open.push(repo.clone());
            if next.open.len() > OPEN_MAX {
                next.open.remove(0);
            }
        }
        next
    }
}

/// A tab by its word.
///
/// # Errors
/// 422 for another word.
pub(crate) fn kind(word: &str) -> Result<Kind, Fault> {
    let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word);
    kind.ok_or_else(|| Fault::parameter("A tab is one of pr, push and nightly."))
}

/// An entry by its name.
///
/// # Errors
/// 422 for what is no name.
pub(crate) fn entry(name: &str) -> Result<RepoName, Fault> {
    name.trim().parse().map_err(|_| Fault::parameter("A repository is named `owner/repo`."))
}

fn device(text: &str) -> Result<Device, Fault> {
    text.parse().map_err(|_| Fault::parameter("A device is up to 64 letters, digits, dots, dashes and underscores."))
}

fn number(text: &str) -> Result<u64, Fault> {
    text.trim_start_matches('#').parse().map_err(|_| Fault::parameter("A pull request is named by its number."))
}

/// A commit's whole SHA.
///
/// # Errors
/// 422 for what is none.
pub(crate) fn sha(text: &str) -> Result<String, Fault> {
    let whole = matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if whole {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Fault::parameter("A commit is named by its whole SHA: records are found by key, not by searching.")
        .hint("Copy the whole SHA, or give the pull request's number."))
}

/// A row's place: the end of its key.
///
/// # Errors
/// 422 for what no page gave.
pub(crate) fn place(text: &str) -> Result<String, Fault> {
    let given = text.len() == PLACE_DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if given {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Fault::parameter("This page begins at a place that no list gave."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_all_that_is_asked() {
        for address in [
            "/relay",
            "/relay?tab=push&failing=1",
            "/relay?repo=acme%2Fapi&failing=1&open=acme%2Fapi",
            "/relay?pr=7",
            "/relay?tab=nightly&before=fe6a0b5fb3e182ff7ffffdbd53edfffd",
            "/relay?open=a%2Fb&open=c%2Fd",
            "/relay?failing=1&device=cuda",
        ] {
            let query = address.split_once('?').map_or("", |(_, query)| query);
            assert_eq!(Question::read(query).unwrap().href(), address);
        }
    }

    #[test]
    fn what_is_typed_is_a_pull_request_a_commit_or_an_entry() {
        let sha = "a".repeat(40);
        for (typed, filter) in [
            ("%237", Filter::Pull(7)),
            ("412", Filter::Pull(412)),
            (sha.as_str(), Filter::Commit(sha.clone())),
            ("acme%2Fapi", Filter::Repo("acme/api".parse().unwrap(), false)),
            ("", Filter::All),
        ] {
            assert_eq!(Question::read(&format!("find={typed}")).unwrap().filter, filter, "{typed}");
        }
        for wrong in ["find=abc", "tab=odd", "repo=x", "before=1", "sha=12", "pr=x", "device=a%20b"] {
            assert_eq!(Question::read(wrong).unwrap_err().status, 422, "{wrong}");
        }
    }

    #[test]
    fn at_most_three_entries_are_unfolded_and_the_oldest_makes_room() {
        let question = Question::read("open=a/a,b/b&open=c/c&open=d/d").unwrap();
        assert_eq!(question.open.len(), OPEN_MAX);
        let next = question.toggled(&"e/e".parse().unwrap());
        let names: Vec<&str> = next.open.iter().map(RepoName::as_str).collect();
        assert_eq!(names, ["b/b", "c/c", "e/e"]);
        assert_eq!(next.toggled(&"C/c".parse().unwrap()).open.len(), 2);
    }
}
