//! The allowlist, and questions about one that is not in force.

use serde_json::json;

use crate::site::{LEVELS, OPERATOR, Site, VIEWER, played};

#[tokio::test]
async fn relay_03_the_list_in_force_is_told_with_what_is_wrong_with_a_newer_one() {
    let (mut town, _) = played().await;
    let site = Site::open(&town);
    let told = site.get("allowlist").await;
    assert_eq!(
        (&told["state"], &told["error"], &told["path"]),
        (&json!("valid"), &json!(null), &json!(".github/allowlist.yml"))
    );
    let entries: Vec<_> = told["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| json!([entry["repository"], entry["level"], entry["device"], entry["line"], entry["options"]]))
        .collect();
    assert_eq!(
        json!(entries),
        json!([
            ["one/a", "L1", null, 1, {}],
            ["two/b", "L2", null, 2, { "labels": ["ready"] }],
            ["three/c", "L3", "cuda", 3, { "oncalls": ["alice"] }],
            ["four/d", "L4", null, 4, {}],
        ])
    );
    town.up.file(".github/allowlist.yml", format!("{LEVELS}L5: [a/b/c]\nL2: [x/y]\n"));
    town.refresh().await;
    let told = site.get("allowlist").await;
    assert_eq!((&told["state"], told["entries"].as_array().unwrap().len()), (&json!("refused"), 4));
    assert_eq!(told["error"]["reason"], "invalid");
    assert!(told["error"]["diagnostics"][0]["line"].as_u64().is_some(), "{told}");
    let status = site.get("status").await;
    assert_eq!((&status["allowlist"]["state"], &status["allowlist"]["error"]), (&json!("refused"), &told["error"]));
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_04_lint_says_what_a_file_would_come_to_and_writes_nothing() {
    let (town, _) = played().await;
    let site = Site::open(&town);
    let before = (town.world.store_reads(), town.world.store_writes());
    let good = site.post("allowlist/lint", LEVELS).await.json();
    assert_eq!(good, json!({ "valid": true, "entries": 4, "diagnostics": [] }));
    for (file, code) in [("L2: [a/b/c]\n", "name"), ("L2: [a/b, a/b]\n", ""), ("L1: [@x/y]\n", "")] {
        let bad = site.post("allowlist/lint", file).await.json();
        assert_eq!((&bad["valid"], &bad["entries"]), (&json!(false), &json!(0)), "{file}");
        let first = &bad["diagnostics"][0];
        assert_eq!((&first["severity"], &first["line"]), (&json!("error"), &json!(1)), "{file}: {first}");
        assert!(code.is_empty() || first["code"].as_str().unwrap().contains(code), "{file}: {first}");
    }
    assert_eq!((town.world.store_reads(), town.world.store_writes()), before, "neither read nor written");
    town.end_as_written().await;
}

#[tokio::test]
async fn hostile_files_are_refused_or_judged_but_never_obeyed() {
    let (town, _) = played().await;
    let site = Site::open(&town);
    let bomb =
        format!("a: &a [x,x,x,x,x,x,x,x]\n{}", (0..20).map(|n| format!("k{n}: [*a,*a,*a,*a]\n")).collect::<String>());
    let hostile: Vec<(&str, Vec<u8>)> = vec![
        ("aliases", bomb.into_bytes()),
        ("nesting", [b"L1: ".as_slice(), &b"[".repeat(10_000)].concat()),
        ("merge keys", b"L2:\n  <<: { a/b: }\n".to_vec()),
        ("tags", b"L1: !!python/object/apply:os.system ['id']\n".to_vec()),
        ("no UTF-8", vec![0xff, 0xfe, b'L', 0x80]),
        ("zero bytes", vec![0; 1000]),
        ("a lone surrogate", b"L1: [\"\\ud800/x\"]\n".to_vec()),
        ("bidirectional controls", "L1: [\"a\u{202e}b/c\"]\n".as_bytes().to_vec()),
        ("a long name", format!("L1: [{}/x]\n", "a".repeat(100_000)).into_bytes()),
        ("a scalar", b"42".to_vec()),
        ("a list", b"- a/b\n".to_vec()),
    ];
    for (what, file) in hostile {
        let answer = site.post("allowlist/lint", file).await;
        assert_eq!(answer.status, 200, "{what}: {}", answer.body);
        let judged = answer.json();
        assert_eq!(judged["valid"], false, "{what}: {judged}");
        assert!(judged["diagnostics"].as_array().is_some_and(|all| !all.is_empty() && all.len() <= 50), "{what}");
    }
    let largest = "#".repeat(256 * 1024);
    assert_eq!(site.post("allowlist/lint", largest.clone()).await.json()["valid"], true, "nothing but a comment");
    assert_eq!(site.post("allowlist/lint", largest + "#").await.refusal(), (413, "too_large".to_owned()));
    assert_eq!(site.post("allowlist/lint", "").await.json(), json!({ "valid": true, "entries": 0, "diagnostics": [] }));
    town.end_as_written().await;
}

#[tokio::test]
async fn lint_needs_a_sign_in_and_no_role() {
    let (town, _) = played().await;
    let site = Site::closed(&town);
    assert_eq!(site.post("allowlist/lint", LEVELS).await.status, 401);
    for token in [VIEWER, OPERATOR] {
        assert_eq!(site.act("allowlist/lint", token, None, LEVELS).await.json()["valid"], true);
    }
    town.end_as_written().await;
}
