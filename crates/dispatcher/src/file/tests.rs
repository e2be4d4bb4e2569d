use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::Value;
use switchboard_testkit::json_schema;

use super::*;

mod examples;

fn diagnostics(text: &str) -> Vec<String> {
    read(text.as_bytes()).expect_err("the file should be invalid").kept().iter().map(ToString::to_string).collect()
}

#[test]
fn a_full_file_is_read_with_its_lines() {
    let (file, diagnostics) = read(examples::FULL.as_bytes()).unwrap();
    assert!(diagnostics.kept().is_empty());
    let rule = &file.outbound[0];
    assert_eq!((rule.line, rule.workflow.as_str()), (3, "ci.yml"));
    assert_eq!(rule.conclusions.as_deref(), Some(&["success".to_owned(), "skipped".to_owned()][..]));
    let target = &rule.targets[1];
    assert_eq!((target.line.number, target.repository.to_string().as_str()), (8, "Friends/other"));
    assert_eq!(target.git_ref.as_ref().map(GitRef::as_str), Some("refs/heads/main"));
    assert_eq!(
        target.inputs.iter().map(|(key, value)| (key.as_str(), &**value)).collect::<Vec<_>>(),
        [("sha", "{{ source.sha }}"), ("n", "5")]
    );
    assert_eq!(&*target.line.text, "- repository: Friends/other");
    let inbound = &file.inbound[0];
    assert_eq!(
        (inbound.line, inbound.repository.to_string().as_str(), inbound.workflow.as_str()),
        (16, "my-source", "ci.yml")
    );
    assert_eq!(inbound.targets[0].accept_inputs, ["sha".parse().unwrap()]);
}

#[test]
fn an_empty_or_comment_only_file_has_no_rules() {
    for text in ["", "# nothing yet\n", "{}", "outbound: []\ninbound: []\n"] {
        assert_eq!(read(text.as_bytes()).unwrap().0, DispatchingFile::default(), "{text:?}");
    }
}

#[test]
fn what_is_wrong_is_named_with_line_column_field_and_hint() {
    let table: &[(&str, &str)] = &[
        (
            "outbound: []\ninbound: []\noutbound: []\n",
            "3:1: error: the key \"outbound\" stands here twice; first in line 1 (keep one of them)",
        ),
        (
            "inbound:\n- source: {repository: a, workflow: b.yml}\n  targets: [{workflow: c.yml, workflow: d.yml}]\n",
            "3:31: error: the key \"workflow\" stands here twice; first in line 3 (keep one of them)",
        ),
        (
            "outbound:\n- source: {workflow: a.yml}\n  targets: [{owner: o, repository: r, workflow: b.yml}]\n",
            "3:14: error: outbound[0].targets[0].owner: unknown key \"owner\" (write `owner/name` in `repository`)",
        ),
        (
            "outbound:\n- source: {workflow: a.yml}\n  targets: [{repository: r, workflow: b.yml, inputs: {n: 5}}]\n",
            "3:58: error: outbound[0].targets[0].inputs.n: expected a text, found a number (put it in quotes)",
        ),
        (
            "outbound:\n- source: {workflow: a.yml}\n  targets: [{repository: r, workflow: b.yml, inputs: {n: no}}]\n",
            "3:58: error: outbound[0].targets[0].inputs.n: expected a text, found a word that some YAML readers take for a boolean (put it in quotes)",
        ),
        ("outbound:\n", "1:9: error: outbound: expected a list, found nothing (give it a value, or remove the key)"),
        ("outbond: []\n", "1:1: error: outbond: unknown key \"outbond\" (did you mean `outbound`?)"),
        ("outbound: [{targets: []}]\n", "1:12: error: outbound[0].source: `source` is missing"),
        ("- a\n", "1:1: error: expected a mapping, found a list"),
        ("just text\n", "1:1: error: expected a mapping, found a text"),
    ];
    for (text, expected) in table {
        let found = diagnostics(text);
        assert_eq!(found.first().map(String::as_str), Some(*expected), "{text}\n{found:#?}");
    }
}

#[test]
fn hostile_names_make_the_file_invalid() {
    let long = "x".repeat(300);
    for repository in ["../../x", "a/b/c", "x?y", "%2e%2e", "", "..", "https://x/y", &long] {
        let text = format!(
            "outbound:\n- source: {{workflow: a.yml}}\n  targets: [{{repository: '{repository}', workflow: b.yml}}]\n"
        );
        assert!(diagnostics(&text)[0].contains("outbound[0].targets[0].repository"), "{repository}");
    }
    for workflow in ["../x.yml", "x.yml?ref=", "https://x/y.yml", "", &format!("{long}.yml")] {
        let text = format!(
            "outbound:\n- source: {{workflow: a.yml}}\n  targets: [{{repository: r, workflow: '{workflow}'}}]\n"
        );
        assert!(diagnostics(&text)[0].contains("outbound[0].targets[0].workflow"), "{workflow}");
    }
}

#[test]
fn nulls_everywhere_are_diagnostics_and_no_crash() {
    for text in [
        "~",
        "outbound: [~]",
        "outbound: [{source: ~, targets: ~}]",
        "outbound: [{source: {workflow: ~}, targets: [~]}]",
        "inbound: [{source: {}, targets: [{}]}]",
    ] {
        assert!(!diagnostics(text).is_empty(), "{text}");
    }
}

#[test]
fn a_file_with_hundreds_of_faults_keeps_twenty() {
    let text = format!("outbound:\n{}", "- 5\n".repeat(300));
    let diagnostics = read(text.as_bytes()).unwrap_err();
    assert_eq!((diagnostics.kept().len(), diagnostics.dropped()), (20, 280));
}

#[test]
fn a_file_over_its_size_is_invalid() {
    assert!(diagnostics(&"#".repeat(5_000_000))[0].contains("larger than 65536 bytes"));
    assert!(read("#".repeat(65_536).as_bytes()).is_ok());
}

#[test]
fn the_json_schema_names_the_same_keys() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let table = [
        ("", fields::FILE),
        ("/$defs/outboundRule", fields::RULE),
        ("/$defs/inboundRule", fields::RULE),
        ("/$defs/outboundRule/properties/source", fields::OUTBOUND_SOURCE),
        ("/$defs/inboundRule/properties/source", fields::INBOUND_SOURCE),
        ("/$defs/outboundTarget", fields::OUTBOUND_TARGET),
        ("/$defs/inboundTarget", fields::INBOUND_TARGET),
    ];
    for (pointer, keys) in table {
        let object = schema.pointer(pointer).unwrap();
        let names: BTreeSet<&str> = object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, keys.known.iter().copied().collect(), "{pointer}");
        assert_eq!(object["additionalProperties"], false, "{pointer}");
    }
}

#[test]
fn the_json_schema_agrees_with_the_reader_on_every_example() {
    let schema: Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    for (text, valid) in examples::all() {
        let node = yaml::parse(text.as_bytes(), &BUDGET).unwrap().unwrap();
        assert_eq!(read(text.as_bytes()).is_ok(), valid, "the reader on:\n{text}");
        assert_eq!(json_schema::accepts(&schema, &json_schema::to_json(&node)), valid, "the schema on:\n{text}");
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }

    #[test]
    fn a_mutilated_file_gives_a_verdict(at in 0..examples::FULL.len(), length in 0_usize..20, graft in "[ \\-:{}\\[\\]&*!?|>'\"a\n]{0,6}") {
        let bytes = examples::FULL.as_bytes();
        let end = (at + length).min(bytes.len());
        let _ = read(&[&bytes[..at], graft.as_bytes(), &bytes[end..]].concat());
    }
}
