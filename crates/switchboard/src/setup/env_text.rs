//! Changing an environment file's text: our variables are set, and everything else stays as it was, byte for byte.
//! Pure; reads lines as [`crate::settings`] does.

use std::collections::BTreeMap;

/// What became of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It was not there.
    Added,
    /// It had another value.
    Changed,
    /// It had this value.
    Kept,
    /// It is gone, because it would stand in the way.
    Removed,
}

/// The text with `set` set and `remove` removed, and what became of each that was touched.
///
/// A variable that stands several times keeps its last place, since the last one counts.
pub(super) fn edited(text: &str, set: &[(&str, &str)], remove: &[&str]) -> (String, Vec<(String, Change)>) {
    let entries = entries(text);
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(name) = entry.name {
            last.insert(name, at);
        }
    }
    let mut changes = Vec::new();
    let mut out = String::with_capacity(text.len());
    for (at, entry) in entries.iter().enumerate() {
        let Some(name) = entry.name else {
            out.push_str(entry.raw);
            continue;
        };
        if remove.contains(&name) {
            changes.push((name.to_owned(), Change::Removed));
        } else if let Some((_, value)) = set.iter().find(|(set, _)| *set == name) {
            if last.get(name) == Some(&at) {
                let line = format!("{name}={value}\n");
                let change = if entry.raw.trim_end() == line.trim_end() { Change::Kept } else { Change::Changed };
                changes.push((name.to_owned(), change));
                out.push_str(&line);
            }
        } else {
            out.push_str(entry.raw);
        }
    }
    let added: Vec<_> = set.iter().filter(|(name, _)| !last.contains_key(name)).collect();
    if !added.is_empty() && !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    for (name, value) in added {
        out.push_str(&format!("{name}={value}\n"));
        changes.push(((*name).to_owned(), Change::Added));
    }
    (out, changes)
}

/// The value of a variable in a text, as it is written there.
pub(super) fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let entry = entries(text).into_iter().rev().find(|entry| entry.name == Some(name))?;
    entry.raw.split_once('=').map(|(_, value)| value.trim())
}

/// A variable with the lines that it takes, or one other line.
struct Entry<'a> {
    name: Option<&'a str>,
    raw: &'a str,
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let line = first_line(rest);
        let trimmed = line.trim();
        let variable = if trimmed.starts_with('#') { None } else { trimmed.split_once('=') };
        let (name, mut length) = match variable {
            None => (None, line.len()),
            Some((name, _)) => {
                let name = name.trim();
                (Some(name.strip_prefix("export ").unwrap_or(name).trim()), line.len())
            }
        };
        if let Some((_, value)) = variable
            && value.trim().starts_with('"')
            && !is_closed(value.trim())
        {
            while length < rest.len() {
                let more = first_line(&rest[length..]);
                length += more.len();
                if more.trim_end().ends_with('"') {
                    break;
                }
            }
        }
        let (raw, after) = rest.split_at(length);
        found.push(Entry { name, raw });
        rest = after;
    }
    found
}

/// The first line with its end.
fn first_line(text: &str) -> &str {
    text.find('\n').map_or(text, |end| &text[..=end])
}

fn is_closed(value: &str) -> bool {
    value.len() > 1 && value.ends_with('"')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::settings::Sources;

    #[test]
    fn other_lines_stay_as_they_were() {
        let before = "# mine\nPORT=1\nexport GITHUB_APP_ID=1\nKEY=\"a\nb=c\nd\"\n\n GITHUB_APP_ID = 2\nLAST=x";
        let set = [("GITHUB_APP_ID", "7"), ("NEW", "n"), ("PORT", "1")];
        let (after, changes) = edited(before, &set, &["KEY"]);
        assert_eq!(after, "# mine\nPORT=1\n\nGITHUB_APP_ID=7\nLAST=x\nNEW=n\n");
        let change = |name: &str| changes.iter().find(|(known, _)| known == name).map(|(_, change)| *change);
        assert_eq!(change("GITHUB_APP_ID"), Some(Change::Changed));
        assert_eq!((change("KEY"), change("NEW")), (Some(Change::Removed), Some(Change::Added)));
        assert_eq!(change("PORT"), Some(Change::Kept));
        assert_eq!(value(before, "GITHUB_APP_ID"), Some("2"));
    }

    /// What the loader reads from a text.
    fn read(text: &str, name: &str) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        std::fs::write(&path, text).unwrap();
        let none = folder.path().join("none.toml");
        std::fs::write(&none, "").unwrap();
        Sources::gather(Some(&none), Some(&path)).ok()?.variable(name).map(str::to_owned)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_was_set_is_read_and_the_rest_is_unchanged(
            lines in prop::collection::vec("(# [a-z ]{0,8}|[AB]_VAR=[a-z0-9]{0,5}|export OUR_VAR=[a-z]{0,4}|OUR_VAR=[a-z]{0,4}|A_VAR=\"x\ny\"|)", 0..8),
        ) {
            let before = lines.join("\n");
            let (after, _) = edited(&before, &[("OUR_VAR", "v1")], &[]);
            prop_assert_eq!(read(&after, "OUR_VAR"), Some("v1".to_owned()));
            for name in ["A_VAR", "B_VAR"] {
                prop_assert_eq!(read(&after, name), read(&before, name));
            }
            let (again, changes) = edited(&after, &[("OUR_VAR", "v1")], &[]);
            prop_assert_eq!(again, after);
            prop_assert_eq!(changes, [("OUR_VAR".to_owned(), Change::Kept)]);
        }
    }
}
