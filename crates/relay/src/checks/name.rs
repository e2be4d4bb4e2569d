//! The names of check runs.

use switchboard_github::RepoName;

/// What all names begin with.
const PREFIX: &str = "crcr/";
/// The check run that branch protection can require.
pub const GATE: &str = "crcr/gate";
/// Characters of a workflow's and a result's name that stand in a check's.
const PART_CHARS_MAX: usize = 100;

/// The check run of one result: `crcr/{owner}/{repo}/{workflow}/{result}`.
///
/// Where that could stand for two results, because something was cut or the workflow's name holds a `/`, eight digits of a hash
/// of both names follow.
#[must_use]
pub fn of_result(repo: &RepoName, workflow: &str, result: &str) -> String {
    let (short_workflow, short_result) = (cut(workflow), cut(result));
    let name = format!("{PREFIX}{repo}/{short_workflow}/{short_result}");
    let ambiguous = short_workflow != workflow || short_result != result || workflow.contains('/');
    if !ambiguous {
        return name;
    }
    let mut hash = blake3::Hasher::new();
    hash.update(workflow.as_bytes()).update(b"\0").update(result.as_bytes());
    let digits = hash.finalize().to_hex();
    format!("{name}~{}", &digits.as_str()[..8])
}

/// The check run of a whole target: `crcr/{owner}/{repo}`.
#[must_use]
pub fn of_target(repo: &RepoName) -> String {
    format!("{PREFIX}{repo}")
}

/// What a check run of ours stands for, as far as its name tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// The merge gate.
    Gate,
    /// A whole target.
    Target(RepoName),
    /// A result of this repository.
    Result(RepoName),
}

/// What a check run of this name stands for; `None` if the name is none of ours.
#[must_use]
pub fn read(name: &str) -> Option<Named> {
    if name == GATE {
        return Some(Named::Gate);
    }
    let mut parts = name.strip_prefix(PREFIX)?.splitn(3, '/');
    let repo = RepoName::new(parts.next()?, parts.next()?).ok()?;
    Some(if parts.next().is_some() { Named::Result(repo) } else { Named::Target(repo) })
}

fn cut(part: &str) -> &str {
    part.char_indices().nth(PART_CHARS_MAX).map_or(part, |(end, _)| &part[..end])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repo() -> RepoName {
        "Acme/Backend".parse().unwrap()
    }

    #[test]
    fn names_are_the_contracts() {
        assert_eq!(of_result(&repo(), "CI", "build (3.12, gpu/1)"), "crcr/Acme/Backend/CI/build (3.12, gpu/1)");
        assert_eq!(of_target(&repo()), "crcr/Acme/Backend");
        assert!(of_result(&repo(), "a/b", "c").starts_with("crcr/Acme/Backend/a/b/c~"));
        let long = of_result(&repo(), "CI", &"é".repeat(101));
        assert_eq!(long.chars().count(), "crcr/Acme/Backend/CI/".len() + 100 + 9);
    }

    #[test]
    fn a_name_tells_what_it_stands_for() {
        assert_eq!(read(GATE), Some(Named::Gate));
        assert_eq!(read("crcr/acme/backend"), Some(Named::Target(repo())));
        assert_eq!(read("crcr/acme/backend/CI/a/b"), Some(Named::Result(repo())));
        for foreign in ["", "crcr/", "crcr/acme", "ci/acme/backend", "crcr/a b/c"] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn two_results_share_no_name(
            a in ("[a/~]{1,4}", "[a/~]{1,4}"), b in ("[a/~]{1,4}", "[a/~]{1,4}"),
        ) {
            let of = |(workflow, result): &(String, String)| of_result(&repo(), workflow, result);
            prop_assume!(a != b);
            prop_assert_ne!(of(&a), of(&b));
        }
    }
}
