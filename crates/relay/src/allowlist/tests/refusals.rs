use super::*;

fn refused(text: &str) -> Vec<Diagnostic> {
    let (list, remarks) = parse(text.as_bytes());
    assert_eq!(list, None, "{text}");
    remarks
}

#[test]
fn relay_4_what_is_wrong_is_named_with_place_code_text_and_hint() {
    let table = [
        (
            "L1:\n- o/r\n- a/b/c\n",
            "name 3:3: error: L1[1]: \"a/b/c\" is not `owner/repo` (write one owner, a slash and one repository, without spaces)",
        ),
        (
            "L2: ['o /r']\n",
            "name 1:6: error: L2[0]: \"o /r\" is not `owner/repo` (write one owner, a slash and one repository, without spaces)",
        ),
        (
            "L2: [repo]\n",
            "name 1:6: error: L2[0]: \"repo\" is not `owner/repo` (write the owner before it: `owner/repo`)",
        ),
        ("L2: ['@o/r']\n", "name 1:6: error: L2[0]: \"@o/r\" is not `owner/repo` (drop the @)"),
        (
            "L1: ['https://github.com/o/r']\n",
            "name 1:6: error: L1[0]: \"https://github.com/o/r\" is not `owner/repo` (write owner and repository only, not the address)",
        ),
        (
            "L1: [o/r]\nL4:\n- O/R\n",
            "repository_twice 3:3: error: L4[0]: O/R stands here twice; first in line 1 (keep one of them: a repository stands on one level)",
        ),
        (
            "L1:\n- o/r:\n  o/s:\n",
            "item 2:3: error: L1[0]: expected one repository, found a mapping of 2 keys (indent the options below the repository, and begin each repository with `-`)",
        ),
        (
            "L1: {o/r: }\n",
            "type 1:5: error: L1: expected a list of repositories, found a mapping (write each repository in a line of its own: `- owner/repo`)",
        ),
        (
            "L3: [o/r]\n",
            "type 1:5: error: L3: expected a mapping of devices, found a list (write each device with its repositories under it: `device: { owner/repo: }`)",
        ),
        (
            "L3: {cuda: [o/r]}\n",
            "type 1:12: error: L3.cuda: expected a mapping of repositories, found a list (write each repository as a key: `owner/repo:`)",
        ),
        (
            "L3:\n  a/b: {o/r: }\n",
            "device 2:3: error: L3.\"a/b\": \"a/b\" is no device: a device has 1 to 64 letters, digits, `.`, `_` or `-` (the device is what follows the prefix in the label)",
        ),
        (
            "L1: [o/r: {event: [nightly]}]\n",
            "unknown_key 1:12: error: L1[0].event: unknown key \"event\" (did you mean `events`?)",
        ),
        (
            "L1: [o/r: {events: [nightlies]}]\n",
            "event 1:21: error: L1[0].events[0]: unknown event \"nightlies\" (did you mean `nightly`?)",
        ),
        (
            "L1: [o/r: {events: [push]}]\n",
            "event 1:21: error: L1[0].events[0]: unknown event \"push\" (pushes come with `pull_request`)",
        ),
        (
            "L1: [o/r: {timeout_minutes: 0}]\n",
            "range 1:29: error: L1[0].timeout_minutes: 0 is out of range (use a number from 1 to 10080)",
        ),
        ("L1: [o/r: {refs: main}]\n", "type 1:18: error: L1[0].refs: expected a list, found a text"),
        (
            "L1: []\nL1: []\n",
            "duplicate_key 2:1: error: the key \"L1\" stands here twice; first in line 1 (keep one of them)",
        ),
        (
            "L1: [~]\n",
            "type 1:6: error: L1[0]: expected a repository, found nothing (write `owner/repo`, or remove the item)",
        ),
        ("- o/r\n", "type 1:1: error: expected a mapping, found a list"),
    ];
    for (text, expected) in table {
        let found: Vec<_> = refused(text).iter().map(|remark| format!("{} {remark}", remark.code)).collect();
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn relay_4_a_scalar_that_begins_with_an_at_sign_has_its_hint() {
    for (text, line, column) in [
        ("L1: [@x]\n", 1, 6),
        ("L1:\n- o/r: @x, @y\n", 2, 8),
        ("L3:\n  cuda:\n    o/r:\n      - @x\n", 4, 9),
        ("L2:\n- o/r: {oncalls: @x}\n", 2, 18),
        ("L2:\n- @o/r\n", 2, 3),
    ] {
        let found = refused(text);
        assert_eq!((found[0].line, found[0].column, &*found[0].code), (line, column, "syntax"), "{text}");
        assert_eq!(found[0].hint.as_deref(), Some("quote it or drop the @"), "{text}");
    }
}

#[test]
fn relay_4_a_repository_on_two_levels_refuses_the_whole_file() {
    for text in
        ["L1: [o/r]\nL2: [o/r]", "L4: [o/r]\nL3: {x: {O/r: }}", "L3: {x: {o/r: }, y: {o/r: }}", "L1: [o/r, /O/R/]"]
    {
        assert_eq!(refused(text)[0].code, "repository_twice", "{text}");
    }
}

#[test]
fn bombs_merges_tags_and_depth_are_refused() {
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nL1: [*b,*b]\n";
    let deep = format!("L1: {}{}", "[".repeat(10_000), "]".repeat(10_000));
    for (text, code) in [
        (bomb, "alias"),
        ("L1: &a [o/r]\n", "alias"),
        ("L1: [o/r: {<<: {silent: true}}]", "merge_key"),
        ("L1: [o/r: {silent: true, silent: true}]", "duplicate_key"),
        ("L1: [!python/object o/r]", "tag"),
        ("L3: {x: {o/r: {refs: [[[[[a]]]]]}}}", "too_deep"),
        (&*deep, "syntax"),
        ("L1: [o/r: {timeout_minutes: .nan}]", "type"),
        ("L1: []\n---\nL1: []\n", "documents"),
    ] {
        assert_eq!(refused(text)[0].code, code, "{}", text.get(..60).unwrap_or(text));
    }
    assert_eq!(parse(b"L1: [\xff]").1[0].code, "encoding");
}

#[test]
fn a_file_is_bounded_in_bytes_and_entries() {
    let comment = |bytes: usize| "#".repeat(bytes);
    assert!(parse(comment(256 * 1024).as_bytes()).0.is_some());
    assert_eq!(refused(&comment(256 * 1024 + 1))[0].code, "too_large");
    let entries = |count: usize| (0..count).map(|n| format!("- o/r{n}\n")).collect::<String>();
    assert_eq!(read(&format!("L1:\n{}", entries(1_000))).entries().len(), 1_000);
    let found = refused(&format!("L1:\n{}", entries(1_002)));
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].line, &*found[0].code), (1_002, "too_many_entries"));
}

