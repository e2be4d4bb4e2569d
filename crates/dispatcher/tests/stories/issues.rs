//! Issues: who is told what, where, how often, and what happens when telling fails.

use std::time::Duration;

use serde_json::json;
use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{IssueRecord, TargetState};
use switchboard_dispatcher::keys::{self, TOTAL_ALL, views};
use switchboard_simulator::{Expected, Repository, Workflow, WorkflowSpec};
use switchboard_store::Fact;
use switchboard_testkit::World;

use crate::support::*;

/// A run with a success, a failure and a denial.
fn one_of_each(world: &mut World) -> (Repository, Workflow) {
    let targets = [("good", "cd.yml"), ("broken", "cd.yml"), ("closed", "cd.yml")];
    let (s, ci) = source(world, "acme/s", &targets);
    target(world, "acme/good", "cd.yml", "s");
    target(world, "acme/broken", "cd.yml", "s");
    target(world, "acme/closed", "cd.yml", "somebody-else");
    let refusal = json!({ "message": "No ref found for: main" });
    world.github.fault("POST", "/repos/acme/broken/actions/workflows/cd.yml/dispatches").answer(422, &[], refusal);
    (s, ci)
}

/// A run with nothing but a denial.
fn denied(world: &mut World) -> (Repository, Workflow) {
    let found = source(world, "acme/s", &[("closed", "cd.yml")]);
    target(world, "acme/closed", "cd.yml", "somebody-else");
    found
}

/// Kinds and data of what happened to dispatches, without what happened to issues and without GitHub's numbers for runs.
fn dispatches(facts: &[Fact]) -> Vec<(String, serde_json::Value)> {
    let about_dispatches = facts.iter().filter(|fact| !fact.kind.starts_with("dispatch.issue."));
    let without_ids = |fact: &Fact| {
        let mut data = fact.data.clone();
        for id in ["deliveryId", "sourceRunId", "rootRunKey", "runId", "runUrl"] {
            data.as_object_mut().expect("an object").remove(id);
        }
        (fact.kind.clone(), data)
    };
    about_dispatches.map(without_ids).collect()
}

#[tokio::test]
async fn dispatcher_35_success_failure_and_denial_of_one_run_stand_in_one_issue_of_the_source() {
    let mut world = world(Config::default()).begin().await;
    let (s, ci) = one_of_each(&mut world);

    let run = ci.complete_run(&success()).expect("a run");
    quietness(&mut world).await;

    let issues = s.issues();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].title, "Dispatch: ci.yml – 1 dispatched, 1 failed, 1 denied");
    let body = issues[0].body.as_deref().unwrap_or_default();
    let key = plan_of(&world, &s, run).await.key;
    let delivery = plan_of(&world, &s, run).await.delivery_id;
    for wanted in [
        "**Source**",
        ".github/workflows/ci.yml",
        &run.to_string(),
        "attempt 1",
        &format!("https://github.com/acme/s/actions/runs/{run}"),
        &delivery,
        "**Outcomes**",
        "`SUCCESS acme/good :: cd.yml`",
        "`FAILED acme/broken :: cd.yml`",
        "ref_not_found",
        "**Denials**",
        "`DENIED acme/closed :: cd.yml`",
        "inbound_not_authorized",
        &format!("<!-- switchboard:dispatch:{key} -->"),
    ] {
        assert!(body.contains(wanted), "{wanted}\n{body}");
    }
    for quiet in ["acme/good", "acme/broken", "acme/closed"] {
        assert!(world.github.find(quiet).expect("it is there").issues().is_empty());
    }
    let edits = requests(&world, "PATCH", "/repos/acme/s/issues/*").len();
    assert!(edits <= 2, "{edits} edits");
    let facts = all_facts(&world).await;
    let created = of_kind(&facts, kinds::ISSUE_CREATED);
    assert_eq!((created.len(), &created[0].data["issue"]), (1, &json!(issues[0].number)));
    end(world, &[dispatch_of("acme/good", "cd.yml"), issue_opened("acme/s")]).await;
}

