use proptest::prelude::*;
use switchboard_store::DeliveryId;

use super::*;

fn name(text: &str) -> RepoName {
    text.parse().unwrap()
}

fn guid(text: &str) -> DeliveryGuid {
    text.parse().unwrap()
}

const SEQ: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[test]
fn keys_are_the_contracts() {
    let (up, entry, sha): (_, _, HeadSha) = (name("Org/Up"), name("O/r.x"), "a".repeat(40).parse().unwrap());
    let (delivery, seq): (_, DeliveryId) = (guid("72d3-x"), SEQ.parse().unwrap());
    let table = [
        (allowlist(&up), "org%2Fup".to_owned()),
        (level(&up, &entry), "org%2Fup/o%2Fr.x".to_owned()),
        (pull_request(&up, 12), "org%2Fup#12".to_owned()),
        (head_of_pull(&up, &sha, 12), format!("org%2Fup@{sha}/12")),
        (head_of_push(&up, &sha, "refs/heads/a b"), format!("org%2Fup@{sha}/refs%2Fheads%2Fa%20b")),
        (dispatch(&delivery), "72d3-x".to_owned()),
        (dispatch(&guid("a/b")), "a%2Fb".to_owned()),
        (target(&delivery, &entry), "72d3-x/o%2Fr.x".to_owned()),
        (inbox(&entry, seq), format!("o%2Fr.x/{SEQ}")),
        (dispatch_intent(&delivery, &entry, 2), "relay.dispatch:72d3-x:o%2Fr.x:2".to_owned()),
    ];
    for (key, expected) in table {
        assert_eq!(key.as_str(), expected);
    }
    assert_eq!(pull_request_lane(&up, 12).as_str(), "org%2Fup#12");
    assert_eq!(ref_lane(&up, "refs/tags/v1").as_str(), "org%2Fup@refs%2Ftags%2Fv1");
}

#[test]
fn hostile_names_stay_parts() {
    for (text, expected) in [
        ("", ""),
        ("a:b/c%2f", "a%3Ab%2Fc%252f"),
        ("line\nbreak", "line%0Abreak"),
        ("\u{202e}", "%E2%80%AE"),
        ("<script>", "%3Cscript%3E"),
        ("~*#@", "%7E%2A%23%40"),
        ("😀", "%F0%9F%98%80"),
    ] {
        assert_eq!(part(text), expected);
        assert_eq!(name_of(expected).as_deref(), Some(text));
    }
    for no_part in ["a/b", "%2f", "%zz", "%", "%ff", "a b", "%41"] {
        assert_eq!(name_of(no_part), None, "{no_part}");
    }
}

#[test]
fn repositories_that_differ_in_case_share_a_key_and_others_do_not() {
    assert_eq!(repo(&name("Org/Repo")), repo(&name("oRG/rEPO")));
    assert_ne!(repo(&name("a-b/c")), repo(&name("a/b-c")));
}

#[test]
fn newer_sorts_first() {
    let of = |text: &str| inverted(text.parse().unwrap());
    let older = of(SEQ);
    assert!(older > of("01890a5d-ac97-7000-8000-000000000000"));
    assert_eq!(older.len(), 32);
}

fn is_part(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte))
}

proptest! {
    #[test]
    fn distinct_names_have_distinct_parts_without_separators(a in ".{0,40}", b in ".{0,40}") {
        prop_assert!(is_part(&part(&a)));
        prop_assert_eq!(name_of(&part(&a)), Some(a.clone()));
        prop_assert_eq!(a == b, part(&a) == part(&b));
    }

    #[test]
    fn distinct_records_have_distinct_keys(
        a in ("[!-~]{1,8}", "[ab]/[ab.]{2}"), b in ("[!-~]{1,8}", "[ab]/[ab.]{2}"),
    ) {
        let key = |(delivery, entry): &(String, String)| Some(target(&guid(delivery), &entry.parse().ok()?));
        if let (Some(one), Some(other)) = (key(&a), key(&b)) {
            prop_assert_eq!(a == b, one == other);
            prop_assert_eq!(one.as_str().matches('/').count(), 1);
        }
    }

    #[test]
    fn keys_of_a_commit_stand_together(full_ref in "refs/.{1,30}", number in any::<u64>()) {
        let (up, sha) = (name("o/up"), "b".repeat(40).parse().unwrap());
        let (push, pull) = (head_of_push(&up, &sha, &full_ref), head_of_pull(&up, &sha, number));
        prop_assert_ne!(&push, &pull);
        for key in [push, pull] {
            let rest = key.as_str().strip_prefix(&heads(&up, &sha)).map(is_part);
            prop_assert_eq!(rest, Some(true));
        }
    }
}
