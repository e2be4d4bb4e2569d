//! The strip above the matrix: whether the relay itself is well.

use switchboard_relay::config::Config;
use switchboard_simulator::Downstream;

use crate::site::{town, town_with};
use crate::support::{MINUTE, config, dispatched};

/// What the strip says under a label.
fn item<'p>(page: &'p crate::site::Answer, label: &str) -> &'p str {
    let (_, strip) = page.body.split_once("id=\"strip\"").expect("the page has a strip");
    let (strip, _) = strip.split_once("</section>").unwrap();
    strip.split("<div class=\"").find(|item| item.contains(label)).unwrap_or_else(|| panic!("{label}: {strip}"))
}

#[tokio::test]
async fn relay_34_the_strip_is_red_when_nothing_ever_came_or_not_for_long() {
    let mut town = town_with(Config { stale_after_minutes: 90, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(5 * MINUTE));
    let page = town.page("/relay").await;
    for label in ["last event", "last send", "last report"] {
        let item = item(&page, label);
        assert!(item.starts_with("failed\"") && item.contains(">never<"), "{item}");
    }

    town.up.open_pull("Add a kernel");
    town.minutes(20).await;
    let page = town.page("/relay").await;
    for label in ["last event", "last send", "last report"] {
        let item = item(&page, label);
        assert!(item.starts_with("succeeded\"") && item.contains("min ago"), "{item}");
    }
    assert!(item(&page, "failed sends").contains(">0<"));
    assert!(item(&page, ">allowlist<").contains("valid"));
    assert!(item(&page, "cache").contains("embedded"));

    town.minutes(100).await;
    let page = town.page("/relay").await;
    for label in ["last event", "last send", "last report"] {
        let item = item(&page, label);
        assert!(item.starts_with("failed\"") && item.contains(">stale<") && item.contains("h ago"), "{item}");
    }
    // The same by itself, for a page that is open.
    let part = town.page("/relay/strip").await;
    assert!(part.body.starts_with("<section id=\"strip\"") && part.body.contains(">stale<"), "{}", part.body);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_refused_allowlist_stands_above_the_matrix_with_its_line_and_the_old_one_dispatches_on() {
    let mut town = town("L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(5 * MINUTE));
    town.up.file(".github/allowlist.yml", "L2:\n  - two/b\n  - a/b/c\n");
    town.refresh().await;
    let page = town.page("/relay").await;
    assert!(item(&page, ">allowlist<").starts_with("denied\""));
    page.shows(&["The allowlist is not in order", "Line 3"]);
    let list = town.page("/relay/allowlist").await;
    list.shows(&["a/b/c", "line 3", "The last good allowlist is in force", "refused"]);
    town.up.open_pull("Add a kernel");
    town.minutes(20).await;
    assert_eq!(town.runs("two/b").len(), 1);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn a_failed_send_is_counted_and_a_probe_is_told() {
    let config = Config { probe_repo: Some(crate::support::name("probe/p")), ..config() };
    let mut town = town_with(config, "L2: [two/b, probe/p]").await;
    town.world.repository("two/b");
    town.downstream("probe/p", Downstream::run("CI").result("test_xfail").fails_after(MINUTE));
    assert!(item(&town.page("/relay").await, ">probe<").contains("no head yet"));
    let refusal = serde_json::json!({ "message": "Not Found" });
    town.world.github.fault("POST", "/repos/two/b/dispatches").always().answer(404, &[], refusal);
    town.world.expect_dead_letters(&["dispatch"]);
    town.up.open_pull("Add a kernel");
    town.minutes(60).await;
    let page = town.page("/relay").await;
    assert!(item(&page, "failed sends").starts_with("failed\""), "{}", item(&page, "failed sends"));
    assert!(item(&page, ">probe<").contains("1 of 1 head as expected"), "{}", item(&page, ">probe<"));
    town.end_as_written().await;
}
