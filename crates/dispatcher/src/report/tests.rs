use proptest::prelude::*;

use super::sections::MAX_BODY;
use super::*;

fn reported() -> ReportedRun {
    ReportedRun {
        key: RunKey::new(1, 500, 2),
        workflow: "ci.yml".parse().unwrap(),
        url: "https://github.com/Org/source/actions/runs/500".to_owned(),
        delivery_id: "d-1".to_owned(),
    }
}

fn row(result: RowResult) -> Row {
    Row { repository: "Org/t".parse().unwrap(), workflow: "cd.yml".parse().unwrap(), result }
}

fn denied(detail: &str) -> Row {
    row(RowResult::Denied { reason: Reason::InboundNotAuthorized, detail: detail.to_owned() })
}

fn failed(error: &str) -> Row {
    row(RowResult::Failed { attempts: 1, reason: Reason::RefNotFound, error: error.to_owned() })
}

fn succeeded() -> Row {
    row(RowResult::Success { attempts: 3, run_url: Some("https://github.com/Org/t/actions/runs/9".to_owned()) })
}

#[test]
fn an_issue_tells_source_outcomes_and_denials() {
    let rows = [succeeded(), failed("No ref found for: dev"), row(RowResult::Pending { attempts: 2 }), denied("")];
    let issue = run_issue(&reported(), &rows, 0);
    assert_eq!(issue.title, "Dispatch: ci.yml – 1 dispatched, 1 failed, 1 denied");
    let expected = "\
**Source**

- Workflow: `ci.yml`
- Path: `.github/workflows/ci.yml`
- Run: 500, attempt 2
- URL: <https://github.com/Org/source/actions/runs/500>
- Delivery: d-1

**Outcomes**

- `SUCCESS Org/t :: cd.yml` – 3 attempts, run <https://github.com/Org/t/actions/runs/9>
- `FAILED Org/t :: cd.yml` – 1 attempt, `ref_not_found`: The target repository has no such branch or tag. \
(No ref found for\\: dev) *Hint:* Fix `ref` in the source's `dispatching.yml`, or create the branch.
- `PENDING Org/t :: cd.yml` – 2 attempts so far

**Denials**

- `DENIED Org/t :: cd.yml` – `inbound_not_authorized`: No `inbound` rule of the target permits this source workflow \
to start this target workflow. *Hint:* Add an `inbound` rule with the source's repository and workflow to the target's \
`dispatching.yml`.

<!-- switchboard:dispatch:1/500/2 -->";
    assert_eq!(issue.body, expected);
}

#[test]
fn empty_sections_say_none() {
    let body = run_issue(&reported(), &[succeeded()], 0).body;
    assert!(body.contains("**Denials**\n\nnone\n"), "{body}");
    assert!(run_issue(&reported(), &[denied("")], 0).body.contains("**Outcomes**\n\nnone\n"));
}

#[test]
fn strangers_text_is_inert() {
    let hostile = "<script>x</script> @team #12 [a](http://b) **b** `c` www.evil.com \u{202e}x\n# heading";
    let body = run_issue(&reported(), &[failed(hostile), denied(hostile)], 0).body;
    for active in ["<script", "@team", "#12", "](http", "**b**", "`c`", "www.evil", "http:", "\u{202e}", "\n# heading"]
    {
        assert!(!body.contains(active), "{active:?} in {body}");
    }
    let mut run = reported();
    run.workflow = "a@team (b).yml".parse().unwrap();
    run.delivery_id = hostile.to_owned();
    run.url = "https://x/<script>".to_owned();
    let issue = run_issue(&run, &[succeeded()], 0);
    assert!(
        !issue.title.contains("@team") && !issue.body.contains("@team") && !issue.body.contains("<script"),
        "{issue:?}"
    );
}

#[test]
fn a_forged_marker_is_not_a_marker() {
    let marker = run_marker(reported().key);
    let body = run_issue(&reported(), &[denied(&marker)], 0).body;
    assert_eq!(body.matches(&marker).count(), 1);
    assert!(body.ends_with(&marker));
}

#[test]
fn what_does_not_fit_is_counted() {
    let rows: Vec<Row> = (0..200).map(|_| denied(&"*".repeat(600))).collect();
    let issue = run_issue(&reported(), &rows, 40);
    assert!(issue.body.chars().count() <= MAX_BODY);
    let shown = issue.body.matches("DENIED").count();
    assert!(shown > 30 && issue.body.contains(&format!("… and {} more", 240 - shown)), "{shown}");
    assert!(issue.title.ends_with("240 denied"), "{}", issue.title);
}

#[test]
fn the_policy_decides_whether_there_is_an_issue() {
    let (good, bad, open) =
        (vec![succeeded()], vec![succeeded(), denied("")], vec![row(RowResult::Pending { attempts: 0 })]);
    let table = [
        (IssuePolicy::Problems, &good, 0, false),
        (IssuePolicy::Problems, &bad, 0, true),
        (IssuePolicy::Problems, &open, 0, false),
        (IssuePolicy::Problems, &good, 1, true),
        (IssuePolicy::All, &good, 0, true),
        (IssuePolicy::All, &Vec::new(), 0, false),
        (IssuePolicy::Off, &bad, 1, false),
    ];
    for (policy, rows, surplus, expected) in table {
        assert_eq!(is_wanted(policy, rows, surplus), expected, "{policy:?} {rows:?}");
    }
}

#[test]
fn a_configuration_issue_lists_the_diagnostics() {
    let diagnostics = crate::file::read(b"outbound: []\n<script>: 1\n").unwrap_err();
    let issue = config_issue(7, "dispatching.yml", &diagnostics);
    assert!(issue.body.contains("- line 2, column 1") && issue.body.contains("known keys"), "{}", issue.body);
    assert!(
        !issue.body.contains("<script") && issue.body.ends_with("<!-- switchboard:config-issue:7 -->"),
        "{}",
        issue.body
    );
}

proptest! {
    #[test]
    fn any_text_leaves_the_body_in_shape(text in "\\PC{0,80}|[<>@#`\\[\\]()!*_\n-]{0,40}") {
        let body = run_issue(&reported(), &[failed(&text), denied(&text)], 0).body;
        prop_assert!(body.chars().count() <= MAX_BODY);
        prop_assert_eq!(body.matches("<!--").count(), 1);
        prop_assert_eq!(body.lines().count(), run_issue(&reported(), &[failed("x"), denied("x")], 0).body.lines().count());
    }
}
