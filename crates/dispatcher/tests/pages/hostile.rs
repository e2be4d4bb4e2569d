//! What strangers write stays text.

use std::time::Duration;

use serde_json::json;
use switchboard_dispatcher::config::Config;
use switchboard_simulator::{RunSpec, WorkflowSpec};

use crate::site::{Site, end, run_of};
use crate::story::{inbound, world};

const EVIL: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn dispatcher_38_names_and_error_texts_are_inert_in_pages() {
    let config = Config { enforce_default_branch: false, ..Config::default() };
    let mut world = world(config).begin().await;
    let api = world.repository("acme/api");
    let ci = api.workflow(WorkflowSpec::new("ci.yml").name(&format!("\"><img src=x onerror=alert(1)>{EVIL}")));
    api.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: ci.yml }\n    targets:\n      - { repository: t, workflow: cd.yml, inputs: { branch: \"{{ source.head_branch }}\" } }\n",
    );
    let target = world.repository("acme/t");
    target.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["branch"]));
    target.file(
        "dispatching.yml",
        inbound("api", "ci.yml", "cd.yml").replace("cd.yml }", "cd.yml, accept_inputs: [branch] }"),
    );
    let answer = json!({ "message": format!("{EVIL} `@team` \u{202e}no") });
    world.github.fault("POST", "/repos/acme/t/actions/workflows/*/dispatches").always().answer(422, &[], answer);

    let branch = format!("x\"'`{EVIL}`$(id)&amp;\u{202e}");
    api.branch(&branch);
    ci.complete_run(&RunSpec::default().on(&branch));
    world.run_for(Duration::from_secs(200)).await;
    let run = run_of(&world, "acme/api").await;
    assert_eq!(run.source.branch.as_deref(), Some(branch.as_str()));

    let site = Site::open(&world);
    for path in [
        format!("/dispatcher/runs/{}", run.key),
        "/dispatcher".to_owned(),
        "/dispatcher/runs".to_owned(),
        "/dispatcher/runs?reason=rejected".to_owned(),
        "/dispatcher/repos".to_owned(),
        "/dispatcher/repos/acme/api".to_owned(),
        "/dispatcher/runs?source=%3Cscript%3Ealert(1)%3C%2Fscript%3E".to_owned(),
        "/dispatcher/repos/acme/%3Cscript%3Ealert(1)".to_owned(),
    ] {
        let page = site.get(&path).await;
        for evil in ["<script>alert", "<img src=x", "onerror=alert(1)>"] {
            assert!(!page.body.contains(evil), "{evil} on {path}:\n{}", page.body);
        }
    }
    // It is there all the same, as text.
    site.get(&format!("/dispatcher/runs/{}", run.key)).await.shows(&["alert(1)", "@team"]);
    end(world).await;
}
