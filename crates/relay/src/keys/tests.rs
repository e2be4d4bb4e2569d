use proptest::prelude::*;
use switchboard_store::DeliveryId;

use super::*;

fn name(text: &str) -> RepoName {
    text.parse().unwrap()
}

const SEQ: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

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
    fn distinct_keys_of_parts_stay_distinct(a in (".{0,12}", ".{0,12}"), b in (".{0,12}", ".{0,12}"), between in "[/#@:]") {
        let key = |(one, other): &(String, String)| format!("{}{between}{}", part(one), part(other));
        prop_assert_eq!(a == b, key(&a) == key(&b));
        prop_assert_eq!(key(&a).matches(&between).count(), 1);
    }

    #[test]
    fn the_newest_of_two_sorts_first(a in any::<u128>(), b in any::<u128>()) {
        let of = |id: u128| inverted(format!("{id:032x}").parse::<DeliveryId>().unwrap());
        prop_assert_eq!(a.cmp(&b), of(b).cmp(&of(a)));
    }
}
