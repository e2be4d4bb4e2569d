//! What the pages cost: reads of the store, however much is stored (contract, section 17).

use switchboard_simulator::Downstream;

use crate::site::town;
use crate::support::{MINUTE, Town};

/// The frame's sentence.
const FRAME: u64 = 1;
/// One range of rows.
const ROWS: u64 = 1;
const KEYED: u64 = 150;
const STRIP: u64 = 10;
/// What any other page may read, the frame included.
const OTHERS: u64 = 8;

async fn filled() -> Town {
    let mut town = town("L1: [one/a]\nL2: [two/b, two/c]\nL3: { cuda: { three/c: } }\nL4: [four/d]\n").await;
    for repo in ["one/a", "two/b", "two/c", "three/c", "four/d"] {
        let script = Downstream::run("CI").result("build").succeeds_after(MINUTE).result("test").fails_after(MINUTE);
        town.downstream(repo, script);
    }
    town.up.open_pull("Add a kernel");
    town.soon().await;
    town.up.push("main", "Speed up", &[("a.txt", "faster")]);
    town.soon().await;
    town
}

#[tokio::test]
async fn a_page_of_the_hud_reads_one_range_and_a_bounded_number_of_keys_however_much_is_stored() {
    let town = filled().await;
    town.fill(0..3).await;
    let few = town.reads("/relay").await;
    assert!(few <= FRAME + ROWS + 1 + STRIP, "folded: {few}");
    town.fill(3..120).await;
    assert_eq!(town.reads("/relay").await, few, "folded");
    let page = town.page("/relay").await;
    assert_eq!(page.count("<tr id=\"row-"), 50);
    page.shows(&["rel=\"next\""]);

    let open = "open=two/b&open=two/c&open=three/c";
    let unfolded = town.reads(&format!("/relay?{open}")).await;
    assert!(unfolded > 100 && unfolded <= FRAME + ROWS + KEYED + STRIP, "three unfolded: {unfolded}");
    for query in ["failing=1", "repo=two/b", "pr=1", "tab=push"] {
        let reads = town.reads(&format!("/relay?{query}&{open}")).await;
        assert!(reads <= FRAME + ROWS + KEYED + STRIP, "{query}: {reads}");
    }
    let place = page.main().split("before=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let older = town.page(&format!("/relay?before={place}")).await;
    assert_eq!(older.count("<tr id=\"row-"), 50, "the next page has the next rows");
    older.shows(&["Newest"]);

    // A row alone: the row, the list, and for each unfolded entry its columns and results.
    let row = page.main().split("data-part=\"/relay/rows/").nth(1).unwrap().split('?').next().unwrap().to_owned();
    let alone = town.reads(&format!("/relay/rows/{row}?{open}")).await;
    assert!(alone <= OTHERS, "a row: {alone}");
    assert!(town.reads("/relay/strip").await <= STRIP);
    town.end_as_written().await;
}

#[tokio::test]
async fn no_page_of_the_relay_reads_more_than_it_may_nor_scans_aggregates_or_sorts() {
    let town = filled().await;
    let id = town.dispatches().await[0].delivery_id.clone();
    let sha = town.dispatches().await[0].head.clone();
    town.fill(0..60).await;
    let pages = [
        ("/relay".to_owned(), 13),
        ("/relay?failing=1".to_owned(), 13),
        ("/relay?repo=two/b&failing=1".to_owned(), 13),
        (format!("/relay?sha={sha}"), FRAME + KEYED + STRIP),
        ("/relay?pr=1".to_owned(), FRAME + KEYED + STRIP),
        ("/relay?tab=nightly".to_owned(), 13),
        // Its matrix is unfolded.
        ("/relay/repos/two/b".to_owned(), FRAME + 35),
        ("/relay/repos/two/b?tab=push".to_owned(), FRAME + 35),
        ("/relay/levels".to_owned(), OTHERS),
        ("/relay/levels?days=90".to_owned(), OTHERS),
        ("/relay/trends".to_owned(), OTHERS),
        ("/relay/trends?days=90&repo=two/b".to_owned(), OTHERS),
        ("/relay/allowlist".to_owned(), OTHERS),
        ("/relay/setup".to_owned(), OTHERS),
        // One range of results for each of five targets.
        ("/relay/prs/1".to_owned(), OTHERS + 5),
        (format!("/relay/dispatches/{id}"), OTHERS + 5),
        (format!("/relay/dispatches/{id}/two/b"), OTHERS),
        ("/subjects/org/up/1".to_owned(), OTHERS),
        (format!("/subjects/org/up/@{sha}"), OTHERS),
        (format!("/search?q={id}"), OTHERS),
    ];
    let _ = town.world.statements();
    let mut looked_at = 0;
    for (path, most) in &pages {
        let before = town.world.store_reads();
        let answer = town.get(path).await;
        assert!(answer.status.is_success() || answer.status.is_redirection(), "{path}: {}", answer.status);
        let reads = town.world.store_reads() - before;
        assert!(reads <= *most, "{path}: {reads}");
        for (sql, plan) in town.world.statements() {
            looked_at += plan.len();
            let upper = sql.to_uppercase();
            for word in ["COUNT(", "SUM(", "AVG(", "TOTAL(", "GROUP BY", "DISTINCT", "GROUP_CONCAT("] {
                assert!(!upper.contains(word), "{path} aggregates: {sql}");
            }
            for line in plan {
                assert!(!line.contains("SCAN") && !line.contains("TEMP B-TREE"), "{path}: {line}: {sql}");
            }
        }
    }
    assert!(looked_at > 30, "the pages' statements were not seen: {looked_at}");
    town.end_as_written().await;
}
