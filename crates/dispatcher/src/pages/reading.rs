//! What pages and API read: one key or one range of keys at a time, never more rows than are shown.

use switchboard_engine::Reader;
use switchboard_panel::Fault;
use switchboard_store::{CounterRow, Counters, KeyRange, Result, View};

use crate::handlers::records::{IssueRecord, ProblemRow, RepoRecord, ResultRecord, RunRecord, RunRow, TargetRecord};
use crate::histogram::Latency;
use crate::keys::{self, views};
use crate::matching::MAX_JUDGED;
use crate::names::{RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// Edges of one direction that a repository's page shows.
pub(crate) const EDGES_MAX: usize = 200;

/// Which runs to list: one filter at a time, each with a view of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Filter {
    /// All, newest first.
    All,
    /// Of this source.
    Source(RepositoryName),
    /// That named this target.
    Target(RepositoryName),
    /// Whose target was denied or failed with this reason.
    Reason(Reason),
}

impl Filter {
    /// The filter that a query asks for.
    ///
    /// # Errors
    /// A [`Fault`] if it asks for several, or for something that is no name or reason.
    pub(crate) fn of(source: Option<&str>, target: Option<&str>, reason: Option<&str>) -> Result<Self, Fault> {
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let name = |text: &str| {
            text.parse::<RepositoryName>().map_err(|_| Fault::parameter("A repository is written `owner/name`."))
        };
        match (given(source), given(target), given(reason)) {
            (None, None, None) => Ok(Self::All),
            (Some(source), None, None) => Ok(Self::Source(name(&source)?)),
            (None, Some(target), None) => Ok(Self::Target(name(&target)?)),
            (None, None, Some(reason)) => reason.parse().map(Self::Reason).map_err(|_| {
                Fault::parameter("There is no such reason.").hint("Reasons are codes such as `inbound_not_authorized`.")
            }),
            _ => Err(Fault::parameter("Runs are listed by one filter at a time.")
                .hint("Leave one of source, target and reason.")),
        }
    }

    /// What the list goes by.
    pub(crate) fn order(&self) -> Order {
        match self {
            Self::All | Self::Source(_) | Self::Target(_) => Order::Runs,
            Self::Reason(_) => Order::Problems,
        }
    }

    /// How the URL says it.
    pub(crate) fn parameter(&self) -> Option<(&'static str, String)> {
        match self {
            Self::All => None,
            Self::Source(name) => Some(("source", name.to_string())),
            Self::Target(name) => Some(("target", name.to_string())),
            Self::Reason(reason) => Some(("reason", reason.code().to_owned())),
        }
    }
}

/// Rows of a list, and where the next page begins.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) rows: Vec<T>,
    pub(crate) next: Option<String>,
}

/// Runs, or the problems that a reason's view holds.
#[derive(Debug)]
pub(crate) enum Listed {
    Runs(Page<RunRow>),
    Problems(Page<ProblemRow>),
}

/// One page of runs.
///
/// # Errors
/// What the store says.
pub(crate) async fn runs(reader: &Reader, filter: &Filter, cursor: Option<&str>, limit: usize) -> Result<Listed> {
    let of = |name: &RepositoryName| format!("{}/", name.lower());
    Ok(match filter {
        Filter::All => Listed::Runs(page(reader, &views::RECENT, "", cursor, limit).await?),
        Filter::Source(name) => Listed::Runs(page(reader, &views::RECENT_SOURCE, &of(name), cursor, limit).await?),
        Filter::Target(name) => Listed::Runs(page(reader, &views::RECENT_TARGET, &of(name), cursor, limit).await?),
        Filter::Reason(reason) => {
            Listed::Problems(page(reader, &views::PROBLEM_REASON, &format!("{reason}/"), cursor, limit).await?)
        }
    })
}

/// One page of denied and failed targets, newest first.
///
/// # Errors
/// What the store says.
pub(crate) async fn problems(reader: &Reader, cursor: Option<&str>, limit: usize) -> Result<Page<ProblemRow>> {
    page(reader, &views::PROBLEM, "", cursor, limit).await
}

