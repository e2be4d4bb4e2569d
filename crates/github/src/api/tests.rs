use serde_json::{Value, json};

use super::actions::{Rerun, RunFilter};
use super::checks::{CheckOutput, CheckRunRequest};
use super::issues::{IssueFilter, IssueUpdate, NewIssue};
use crate::testing::{World, answer, dispatcher, reader, repo};
use crate::{AppId, InstallationId, RepoId, RunId};

/// What the last call asked for: method, path with query, body.
fn last(world: &World) -> (String, String, Value) {
    let call = world.stub.calls().pop().unwrap();
    let path = call.url.query().map_or(call.url.path().to_owned(), |query| format!("{}?{query}", call.url.path()));
    (call.method.to_string(), path, serde_json::from_slice(&call.body).unwrap_or_default())
}

#[tokio::test]
async fn issues_are_listed_opened_and_edited() {
    let world = World::new();
    world.stub.will_answer([
        answer(200, &[], &json!([{"number": 3, "body": null, "user": {"login": "app[bot]"}, "pull_request": {}}])),
        answer(201, &[], &json!({"number": 4, "html_url": "u"})),
        answer(200, &[], &json!({"number": 4, "state": "closed"})),
    ]);
    let filter = IssueFilter { state: Some("all"), creator: Some("app[bot]"), since: None };
    let list = world.github.issues(dispatcher(), &repo(), &filter).fetch().await.unwrap().value;
    assert_eq!((list[0].number, list[0].body.as_deref()), (3, None));
    let path = "/repos/octo/hello/issues?per_page=100&state=all&creator=app%5Bbot%5D";
    assert_eq!(last(&world), ("GET".to_owned(), path.to_owned(), Value::Null));

    let new = NewIssue { title: "t", body: "b" };
    assert_eq!(world.github.create_issue(dispatcher(), &repo(), &new).fetch().await.unwrap().value.number, 4);
    let path = "/repos/octo/hello/issues".to_owned();
    assert_eq!(last(&world), ("POST".to_owned(), path, json!({"title": "t", "body": "b"})));

    let update = IssueUpdate { state: Some("closed"), ..IssueUpdate::default() };
    world.github.update_issue(dispatcher(), &repo(), 4, &update).fetch().await.unwrap();
    let path = "/repos/octo/hello/issues/4".to_owned();
    assert_eq!(last(&world), ("PATCH".to_owned(), path, json!({"state": "closed"})));
    assert_eq!(world.github.budget(InstallationId(7)).content_hour, 2);
}

#[tokio::test]
async fn runs_are_listed_by_workflow() {
    let world = World::new();
    let run = json!({"id": 5, "run_attempt": 1, "head_branch": null, "conclusion": null, "actor": null, "head_sha": "a".repeat(40)});
    world.stub.will_answer([answer(200, &[], &json!({"total_count": 1, "workflow_runs": [run]}))]);
    let filter =
        RunFilter { event: Some("workflow_dispatch"), created: Some(">=2026-01-05T12:00:00Z"), ..RunFilter::default() };
    let runs = world.github.workflow_runs(dispatcher(), &repo(), "cd.yml", &filter).fetch().await.unwrap().value;
    assert_eq!(runs.workflow_runs[0].id.0, 5);
    let path = "/repos/octo/hello/actions/workflows/cd.yml/runs?per_page=100&event=workflow_dispatch&created=%3E%3D2026-01-05T12%3A00%3A00Z";
    assert_eq!(last(&world).1, path);
}

#[tokio::test]
async fn nulls_and_unknown_members_do_not_matter() {
    let world = World::new();
    world.stub.will_answer([
        answer(200, &[], &json!({"id": 42, "slug": "my-app", "permissions": {"actions": "write", "x y": "?"}, "events": null, "new": {}})),
        answer(200, &[], &json!([{"id": 7, "account": null, "permissions": null, "suspended_at": null}])),
        answer(200, &[], &json!({"id": 7, "account": {"login": "octo", "type": "Organization"}, "suspended_at": "2026-01-01T00:00:00Z"})),
        answer(200, &[], &json!({"id": 1, "full_name": "Octo/Hello", "owner": null, "archived": null, "default_branch": "main"})),
        answer(200, &[], &json!({"id": 7})),
    ]);
    let app = world.github.app().fetch().await.unwrap().value;
    assert_eq!((app.slug.unwrap().as_str(), app.permissions.to_string().as_str()), ("my-app", "actions: write"));
    let installations = world.github.installations().fetch().await.unwrap().value;
    assert!(installations[0].account.is_none() && installations[0].permissions.is_empty());
    let one = world.github.installation(InstallationId(7)).fetch().await.unwrap().value;
    assert!(one.suspended_at.is_some());
    let repository = world.github.repository(reader(), &repo()).fetch().await.unwrap().value;
    assert_eq!((repository.id, repository.full_name, repository.archived), (RepoId(1), repo(), false));
    assert_eq!(world.github.repository_installation(&repo()).fetch().await.unwrap().value.id, InstallationId(7));
    assert_eq!(last(&world).1, "/repos/octo/hello/installation");
}

