//! The relay's documents say what the code does: their tables are compared with the code's, their examples are read by it.
#![expect(clippy::panic, reason = "tests fail by panicking")]

use std::collections::BTreeSet;

use switchboard_relay::allowlist::{JSON_SCHEMA, parse};
use switchboard_relay::checks::gate::Reason;
use switchboard_relay::config::Config;
use switchboard_relay::plan::SkipReason;
use switchboard_relay::refusal::Code;

const OPERATORS: &str = include_str!("../../../docs/relay.md");
const DOWNSTREAM: &str = include_str!("../../../docs/relay-downstream.md");

/// The cells of a table's rows, by the table's head.
fn table<'t>(text: &'t str, head: &str) -> Vec<Vec<&'t str>> {
    let (_, rest) = text.split_once(&format!("\n{head}\n")).unwrap_or_else(|| panic!("no table `{head}`"));
    let cells = |line: &'t str| line.trim_matches('|').split('|').map(str::trim).collect();
    rest.lines().skip(1).take_while(|line| line.starts_with('|')).map(cells).collect()
}

fn word(cell: &str) -> String {
    cell.trim_matches('`').to_owned()
}

fn first_words(text: &str, head: &str) -> Vec<String> {
    table(text, head).iter().map(|row| word(row[0])).collect()
}

/// The blocks of code in this language.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<&'t str> {
    text.split(&format!("```{language}\n")).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0)).collect()
}

#[test]
fn every_answer_of_the_endpoint_is_told_with_its_status_in_the_order_of_checking() {
    let told: Vec<(u16, String)> = table(DOWNSTREAM, "| status | code | meaning |")
        .iter()
        .map(|row| (row[0].parse().unwrap(), word(row[1])))
        .collect();
    let there: Vec<(u16, String)> = Code::ALL.iter().map(|code| (code.status(), code.as_str().to_owned())).collect();
    assert_eq!(told, there);
}

#[test]
fn every_reason_for_not_sending_and_of_the_gate_is_told() {
    let skipped = SkipReason::ALL.map(|reason| reason.word().to_owned());
    assert_eq!(first_words(OPERATORS, "| reason | why it was not sent |"), skipped);
    use Reason::*;
    let reasons = [Passed, Held, Unsent, Waiting, Running, Failed, NoVerdict, NotDispatched];
    let reasons = reasons.map(|reason| reason.as_str().to_owned());
    assert_eq!(first_words(OPERATORS, "| reason | state | meaning |"), reasons);
}

#[test]
fn every_option_of_an_entry_is_told() {
    let schema: serde_json::Value = serde_json::from_str(JSON_SCHEMA).unwrap();
    let mut options = BTreeSet::new();
    collect(&schema, &mut options);
    let told: BTreeSet<String> = first_words(OPERATORS, "| option | default | meaning |").into_iter().collect();
    assert_eq!(told, options);
}

/// The members of the object that has an `oncalls`.
fn collect(schema: &serde_json::Value, into: &mut BTreeSet<String>) {
    if let Some(properties) = schema["properties"].as_object()
        && properties.contains_key("oncalls")
    {
        into.extend(properties.keys().cloned());
    }
    match schema {
        serde_json::Value::Object(members) => members.values().for_each(|member| collect(member, into)),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, into)),
        _ => {}
    }
}

#[test]
fn the_example_of_an_allowlist_is_one_and_nothing_in_it_is_remarkable() {
    let [example] = blocks(OPERATORS, "yaml")[..] else { panic!("one example") };
    let (list, remarks) = parse(example.as_bytes());
    assert!(remarks.is_empty(), "{remarks:?}");
    assert_eq!(list.unwrap().entries().len(), 5);
}

#[test]
fn the_numbers_that_are_named_are_the_defaults() {
    let config = Config::default();
    let criteria = config.criteria;
    for (text, phrase) in [
        (DOWNSTREAM, format!("more than {} reports in a minute", config.rate_limit_per_minute)),
        (DOWNSTREAM, format!("({} hours unless your entry", config.timeout_minutes / 60)),
        (DOWNSTREAM, format!("{} days on L2 and {} with results", criteria.min_days, criteria.data_days)),
        (DOWNSTREAM, format!("at least {} counted results", criteria.min_results)),
        (
            DOWNSTREAM,
            format!("above {} % passed, below {} % timed out", criteria.pass_percent, criteria.timeout_percent),
        ),
        (DOWNSTREAM, format!("queue below {} minutes", criteria.queue_minutes)),
        (
            DOWNSTREAM,
            format!(
                "half of the runs done in {} hours, and fewer than {} %",
                criteria.p50_minutes / 60,
                criteria.long_percent
            ),
        ),
        (DOWNSTREAM, format!("`{}` unless the operators", config.oidc_audience[0])),
        (DOWNSTREAM, format!("`{}` and `{}` unless they chose", config.nightly_refs[0], config.nightly_refs[1])),
        (OPERATORS, format!("`{}<device>`", config.label_prefix)),
        (OPERATORS, format!("`{}` on the upstream's default branch", config.allowlist)),
    ] {
        let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(&phrase), "{phrase}");
    }
    assert_eq!(config.start_timeout_minutes, 24 * 60, "a day");
}
