//! What strangers write stays text.

use serde_json::json;
use switchboard_simulator::{Downstream, PullSpec};

use crate::site::town;
use crate::support::MINUTE;
use crate::support::reports::Said;

const EVIL: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn names_titles_reports_and_error_texts_are_inert_on_every_page_of_the_relay() {
    let mut town = town("L2: [two/b, gone/g]\n").await;
    town.downstream("two/b", Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE));
    town.world.repository("gone/g");
    let answer = json!({ "message": format!("{EVIL} \u{202e}no") });
    town.world.github.fault("POST", "/repos/gone/g/dispatches").always().answer(422, &[], answer);
    town.world.expect_dead_letters(&["dispatch"; 2]);
    let title = format!("\"><img src=x onerror=alert(1)>{EVIL}\u{202e}");
    town.up.open_pull(PullSpec::new(&title).branch("x\"'`$(id)"));
    town.up.push("main", &title, &[("a.txt", "evil")]);
    town.soon().await;

    let (run, id) = (town.runs("two/b")[0], town.dispatches().await[0].delivery_id.clone());
    let evil = format!("{EVIL}\"'\u{202e}");
    let said = Said::ended(&id, run, "failure")
        .workflow("name", evil.as_str())
        .job(&evil)
        .workflow("url", "javascript:alert(1)")
        .workflow("artifact_url", "https://x.example/\"><script>alert(1)</script>")
        .workflow("failed_tests", json!([{ "name": evil, "message": evil, "stacktrace": evil }]))
        .workflow(
            "triage_verdict",
            json!({
                "schema_version": 1, "category": "upstream", "confidence": "high",
                "summary": evil, "suspected_upstream": evil, "evidence": evil,
            }),
        );
    assert_eq!(town.report("two/b", run, &said).await.status, 200);
    town.soon().await;

    let mut seen = 0;
    for path in [
        "/relay".to_owned(),
        "/relay?tab=push".to_owned(),
        "/relay?open=two/b".to_owned(),
        "/relay?failing=1".to_owned(),
        "/relay?repo=two/b&open=two/b".to_owned(),
        "/relay?find=%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
        "/relay?repo=%3Cscript%3Ealert(1)/x".to_owned(),
        "/relay/prs/1".to_owned(),
        format!("/relay/dispatches/{id}"),
        format!("/relay/dispatches/{id}/two/b"),
        format!("/relay/dispatches/{id}/gone/g"),
        "/relay/dispatches/%3Cscript%3Ealert(1)".to_owned(),
        "/relay/repos/two/b".to_owned(),
        "/relay/repos/gone/g".to_owned(),
        "/relay/repos/two/%3Cscript%3Ealert(1)".to_owned(),
        "/relay/levels".to_owned(),
        "/relay/trends?repo=%3Cscript%3Ealert(1)/x".to_owned(),
        "/relay/allowlist".to_owned(),
        "/relay/setup".to_owned(),
        "/subjects/org/up/1".to_owned(),
    ] {
        let page = town.get(&path).await;
        for evil in ["<script>alert", "<img src=x", "href=\"javascript:", "\u{202e}", "\"><script>"] {
            assert!(!page.body.contains(evil), "{evil:?} on {path}:\n{}", page.main());
        }
        seen += page.count("alert(1)");
    }
    assert!(seen > 10, "it is there all the same, as text: {seen}");

    // What somebody pastes is shown to them again.
    let pasted = form_urlencoded(&format!("L1: [\"{EVIL}\"]\n# </textarea>{EVIL}"));
    let linted = town.press("/relay/allowlist", "/relay/allowlist/lint", &format!("text={pasted}")).await;
    linted.hides(&["<script>alert", "</textarea><script"]);
    linted.shows(&["It would be refused as a whole", "line 1"]);
    town.world.run_for(MINUTE).await;
    town.end_as_written().await;
}

fn form_urlencoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
