use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

const BUDGET: Budget = Budget { bytes: 65_536, depth: 20, nodes: 20_000, aliases: true };

fn read(text: &str) -> Result<Option<Node>, Diagnostic> {
    parse(text.as_bytes(), &BUDGET)
}

fn refused(text: &str) -> Diagnostic {
    read(text).expect_err("the file should be refused")
}

fn entry<'n>(node: &'n Node, key: &str) -> &'n Node {
    let Value::Map(entries) = &*node.value else { panic!("not a mapping: {node:?}") };
    &entries.iter().find(|entry| &*entry.key.text == key).expect("the key is there").value
}

#[test]
fn a_tree_knows_types_lines_and_columns() {
    let root = read("# comment\na: 1\nb:\n  - 'x'\n  - {c: \"1\", d: no}\n").unwrap().unwrap();
    assert_eq!((root.line, root.column), (2, 1));
    assert_eq!(entry(&root, "a").scalar().unwrap().kind, ScalarKind::Int);
    let Value::Seq(items) = &*entry(&root, "b").value else { panic!("a list") };
    assert_eq!((items[1].line, items[1].column), (5, 5));
    let c = entry(&items[1], "c").scalar().unwrap();
    assert_eq!((&*c.text, c.kind, c.plain), ("1", ScalarKind::Str, false));
    let d = entry(&items[1], "d").scalar().unwrap();
    assert_eq!((d.kind, d.plain), (ScalarKind::Str, true));
}

#[test]
fn a_file_without_content_is_none() {
    for text in ["", "\n\n", "# only\n# comments\n", "\u{feff}", "\u{feff}# x\n", "---\n", "---\n# x\n...\n"] {
        assert_eq!(read(text), Ok(None), "{text:?}");
    }
    assert!(read("null").unwrap().is_some());
}

#[test]
fn what_yaml_allows_but_we_do_not_is_refused_with_its_place() {
    let table = [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "first in line 1"),
        ("x: {\"k\": 1, k: 2}", 1, 13, "twice"),
        ("a: &m {x: 1}\nb:\n  <<: *m\n", 3, 3, "merge"),
        ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
        ("a: !custom 1\n", 1, 4, "core schema"),
        ("a: !!binary aGk=\n", 1, 4, "core schema"),
        ("a: !!int x\n", 1, 4, "tag"),
        ("a: !!map [1]\n", 1, 4, "tag"),
        ("? [1, 2]\n: x\n", 1, 3, "key"),
        ("? {a: 1}\n: x\n", 1, 3, "key"),
        (": x\n", 1, 1, "key"),
        ("a: \"x\\0y\"\n", 1, 4, "U+0000"),
        ("a: b\u{0}c\n", 1, 5, "U+0000"),
        ("a: \u{7}\n", 1, 4, "U+0007"),
        ("a: &a [*a]\n", 1, 8, "inside"),
        ("a: *nobody\n", 1, 4, "anchor"),
    ];
    for (text, line, column, message) in table {
        let found = refused(text);
        assert_eq!((found.line, found.column), (line, column), "{text:?}: {found}");
        assert!(found.message.contains(message), "{text:?}: {found}");
    }
}

#[test]
fn tags_of_the_core_schema_are_understood() {
    let root = read("a: !!str 1.10\nb: !!float 3\nc: !!seq [1]\nd: !<tag:yaml.org,2002:str> 5\n").unwrap().unwrap();
    assert_eq!(entry(&root, "a").scalar().unwrap().kind, ScalarKind::Str);
    assert_eq!(entry(&root, "b").scalar().unwrap().kind, ScalarKind::Float);
    assert_eq!(entry(&root, "d").scalar().unwrap().kind, ScalarKind::Str);
}

#[test]
fn only_utf_8_is_read() {
    let utf16: Vec<u8> = "a: b".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark: Vec<u8> = [0xff, 0xfe].into_iter().chain(utf16.iter().copied()).collect();
    let big_endian: Vec<u8> = "\u{feff}a".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [utf16, with_mark, big_endian] {
        assert!(parse(&bytes, &BUDGET).unwrap_err().message.contains("UTF-16"));
    }
    let broken = parse(b"a: b\nc: \xe9\n", &BUDGET).unwrap_err();
    assert_eq!((broken.line, broken.column, broken.message.contains("UTF-8")), (2, 4, true));
}

#[test]
fn aliases_share_memory_and_keep_their_own_place() {
    let root = read("a: &x {k: [1, 2]}\nb: *x\n").unwrap().unwrap();
    let (a, b) = (entry(&root, "a"), entry(&root, "b"));
    assert!(std::sync::Arc::ptr_eq(&a.value, &b.value));
    assert_eq!((b.line, b.column), (2, 4));
    let strict = Budget { aliases: false, ..BUDGET };
    assert!(parse(b"a: &x 1", &strict).unwrap_err().message.contains("alias"));
    assert!(parse(b"a: &x [1]", &strict).is_err());
}

#[test]
fn an_alias_bomb_is_refused_before_it_is_built() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..60 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").unwrap();
    }
    let start = Instant::now();
    assert!(refused(&bomb).message.contains("20000 values"));
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[test]
fn aliases_count_towards_the_depth() {
    let mut text = "a0: &a0 [x]\n".to_owned();
    for level in 1..25 {
        writeln!(text, "a{level}: &a{level} [*a{}]", level - 1).unwrap();
    }
    assert!(refused(&text).message.contains("deeper than 20"));
}

