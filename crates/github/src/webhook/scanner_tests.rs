use proptest::prelude::*;

use super::*;
use crate::limits::MAX_PAYLOAD_DEPTH;

fn check(text: &str, max_depth: u32) -> Scan<()> {
    let mut scanner = Scanner::new(text, max_depth);
    scanner.skip(0)?;
    scanner.end()
}

/// Compares with `serde_json`, whose own limit is 127 levels; no generated text nests that deep.
fn agrees(text: &str) {
    let (ours, theirs) = (check(text, MAX_PAYLOAD_DEPTH), serde_json::from_str::<serde_json::Value>(text));
    assert_eq!(ours.is_ok(), theirs.is_ok(), "{text:?}: {ours:?} but {theirs:?}");
}

#[test]
fn corner_cases_are_judged_as_serde_json_does() {
    for text in [
        "",
        " ",
        "{}",
        "[]",
        "{",
        "}",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "[1 2]",
        "[}",
        "{]",
        "nul",
        "null",
        "nulll",
        "true",
        "false",
        "tru",
        "1",
        "-",
        "-0",
        "01",
        "-01",
        "1.",
        ".5",
        "1.5",
        "1e",
        "1e+",
        "1e5",
        "1E-5",
        "1e400",
        "-1e400",
        "1e-400",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "0x1",
        "+1",
        "NaN",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12G4\"",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\u{1f}\"",
        "\"\u{7f}\"",
        "\"\t\"",
        "\"12345678\t\"",
        "\u{feff}{}",
        "{} {}",
        "[1]x",
        "\u{a0}1",
        "\u{c}1",
        "// c\n1",
        "{\"a\":{\"b\":[{}]}}",
        "\"é漢😀\"",
    ] {
        agrees(text);
    }
    for digits in [298, 300, 301, 308, 309, 310, 400] {
        agrees(&"9".repeat(digits));
        agrees(&format!("-{}.5", "9".repeat(digits)));
    }
}

#[test]
fn nesting_ends_at_the_limit() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth: usize| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert_eq!(check(&nested(128), MAX_PAYLOAD_DEPTH), Ok(()));
        assert_eq!(check(&nested(129), MAX_PAYLOAD_DEPTH), Err(ScanError::TooDeep));
        assert_eq!(check(&nested(100_000), MAX_PAYLOAD_DEPTH), Err(ScanError::TooDeep));
        assert_eq!(check(&open.repeat(1_000_000), MAX_PAYLOAD_DEPTH), Err(ScanError::TooDeep));
    }
    // Depth is what is open at once, not how many containers there are.
    assert_eq!(check(&format!("[{}[]]", "[],".repeat(1_000)), 2), Ok(()));
}

proptest! {
    #[test]
    fn plain_prefixes_end_at_the_first_special_byte(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let slow = bytes.iter().position(|b| *b < 0x20 || *b == b'"' || *b == b'\\').unwrap_or(bytes.len());
        prop_assert_eq!(plain_prefix(&bytes), slow);
    }

    #[test]
    fn random_token_sequences_are_judged_as_serde_json_does(
        tokens in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"", "\\", "\\u", "d83d", "de00", "\\n", "0", "1", "-", ".", "e", "E", "+",
            "true", "null", " ", "\n", "\t", "\u{1}", "é", "😀", "12345678",
        ]), 0..14),
    ) {
        agrees(&tokens.concat());
    }

    #[test]
    fn damaged_documents_are_judged_as_serde_json_does(value in any_json(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            agrees(&text);
            let mut chars: Vec<char> = text.chars().collect();
            let position = at.index(chars.len());
            chars[position] = with;
            agrees(&chars.iter().collect::<String>());
            chars.remove(position);
            agrees(&chars.iter().collect::<String>());
            agrees(&chars[..position].iter().collect::<String>());
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}
