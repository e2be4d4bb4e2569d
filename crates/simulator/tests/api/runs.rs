use std::time::Duration;

use serde_json::{Value, json};
use switchboard_simulator::{HeadRepository, RepositorySpec, RunSpec, Trigger, WorkflowSpec};

use crate::support::{World, header, json_of, refused};

fn payloads(world: &World) -> Vec<Value> {
    world.github.take_due().iter().map(|delivery| serde_json::from_slice(&delivery.body).unwrap()).collect()
}

#[tokio::test]
async fn a_completed_run_is_the_same_in_webhook_and_answer() {
    let world = World::new();
    let token = world.token().await;
    let run = world.ci.complete_run(&RunSpec::default()).unwrap();
    let payload = payloads(&world).pop().unwrap();
    let answered = json_of(&world.get(&format!("/repos/acme/source/actions/runs/{run}"), &token).await);
    assert_eq!(payload["workflow_run"], answered);
    assert_eq!(payload["installation"]["id"], json!(world.installation.id()));
    assert_eq!(payload["organization"]["login"], "acme");
    assert_eq!(payload["sender"]["login"], "mona");
    assert_eq!(payload["repository"]["default_branch"], "main");
    assert_eq!(payload["workflow"]["path"], ".github/workflows/ci.yml");
    assert_eq!(payload["workflow_run"]["head_commit"]["id"], payload["workflow_run"]["head_sha"]);
    let jobs = json_of(&world.get(&format!("/repos/acme/source/actions/runs/{run}/jobs"), &token).await);
    assert_eq!(jobs["jobs"][0]["conclusion"], "success");
}

#[tokio::test]
async fn unusual_runs_can_be_told() {
    let world = World::new();
    let fork = world.github.user("mallory").repository(RepositorySpec::new("source").fork_of(&world.source));
    world.ci.complete_run(&RunSpec { head_repository: HeadRepository::Other(fork.id()), ..RunSpec::default() });
    assert_eq!(payloads(&world)[2]["workflow_run"]["head_repository"]["full_name"], "mallory/source");
    let spec = RunSpec {
        head_repository: HeadRepository::Deleted,
        path: Some(None),
        branch: None,
        conclusion: None,
        ..RunSpec::default()
    };
    world.ci.complete_run(&spec);
    let run = payloads(&world)[2]["workflow_run"].clone();
    for member in ["head_repository", "path", "head_branch", "conclusion"] {
        assert!(run[member].is_null(), "{member}");
    }
    let message = Some("修正 🚀".to_owned());
    world.ci.complete_run(&RunSpec { message, ..RunSpec::concluding("brilliant").on("🌿") });
    let run = payloads(&world)[2]["workflow_run"].clone();
    assert_eq!((run["head_branch"].as_str(), run["conclusion"].as_str()), (Some("🌿"), Some("brilliant")));
    assert_eq!(run["display_title"], "修正 🚀");
}

#[tokio::test]
async fn runs_are_listed_newest_first_by_filter_and_page() {
    let world = World::new();
    let token = world.token().await;
    for n in 0..3 {
        let branch = if n == 1 { "next" } else { "main" };
        world.ci.complete_run(&RunSpec::default().on(branch));
        world.pass(60);
    }
    let base = "/repos/acme/source/actions/workflows/ci.yml/runs";
    let list = |query: &str| {
        let path = format!("{base}?{query}");
        let (world, token) = (&world, &token);
        async move { world.get(&path, token).await }
    };
    let count = |answer: &crate::support::Answered| json_of(answer)["total_count"].as_u64().unwrap();
    assert_eq!(count(&list("branch=next").await), 1);
    assert_eq!(count(&list("status=success&event=push&actor=MONA").await), 3);
    assert_eq!(count(&list("status=failure").await), 0);
    assert_eq!(count(&list("created=%3E%3D2026-01-05T12%3A01%3A00Z").await), 2);
    assert_eq!(count(&list("created=%3C2026-01-05T12%3A01%3A00Z").await), 1);
    assert_eq!(count(&list("created=2026-01-05").await), 3);
    assert_eq!(count(&list("created=2026-01-05T12:01:00Z..*").await), 2);
    let page = list("per_page=2").await;
    assert_eq!(json_of(&page)["workflow_runs"].as_array().unwrap().len(), 2);
    assert!(header(&page, "link").contains("page=2&per_page=2>; rel=\"next\""), "{}", header(&page, "link"));
    let last = list("per_page=2&page=2").await;
    assert_eq!(json_of(&last)["workflow_runs"].as_array().unwrap().len(), 1);
    assert!(!header(&last, "link").contains("rel=\"next\""));
}

#[tokio::test]
async fn a_new_run_may_show_up_late_in_listings() {
    let world = World::new();
    let token = world.token().await;
    world.github.configure(|settings| settings.run_listing_delay = Duration::from_secs(4));
    let run = world.ci.complete_run(&RunSpec::default()).unwrap();
    let base = "/repos/acme/source/actions";
    assert_eq!(json_of(&world.get(&format!("{base}/workflows/ci.yml/runs"), &token).await)["total_count"], 0);
    assert_eq!(world.get(&format!("{base}/runs/{run}"), &token).await.status(), 200);
    world.pass(4);
    assert_eq!(json_of(&world.get(&format!("{base}/workflows/ci.yml/runs"), &token).await)["total_count"], 1);
}

#[tokio::test]
async fn a_push_starts_the_workflows_that_listen() {
    let world = World::new();
    let listener = world.source.workflow(WorkflowSpec::new("push.yml").on(Trigger::Push));
    let sha = world.source.push("next", "Go", &[("a", "1")]);
    world.pass(60);
    let run = listener.runs().pop().unwrap();
    assert_eq!((run.event.as_str(), run.branch.as_deref(), run.head_sha), ("push", Some("next"), sha));
    assert_eq!((run.actor.as_str(), run.conclusion.as_deref()), ("mona", Some("success")));
    assert!(world.ci.runs().is_empty());
}

#[tokio::test]
async fn a_rerun_keeps_the_id_and_raises_the_attempt() {
    let world = World::new();
    let token = world.token().await;
    let run = world.ci.complete_run(&RunSpec::concluding("failure")).unwrap();
    payloads(&world);
    let path = format!("/repos/acme/source/actions/runs/{run}/rerun-failed-jobs");
    assert_eq!(world.post(&path, &token, json!({})).await.status(), 201);
    refused(&world.post(&path, &token, json!({})).await, 403, "This workflow is already running");
    world.pass(60);
    let seen = payloads(&world);
    let last = &seen.last().unwrap()["workflow_run"];
    assert_eq!(seen.len(), 3);
    assert_eq!((&last["id"], &last["run_attempt"]), (&json!(run), &json!(2)));
    assert_eq!(
        (&last["conclusion"], &last["triggering_actor"]["login"]),
        (&json!("success"), &json!("switchboard[bot]"))
    );
    world.ci.complete_rerun(run, "success");
    assert_eq!(world.ci.runs()[0].attempt, 3);
}