#[test]
fn depth_is_counted_in_lists_and_mappings() {
    assert!(read(&format!("{}{}", "[".repeat(20), "]".repeat(20))).is_ok());
    assert!(refused(&format!("{}{}", "[".repeat(21), "]".repeat(21))).message.contains("deeper than 20"));
}

#[test]
fn files_beyond_every_measure_are_refused_quickly() {
    let roomy = Budget { bytes: 8_000_000, depth: 20, nodes: 20_000, aliases: true };
    let hostile = [
        "[".repeat(100_000),
        "{".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        (0..2_000).map(|level| format!("{}a:\n", " ".repeat(level))).collect(),
        "a: 1\n".repeat(1_000_000),
        (0..200_000).map(|n| format!("k{n}: 1\n")).collect(),
        format!("a: [{}]", "x, ".repeat(1_000_000)),
        "&a ".repeat(100_000),
        "!!str ".repeat(100_000),
        "%TAG !a! x\n".repeat(100_000),
        "*".repeat(1_000_000),
    ];
    for text in hostile {
        let start = Instant::now();
        assert!(parse(text.as_bytes(), &roomy).is_err(), "{:?}…", &text[..20]);
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}… took {:?}", &text[..20], start.elapsed());
    }
    assert!(refused(&"#".repeat(5_000_000)).message.contains("65536 bytes"));
}

#[test]
fn only_twenty_diagnostics_are_kept_and_the_rest_is_counted() {
    let mut diagnostics = Diagnostics::default();
    for line in 1..=30 {
        diagnostics.push(Diagnostic::warning(line, 1, "odd"));
    }
    assert!(!diagnostics.has_errors());
    diagnostics.push(Diagnostic::error(31, 1, "wrong"));
    assert_eq!((diagnostics.kept().len(), diagnostics.dropped(), diagnostics.has_errors()), (20, 11, true));
}

#[test]
fn a_walk_over_a_strict_mapping_names_field_place_and_remedy() {
    const KEYS: Keys = Keys { known: &["workflow", "repository"], mistaken: &[("owner", "write `owner/name`")] };
    let root = read("workflw: x\nowner: y\nrepository: 5\nzzz: 1\n").unwrap().unwrap();
    let mut walker = Walker::new();
    let fields = walker.fields(&root, &FieldPath::default(), &KEYS).unwrap();
    assert!(fields.required(&mut walker, "workflow").is_none());
    let (node, path) = fields.required(&mut walker, "repository").unwrap();
    assert!(walker.string(node, &path).is_none());
    let found: Vec<String> = walker.finish().kept().iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "1:1: error: workflw: unknown key \"workflw\" (did you mean `workflow`?)",
            "2:1: error: owner: unknown key \"owner\" (write `owner/name`)",
            "4:1: error: zzz: unknown key \"zzz\" (known keys: `workflow`, `repository`)",
            "1:1: error: workflow: `workflow` is missing",
            "3:13: error: repository: expected a text, found a number (put it in quotes)",
        ]
    );
}

#[test]
fn long_and_strange_keys_do_not_blow_up_paths() {
    let path = FieldPath::default().key("a").index(3).key("b c").key(&"x".repeat(5_000)).to_string();
    assert!(path.starts_with("a[3].\"b c\".xxx") && path.len() < 120, "{path}");
}

/// Pieces that lead a YAML parser into its corners.
const PIECES: &[&str] = &[
    "a",
    "b: ",
    "- ",
    "? ",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&x ",
    "*x",
    "!!str ",
    "!t ",
    "!<y> ",
    "|",
    ">-",
    "|2\n",
    "'",
    "\"",
    "\\x",
    "\\u12",
    "#",
    " #c\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "%TAG ! x\n",
    "<<: ",
    "~",
    "1.0",
    "\t",
    "\r",
    "\r\n",
    "\u{feff}",
    "é",
    "🦀",
    "\u{85}",
    "\u{2028}",
    "`",
    "@",
    "%",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes, &BUDGET);
    }

    #[test]
    fn arbitrary_yaml_like_texts_never_panic(pieces in proptest::collection::vec(proptest::sample::select(PIECES), 0..60)) {
        let _ = parse(pieces.concat().as_bytes(), &BUDGET);
    }

    #[test]
    fn quoted_texts_come_back_as_they_were(text in "[ -~é🦀]{0,60}") {
        let root = read(&format!("k: '{}'", text.replace('\'', "''"))).unwrap().unwrap();
        let scalar = entry(&root, "k").scalar().unwrap();
        prop_assert_eq!((&*scalar.text, scalar.kind), (text.as_str(), ScalarKind::Str));
    }
}

#[test]
fn every_refusal_has_its_code() {
    let table = [
        ("a: [", "syntax"),
        ("a: 1\na: 2\n", "duplicate_key"),
        ("<<: {a: 1}", "merge_key"),
        ("a: *b", "syntax"),
        ("a: !mine b", "tag"),
        ("? [a]\n: b", "key"),
        ("a\n---\nb\n", "documents"),
        ("a: \"\\0\"", "character"),
        ("a: \u{7}", "character"),
    ];
    for (text, code) in table {
        assert_eq!(refused(text).code, code, "{text}");
    }
}

#[test]
fn a_text_that_begins_with_an_at_sign_is_told_what_to_do() {
    for (text, line, column) in [("a: [@x]", 1, 5), ("- b\n- @x\n", 2, 3), ("a: @x, @y", 1, 4), ("@x", 1, 1)] {
        let found = refused(text);
        assert_eq!((found.line, found.column), (line, column), "{text}: {found}");
        assert_eq!(found.hint.as_deref(), Some("quote it or drop the @"), "{text}");
    }
}
