//! The matrix: a row for each event, a column for each entry, and what its filters leave of them.

use http::StatusCode;
use switchboard_relay::config::Config;
use switchboard_relay::records::Kind;
use switchboard_simulator::{Downstream, PullSpec};

use crate::site::{Answer, town, town_with};
use crate::support::reports::Said;
use crate::support::{MINUTE, config, dispatched, name};

const LIST: &str = "L1: [one/a]\nL2: [two/b]\nL3: { cuda: { three/c: } }\nL4: [four/d]\n";

/// The cell of an entry in the newest row, or in the fragment of one.
fn cell<'p>(page: &'p Answer, repo: &str) -> &'p str {
    let label = format!("data-label=\"{repo}\"");
    let cell = page.main().split("<td class=\"r-cell ").find(|cell| cell.contains(&label));
    cell.unwrap_or_else(|| panic!("no cell of {repo}:\n{}", page.main())).split("</td>").next().unwrap()
}

/// The path of the fragment of the newest row.
fn part(page: &Answer) -> String {
    let (_, rest) = page.main().split_once("data-part=\"/relay/rows/").expect("rows can be drawn alone");
    format!("/relay/rows/{}", rest.split('"').next().unwrap().replace("&#38;", "&"))
}

#[tokio::test]
async fn relay_16_a_result_runs_and_passes_on_the_hud_and_its_row_can_be_had_alone() {
    let mut town = town(LIST).await;
    let script = || Downstream::run("CI").waits(MINUTE / 2).result("build").succeeds_after(5 * MINUTE);
    for repo in ["one/a", "two/b", "three/c", "four/d"] {
        town.downstream(repo, script());
    }
    town.page("/relay").await.shows(&["Each event of a pull request of <code>org/up</code>"]);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").by("alice"));
    town.minutes(0).await;
    let page = town.page("/relay").await;
    page.shows(&[
        "Add a kernel",
        "alice",
        &pull.head_sha()[..7],
        "L4 mature",
        "L3 stable",
        "L2 observation",
        "L1 onboarding",
    ]);
    assert!(page.body.find("L4 mature") < page.body.find("L1 onboarding"), "L4 stands first");
    let waiting = cell(&page, "two/b");
    assert!(waiting.starts_with("waiting") && waiting.contains("<b>Q</b>") && waiting.contains("waiting"), "{waiting}");
    assert!(cell(&page, "one/a").contains(">sent<"), "on L1 a send is all there is");

    town.minutes(2).await;
    let row = town.page(&part(&page)).await;
    assert!(row.body.starts_with("<tr id=\"row-"), "{}", row.body);
    let running = cell(&row, "two/b");
    assert!(running.starts_with("running") && running.contains("<b>R</b>") && running.contains("0/1"), "{running}");
    let shape =
        |answer: &Answer| answer.body.split("data-shape=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(shape(&row), shape(&page), "it fits in its place");

    town.minutes(10).await;
    let page = town.page("/relay").await;
    for repo in ["two/b", "three/c", "four/d"] {
        let passed = cell(&page, repo);
        assert!(passed.starts_with("succeeded") && passed.contains("<b>P</b>") && passed.contains("1/1"), "{passed}");
    }
    let open = town.page("/relay?open=two/b").await;
    open.shows(&["aria-expanded=\"true\"", "build", "data-label=\"two/b, CI / build\""]);
    assert_ne!(shape(&open), shape(&page), "a row of one does not fit into the other");
    assert_eq!(shape(&town.page(&part(&open)).await), shape(&open));
    town.end_as_written().await;
}

#[tokio::test]
async fn a_new_head_supersedes_the_old_row_which_names_it_and_filters_find_both() {
    let mut town = town(LIST).await;
    for repo in ["one/a", "three/c", "four/d"] {
        town.downstream(repo, Downstream::run("CI").result("build").succeeds_after(MINUTE));
    }
    town.downstream("two/b", Downstream::run("CI").result("build").fails_after(MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").forked());
    let first = pull.head_sha();
    town.soon().await;
    pull.push("Once more");
    town.soon().await;
    town.up.open_pull(PullSpec::new("Something else").forked());
    town.soon().await;

    let page = town.page("/relay").await;
    assert_eq!(page.count("<tr id=\"row-"), 3);
    assert_eq!(page.count("superseded by a newer head"), 1);
    let pulls = town.dispatches().await.into_iter().filter(|known| known.kind == Kind::PullRequest);
    let newer = pulls.map(|known| known.delivery_id).nth(1).unwrap();
    page.shows(&[&format!("href=\"/relay/dispatches/{newer}\""), "r-old"]);

    for (query, rows) in [
        ("pr=1", 2),
        ("pr=99", 0),
        ("failing=1", 3),
        ("repo=two%2Fb", 3),
        ("repo=two%2Fb&failing=1", 3),
        ("repo=three%2Fc&failing=1", 0),
        ("repo=nobody%2Fhere", 0),
        (&format!("sha={first}"), 1),
        (&format!("sha={}", "0".repeat(40)), 0),
        ("tab=push", 0),
    ] {
        let page = town.page(&format!("/relay?{query}")).await;
        assert_eq!(page.count("<tr id=\"row-"), rows, "{query}");
    }
    let one = town.page("/relay?repo=two%2Fb").await;
    one.hides(&["data-label=\"three/c\""]);
    let row = town.page(&part(&one)).await;
    row.hides(&["data-label=\"three/c\""]);
    assert!(row.body.contains("data-label=\"two/b\""));

    for (typed, to) in
        [("%231", "/relay?pr=1"), ("two/b", "/relay?repo=two%2Fb"), (&first, &format!("/relay?sha={first}") as &str)]
    {
        let found = town.get(&format!("/relay?find={typed}")).await;
        assert_eq!((found.status, found.header("location")), (StatusCode::SEE_OTHER, to));
    }
    let wrong = town.get("/relay?find=what").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    wrong.shows(&["whole SHA"]);
    town.end_as_written().await;
}

#[tokio::test]
async fn pushes_and_nightlies_have_tabs_of_their_own() {
    let mut town = town("L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    let sha = town.up.push("main", "Speed up", &[("a.txt", "faster")]);
    town.soon().await;
    town.downstream("two/b", Downstream::run("Nightly").result("nightly").succeeds_after(MINUTE));
    let run = town.runs("two/b")[0];
    let nightly = town
        .world
        .github
        .find("two/b")
        .unwrap()
        .start_nightly(Downstream::run("Nightly").result("whole").concludes("failure", MINUTE), &sha);
    town.soon().await;
    assert!(nightly.is_some_and(|nightly| nightly != run));
    let push = town.page("/relay?tab=push").await;
    push.shows(&["Speed up", "main", &sha[..7]]);
    assert!(cell(&push, "two/b").starts_with("succeeded"));
    let nightly = town.page("/relay?tab=nightly").await;
    nightly.shows(&[&sha[..7]]);
    assert!(cell(&nightly, "two/b").starts_with("failed"), "{}", nightly.main());
    assert_eq!(town.rows(Kind::Nightly).await.len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_cell_says_what_is_held_skipped_attempted_again_or_named_alike() {
    let config = Config { hold_new_authors: true, ..config() };
    let mut town = town_with(config, "L2:\n  - two/b\n  - picky/p: { labels: [scarce] }\n").await;
    town.downstream("two/b", Downstream::run("CI").matrix("test", 4).fails_after(MINUTE));
    town.up.open_pull(PullSpec::new("From a stranger").association("NONE"));
    town.soon().await;
    let page = town.page("/relay").await;
    let held = cell(&page, "two/b");
    assert!(held.starts_with("denied") && held.contains("<b>H</b>"), "{held}");
    let skipped = cell(&page, "picky/p");
    assert!(skipped.starts_with("cancelled") && skipped.contains("labels"), "{skipped}");

    town.up.open_pull(PullSpec::new("From a member").association("MEMBER"));
    town.soon().await;
    let page = town.page("/relay").await;
    assert!(cell(&page, "two/b").contains("0/4"), "{}", cell(&page, "two/b"));
    // Four names that differ in a number only share a column.
    let open = town.page("/relay?open=two/b").await;
    assert!(cell(&open, "two/b, CI / test (#)").contains("0/4"), "{}", open.main());

    let (run, id) = (town.runs("two/b")[0], town.newest_of("two/b").await);
    let again = Said::ended(&id, run, "success").job("test (1)").attempt(2);
    assert_eq!(town.report("two/b", run, &again).await.status, 200);
    town.minutes(1).await;
    let open = town.page("/relay?open=two/b").await;
    let folded = cell(&open, "two/b, CI / test (#)");
    assert!(folded.contains("1/4") && folded.contains("<sup>²</sup>") && folded.contains("attempt 2"), "{folded}");
    let target = town.page(&format!("/relay/dispatches/{id}/two/b")).await;
    target.shows(&["attempt 2", "Failed", "Ended"]);
    assert_eq!(town.target(&id, "two/b").await.unwrap().repo, name("two/b"));
    town.end_as_written().await;
}