#[tokio::test]
async fn dispatcher_35_issues_switched_off_change_nothing_else() {
    let mut seen = Vec::new();
    for issues in [IssuePolicy::Problems, IssuePolicy::Off] {
        let mut world = world(Config { issues, ..Config::default() }).begin().await;
        let (s, ci) = one_of_each(&mut world);
        ci.complete_run(&success());
        quietness(&mut world).await;

        let wanted = usize::from(issues != IssuePolicy::Off);
        assert_eq!(s.issues().len(), wanted);
        let facts = all_facts(&world).await;
        assert_eq!(facts.iter().filter(|fact| fact.kind.starts_with("dispatch.issue.")).count(), wanted);
        let states: Vec<_> = runs(&world).await.into_iter().map(|run| run.state).collect();
        let targets: Vec<_> =
            targets(&world).await.into_iter().map(|t| (t.repository, t.state, t.reason, t.hint, t.attempts)).collect();
        seen.push((dispatches(&facts), states, targets));
        let mut expected = vec![dispatch_of("acme/good", "cd.yml")];
        expected.extend((wanted == 1).then(|| issue_opened("acme/s")));
        end(world, &expected).await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn dispatcher_36_full_success_is_told_only_to_those_who_want_to_hear_everything() {
    for (issues, told) in [(IssuePolicy::Problems, 0), (IssuePolicy::All, 1), (IssuePolicy::Off, 0)] {
        let mut world = world(Config { issues, ..Config::default() }).begin().await;
        let (s, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
        target(&mut world, "acme/t", "cd.yml", "s");

        ci.complete_run(&success());
        quietness(&mut world).await;

        assert_eq!(s.issues().len(), told, "{issues:?}");
        let mut expected = vec![dispatch_of("acme/t", "cd.yml")];
        if told == 1 {
            assert_eq!(s.issues()[0].title, "Dispatch: ci.yml – 1 dispatched, 0 failed, 0 denied");
            let body = s.issues()[0].body.clone().unwrap_or_default();
            assert!(body.contains("**Denials**\n\nnone"), "{body}");
            expected.push(issue_opened("acme/s"));
        }
        end(world, &expected).await;
    }
}

#[tokio::test]
async fn dispatcher_36_a_run_without_candidates_gets_no_issue_however_much_is_told() {
    let mut world = world(Config { issues: IssuePolicy::All, ..Config::default() }).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci.yml");
    s.file("dispatching.yml", "# nothing yet\n");

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert!(s.issues().is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_36_a_source_that_takes_no_issues_leaves_the_outcomes_alone() {
    let forbidden = json!({ "message": "Resource not accessible by integration" });
    for cause in ["switched off", "not permitted"] {
        let mut world = world(Config::default()).begin().await;
        let (s, ci) = one_of_each(&mut world);
        match cause {
            "switched off" => s.set_issues(false),
            _ => world.github.fault("POST", "/repos/acme/s/issues").always().answer(403, &[], forbidden.clone()),
        }

        ci.complete_run(&success());
        quietness(&mut world).await;

        let facts = all_facts(&world).await;
        assert_eq!(of_kind(&facts, kinds::ISSUE_FAILED).len(), 1, "{cause}");
        assert!(!reasons(&facts, kinds::ISSUE_FAILED)[0].is_empty());
        assert!(of_kind(&facts, kinds::ISSUE_CREATED).is_empty());
        let states: Vec<_> = targets(&world).await.into_iter().map(|target| target.state).collect();
        assert_eq!(states, [TargetState::Succeeded, TargetState::Failed, TargetState::Denied]);
        let total = world.counter(&views::TOTAL, TOTAL_ALL).await;
        assert_eq!(
            total.get("issues_created").copied().unwrap_or(0),
            0,
            "{cause}: what was not created is not counted"
        );
        end(world, &[dispatch_of("acme/good", "cd.yml")]).await;
    }
}

#[tokio::test]
async fn dispatcher_38_strangers_text_is_inert_in_the_issue() {
    let mut world = world(Config::default()).begin().await;
    let s = world.repository("acme/s");
    let ci = s.workflow("ci@team.yml");
    s.file("dispatching.yml", outbound("ci@team.yml", &[("t", "cd@everyone.yml")]));
    let t = world.repository("acme/t");
    t.workflow(WorkflowSpec::new("cd@everyone.yml").dispatchable(&[]));
    t.file("dispatching.yml", inbound("s", "ci@team.yml", "cd@everyone.yml"));
    let hostile = "<script>alert(1)</script> @acme/team closes #1 [x](javascript:1) <!-- \u{202e}gnp";
    let post = world.github.fault("POST", "/repos/acme/t/actions/workflows/*/dispatches");
    post.answer(422, &[], json!({ "message": hostile }));

    ci.complete_run(&success());
    quietness(&mut world).await;

    let issue = s.issues().remove(0);
    let body = issue.body.unwrap_or_default();
    for text in [&issue.title, &body] {
        for harm in ["<script", "@acme", "@team", "@everyone", " #1", "[x](", "\u{202e}"] {
            assert!(!text.contains(harm), "{harm} in {text}");
        }
    }
    assert!(body.contains("alert"), "the text is still there to read: {body}");
    assert_eq!(body.matches("<!--").count(), 1, "no marker but ours: {body}");
    end(world, &[issue_opened("acme/s")]).await;
}

#[tokio::test]
async fn new_issues_stop_at_the_hours_budget_and_are_not_made_up_later() {
    let mut world = world(Config { issues_per_hour: 2, ..Config::default() }).begin().await;
    let (s, ci) = denied(&mut world);
    for _ in 0..3 {
        ci.complete_run(&success());
        quietness(&mut world).await;
    }
    assert_eq!(s.issues().len(), 2);
    let facts = all_facts(&world).await;
    assert_eq!(reasons(&facts, kinds::ISSUE_SUPPRESSED).len(), 1);
    let total = world.counter(&views::TOTAL, TOTAL_ALL).await;
    assert_eq!((total["issues_created"], total["issues_suppressed"]), (2, 1));
    let suppressed = issue_records(&world).await;
    assert_eq!(suppressed.iter().filter(|issue| issue.suppressed).count(), 1);

    world.run_for(Duration::from_secs(3600)).await;
    assert_eq!(s.issues().len(), 2, "what was suppressed stays so");
    ci.complete_run(&success());
    quietness(&mut world).await;
    assert_eq!(s.issues().len(), 3, "a new hour has a budget of its own");
    end(world, &[Expected::times(3, "POST", "/repos/acme/s/issues")]).await;
}

#[tokio::test]
async fn an_issue_does_not_wait_for_ever_and_later_outcomes_edit_it() {
    let config = Config { issue_wait: Duration::from_secs(60), ..Config::default() };
    let mut world = world(config).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[("slow", "cd.yml"), ("closed", "cd.yml")]);
    target(&mut world, "acme/slow", "cd.yml", "s");
    target(&mut world, "acme/closed", "cd.yml", "somebody-else");
    world.github.fault("POST", "/repos/acme/slow/actions/workflows/cd.yml/dispatches").times(5).status(502);

    ci.complete_run(&success());
    world.run_for(Duration::from_secs(59)).await;
    assert!(s.issues().is_empty(), "it waits for open targets");
    world.run_for(Duration::from_secs(2)).await;
    let pending = s.issues().remove(0);
    let body = pending.body.unwrap_or_default();
    assert!(
        body.contains("`PENDING acme/slow :: cd.yml`") && body.contains("`DENIED acme/closed :: cd.yml`"),
        "{body}"
    );

    quietness(&mut world).await;
    let issues = s.issues();
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].title, "Dispatch: ci.yml – 1 dispatched, 0 failed, 1 denied");
    assert!(issues[0].body.as_deref().is_some_and(|body| body.contains("`SUCCESS acme/slow :: cd.yml`")));
    let edits = requests(&world, "PATCH", "/repos/acme/s/issues/1").len();
    assert!((1..=2).contains(&edits), "{edits} edits");
    let edits = u64::try_from(edits).expect("few edits");
    let facts = all_facts(&world).await;
    assert_eq!(of_kind(&facts, kinds::ISSUE_UPDATED).len() as u64, edits);
    end(
        world,
        &[
            dispatch_of("acme/slow", "cd.yml"),
            issue_opened("acme/s"),
            Expected::times(edits, "PATCH", "/repos/acme/s/issues/1"),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_issue_whose_answer_was_lost_is_found_by_its_marker() {
    for lost in [true, false] {
        let mut world = world(Config::default()).begin().await;
        let (s, ci) = denied(&mut world);
        let post = world.github.fault("POST", "/repos/acme/s/issues");
        if lost {
            post.lose_answer();
        } else {
            post.reset();
        }

        ci.complete_run(&success());
        quietness(&mut world).await;

        assert_eq!(s.issues().len(), 1, "lost: {lost}");
        let looks = requests(&world, "GET", "/repos/acme/s/issues");
        assert!(!looks.is_empty() && looks[0].target.contains("state=all") && looks[0].target.contains("creator="));
        assert_eq!(requests(&world, "POST", "/repos/acme/s/issues").len(), if lost { 1 } else { 2 });
        let record: IssueRecord =
            world.record(&views::ISSUE, keys::run(runs(&world).await[0].key)).await.expect("a record");
        assert_eq!(record.number, Some(s.issues()[0].number));
        let facts = all_facts(&world).await;
        assert_eq!(of_kind(&facts, kinds::ISSUE_CREATED).len(), 1, "lost: {lost}");
        assert_eq!(world.counter(&views::TOTAL, TOTAL_ALL).await["issues_created"], 1);
        end(world, &[issue_opened("acme/s")]).await;
    }
}