/// One page of the repositories whose files are known, by name.
///
/// # Errors
/// What the store says.
pub(crate) async fn repos(reader: &Reader, cursor: Option<&str>, limit: usize) -> Result<Page<(String, RepoRecord)>> {
    let range = KeyRange::all();
    let range = cursor.map_or(range.clone(), |cursor| range.past(cursor));
    let mut rows: Vec<(String, RepoRecord)> = reader
        .list(&views::REPO, range, limit + 1)
        .await?
        .into_iter()
        .map(|(key, record)| (key.as_str().to_owned(), record))
        .collect();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|(name, _)| name.clone());
    Ok(Page { rows, next })
}

/// A page of the keys below `prefix`; a cursor is the rest of the last row's key.
async fn page<T: serde::de::DeserializeOwned>(
    reader: &Reader,
    view: &View,
    prefix: &str,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Page<T>> {
    let range = if prefix.is_empty() { KeyRange::all() } else { KeyRange::prefix(prefix) };
    let range = cursor.map_or(range.clone(), |cursor| range.past(&format!("{prefix}{cursor}")));
    let mut rows = reader.list(view, range, limit + 1).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).and_then(|(key, _)| key.as_str().strip_prefix(prefix).map(str::to_owned));
    Ok(Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

/// What a list goes by: its cursors are the rests of such keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// The newest run first: `<rev>/<run key>`.
    Runs,
    /// The newest problem first: `<rev>/<run key>/<number>`.
    Problems,
    /// By name: `owner/name`.
    Repositories,
}

impl Order {
    /// A cursor that an earlier page gave: the rest of a key.
    ///
    /// # Errors
    /// A [`Fault`] if no page could have given it.
    pub(crate) fn cursor(self, text: Option<&str>) -> Result<Option<&str>, Fault> {
        match text.filter(|text| !text.is_empty()) {
            Some(text) if !self.holds(text) => Err(Fault::parameter("The cursor is not one that a list gave.")),
            given => Ok(given),
        }
    }

    fn holds(self, text: &str) -> bool {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let run = |text: &str| {
            let (rev, key) = text.split_once('/').unwrap_or_default();
            rev.len() == keys::REV_DIGITS && digits(rev) && key.parse::<RunKey>().is_ok()
        };
        match self {
            Self::Runs => run(text),
            Self::Problems => text.rsplit_once('/').is_some_and(|(row, n)| run(row) && !n.is_empty() && digits(n)),
            Self::Repositories => text.parse::<RepositoryName>().is_ok_and(|name| name.lower() == text),
        }
    }
}

/// A run with its targets, how their runs ended, and its issue: four reads.
pub(crate) struct Recorded {
    pub(crate) run: RunRecord,
    pub(crate) targets: Vec<TargetRecord>,
    results: Vec<(u16, ResultRecord)>,
    pub(crate) issue: Option<IssueRecord>,
}

impl Recorded {
    /// Reads it; `None` if there is no such run.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn read(reader: &Reader, key: RunKey) -> Result<Option<Self>> {
        let Some(run) = reader.get::<RunRecord>(&views::RUN, &keys::run(key)).await? else { return Ok(None) };
        let range = KeyRange::prefix(&format!("{key}/"));
        let results: Vec<(_, ResultRecord)> = reader.list(&views::RESULT, range, MAX_JUDGED.into()).await?;
        let results = results.into_iter().filter_map(|(key, result)| Some((number(key.as_str())?, result)));
        Ok(Some(Self {
            run,
            targets: targets(reader, key, MAX_JUDGED.into()).await?,
            results: results.collect(),
            issue: reader.get(&views::ISSUE, &keys::run(key)).await?,
        }))
    }

    /// How the run that this target started has ended, once it has.
    pub(crate) fn result(&self, n: u16) -> Option<&ResultRecord> {
        self.results.iter().find(|(number, _)| *number == n).map(|(_, result)| result)
    }
}

/// The targets of a run, in file order.
///
/// # Errors
/// What the store says.
pub(crate) async fn targets(reader: &Reader, key: RunKey, limit: usize) -> Result<Vec<TargetRecord>> {
    let rows = reader.list(&views::TARGET, KeyRange::prefix(&format!("{key}/")), limit).await?;
    Ok(rows.into_iter().map(|(_, target)| target).collect())
}

/// The number behind a run key: `1/500/2/007` is 7.
fn number(key: &str) -> Option<u16> {
    key.rsplit_once('/')?.1.parse().ok()
}

/// Who starts whom, seen from one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The repository's own workflow.
    pub(crate) own: String,
    /// The other repository, in lower case.
    pub(crate) repository: String,
    /// The other's workflow.
    pub(crate) workflow: String,
    /// How often with which outcome.
    pub(crate) counters: Counters,
}