#[test]
fn a_file_that_uses_every_option_a_thousand_times_is_within_the_budget() {
    let value = "{oncalls: [a, b], events: [nightly], refs: [refs/heads/a, refs/heads/b], branches: [a], labels: [x], timeout_minutes: 5, silent: true}";
    let items: String = (0..1_000).map(|n| format!("- o/r{n}: {value}\n")).collect();
    assert_eq!(read(&format!("L1:\n{items}")).entries().len(), 1_000);
}

#[test]
fn warnings_leave_the_file_valid() {
    let table = [
        ("L5: [o/r]", "unknown_key 1:1: warning: L5: unknown key \"L5\"; nothing under it counts (did you mean `L1`?)"),
        (
            "L1: [o/r: {refs: [main]}]",
            "never_matches 1:19: warning: L1[0].refs[0]: \"main\" never matches (pushes are named in full: write \"refs/heads/main\")",
        ),
        (
            "L1: [o/r: {branches: [refs/heads/main]}]",
            "never_matches 1:23: warning: L1[0].branches[0]: \"refs/heads/main\" never matches (branches go by their own names: write \"main\")",
        ),
        (
            "L1: [o/r: 'ann, <b>']",
            "oncall 1:11: warning: L1[0]: \"<b>\" is no GitHub login and is left out (write logins, or `organization/team`, with commas between them)",
        ),
        (
            "L3: {cuda: , CUDA: }",
            "device_twice 1:14: warning: L3.CUDA: the device CUDA stands here again; first in line 1 (case does not tell devices apart; join them)",
        ),
    ];
    for (text, expected) in table {
        let (list, remarks) = parse(text.as_bytes());
        let found: Vec<_> = remarks.iter().map(|remark| format!("{} {remark}", remark.code)).collect();
        assert!(list.is_some(), "{text}");
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn no_number_of_warnings_hides_an_error() {
    let text = format!("{}L1: [x]\n", (0..300).map(|n| format!("k{n}: 1\n")).collect::<String>());
    let found = refused(&text);
    let codes: Vec<_> = found.iter().map(|remark| &*remark.code).collect();
    assert!(codes.contains(&"name") && found.len() == 22, "{codes:?}");
    assert_eq!(found.last().unwrap().message, "280 more remarks are left out");
    assert_eq!(found.last().unwrap().severity, Severity::Warning);
}

#[test]
fn hostile_names_are_quoted_without_their_control_characters() {
    let name = format!("L1: [\"{}\\u202e\\u0007<script>\"]", "x".repeat(100_000));
    let found = refused(&name);
    assert!(found[0].message.len() < 200, "{}", found[0].message.len());
    let found = refused("L1: [\"\\u202e\\u0007<script>\"]");
    assert!(!found[0].message.contains(['\u{202e}', '\u{7}']), "{}", found[0].message);
}
