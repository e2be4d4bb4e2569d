use proptest::prelude::*;
use serde_json::{Value, json};
use switchboard_engine::yaml::{self, Diagnostic, Severity};
use switchboard_testkit::json_schema;

use super::*;

mod changes;
mod examples;
mod refusals;

fn read(text: &str) -> Allowlist {
    let (list, remarks) = parse(text.as_bytes());
    assert_eq!(remarks, [], "{text}");
    list.unwrap()
}

fn entry(list: &Allowlist, repo: &str) -> Entry {
    list.entry(&repo.parse().unwrap()).unwrap_or_else(|| panic!("{repo}")).clone()
}

#[test]
fn relay_1_entries_stand_on_all_four_levels_in_the_files_order() {
    let list = read(examples::FULL);
    let found: Vec<_> = list.entries().iter().map(|entry| (entry.level, entry.repo.as_str(), entry.line)).collect();
    let expected = [
        (Level::L4, "Org/Mature", 3),
        (Level::L4, "Org/second", 4),
        (Level::L1, "org/newcomer", 6),
        (Level::L2, "org/watched", 8),
        (Level::L2, "org/arm.v2", 9),
        (Level::L3, "org/cuda-a", 22),
        (Level::L3, "org/cuda-b", 23),
        (Level::L3, "org/npu", 25),
    ];
    assert_eq!(found, expected);
    let devices: Vec<_> = list.on(Level::L3).filter_map(|entry| entry.device.clone()).collect();
    assert_eq!(devices, ["cuda".parse().unwrap(), "CUDA".parse().unwrap(), "Ascend_NPU".parse().unwrap()]);
    assert!(list.on(Level::L4).all(|entry| entry.device.is_none()) && list.has(Level::L4));
}

#[test]
fn relay_2_names_compare_without_case_and_show_the_files_spelling() {
    let list = read("L2: [Org/Repo]");
    assert_eq!(entry(&list, "org/REPO").repo.as_str(), "Org/Repo");
    assert_eq!(list.entry(&"org/other".parse().unwrap()), None);
}

#[test]
fn every_option_is_read() {
    let list = read(examples::FULL);
    let options = entry(&list, "org/arm.v2").options;
    assert_eq!(options.oncalls, ["ann", "Bob", "org/team"]);
    assert_eq!(options.events, Events { pull_request: true, nightly: false });
    assert!(options.takes_ref("refs/heads/main") && options.takes_ref("refs/tags/ciflow/riscv64/7"));
    assert!(!options.takes_ref("refs/heads/x") && !options.takes_ref("refs/tags/ciflow/riscv64/7/8"));
    assert!(options.takes_base("release/1.0") && !options.takes_base("other"));
    assert!(options.is_met_by(&["CI:Arm".to_owned()]) && !options.is_met_by(&["other".to_owned()]));
    assert_eq!(
        (options.timeout_minutes, options.start_timeout_minutes, options.silent),
        (Some(1_440), Some(10_080), true)
    );
    assert_eq!(entry(&list, "org/second").options.oncalls, ["ann", "bob"]);
    assert_eq!(entry(&list, "org/cuda-b").options.oncalls, ["ann"]);
}

#[test]
fn what_is_not_said_is_relayed() {
    let options = entry(&read("L1: [o/r]"), "o/r").options;
    assert_eq!(options, Options::default());
    assert!(options.events.pull_request && options.events.nightly && !options.silent);
    assert!(options.takes_ref("refs/heads/x") && options.takes_base("x") && options.is_met_by(&[]));
}

#[test]
fn relay_5_an_empty_list_of_refs_is_none_and_events_narrow() {
    let options = entry(&read("L1: [{o/r: {refs: [], events: [nightly], branches: []}}]"), "o/r").options;
    assert!(!options.takes_ref("refs/heads/main") && !options.takes_base("main"));
    assert_eq!(options.events, Events { pull_request: false, nightly: true });
}

#[test]
fn an_empty_file_or_level_is_valid_and_holds_nobody() {
    for text in ["", "# nobody\n", "~", "{}", "L1:\nL2: ~\nL3:\nL4: []\n", "L3: {}", "L3: {cuda: }"] {
        assert!(read(text).entries().is_empty(), "{text:?}");
    }
}

#[test]
fn spaces_and_outer_slashes_do_not_belong_to_a_name() {
    let list = read("L1: [' o/a ', /o/b/, '/ o/c']\nL2: [' /o/d': ]\nL3: {x: {'o/e/': ann}}");
    let names: Vec<_> = list.entries().iter().map(|entry| entry.repo.as_str()).collect();
    assert_eq!(names, ["o/a", "o/b", "o/c", "o/d", "o/e"]);
}