/// Which side of the consent a repository stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// It starts others.
    Out,
    /// Others start it.
    In,
}

/// The edges of a repository on one side, in order of their workflows.
///
/// # Errors
/// What the store says.
pub(crate) async fn edges(reader: &Reader, side: Side, name: &RepositoryName) -> Result<Vec<Edge>> {
    let prefix = format!("{}/{}/", if side == Side::Out { "out" } else { "in" }, name.lower());
    let rows = reader.counters(&views::EDGE, KeyRange::prefix(&prefix), EDGES_MAX).await?;
    Ok(rows.into_iter().filter_map(|row| edge(&prefix, row)).collect())
}

fn edge(prefix: &str, row: CounterRow) -> Option<Edge> {
    let mut parts = row.key.as_str().strip_prefix(prefix)?.split('/').map(str::to_owned);
    let (own, owner, name, workflow) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    Some(Edge { own, repository: format!("{owner}/{name}"), workflow, counters: row.counters })
}

/// The counters of a row without the buckets of its histograms, which mean nothing to people.
pub(crate) fn counters_only(counters: &Counters) -> Counters {
    let bucket =
        |field: &str| [Latency::Plan, Latency::EndToEnd].iter().any(|latency| latency.fields().contains(&field));
    counters.iter().filter(|(field, _)| !bucket(field)).map(|(field, n)| (field.clone(), *n)).collect()
}

/// One counter; 0 if it was never counted.
pub(crate) fn count_of(counters: &Counters, field: &str) -> u64 {
    counters.get(field).and_then(|n| u64::try_from(*n).ok()).unwrap_or(0)
}

/// The other end of an edge, if the key still holds a name by today's grammar.
pub(crate) fn end(edge: &Edge) -> Option<(RepositoryName, WorkflowFile)> {
    Some((edge.repository.parse().ok()?, edge.workflow.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_filter_at_a_time() {
        assert_eq!(Filter::of(None, Some(" "), None).unwrap(), Filter::All);
        assert_eq!(Filter::of(Some("a/b"), None, None).unwrap(), Filter::Source("A/B".parse().unwrap()));
        assert_eq!(Filter::of(None, None, Some("expired")).unwrap(), Filter::Reason(Reason::Expired));
        for (source, target, reason) in
            [(Some("a"), None, None), (None, None, Some("odd")), (Some("a/b"), Some("a/c"), None)]
        {
            assert_eq!(Filter::of(source, target, reason).unwrap_err().status, 422);
        }
    }

    #[test]
    fn cursors_are_what_keys_are_made_of() {
        assert_eq!(Order::Runs.cursor(Some("")).unwrap(), None);
        let kinds = [
            (Order::Runs, "8232385599999/1/500/2~1"),
            (Order::Problems, "8232385599999/1/500/2~1/007"),
            (Order::Repositories, "acme/api"),
        ];
        for (order, own) in kinds {
            for (_, text) in kinds {
                assert_eq!(order.cursor(Some(text)).ok().flatten(), (text == own).then_some(text), "{order:?} {text}");
            }
            for text in ["garbage", "a b", "\u{0}", "ü", "/", "-1", "9/1/500/2", "9/1/500/2/007", "8232385599999/1/500"]
            {
                assert_eq!(order.cursor(Some(text)).unwrap_err().status, 422, "{order:?} {text}");
            }
        }
    }

    #[test]
    fn edges_and_numbers_are_read_back_from_their_keys() {
        let row = |key: &str| CounterRow { key: key.into(), counters: Counters::new() };
        let edge = edge("out/org/a/", row("out/org/a/CI.yml/org/b/cd.yml")).unwrap();
        assert_eq!(
            (edge.own.as_str(), edge.repository.as_str(), edge.workflow.as_str()),
            ("CI.yml", "org/b", "cd.yml")
        );
        assert_eq!(number("1/500/2~1/007"), Some(7));
    }

    #[test]
    fn histograms_stay_out_of_the_counters() {
        let counters =
            Counters::from([("accepted".to_owned(), 3), ("plan_5".to_owned(), 2), ("e2e_inf".to_owned(), 1)]);
        assert_eq!(counters_only(&counters), Counters::from([("accepted".to_owned(), 3)]));
    }
}
