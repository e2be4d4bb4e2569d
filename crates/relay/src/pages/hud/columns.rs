//! The matrix's columns: entries by level, and under an unfolded entry its workflows and results. Pure.

use std::collections::{BTreeMap, BTreeSet};

use switchboard_github::RepoName;

use crate::allowlist::{Allowlist, Level};
use crate::names::Device;
use crate::records::RowRecord;

/// Entries that have a column at most: a plan has as many targets at most.
const ENTRIES: usize = 600;
/// Names that differ only in a trailing number fold from so many on.
const GROUP_FROM: usize = 3;

/// One entry's columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryColumns {
    /// The entry.
    pub(crate) repo: RepoName,
    /// Its level; `None` for one that is not listed any more.
    pub(crate) level: Option<Level>,
    /// Whether it is the probe.
    pub(crate) probe: bool,
    /// Its result columns, if it is unfolded.
    pub(crate) results: Option<Vec<ResultColumn>>,
    /// Result columns that are not shown.
    pub(crate) more: usize,
}

/// One column of an unfolded entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResultColumn {
    /// The workflow.
    pub(crate) workflow: String,
    /// What the column is called: a result's name, or `test #` for several.
    pub(crate) label: String,
    /// The results that it stands for.
    pub(crate) names: Vec<String>,
}

/// Which entries have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which<'q> {
    /// All of them.
    All,
    /// One.
    Only(&'q RepoName),
    /// Those that are listed for a device.
    Of(&'q Device),
}

/// The entries that have a column: those of the list from L4 down, the probe last, and before it those that are not listed any more
/// but stand in one of the rows. What is one too many is counted.
pub(crate) fn entries(
    list: Option<&Allowlist>,
    rows: &[RowRecord],
    which: Which<'_>,
    probe: Option<&RepoName>,
) -> (Vec<EntryColumns>, usize) {
    let listed = |repo: &RepoName| list.and_then(|list| list.entry(repo)).map(|entry| entry.level);
    let column = |repo: &RepoName| EntryColumns {
        repo: repo.clone(),
        level: listed(repo),
        probe: probe == Some(repo),
        results: None,
        more: 0,
    };
    if let Which::Only(repo) = which {
        return (vec![column(repo)], 0);
    }
    let on = |level: Level| list.into_iter().flat_map(move |list| list.on(level)).map(|entry| &entry.repo);
    let mut repos: Vec<&RepoName> = Level::ALL.into_iter().rev().flat_map(on).collect();
    let known: BTreeSet<&RepoName> = repos.iter().copied().collect();
    let seen: BTreeSet<&RepoName> = rows.iter().flat_map(|row| row.cells.keys()).collect();
    repos.extend(seen.into_iter().filter(|repo| !known.contains(repo)));
    if let Which::Of(device) = which {
        let entry = |repo: &RepoName| list.and_then(|list| list.entry(repo));
        repos.retain(|repo| entry(repo).is_some_and(|entry| entry.device.as_ref() == Some(device)));
    }
    // A stable sort by this alone puts the probe last and leaves everything else where it is.
    repos.sort_by_key(|repo| probe == Some(repo));
    let more = repos.len().saturating_sub(ENTRIES);
    repos.truncate(ENTRIES);
    (repos.into_iter().map(column).collect(), more)
}

/// The columns of these results: three or more names of a workflow that differ only in a trailing number share one.
pub(crate) fn grouped(names: &[(String, String)]) -> Vec<ResultColumn> {
    let mut alike: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for (workflow, name) in names {
        if let Some((stem, end)) = stem(name) {
            *alike.entry((workflow, stem, end)).or_default() += 1;
        }
    }
    let folds = |workflow: &str, name: &str| {
        let (stem, end) = stem(name)?;
        let label = format!("{stem}#{end}");
        (alike.get(&(workflow, stem, end)).copied().unwrap_or_default() >= GROUP_FROM).then_some(label)
    };
    let mut columns: Vec<ResultColumn> = Vec::new();
    for (workflow, name) in names {
        let folded = folds(workflow, name);
        let label = folded.clone().unwrap_or_else(|| name.clone());
        let same = |column: &&mut ResultColumn| column.workflow == *workflow && column.label == label;
        match columns.iter_mut().find(same).filter(|_| folded.is_some()) {
            Some(column) => column.names.push(name.clone()),
            None => columns.push(ResultColumn { workflow: workflow.clone(), label, names: vec![name.clone()] }),
        }
    }
    columns
}

/// What stands before and behind a name's last number, if nothing but brackets stand behind it: `test (3)` → `test (` and `)`.
fn stem(name: &str) -> Option<(&str, &str)> {
    let inner = name.trim_end_matches([')', ']']);
    let stem = inner.trim_end_matches(|c: char| c.is_ascii_digit());
    (stem.len() < inner.len()).then(|| (stem, &name[inner.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(results: &[&str]) -> Vec<(String, String)> {
        results.iter().map(|name| ("CI".to_owned(), (*name).to_owned())).collect()
    }

    #[test]
    fn three_names_that_differ_in_a_trailing_number_fold_and_two_do_not() {
        let columns = grouped(&names(&["build", "test (1)", "test (2)", "test (10)", "lint-1", "lint-2"]));
        let shown: Vec<(&str, usize)> =
            columns.iter().map(|column| (column.label.as_str(), column.names.len())).collect();
        assert_eq!(shown, [("build", 1), ("test (#)", 3), ("lint-1", 1), ("lint-2", 1)]);
    }

    #[test]
    fn a_workflow_keeps_its_results_to_itself() {
        let mut all = names(&["t1", "t2"]);
        all.push(("Other".to_owned(), "t3".to_owned()));
        assert_eq!(grouped(&all).len(), 3);
    }

    #[test]
    fn entries_stand_by_level_with_the_probe_last() {
        let (list, _) = crate::allowlist::parse(b"L1: [p/probe, a/one]\nL2: [b/two]\nL4: [d/four]\n");
        let probe = "p/probe".parse().unwrap();
        let (columns, more) = entries(list.as_ref(), &[], Which::All, Some(&probe));
        let order: Vec<&str> = columns.iter().map(|column| column.repo.as_str()).collect();
        assert_eq!((order.as_slice(), more), (["d/four", "b/two", "a/one", "p/probe"].as_slice(), 0));
        assert!(columns[3].probe && columns[0].level == Some(Level::L4));
    }

    #[test]
    fn a_devices_columns_are_its_own_entries() {
        let (list, _) =
            crate::allowlist::parse(b"L2: [b/two]\nL3: { cuda: { c/three: }, npu: { n/one: } }\nL4: [d/four]\n");
        let device = "CUDA".parse().unwrap();
        let (columns, _) = entries(list.as_ref(), &[], Which::Of(&device), None);
        let names: Vec<&str> = columns.iter().map(|column| column.repo.as_str()).collect();
        assert_eq!(names, ["c/three"]);
    }
}