#[test]
fn oncalls_are_written_as_text_or_list_with_or_without_at() {
    for value in ["'@ann, bob,'", "[ann, '@bob']", "{oncalls: 'ann,bob'}", "{oncalls: [ann, bob, ANN]}"] {
        let list = read(&format!("L2: [o/r: {value}]"));
        assert_eq!(entry(&list, "o/r").options.oncalls, ["ann", "bob"], "{value}");
    }
    for value in ["", "~", "''", "[]", "{}", "{oncalls: }"] {
        assert_eq!(entry(&read(&format!("L2: [o/r: {value}]")), "o/r").options.oncalls, [""; 0], "{value}");
    }
}

#[test]
fn a_list_is_stored_and_read_back_with_its_order() {
    let list = read(examples::FULL);
    let text = serde_json::to_string(&list).unwrap();
    let back: Allowlist = serde_json::from_str(&text).unwrap();
    assert_eq!(back, list);
    assert_eq!(entry(&back, "ORG/npu").device, Some("ascend_npu".parse().unwrap()));
    assert_eq!(
        serde_json::to_value(read("L1: [o/r]")).unwrap(),
        json!([{"repo": "o/r", "level": "L1", "line": 1}]),
        "what is not said is not stored"
    );
    let twice = json!([{"repo": "o/r", "level": "L1", "line": 1}, {"repo": "O/R", "level": "L2", "line": 2}]);
    assert!(serde_json::from_value::<Allowlist>(twice).is_err());
}

#[test]
fn check_runs_are_asked_for_by_level_and_label() {
    let list = read("L2: [o/b]\nL3: {NPU: {o/c: }}\nL4: [o/d]");
    let labels = ["CIFLOW/crcr/npu".to_owned()];
    for (repo, with, without) in [("o/b", false, false), ("o/c", true, false), ("o/d", true, true)] {
        let entry = entry(&list, repo);
        assert_eq!(entry.is_asked_for(&labels, "ciflow/crcr/"), with, "{repo}");
        assert_eq!(entry.is_asked_for(&["npu".to_owned()], "ciflow/crcr/"), without, "{repo}");
    }
}

#[test]
fn the_json_schema_names_the_same_words() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let names = |pointer: &str| -> Vec<String> {
        schema.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect()
    };
    let sorted = |keys: yaml::Keys| {
        let mut known = keys.known.to_vec();
        known.sort_unstable();
        known
    };
    let mut options = names("/$defs/options/properties");
    options.sort_unstable();
    assert_eq!(options, sorted(keys::OPTIONS));
    let mut levels = names("/properties");
    levels.sort_unstable();
    assert_eq!(levels, sorted(keys::LEVELS));
    assert_eq!(schema["$defs"]["options"]["properties"]["events"]["items"]["enum"], json!(keys::EVENTS.known));
}

#[test]
fn the_json_schema_agrees_with_the_reader_on_every_example() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    for (text, valid) in examples::all() {
        let node = yaml::parse(text.as_bytes(), &BUDGET).unwrap_or_else(|error| panic!("{text}\n{error}"));
        let value = node.as_ref().map_or(Value::Null, json_schema::to_json);
        assert_eq!(
            parse(text.as_bytes()).0.is_some(),
            valid,
            "the reader on:\n{text}\n{:#?}",
            parse(text.as_bytes()).1
        );
        assert_eq!(json_schema::accepts(&schema, &value), valid, "the schema on:\n{text}");
    }
}

fn is_consistent((list, remarks): &(Option<Allowlist>, Vec<Diagnostic>)) -> bool {
    list.is_none() == remarks.iter().any(|remark| remark.severity == Severity::Error)
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(is_consistent(&parse(&bytes)));
    }

    #[test]
    fn a_mutilated_file_gives_a_verdict(at in 0..examples::FULL.len(), length in 0_usize..20, graft in "[ \\-:{}\\[\\]&*!?|>'\"@/a\n]{0,6}") {
        let bytes = examples::FULL.as_bytes();
        let end = (at + length).min(bytes.len());
        prop_assert!(is_consistent(&parse(&[&bytes[..at], graft.as_bytes(), &bytes[end..]].concat())));
    }

    #[test]
    fn a_valid_file_names_each_repository_once(names in proptest::collection::vec("[aB]/[xY]{1,2}", 0..8)) {
        let text = format!("L1: [{}]", names.join(", "));
        let (list, _) = parse(text.as_bytes());
        let mut folded: Vec<_> = names.iter().map(|name| name.to_lowercase()).collect();
        folded.sort();
        folded.dedup();
        prop_assert_eq!(list.map(|list| list.entries().len()), (folded.len() == names.len()).then_some(names.len()));
    }
}
