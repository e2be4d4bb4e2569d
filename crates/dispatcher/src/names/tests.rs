use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn accepts<T: FromStr>(texts: &[&str]) {
    for text in texts {
        assert!(text.parse::<T>().is_ok(), "{text:?} should be accepted");
    }
}

fn refuses<T: FromStr>(texts: &[&str]) {
    for text in texts {
        assert!(text.parse::<T>().is_err(), "{text:?} should be refused");
    }
}

#[test]
fn repositories_are_a_name_or_an_owner_and_a_name() {
    accepts::<RepositoryRef>(&["a", "a.b-c_d", ".github", "o/r", "O-1_x/R.x", "..."]);
    let (long_owner, long_name) = (format!("{}/x", "o".repeat(40)), "n".repeat(101));
    refuses::<RepositoryRef>(&[
        "",
        ".",
        "..",
        "/",
        "a/",
        "/a",
        "a/b/c",
        "../../x",
        "a/..",
        "x?y",
        "x#y",
        "%2e%2e",
        "a b",
        "a\n",
        "é",
        "o.x/r",
        "https://x/y",
        "a\u{202e}",
        &long_owner,
        &long_name,
    ]);
}

#[test]
fn repositories_are_compared_without_regard_to_ascii_case() {
    let (a, b): (RepositoryName, RepositoryName) = ("Org/Repo".parse().unwrap(), "oRG/rEPO".parse().unwrap());
    assert_eq!(a, b);
    assert_eq!(HashSet::from([a.clone(), b]).len(), 1);
    assert_eq!((a.to_string(), a.lower()), ("Org/Repo".to_owned(), "org/repo".to_owned()));
}

#[test]
fn workflows_are_files_of_the_workflows_folder() {
    accepts::<WorkflowFile>(&["ci.yml", "CD (prod) v1.2+x@y.yaml", "構築.yml", ".github/workflows/ci.yml", "..yml"]);
    let long = format!("{}.yml", "x".repeat(300));
    refuses::<WorkflowFile>(&[
        "",
        "ci",
        "ci.json",
        "../x.yml",
        "x.yml?ref=",
        "https://x/y.yml",
        "a/ci.yml",
        ".github/workflows/a/ci.yml",
        "workflows/ci.yml",
        "x\u{202e}.yml",
        "x\0.yml",
        "x\n.yml",
        "ci.YML",
        "<b>.yml",
        "$(x).yml",
        "`x`.yml",
        "x%2f.yml",
        &long,
    ]);
    let (short, path): (WorkflowFile, WorkflowFile) =
        ("ci.yml".parse().unwrap(), ".github/workflows/ci.yml".parse().unwrap());
    assert_eq!(short, path);
    assert_ne!(short, "CI.yml".parse().unwrap());
    assert_ne!(short, "my-ci.yml".parse().unwrap());
}

#[test]
fn run_paths_lose_their_repository_and_their_ref() {
    let source: RepositoryName = "Org/Repo".parse().unwrap();
    let table = [
        (".github/workflows/ci.yml", Some("ci.yml")),
        (".github/workflows/ci.yml@refs/heads/main", Some("ci.yml")),
        (".github/workflows/ci.yaml@a/b@c.yml", Some("ci.yaml")),
        (".github/workflows/a@b.yml@refs/heads/x", Some("a@b.yml")),
        (".github/workflows/a@b.yml", Some("a@b.yml")),
        ("org/repo/.github/workflows/ci.yml@v1", Some("ci.yml")),
        ("other/repo/.github/workflows/ci.yml", None),
        (".github/workflows/sub/ci.yml", None),
        (".github/workflows/ci", None),
        (".github/workflows/", None),
        ("dynamic/pages/pages-build-deployment", None),
        ("ci.yml", None),
        ("", None),
    ];
    for (path, expected) in table {
        assert_eq!(WorkflowFile::from_run_path(path, &source).as_ref().map(WorkflowFile::as_str), expected, "{path:?}");
    }
}

#[test]
fn refs_follow_git_and_name_branches_or_tags_only() {
    accepts::<GitRef>(&[
        "main",
        "release/1.2",
        "refs/heads/main",
        "refs/tags/v1",
        "a@b",
        "größe",
        "$(x)",
        "`x`",
        "<script>",
        "{{x}}",
    ]);
    let (long, sha) = ("x".repeat(256), "0123456789abcdef0123456789abcdef01234567");
    let full_sha = format!("refs/heads/{sha}");
    refuses::<GitRef>(&[
        "",
        "@",
        "/",
        "a/",
        "/a",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a..b",
        "a.",
        "a b",
        "a~",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "a@{b",
        "-a",
        "a\n",
        "a\u{7f}",
        "refs/pull/1/merge",
        "refs/heads/",
        "refs/notes/x",
        sha,
        &full_sha,
        &long,
    ]);
    assert_eq!((short_name("refs/heads/a/b"), short_name("refs/tags/v"), short_name("x")), ("a/b", "v", "x"));
}

#[test]
fn input_keys_are_identifiers() {
    accepts::<InputKey>(&["a", "_", "A-b_9"]);
    let long = "x".repeat(101);
    refuses::<InputKey>(&["", "1a", "-a", "a b", "a.b", "é", "a\n", &long]);
}

proptest! {
    #[test]
    fn what_was_accepted_is_safe_in_a_path_segment(text in "\\PC{0,40}|[a-z./%?#@ -]{0,12}(\\.yml)?") {
        if let Ok(name) = text.parse::<RepositoryName>() {
            prop_assert!(name.to_string().chars().filter(|c| *c == '/').count() == 1);
            prop_assert!(!name.to_string().contains(['?', '#', '%', ' ', '\\']));
        }
        if let Ok(file) = text.parse::<WorkflowFile>() {
            prop_assert!(!file.as_str().contains(['/', '\\', '?', '#', '%']) && file.as_str().parse::<WorkflowFile>().is_ok());
        }
        if let Ok(git_ref) = text.parse::<GitRef>() {
            prop_assert!(!git_ref.as_str().chars().any(|c| c.is_ascii_control()));
        }
        let _ = text.parse::<InputKey>();
    }

    #[test]
    fn run_paths_never_panic(path in "\\PC{0,60}") {
        let _ = WorkflowFile::from_run_path(&path, &"o/r".parse().unwrap());
    }
}