#[tokio::test]
async fn check_runs_are_found_by_name_and_app_created_and_changed() {
    let world = World::new();
    world.stub.will_answer([
        answer(200, &[], &json!({"total_count": 1, "check_runs": [{"id": 9, "name": "crcr/a/b", "conclusion": null}]})),
        answer(201, &[], &json!({"id": 10})),
        answer(200, &[], &json!({"id": 10})),
    ]);
    let found = world.github.check_runs(dispatcher(), &repo(), "abc", "crcr/a/b", AppId(42)).fetch().await.unwrap();
    assert_eq!(found.value.check_runs[0].id, 9);
    let path = "/repos/octo/hello/commits/abc/check-runs?check_name=crcr%2Fa%2Fb&app_id=42&per_page=100";
    assert_eq!(last(&world).1, path);

    let output = CheckOutput { title: "In progress", summary: "" };
    let new = CheckRunRequest {
        head_sha: Some("abc"),
        name: Some("crcr/a/b"),
        status: "in_progress",
        conclusion: None,
        details_url: Some("https://x"),
        external_id: Some("5:7"),
        output: output.clone(),
    };
    assert_eq!(world.github.create_check_run(dispatcher(), &repo(), &new).fetch().await.unwrap().value.id, 10);
    let body = json!({
        "head_sha": "abc", "name": "crcr/a/b", "status": "in_progress", "details_url": "https://x", "external_id": "5:7",
        "output": {"title": "In progress", "summary": ""},
    });
    assert_eq!(last(&world), ("POST".to_owned(), "/repos/octo/hello/check-runs".to_owned(), body));

    let change = CheckRunRequest { head_sha: None, name: None, conclusion: Some("success"), ..new };
    world.github.update_check_run(dispatcher(), &repo(), 10, &change).fetch().await.unwrap();
    let (method, path, body) = last(&world);
    assert_eq!((method.as_str(), path.as_str()), ("PATCH", "/repos/octo/hello/check-runs/10"));
    assert_eq!((&body["conclusion"], body.get("head_sha")), (&json!("success"), None));
}

#[tokio::test]
async fn events_are_raised_and_runs_read_and_run_again() {
    let world = World::new();
    world.stub.will_answer([
        answer(204, &[], &Value::Null),
        answer(200, &[], &json!({"workflow_runs": []})),
        answer(200, &[], &json!({"id": 5, "status": "completed", "conclusion": "startup_failure"})),
        answer(200, &[], &json!({"total_count": 1, "jobs": [{"id": 6, "name": "build", "conclusion": null}]})),
        answer(201, &[], &json!({})),
        answer(200, &[], &json!({"status": "behind", "commits": []})),
    ]);
    let request = serde_json::value::to_raw_value(&json!({"event_type": "push", "client_payload": {}})).unwrap();
    world.github.repository_dispatch(dispatcher(), &repo(), &request).send().await.unwrap();
    let body = json!({"event_type": "push", "client_payload": {}});
    assert_eq!(last(&world), ("POST".to_owned(), "/repos/octo/hello/dispatches".to_owned(), body));

    let filter = RunFilter { event: Some("repository_dispatch"), ..RunFilter::default() };
    world.github.repository_runs(dispatcher(), &repo(), &filter).fetch().await.unwrap();
    assert_eq!(last(&world).1, "/repos/octo/hello/actions/runs?per_page=100&event=repository_dispatch");
    let run = world.github.run(dispatcher(), &repo(), RunId(5)).fetch().await.unwrap().value;
    assert_eq!(run.conclusion.as_deref(), Some("startup_failure"));
    let jobs = world.github.run_jobs(dispatcher(), &repo(), RunId(5), 2, 1).fetch().await.unwrap().value;
    assert_eq!((jobs.total_count, jobs.jobs[0].id), (1, 6));
    assert_eq!(last(&world).1, "/repos/octo/hello/actions/runs/5/attempts/2/jobs?per_page=100&page=1");
    world.github.rerun(dispatcher(), &repo(), RunId(5), Rerun::Failed).send().await.unwrap();
    assert_eq!(last(&world).1, "/repos/octo/hello/actions/runs/5/rerun-failed-jobs");
    let compared = world.github.compare(dispatcher(), &repo(), "main", "abc").fetch().await.unwrap().value;
    assert_eq!(
        (compared.status.as_str(), last(&world).1.as_str()),
        ("behind", "/repos/octo/hello/compare/main...abc?per_page=1")
    );
}

#[tokio::test]
async fn comments_are_listed_written_and_edited() {
    let world = World::new();
    world.stub.will_answer([
        answer(200, &[], &json!([{"id": 3, "body": null, "user": null}])),
        answer(201, &[], &json!({"id": 4})),
        answer(200, &[], &json!({"id": 4})),
    ]);
    let page = world.github.comments(dispatcher(), &repo(), 7, 2).fetch().await.unwrap().value;
    assert_eq!((page[0].id, last(&world).1.as_str()), (3, "/repos/octo/hello/issues/7/comments?per_page=100&page=2"));
    assert_eq!(world.github.create_comment(dispatcher(), &repo(), 7, "text").fetch().await.unwrap().value.id, 4);
    world.github.update_comment(dispatcher(), &repo(), 4, "more").fetch().await.unwrap();
    let path = "/repos/octo/hello/issues/comments/4".to_owned();
    assert_eq!(last(&world), ("PATCH".to_owned(), path, json!({"body": "more"})));
}
